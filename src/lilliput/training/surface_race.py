"""All optimisers from the same start over the same surfaces, each with the rate that serves it best on each surface."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from lilliput.training.optimisers import OPTIMISERS, make_optimiser
from lilliput.training.surfaces import SURFACES, Surface

RATES = tuple(10 ** (half / 2) for half in range(-8, 2))
"""From 0.0001 to 3.2 by half decades."""
TOLERANCE = 1e-4
"""A surface is done where this share of the height at the start is left above the least value."""


class Run(NamedTuple):
    """One optimiser on one surface."""

    optimiser: str
    surface: Surface
    rate: float
    """Of those tried, that which needed the fewest steps, or came lowest."""
    steps: int | None
    """Until the tolerance was reached; None: it was not."""
    path: NDArray[np.float64]
    """(steps + 1, 2), the iterates from the start on."""


def race(
    optimisers: Sequence[str] = OPTIMISERS,
    surfaces: Sequence[Surface] = SURFACES,
    *,
    rates: Sequence[float] = RATES,
    most: int = 1000,
    said: Callable[[str], None] = lambda name: None,
) -> list[Run]:
    """Run each optimiser with each rate for at most so many steps; `said` is told whose turn it is.

    Their momentum and means are those of `make_optimiser`. A rate is given up once it is behind a better one on every
    surface.
    """
    runs = []
    for name in optimisers:
        said(name)
        best: list[Run | None] = [None] * len(surfaces)
        for rate in rates:
            bounds = [most if run is None or run.steps is None else run.steps for run in best]
            paths = _paths(name, rate, surfaces, bounds)
            best = [_better(old, _run(name, rate, *one)) for old, one in zip(best, paths, strict=True)]
        runs += [run for run in best if run is not None]
    return runs


def _run(name: str, rate: float, surface: Surface, path: NDArray[np.float64]) -> Run:
    reached = np.flatnonzero(surface.gap(*path.T) <= TOLERANCE)
    steps = int(reached[0]) if len(reached) else None
    return Run(name, surface, rate, steps, path if steps is None else path[: steps + 1])


def _better(old: Run | None, new: Run) -> Run:
    """The run that took fewer steps; of two that did not arrive, the one that came lower in the end."""
    if old is None or (new.steps is not None and (old.steps is None or new.steps < old.steps)):
        return new
    if old.steps is not None or new.steps is not None:
        return old
    ends = [float(run.surface.gap(*run.path[-1])) for run in (old, new)]
    return new if ends[1] < ends[0] else old


def _paths(
    name: str, rate: float, surfaces: Sequence[Surface], bounds: Sequence[int]
) -> Iterator[tuple[Surface, NDArray[np.float64]]]:
    """The iterates on every surface, all in one tensor: each optimiser treats every number by itself."""
    places = torch.tensor([surface.start for surface in surfaces], dtype=torch.float64).requires_grad_()
    optimiser = make_optimiser(name, [places], rate)
    held = places.detach().numpy()  # the same memory
    places.grad = torch.zeros_like(places)
    slopes = places.grad.numpy()
    path = [held.copy()]
    open_ = np.ones(len(surfaces), dtype=bool)
    for step in range(1, max(bounds) + 1):
        for row in np.flatnonzero(open_).tolist():
            slopes[row] = surfaces[row].gradient(*held[row].tolist())
        optimiser.step()
        path.append(_iterate(optimiser, held))
        for row in np.flatnonzero(open_).tolist():
            gap = surfaces[row].gap(*path[-1][row].tolist())
            open_[row] = step < bounds[row] and TOLERANCE < gap < 100  # one that left for good fails the last
            if not open_[row]:
                slopes[row] = 0.0
        if not open_.any():
            break
    trail = np.array(path)
    return zip(surfaces, (trail[:, row] for row in range(len(surfaces))), strict=True)


def _iterate(optimiser: torch.optim.Optimizer, held: NDArray[np.float64]) -> NDArray[np.float64]:
    if not hasattr(optimiser, "land"):
        return held.copy()
    optimiser.land()
    iterate = held.copy()
    optimiser.jump()
    return iterate
