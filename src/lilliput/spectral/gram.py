"""The scatter of few columns, formed in one pass."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lilliput.spectral.moments import Moments, check_finite
from lilliput.spectral.rows import Block, Sparse

DENSE_BYTES = 16_000_000
"""Of the part of a sparse block that is made dense at a time."""


class Gram:
    """Sums of products of columns, around the first rows' mean: so large means cost no digits.

    ``moments`` are those of all rows that were added; see there for the half-life.
    """

    def __init__(self, columns: int, half_life: float | None = None) -> None:
        self.moments = Moments(columns, half_life)
        self.products = np.zeros((columns, columns))
        self.shift: NDArray[np.float64] | None = None

    def add(self, block: Block) -> None:
        """Add rows; `DataError` names the first value that is not a finite number."""
        moments, first = self.moments, 0
        fade = moments.fade(len(block))
        weights = moments.count(len(block))
        if fade != 1:
            self.products *= fade
        for part in _dense(block, len(self.products)):
            if self.shift is None:
                self.shift = part.mean(axis=0, dtype=np.float64)
                check_finite(part, 0)
            self._add(part, weights[first : first + len(part)])
            first += len(part)
        if not np.isfinite(moments.sums).all():
            check_finite(block, moments.rows - len(block))

    def _add(self, part: NDArray[np.floating], weights: NDArray[np.float64]) -> None:
        """The squares of the moments come from the products, so that rows are passed over only once."""
        moments, shift = self.moments, self._shift()
        centred = part - shift.astype(part.dtype)
        shares = weights.astype(part.dtype)
        sums = (shares @ centred).astype(np.float64)
        if moments.half_life is not None:
            centred *= np.sqrt(shares)[:, None]
        products = centred.T @ centred
        self.products += products
        weight = float(weights.sum())
        moments.sums += sums + weight * shift
        moments.squares += float(np.trace(products) + 2 * shift @ sums + weight * shift @ shift)

    def _shift(self) -> NDArray[np.float64]:
        return np.zeros(len(self.products)) if self.shift is None else self.shift

    def scatter(self) -> NDArray[np.float64]:
        """The scatter around the mean: float64 (columns, columns)."""
        off = self.moments.mean - self._shift()
        found: NDArray[np.float64] = self.products - self.moments.weight * np.outer(off, off)
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
