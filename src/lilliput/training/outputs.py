"""Outputs that are shares: each in [0, 1], and some groups of them adding up to one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def held(outputs: Floats, groups: Sequence[NDArray[np.int64]]) -> Floats:
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
