"""Coordinates of rows along components."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lilliput.spectral.moments import check_finite
from lilliput.spectral.rows import Sparse
from lilliput.tasks.pca_rows import check_width, rows_of

if TYPE_CHECKING:
    from lilliput.tasks.pca import StreamingPCA


def transformed(model: StreamingPCA, X: Any) -> NDArray[Any]:
    """``(X - mean) components'``, block by block: sparse rows stay sparse."""
    rows = rows_of(X)
    check_width(rows.columns, model.n_features_in_, type(model).__name__)
    vectors = np.ascontiguousarray(model.components_.T, dtype=rows.dtype)
    shift = (model.mean_.astype(np.float64) @ model.components_.T.astype(np.float64)).astype(rows.dtype)
    found, seen = [], 0
    for block in rows.blocks():
        check_finite(block, seen)
        seen += len(block)
        if isinstance(block, Sparse):
            found.append(_product(block, vectors) - shift)
        else:
            found.append((block - model.mean_.astype(rows.dtype)) @ vectors)
    return np.concatenate(found) if found else np.zeros((0, len(model.components_)), dtype=rows.dtype)


def _product(block: Sparse, vectors: NDArray[Any]) -> NDArray[Any]:
    from lilliput.spectral.kernels import multiply

    out = np.empty((len(block), vectors.shape[1]), dtype=vectors.dtype)
    multiply(*block, 0, len(block), vectors, out)
    return out
