"""Count, mean and total variance of rows, exactly and in one pass."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lilliput.core.errors import DataError
from lilliput.spectral.rows import Block, Rows, Sparse

_PIECE = 4096
_TINY = float(np.finfo(np.float64).tiny)


class Moments:
    """Sums over weighted rows around a fixed point, the mean of the first dense rows, so that large means cost nothing.

    ``shift`` is that point, ``sums`` and ``squares`` are of the distances to it, float64 (columns,) and one number.
    With ``half_life`` the weight of a row halves with each `half_life` rows after it, so that sums follow a stream that
    drifts; a result does not depend on how the rows were cut into blocks.
    """

    def __init__(self, columns: int, half_life: float | None = None) -> None:
        self.rows = 0
        self.weight = self.squared_weight = self.squares = 0.0
        self.shift, self.sums = np.zeros(columns), np.zeros(columns)
        self.half_life = half_life

    def add(self, block: Block) -> None:
        """Add rows; `DataError` names the first value that is not a finite number."""
        if isinstance(block, Sparse):
            self._add_sparse(block, self.count(len(block)))
        else:
            self._add_dense(self.centred(block), self.count(len(block)))
        if not np.isfinite(self.squares):
            check_finite(block, self.rows - len(block))

    def centred(self, block: NDArray[np.floating]) -> NDArray[np.floating]:
        """Dense rows around the shift, which the first rows set."""
        if not self.rows and len(block):
            self.shift = block.mean(axis=0, dtype=np.float64)
            if not np.isfinite(self.shift).all():
                check_finite(block, 0)
        return block - self.shift.astype(block.dtype)

    def count(self, rows: int) -> NDArray[np.float64]:
        """Let the sums fade by so many rows, and count these; returns their weights, float64 (rows,)."""
        weights, fade = self.row_weights(rows), self.fade(rows)
        self.rows += rows
        self.weight = fade * self.weight + float(weights.sum())
        self.squared_weight = fade**2 * self.squared_weight + float(weights @ weights)
        self.squares *= fade
        self.sums *= fade
        return weights

    def fade(self, rows: int) -> float:
        """What is left of the weight of all earlier rows after `rows` more."""
        return 1.0 if self.half_life is None else 0.5 ** (rows / self.half_life)

    def row_weights(self, rows: int) -> NDArray[np.float64]:
        """The weights of the last `rows` rows: float64 (rows,), one for the last."""
        if self.half_life is None:
            return np.ones(rows)
        weights: NDArray[np.float64] = 0.5 ** (np.arange(rows - 1, -1, -1) / self.half_life)
        return weights

    @property
    def mean(self) -> NDArray[np.float64]:
        """Mean of each column, float64 (columns,)."""
        return self.shift + self.sums / max(self.weight, _TINY)

    @property
    def freedom(self) -> float:
        """What a scatter is divided by to be an unbiased variance: rows - 1 where all weigh the same; at least 0."""
        return max(0.0, self.weight - self.squared_weight / self.weight) if self.weight else 0.0

    @property
    def total_variance(self) -> float:
        """Sum of the variances of all columns."""
        scatter = self.squares - float(self.sums @ self.sums) / max(self.weight, _TINY)
        return max(0.0, scatter) / self.freedom if self.freedom else 0.0

    def _add_dense(self, centred: NDArray[np.floating], weights: NDArray[np.float64]) -> None:
        self.sums += weights.astype(centred.dtype) @ centred
        if self.half_life is not None:
            centred = centred * np.sqrt(weights)[:, None].astype(centred.dtype)
        self.squares += _sum_of_squares(centred)

    def _add_sparse(self, block: Sparse, weights: NDArray[np.float64]) -> None:
        from lilliput.spectral.kernels import column_sums

        each = np.repeat(weights, np.diff(block.starts))
        weighted = block.values * each
        column_sums(block.columns, weighted, self.sums)
        self.squares += float(weighted @ block.values.astype(np.float64))


def _sum_of_squares(block: NDArray[np.floating]) -> float:
    """In the precision of the block for some thousand numbers at a time, beyond that in double."""
    flat = block.reshape(-1)
    even = len(flat) // _PIECE * _PIECE
    pieces = flat[:even].reshape(-1, _PIECE)
    rest = flat[even:].astype(np.float64)
    return float(np.einsum("ij,ij->i", pieces, pieces).sum(dtype=np.float64) + rest @ rest)


def moments_of(rows: Rows) -> Moments:
    """The moments of all rows, in one pass."""
    moments = Moments(rows.columns)
    for block in rows.blocks():
        moments.add(block)
    return moments


def check_finite(block: Block, before: int) -> None:
    """Raise `DataError` for the first NaN or infinity, by row (`before` of them came earlier) and column."""
    values = block.values if isinstance(block, Sparse) else block
    if np.isfinite(values).all():
        return
    at = int(np.flatnonzero(~np.isfinite(values.ravel()))[0])
    if isinstance(block, Sparse):
        row, column = int(np.searchsorted(block.starts, at, side="right")) - 1, int(block.columns[at])
    else:
        row, column = divmod(at, block.shape[1])
    name = "NaN" if np.isnan(values.ravel()[at]) else "infinity"
    raise DataError(f"row {before + row}, column {column} is {name}; give finite numbers, or leave that row out")
