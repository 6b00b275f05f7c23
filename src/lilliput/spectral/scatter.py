"""The scatter matrix of centred rows as something that multiplies vectors; the matrix itself is never formed.

With ``C = sum over rows of (x - mean)(x - mean)'``, a product ``C V`` costs one pass over the rows. Sparse rows stay
sparse: ``C V = X'(X V) - n mean (mean' V)``.
"""

from __future__ import annotations

from concurrent.futures import Executor
from itertools import pairwise
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from lilliput.core.threads import lasting, map_ordered
from lilliput.spectral.rows import PARTS, Rows, Sparse

PANEL_BYTES = 16_000_000
"""Of the columns of a dense block that are centred at a time."""
FUSED_BYTES = 8_000_000
"""A product up to this size has a copy a part, and each row is read once; a larger one is shared by column."""


class Scatter(Protocol):
    """A symmetric matrix (size, size), positive semi-definite, that is only known by its products."""

    @property
    def size(self) -> int:
        """Of a vector."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of vectors and products."""

    def product(self, vectors: NDArray[Any]) -> NDArray[Any]:
        """``C @ vectors``: (size, width) in, (size, width) out."""


class ColumnScatter:
    """The scatter of the columns, (columns, columns): a product is a pass over the rows."""

    def __init__(self, rows: Rows, mean: NDArray[np.float64], count: float, threads: int) -> None:
        self.size, self.dtype = rows.columns, rows.dtype
        self._rows, self._mean, self._count, self._threads = rows, mean, count, lasting(threads)

    def product(self, vectors: NDArray[Any]) -> NDArray[Any]:
        """One pass."""
        total = np.zeros_like(vectors, order="C")
        centre = self._mean.astype(self.dtype)
        sparse = 0
        for block in self._rows.blocks():
            if isinstance(block, Sparse):
                add_gram_product(block, vectors, total, self._threads)
                sparse += len(block)
            else:
                add_dense_product(block, centre, vectors, total)
        if sparse:  # the sum of all rows is count * mean where every row is sparse
            total -= np.outer(sparse * self._mean, self._mean @ vectors).astype(self.dtype)
        return total


class RowScatter:
    """The scatter of the rows, ``Y Y'`` of centred rows Y: far smaller than that of the columns where rows are few.

    It has the same eigenvalues other than zero; `directions` takes its eigenvectors to those of the columns.
    """

    def __init__(self, block: Sparse, columns: int, mean: NDArray[np.float64], threads: int) -> None:
        from lilliput.spectral.kernels import by_column

        self.size, self.dtype = len(block), block.values.dtype
        *entries, self._names = by_column(block.starts, block.columns, block.values, columns)
        self._by_column = Sparse(*entries)
        self._mean, self._threads = mean, lasting(threads)
        centre = np.zeros((self.size, 1), dtype=self.dtype)
        _multiply(block, mean.astype(self.dtype, copy=False)[:, None], centre, self._threads)
        self._cross = centre[:, 0].astype(np.float64)  # X mean
        self._square = float(mean @ mean)

    def product(self, vectors: NDArray[Any]) -> NDArray[Any]:
        """``(X - 1 mean')(X - 1 mean')' vectors``, in one pass over the entries by column."""
        total = np.zeros_like(vectors, order="C")
        add_gram_product(self._by_column, vectors, total, self._threads)
        sums = vectors.sum(axis=0, dtype=np.float64)
        shift = np.outer(self._cross, sums)
        shift += self._cross @ vectors - self._square * sums
        total -= shift.astype(self.dtype)
        return total

    def directions(self, vectors: NDArray[Any], values: NDArray[np.float64]) -> NDArray[Any]:
        """``Y' vectors / sqrt(values)``: unit eigenvectors of the columns' scatter, (columns, width)."""
        from lilliput.spectral.kernels import centred_products

        scaled = (vectors / np.sqrt(values)).astype(self.dtype)
        sums, mean = scaled.sum(axis=0, dtype=np.float64).astype(self.dtype), self._mean.astype(self.dtype, copy=False)
        found = np.zeros((len(mean), scaled.shape[1]), dtype=self.dtype)

        def write(bounds: tuple[int, int]) -> None:
            centred_products(*self._by_column, self._names, *bounds, scaled, sums, mean, found)

        map_ordered(write, self._by_column.parts, self._threads)
        return found


class DenseScatter:
    """A scatter that has been formed: (size, size)."""

    def __init__(self, matrix: NDArray[np.float64]) -> None:
        self.matrix, self.size, self.dtype = matrix, len(matrix), matrix.dtype

    def product(self, vectors: NDArray[Any]) -> NDArray[Any]:
        """A dense product."""
        product: NDArray[Any] = self.matrix @ vectors
        return product


def add_dense_product(block: NDArray[Any], centre: NDArray[Any], vectors: NDArray[Any], total: NDArray[Any]) -> None:
    """``total += Y'(Y vectors)`` for the rows ``Y = block - centre``, some columns at a time."""
    step = max(1, PANEL_BYTES // max(1, len(block) * block.itemsize))
    panels = [slice(first, first + step) for first in range(0, len(vectors), step)]
    products = np.zeros((len(block), vectors.shape[1]), dtype=vectors.dtype)
    for panel in panels:
        products += (block[:, panel] - centre[panel]) @ vectors[panel]
    for panel in panels:
        total[panel] += (block[:, panel] - centre[panel]).T @ products


def add_gram_product(block: Sparse, vectors: NDArray[Any], total: NDArray[Any], threads: int | Executor) -> None:
    """``total += A'(A vectors)`` for the rows A of a block, the same for any number of threads."""
    from lilliput.spectral.kernels import gram_product, gram_product_of_one, scatter

    if total.nbytes <= FUSED_BYTES:

        def partial(bounds: tuple[int, int]) -> NDArray[Any]:
            part = np.zeros_like(total)
            if len(vectors) == vectors.size:
                gram_product_of_one(*block, *bounds, vectors[:, 0], part[:, 0])
            else:
                gram_product(*block, *bounds, vectors, part)
            return part

        for part in map_ordered(partial, block.parts, threads):
            total += part
        return
    products = np.empty((len(block), vectors.shape[1]), dtype=vectors.dtype)
    _multiply(block, vectors, products, threads)
    edges = np.linspace(0, len(total), PARTS + 1).astype(np.int64).tolist()
    map_ordered(lambda bounds: scatter(*block, products, *bounds, total), list(pairwise(edges)), threads)


def _multiply(block: Sparse, vectors: NDArray[Any], out: NDArray[Any], threads: int | Executor) -> None:
    from lilliput.spectral.kernels import multiply

    map_ordered(lambda bounds: multiply(*block, *bounds, vectors, out), block.parts, threads)
