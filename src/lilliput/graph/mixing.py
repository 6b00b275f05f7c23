"""Anderson mixing: the next step of an iteration from how the last few ones went.

Anderson 1965, "Iterative procedures for nonlinear integral equations", Journal of the ACM 12; Walker and Ni 2011,
"Anderson acceleration for fixed-point iterations", section 2. Of an iteration ``x -> g(x)`` that is linear, the changes
of x and of what is left over, ``g(x) - x``, belong together. The step is the one that leaves least over of what these
changes can take away; the parts of an error that last longest go first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lilliput.graph import mixing_kernels as kernels

DEPTH = 4
"""Passes that are remembered, 8 bytes a node each."""
RIDGE = 1e-12
"""Of the mean square of the changes, so that those that hardly differ do no harm."""


class Mixing:
    """The memory of some passes over nodes, worked on by `run` (a map over blocks of rows, which begin at `cuts`)."""

    def __init__(self, values: NDArray[np.float64], cuts: NDArray[np.int64], run: Callable[..., Any]) -> None:
        size = len(values)
        self._before = values.copy()
        self._rest = np.empty(size, dtype=np.float32)
        self._steps, self._changes = np.zeros((2, size, DEPTH), dtype=np.float32)
        self._products = np.zeros((DEPTH, DEPTH))
        self._passes, self._cuts, self._run = 0, cuts, run

    def mix(self, values: NDArray[np.float64], fresh: NDArray[np.float64]) -> bool:
        """Take in the `values` after a pass; True if those to go on with are in `fresh`, not for the first pass."""
        slot, used = (self._passes - 1) % DEPTH, min(self._passes, DEPTH)
        if not self._passes:
            slot = -1
        sums = np.zeros((len(self._cuts) - 1, 2, DEPTH))

        def differ(block: int) -> None:
            rows = self._cuts[block], self._cuts[block + 1]
            kept = self._before, self._rest, slot, used, self._steps, self._changes
            kernels.differ(*rows, values, *kept, *sums[block])

        list(self._run(differ, range(len(sums))))
        self._passes += 1
        if slot < 0:
            return False
        products, shares = sums.sum(axis=0)[:, :used]
        self._products[slot, :used] = self._products[:used, slot] = products
        square = self._products[:used, :used]
        ridge = RIDGE * float(np.trace(square)) / used + float(np.finfo(np.float64).tiny)
        factors = np.linalg.solve(square + ridge * np.eye(used), shares)

        def mix(block: int) -> None:
            rows = self._cuts[block], self._cuts[block + 1]
            kernels.mix(*rows, values, self._before, factors, (slot + 1) % DEPTH, self._steps, self._changes, fresh)

        list(self._run(mix, range(len(sums))))
        return True
