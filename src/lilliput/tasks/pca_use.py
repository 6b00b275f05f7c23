"""Coordinates of rows along components."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lilliput.core.errors import DataError
from lilliput.core.threads import resolve_threads
from lilliput.spectral.moments import check_finite
from lilliput.spectral.rows import Block, Sparse
from lilliput.tasks.array_input import check_width
from lilliput.tasks.pca_rows import rows_of

if TYPE_CHECKING:
    from lilliput.tasks.pca import StreamingPCA


def coordinates(model: StreamingPCA, X: Any) -> Iterator[NDArray[Any]]:
    """``(X - mean) components'``, block by block: sparse rows stay sparse."""
    for _, found in _projected(model, X):
        yield found


def _projected(model: StreamingPCA, X: Any) -> Iterator[tuple[Block, NDArray[Any]]]:
    """Blocks of rows and their coordinates."""
    rows = rows_of(X, resolve_threads(model.threads))
    check_width(rows.columns, model.n_features_in_, type(model).__name__)
    vectors = np.ascontiguousarray(model.components_.T, dtype=rows.dtype)
    shift = (model.mean_ @ model.components_.T).astype(rows.dtype)
    seen = 0
    for block in rows.blocks():
        check_finite(block, seen)
        seen += len(block)
        if isinstance(block, Sparse):
            yield block, _product(block, vectors) - shift
        else:
            yield block, (block - model.mean_.astype(rows.dtype)) @ vectors


def _product(block: Sparse, vectors: NDArray[Any]) -> NDArray[Any]:
    from lilliput.spectral.kernels import multiply

    out = np.empty((len(block), vectors.shape[1]), dtype=vectors.dtype)
    multiply(*block, 0, len(block), vectors, out)
    return out


@dataclass(frozen=True)
class Reconstruction:
    """How well components tell rows: `rows`, and per row the squared distance to the mean and what is left of it."""

    rows: int
    spread: float
    error: float

    @property
    def explained(self) -> float:
        """The share of the spread along the components; 0 where there is none."""
        return 1.0 - self.error / self.spread if self.spread else 0.0


def reconstruction(model: StreamingPCA, X: Any) -> Reconstruction:
    """How well the components of `model` tell the rows of `X`, in one pass; `DataError` where there is none."""
    mean, count, spread, kept = model.mean_.astype(np.float64), 0, 0.0, 0.0
    square = float(mean @ mean)
    for block, found in _projected(model, X):
        count += len(block)
        kept += float(np.square(found, dtype=np.float64).sum())
        if isinstance(block, Sparse):
            values = block.values.astype(np.float64)
            spread += float(values @ (values - 2 * mean[block.columns])) + len(block) * square
        else:
            spread += float(np.square(block - mean).sum())
    if not count:
        raise DataError("there are no rows to score")
    return Reconstruction(count, spread / count, max(0.0, spread - kept) / count)
