"""The scatter of few columns, formed in one pass."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lilliput.spectral.moments import Moments, check_finite
from lilliput.spectral.rows import Block, Sparse

DENSE_BYTES = 16_000_000
"""Of the part of a sparse block that is made dense at a time."""


class Gram:
    """Sums of products of columns, around the shift of the ``moments`` of the same rows; these tell the half-life."""

    def __init__(self, columns: int, half_life: float | None = None) -> None:
        self.moments = Moments(columns, half_life)
        self.products = np.zeros((columns, columns))

    def add(self, block: Block) -> None:
        """Add rows, each passed over once; `DataError` names the first value that is not a finite number."""
        moments = self.moments
        for part in _dense(block, len(self.products)):
            centred, fade = moments.centred(part), moments.fade(len(part))
            weights = moments.count(len(part)).astype(part.dtype)
            moments.sums += weights @ centred
            if fade != 1:
                self.products *= fade
                centred *= np.sqrt(weights)[:, None]
            self.products += centred.T @ centred
            moments.squares = float(np.trace(self.products))
            if not np.isfinite(moments.squares):
                check_finite(part, moments.rows - len(part))

    def scatter(self) -> NDArray[np.float64]:
        """The scatter around the mean: float64 (columns, columns)."""
        sums = self.moments.sums
        found: NDArray[np.float64] = self.products - np.outer(sums, sums) / max(self.moments.weight, 1e-300)
        return found


def _dense(block: Block, columns: int) -> list[NDArray[np.floating]]:
    """The rows of a block as they are, or those of a sparse one made dense, some at a time."""
    if not isinstance(block, Sparse):
        return [block]
    step = max(1, DENSE_BYTES // (columns * block.values.itemsize))
    parts = []
    for first in range(0, len(block), step):
        starts = block.starts[first : first + step + 1]
        dense = np.zeros((len(starts) - 1, columns), dtype=block.values.dtype)
        at = slice(int(starts[0]), int(starts[-1]))
        dense[np.repeat(np.arange(len(dense)), np.diff(starts)), block.columns[at]] = block.values[at]
        parts.append(dense)
    return parts
