"""What people hand over as rows, as the solvers see it."""

from __future__ import annotations

from typing import Any

import numpy as np

from lilliput.core.errors import DataError
from lilliput.data.matrix import Compressed, MatrixSource
from lilliput.data.source import Source
from lilliput.spectral.rows import (
    DenseRows,
    Rows,
    Sparse,
    SparseRows,
    StreamedRows,
    as_sparse,
    computing_type,
    is_sparse,
)
from lilliput.tasks.array_input import as_matrix


def rows_of(X: Any, threads: int = 1) -> Rows:
    """The rows of an array, a frame, a sparse matrix, a `MatrixSource`, or a `Source` of texts, with `threads` to hash.

    Raises `DataError` for anything else.
    """
    if isinstance(X, Source):
        from lilliput.tasks.pca_text import text_rows

        return text_rows(X, threads)
    if isinstance(X, MatrixSource):
        whole = X.whole()
        if whole is None:
            return _streamed(X)
        return DenseRows(whole) if isinstance(whole, np.ndarray) else _compressed(whole)
    if is_sparse(X):
        dtype = computing_type(X.dtype) if X.dtype.kind in "biuf" else None
        if dtype is None:
            raise DataError(f"X is sparse with values of {X.dtype}. Complex data not supported; give real numbers")
        return SparseRows(as_sparse(X, dtype), _width(X.shape[1]))
    array = as_matrix(X)
    _width(array.shape[1])
    return DenseRows(array)


def _width(columns: int) -> int:
    if columns < 1:
        raise DataError(f"X has 0 feature(s) (shape=(, {columns})) while a minimum of 1 is required: give columns")
    return columns


def _compressed(matrix: Compressed) -> SparseRows:
    """Entries by ascending column, doubles added."""
    dtype = computing_type(matrix.data.dtype)
    starts, columns = matrix.indptr.astype(np.int64), matrix.indices.astype(np.int32)
    values = matrix.data.astype(dtype)
    row = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    key = row * matrix.shape[1] + columns
    if len(key) and (np.diff(key) <= 0).any():
        key, place = np.unique(key, return_inverse=True)
        values = np.bincount(place, values, len(key)).astype(dtype)
        row, columns = key // matrix.shape[1], (key % matrix.shape[1]).astype(np.int32)
        starts = np.searchsorted(row, np.arange(matrix.shape[0] + 1))
    return SparseRows(Sparse(starts, columns, values), _width(matrix.shape[1]))


def _streamed(source: MatrixSource) -> StreamedRows:
    first = next(iter(source.blocks()), None)
    if first is None:
        raise DataError(f"{source.paths[0]} has no rows; give at least two")
    dtype = computing_type(first.dtype if isinstance(first, np.ndarray) else first.data.dtype)

    def blocks() -> Any:
        for block in source.blocks():
            yield block if isinstance(block, np.ndarray) else _compressed(block).block

    return StreamedRows(blocks, _width(first.shape[1]), dtype)
