"""Outputs that are shares: each in [0, 1], and some groups of them adding up to one; NumPy alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Groups: TypeAlias = Sequence[NDArray[np.int64]]
"""Numbers of the outputs of each group."""


def shares(outputs: Floats, groups: Groups) -> Floats:
    """The shares that the outputs of a network stand for: float32 (rows, outputs)."""
    found: Floats = 0.5 * (1 + np.tanh(0.5 * outputs))
    for group in groups:
        own = outputs[:, group]
        powers = np.exp(own - own.max(axis=1, keepdims=True))
        found[:, group] = powers / powers.sum(axis=1, keepdims=True)
    return found.astype(np.float32)


def held(outputs: Floats, groups: Groups) -> Floats:
    """The nearest outputs (Euclidean) of which each is in [0, 1] and each group of columns sums to one."""
    found = np.clip(outputs, 0, 1).astype(np.float32)
    for group in groups:
        found[:, group] = onto_simplex(outputs[:, group])
    return found


def onto_simplex(rows: Floats) -> Floats:
    """The nearest points without negative coordinates whose sum is one; (rows, columns).

    Duchi et al. 2008, "Efficient Projections onto the l1-Ball for Learning in High Dimensions", figure 1.
    """
    falling = -np.sort(-rows.astype(np.float64), axis=1)
    sums = np.cumsum(falling, axis=1) - 1
    counts = np.arange(1, rows.shape[1] + 1)
    last = np.count_nonzero(falling * counts > sums, axis=1) - 1
    shift = sums[np.arange(len(rows)), last] / (last + 1)
    found: Floats = np.maximum(rows - shift[:, None], 0).astype(np.float32)
    return found
