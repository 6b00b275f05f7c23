"""Ridge regression on sparse rows: several targets at once, by conjugate gradients.

Minimises ``sum (x w + b - y)^2 + alpha |w|^2`` for each target. The columns are centred without making them dense.
Golub and Van Loan 2013, "Matrix Computations", section 11.3.8 (conjugate gradients on the normal equations).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lilliput.core.extras import require_extra
from lilliput.data.matrix import Compressed
from lilliput.nets.dense import sparse_products

Floats = NDArray[np.float32]
PASSES, TOLERANCE = 200, 1e-4
"""Steps at most, and the size of the residual, relative to that of the start, at which they end."""


@dataclass(frozen=True)
class Ridge:
    """A linear map: float32 weights (columns, outputs) and intercepts (outputs,)."""

    weights: Floats
    intercepts: Floats

    def predict(self, rows: Compressed) -> Floats:
        """The predictions for sparse rows, (rows, outputs)."""
        return sparse_products(rows, self.weights) + self.intercepts


def fit_ridge(rows: Compressed, targets: Floats, alpha: float, tolerance: float = TOLERANCE) -> Ridge:
    """The ridge regression of `targets` (rows, outputs) on `rows`, with penalty `alpha` above 0."""
    matrix = _scipy(rows)
    transposed = matrix.T.tocsr()
    count = max(1, len(targets))
    mean = np.asarray(matrix.sum(axis=0), dtype=np.float64).ravel() / count
    middle = targets.mean(axis=0, dtype=np.float64)

    def product(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """``(X'X + alpha) w`` of the centred columns."""
        found: NDArray[np.float64] = transposed @ (matrix @ weights)
        return found - count * np.outer(mean, mean @ weights) + alpha * weights

    residual = np.asarray(transposed @ (targets - middle), dtype=np.float64)
    residual -= np.outer(mean, (targets - middle).sum(axis=0))
    weights, direction = np.zeros_like(residual), residual.copy()
    squares = (residual * residual).sum(axis=0)
    enough = tolerance**2 * np.maximum(squares, np.finfo(np.float64).tiny)
    for _ in range(PASSES):
        if (squares <= enough).all():
            break
        along = product(direction)
        step = squares / np.maximum((direction * along).sum(axis=0), np.finfo(np.float64).tiny)
        weights += step * direction
        residual -= step * along
        before, squares = squares, (residual * residual).sum(axis=0)
        direction = residual + squares / np.maximum(before, np.finfo(np.float64).tiny) * direction
    return Ridge(weights.astype(np.float32), (middle - mean @ weights).astype(np.float32))


def _scipy(rows: Compressed) -> Any:
    sparse = require_extra("scipy.sparse", "deep", "ridge regression on sparse rows")
    return sparse.csr_array((rows.data, rows.indices, rows.indptr), shape=rows.shape)
