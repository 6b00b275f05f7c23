"""Coordinates of rows along components."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lilliput.core.threads import resolve_threads
from lilliput.spectral.moments import check_finite
from lilliput.spectral.rows import Sparse
from lilliput.tasks.array_input import check_width
from lilliput.tasks.pca_rows import rows_of

if TYPE_CHECKING:
    from lilliput.tasks.pca import StreamingPCA


def coordinates(model: StreamingPCA, X: Any) -> Iterator[NDArray[Any]]:
    """``(X - mean) components'``, block by block: sparse rows stay sparse."""
    rows = rows_of(X, resolve_threads(model.threads))
    check_width(rows.columns, model.n_features_in_, type(model).__name__)
    vectors = np.ascontiguousarray(model.components_.T, dtype=rows.dtype)
    shift = (model.mean_ @ model.components_.T).astype(rows.dtype)
    seen = 0
    for block in rows.blocks():
        check_finite(block, seen)
        seen += len(block)
        if isinstance(block, Sparse):
            yield _product(block, vectors) - shift
        else:
            yield (block - model.mean_.astype(rows.dtype)) @ vectors


def _product(block: Sparse, vectors: NDArray[Any]) -> NDArray[Any]:
    from lilliput.spectral.kernels import multiply

    out = np.empty((len(block), vectors.shape[1]), dtype=vectors.dtype)
    multiply(*block, 0, len(block), vectors, out)
    return out
