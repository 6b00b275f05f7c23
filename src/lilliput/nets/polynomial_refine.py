"""All weights of a network of quadratic units fitted together, by the method of Levenberg and Marquardt.

Units that were each fitted to the target on their own are only a beginning where one squares or multiplies others.
Levenberg 1944; Marquardt 1963, "An algorithm for least-squares estimation of nonlinear parameters".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from lilliput.nets.polynomial import TERMS, Network, terms

Floats = NDArray[np.float64]
DAMPING = 1e-3
TRIES = 12
"""Dampings tried in one step, each ten times the last."""
PATIENCE = 15
"""Steps without a better network on the rows kept before it is over."""


def jacobian(network: Network, inputs: Floats) -> tuple[Floats, Floats]:
    """Outputs (n,), and their derivatives by all weights, (n, units * TERMS): a pass down and a pass up."""
    values = network.values(inputs)
    slopes: list[Floats | float] = [0.0] * len(values)
    slopes[-1] = np.ones(len(inputs))
    found = np.empty((len(inputs), len(network.left), TERMS))
    for unit in reversed(range(len(network.left))):
        left, right, w = int(network.left[unit]), int(network.right[unit]), network.weights[unit]
        a, b, slope = values[left], values[right], slopes[network.columns + unit]
        found[:, unit] = terms(a, b) * np.reshape(slope, (-1, 1))
        slopes[left] = slopes[left] + slope * (w[1] + w[3] * b + 2 * w[4] * a)
        slopes[right] = slopes[right] + slope * (w[2] + w[3] * a + 2 * w[5] * b)
    return values[-1], found.reshape(len(inputs), -1)


def step(network: Network, inputs: Floats, target: Floats, damping: float) -> tuple[Network, float]:
    """A network with a smaller squared error, and the next damping; the same network where there is none."""
    output, slopes = jacobian(network, inputs)
    rest = target - output
    error = float(rest @ rest)
    matrix, right = slopes.T @ slopes, slopes.T @ rest
    diagonal = np.maximum(np.diag(matrix), 1e-12 * max(float(np.diag(matrix).max()), 1e-300))
    for _ in range(TRIES):
        try:
            change = np.linalg.solve(matrix + damping * np.diag(diagonal), right)
        except np.linalg.LinAlgError:
            damping *= 10
            continue
        moved = replace(network, weights=network.weights + change.reshape(-1, TERMS))
        off = target - moved.run(inputs)
        if float(off @ off) < error:
            return moved, damping / 10
        damping *= 10
    return network, damping


def refine(
    network: Network,
    inputs: Floats,
    target: Floats,
    kept: Floats,
    kept_target: Floats,
    steps: int,
    told: Callable[[], bool] = lambda: False,
) -> tuple[Network, int]:
    """The network that is best on the kept rows on the way down, and the steps to it; `told` ends it by True."""

    def error(candidate: Network) -> float:
        return float(np.mean((kept_target - candidate.run(kept)) ** 2))

    best, least, at, damping = network, error(network), 0, DAMPING
    for done in range(1, steps + 1):
        if told():
            break
        moved, damping = step(network, inputs, target, damping)
        if moved is network:
            break
        network = moved
        found = error(network)
        if found < least:
            best, least, at = network, found, done
        elif done >= at + PATIENCE:
            break
    return best, at


def refit(
    network: Network, inputs: Floats, target: Floats, steps: int, told: Callable[[], bool] = lambda: False
) -> Network:
    """`network` after `steps` steps on other rows, or fewer: `told` ends it by True."""
    damping = DAMPING
    for _ in range(steps):
        if told():
            break
        moved, damping = step(network, inputs, target, damping)
        if moved is network:
            break
        network = moved
    return network
