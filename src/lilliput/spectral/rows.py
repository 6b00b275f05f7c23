"""Rows of numbers, dense or sparse, in memory, mapped or streamed: what the solvers see of them is blocks of rows."""

from __future__ import annotations

import mmap
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from lilliput.core.errors import DataError

BLOCK_BYTES = 16_000_000
"""Of a dense block: small beside memory, large beside the cost of a call."""

PARTS = 4
"""Parts of the work, whatever the number of threads, so that sums are always taken in the same order."""
LEAST_ROWS = 16
"""Of a dense block, however long they are: each block meets all directions."""


@dataclass(frozen=True)
class Sparse:
    """Compressed sparse rows: row r has ``values[starts[r]:starts[r + 1]]``, in ascending columns without doubles."""

    starts: NDArray[np.int64]
    columns: NDArray[np.int32]
    values: NDArray[Any]

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __iter__(self) -> Iterator[NDArray[Any]]:
        """The three arrays, as the kernels take them."""
        return iter((self.starts, self.columns, self.values))

    @cached_property
    def parts(self) -> list[tuple[int, int]]:
        """`PARTS` ranges of rows with about the same number of entries and rows."""
        work = self.starts - self.starts[0] + np.arange(len(self.starts))
        edges = np.searchsorted(work, np.linspace(0, work[-1], PARTS + 1))
        edges[0], edges[-1] = 0, len(self.starts) - 1
        return [(int(first), int(last)) for first, last in pairwise(edges) if last > first]

    def rows_of_entries(self) -> NDArray[np.int64]:
        """The row of each entry."""
        return np.repeat(np.arange(len(self)), np.diff(self.starts))


Block: TypeAlias = "NDArray[Any] | Sparse"
"""Some rows: float32 or float64 (rows, columns), or sparse."""


class Rows(Protocol):
    """A matrix that can be read from its first row to its last, again and again."""

    @property
    def columns(self) -> int:
        """How many."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """Float32 or float64: what is computed in."""

    def blocks(self) -> Iterator[Block]:
        """All rows in order."""


class DenseRows:
    """A 2-D array in memory or mapped (`numpy.memmap`), of any real dtype."""

    def __init__(self, array: NDArray[Any]) -> None:
        self.array, self.columns, self.dtype = array, array.shape[1], computing_type(array.dtype)
        self._step = max(LEAST_ROWS, BLOCK_BYTES // (self.columns * self.dtype.itemsize))

    def blocks(self) -> Iterator[Block]:
        """All rows in order, as floats."""
        for first in range(0, len(self.array), self._step):
            yield np.ascontiguousarray(self.array[first : first + self._step], dtype=self.dtype)
            release(self.array)


class SparseRows:
    """A sparse matrix in memory."""

    def __init__(self, block: Sparse, columns: int) -> None:
        self.block, self.columns, self.dtype = block, columns, block.values.dtype

    def blocks(self) -> Iterator[Block]:
        """The matrix, as one block."""
        yield self.block


class StreamedRows:
    """Rows that are read anew for each pass: `read` gives blocks of them, `Sparse` ones or dense, of any dtype."""

    def __init__(self, read: Callable[[], Iterable[Block]], columns: int, dtype: np.dtype[Any]) -> None:
        self._read, self.columns, self.dtype = read, columns, computing_type(dtype)

    def blocks(self) -> Iterator[Block]:
        """All rows in order; `DataError` where a block has another number of columns."""
        seen = 0
        for block in self._read():
            if isinstance(block, Sparse):
                yield replace(block, values=block.values.astype(self.dtype, copy=False))
            elif block.shape[1] != self.columns:
                raise DataError(
                    f"row {seen:,} has {block.shape[1]:,} columns and those before have {self.columns:,}; "
                    "give rows of one length"
                )
            else:
                yield np.ascontiguousarray(block, dtype=self.dtype)
            seen += len(block)


def release(array: NDArray[Any]) -> None:
    """Give back the memory that holds what was read of a mapped file; the system may keep it for the next time."""
    found: Any = array
    while isinstance(found, np.ndarray) and not isinstance(found, np.memmap):
        found = found.base
    if isinstance(found, np.memmap) and found.mode == "r" and hasattr(mmap, "MADV_DONTNEED"):
        found._mmap.madvise(mmap.MADV_DONTNEED)  # type: ignore[attr-defined]


def parts(block: Block, rows: int) -> Iterator[Block]:
    """The rows of a block, up to so many at a time."""
    for first in range(0, len(block), rows):
        if isinstance(block, Sparse):
            starts = block.starts[first : first + rows + 1]
            at = slice(int(starts[0]), int(starts[-1]))
            yield Sparse(starts - starts[0], block.columns[at], block.values[at])
        else:
            yield block[first : first + rows]


def computing_type(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """What numbers of a dtype are computed in: float32 if it holds them all, else float64."""
    exact = dtype.kind in "biuf" and np.can_cast(dtype, np.float32)
    return np.dtype(np.float32 if exact else np.float64)


def is_sparse(X: Any) -> bool:
    """Whether `X` is a sparse matrix or array of scipy, which is not imported for it."""
    return hasattr(X, "tocsr") and hasattr(X, "nnz")


def as_sparse(X: Any, dtype: np.dtype[Any]) -> Sparse:
    """The rows of a sparse matrix of scipy, without a copy where they can be used as they are."""
    rows = X.tocsr()
    if not rows.has_canonical_format:
        rows = rows.copy() if rows is X else rows
        rows.sum_duplicates()
    starts, columns = rows.indptr.astype(np.int64, copy=False), rows.indices.astype(np.int32, copy=False)
    return Sparse(starts, columns, np.ascontiguousarray(rows.data, dtype=dtype))
