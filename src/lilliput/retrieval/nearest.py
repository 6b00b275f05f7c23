"""The rows of an eight-bit table whose direction is nearest to a query's, all of them looked at.

Queries become whole numbers of up to 16 bits, small enough that sums of products fit into 32. So every sum is exact and
the answer is the same from NumPy, which a cold process takes for one query, and from the kernels, which take a million
rows in a few milliseconds, with any number of threads. Of rows equally near the first comes first. Turning a query into
such numbers moves it by less than 0.01 degrees, a tenth of what the eight bits of the rows do.
"""

from __future__ import annotations

import sys
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lilliput.core.arrays import constant
from lilliput.core.threads import map_ordered

BLOCK = 2048
"""Rows that NumPy takes at a time: as floats they stay in the cache."""
TOGETHER = 64
"""Queries for which a kernel goes through the rows at a time."""
SHARDS = 16
"""Parts of the rows for one query."""
COLD = 1 << 28
"""Products that NumPy takes less time for than it takes to import numba."""
SMALL = 1 << 24
"""Codes that one thread has gone through, for one query, before others have started."""
_LARGEST = 127
_KERNELS = "lilliput.retrieval.nearest_kernels"

Floats = NDArray[np.float32]


class Nearest(NamedTuple):
    """For each query the rows, the nearest first, int64 (queries, k), and their cosines, float64 (queries, k)."""

    rows: NDArray[np.int64]
    cosines: NDArray[np.float64]


def whole(queries: NDArray[Any]) -> NDArray[np.int16]:
    """Queries (queries, dim), each scaled to whole numbers whose products with codes add up within 32 bits."""
    wide = queries.astype(np.float64)
    largest = np.abs(wide).max(axis=1, initial=0.0, keepdims=True)
    limit = min(np.iinfo(np.int16).max, np.iinfo(np.int32).max // (_LARGEST * max(1, queries.shape[1])))
    return np.rint(wide / np.where(largest > 0, largest, 1) * limit).astype(np.int16)


def nearest(codes: NDArray[np.int8], inverse: Floats, queries: NDArray[Any], k: int, threads: int = 1) -> Nearest:
    """The `k` rows of `codes` (rows, dim) nearest to each of `queries` (queries, dim) by cosine.

    `inverse`: one over the lengths of the rows, as `inverse_lengths` gives them. All rows where there are fewer than
    `k`. The cosine of a vector of zeros with anything is 0.
    """
    k = min(k, len(codes))
    asked = whole(queries)
    lengths = np.sqrt(np.einsum("ij,ij->i", asked.astype(np.float64), asked.astype(np.float64)))
    cold = _KERNELS not in sys.modules and len(asked) * codes.size <= COLD
    if k == 0 or len(asked) == 0 or cold:
        found = [_best(products(codes, query) * inverse, k) for query in asked]
        rows = np.array([one[0] for one in found], dtype=np.int64).reshape(len(asked), k)
        scores = np.array([one[1] for one in found], dtype=np.float64).reshape(len(asked), k)
    else:
        few = len(asked) == 1 and codes.size <= SMALL
        rows, scores = scanned(codes, inverse, asked, k, 1 if few else threads)
    return Nearest(rows, np.clip(scores / np.where(lengths > 0, lengths, 1)[:, None], -1, 1))


def products(codes: NDArray[np.int8], query: NDArray[np.int16]) -> NDArray[np.float64]:
    """The products of all rows with one query, whole numbers as float64 (rows,); NumPy alone."""
    wide = query.astype(np.float64)
    found = np.empty(len(codes), dtype=np.float64)
    for first in range(0, len(codes), BLOCK):
        found[first : first + BLOCK] = codes[first : first + BLOCK].astype(np.float64) @ wide
    return found


def inverse_lengths(codes: NDArray[np.int8]) -> Floats:
    """One over the length of each row of codes, float32 (rows,); 0 for a row of zeros."""
    squares = np.empty(len(codes), dtype=np.float64)
    for first in range(0, len(codes), BLOCK):
        block = codes[first : first + BLOCK].astype(np.float64)
        squares[first : first + BLOCK] = np.einsum("ij,ij->i", block, block)
    return np.where(squares > 0, 1 / np.sqrt(np.where(squares > 0, squares, 1)), 0).astype(np.float32)


def _best(scores: NDArray[np.float64], k: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The rows of the `k` highest scores, and these; of equal ones the first row."""
    if k < len(scores):
        border = np.partition(scores, -k)[-k] if k else np.inf
        rows = np.flatnonzero(scores >= border)
    else:
        rows = np.arange(len(scores))
    rows = rows[np.argsort(-scores[rows], kind="stable")][:k]
    return rows, scores[rows]


def scanned(
    codes: NDArray[np.int8], inverse: Floats, queries: NDArray[np.int16], k: int, threads: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The same by the kernel: shards of the rows for one query, shares of the queries for several."""
    from lilliput.retrieval.nearest_kernels import scan

    codes, inverse = constant(np.ascontiguousarray(codes)), constant(np.ascontiguousarray(inverse))
    queries = constant(np.ascontiguousarray(queries))

    def part(share: tuple[slice, int, int]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        asked, first, last = share
        rows, scores = np.empty((len(queries[asked]), k), np.int64), np.empty((len(queries[asked]), k))
        scan(codes, inverse, queries[asked], first, last, rows, scores)
        return rows, scores

    if len(queries) > 1:
        shares = [(slice(first, first + TOGETHER), 0, len(codes)) for first in range(0, len(queries), TOGETHER)]
        found = map_ordered(part, shares, threads)
        return np.concatenate([rows for rows, _ in found]), np.concatenate([scores for _, scores in found])
    edges = np.linspace(0, len(codes), SHARDS + 1).astype(int).tolist()
    found = map_ordered(part, [(slice(0, 1), first, last) for first, last in pairwise(edges)], threads)
    rows, scores = (np.concatenate([pair[item][0] for pair in found]) for item in (0, 1))
    best = np.argsort(-scores, kind="stable")[:k]  # what a shard was too short for has minus infinity
    return rows[best][None], scores[best][None]
