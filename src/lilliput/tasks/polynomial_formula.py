"""A polynomial network as lines of text, in the units of the data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from lilliput.tasks.polynomial import PolynomialNetwork

Floats = NDArray[np.float64]


def formula(model: PolynomialNetwork, digits: int) -> str:
    """A line a unit: u1, u2, ... and y; terms smaller than the last digit of the largest are left out."""
    net = model.network_
    columns, units = net.columns, len(net.left)
    names = [*model.names_, *(f"u{number + 1}" for number in range(units))]
    names[-1] = "y"
    means = np.append(model.centre_[:-1], np.zeros(units))
    scales = np.append(model.scale_[:-1], np.ones(units))
    spreads = np.append(model.scale_[:-1], np.ones(units))
    lines = []
    for unit in range(units):
        a, b = int(net.left[unit]), int(net.right[unit])
        weights = own_units(net.weights[unit], means[[a, b]], scales[[a, b]])
        if unit == units - 1:
            weights = weights * model.scale_[-1]
            weights[0] += model.centre_[-1]
        sizes = _sizes(means[[a, b]], spreads[[a, b]])
        seen = np.abs(weights) * sizes > 10.0 ** (1 - digits) * float((np.abs(weights) * sizes).max()) / 10
        lines.append(f"{names[columns + unit]} = {_polynomial(weights * seen, names[a], names[b], digits)}")
    return "\n".join(lines)


def own_units(weights: Floats, means: Floats, scales: Floats) -> Floats:
    """Weights of a unit of (a - mean) / scale and the same of b, as those of one of a and b."""
    (m, n), (s, t) = means, scales
    w0, w1, w2, w3, w4, w5 = weights
    w1, w2, w3, w4, w5 = w1 / s, w2 / t, w3 / (s * t), w4 / s**2, w5 / t**2
    constant = w0 - w1 * m - w2 * n + w3 * m * n + w4 * m * m + w5 * n * n
    return np.array([constant, w1 - w3 * n - 2 * w4 * m, w2 - w3 * m - 2 * w5 * n, w3, w4, w5])


def _sizes(means: Floats, spreads: Floats) -> Floats:
    """How large the terms of a unit usually are."""
    a, b = np.hypot(means, spreads)
    return np.array([1.0, a, b, a * b, a * a, b * b])


def _polynomial(weights: Floats, a: str, b: str, digits: int) -> str:
    products: Sequence[str] = ("", a, b, f"{a}*{b}", f"{a}^2", f"{b}^2")
    text = ""
    for weight, product in zip(weights.tolist(), products, strict=True):
        if weight == 0:
            continue
        size = f"{abs(weight):.{digits}g}"
        term = product if product and size == "1" else f"{size}*{product}" if product else size
        sign = "-" if weight < 0 else "+"
        text += f" {sign} {term}" if text else term if sign == "+" else f"-{term}"
    return text or "0"
