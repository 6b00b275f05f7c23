"""Four surfaces on which optimisers are told apart, each with its gradient, a start and its least value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple


class Surface(NamedTuple):
    """Heights over a plane. `value` takes floats or arrays x and y, `gradient` takes floats."""

    name: str
    value: Callable[[Any, Any], Any]
    gradient: Callable[[float, float], tuple[float, float]]
    start: tuple[float, float]
    least: float
    window: tuple[float, float, float, float]
    """Of a picture: the range of x, then of y."""

    def gap(self, x: Any, y: Any) -> Any:
        """Height above the least value, as a share of that at the start."""
        return (self.value(x, y) - self.least) / (self.value(*self.start) - self.least)


COSINE, SINE = 0.8, 0.6
"""The saddle and the ravine lie askew: along the axes a step by the signs of the slopes alone would be luck."""


def _saddle(x: Any, y: Any) -> Any:
    across, along = COSINE * x + SINE * y, COSINE * y - SINE * x
    return across**2 / 2 - along**2 / 2 + along**4 / 4


def _saddle_gradient(x: float, y: float) -> tuple[float, float]:
    across, along = COSINE * x + SINE * y, COSINE * y - SINE * x
    fall = along**3 - along
    return COSINE * across - SINE * fall, SINE * across + COSINE * fall


def _ravine(x: Any, y: Any) -> Any:
    return ((COSINE * x + SINE * y) ** 2 + 100 * (COSINE * y - SINE * x) ** 2) / 2


def _ravine_gradient(x: float, y: float) -> tuple[float, float]:
    along, across = COSINE * x + SINE * y, 100 * (COSINE * y - SINE * x)
    return COSINE * along - SINE * across, SINE * along + COSINE * across


def _beale(x: Any, y: Any) -> Any:
    return (1.5 - x + x * y) ** 2 + (2.25 - x + x * y**2) ** 2 + (2.625 - x + x * y**3) ** 2


def _beale_gradient(x: float, y: float) -> tuple[float, float]:
    a, b, c = 1.5 - x + x * y, 2.25 - x + x * y**2, 2.625 - x + x * y**3
    along = 2 * (a * (y - 1) + b * (y**2 - 1) + c * (y**3 - 1))
    return along, 2 * x * (a + 2 * b * y + 3 * c * y**2)


def _rosenbrock(x: Any, y: Any) -> Any:
    return (1 - x) ** 2 + 100 * (y - x**2) ** 2


def _rosenbrock_gradient(x: float, y: float) -> tuple[float, float]:
    bend = y - x**2
    return 2 * (x - 1) - 400 * x * bend, 200 * bend


SURFACES = (
    Surface("saddle", _saddle, _saddle_gradient, (0.7994, 0.6008), -0.25, (-1.4, 1.4, -1.2, 1.4)),
    Surface("ravine", _ravine, _ravine_gradient, (-7.8, -4.6), 0.0, (-9.0, 3.0, -6.5, 3.5)),
    Surface("Beale", _beale, _beale_gradient, (1.0, 1.5), 0.0, (0.0, 4.0, -1.0, 2.0)),
    Surface("Rosenbrock", _rosenbrock, _rosenbrock_gradient, (-1.2, 1.0), 0.0, (-1.8, 1.8, -0.6, 1.9)),
)
"""The saddle's start is a thousandth beside the ridge; the ravine is a hundred times as steep across as along; Beale
1955 and Rosenbrock 1960 as in Moré, Garbow and Hillstrom 1981, "Testing Unconstrained Optimization Software"."""
