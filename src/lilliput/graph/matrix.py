"""The matrix of a network: for each account the edges that point at it, in one array, 4 bytes an edge."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lilliput.core.errors import DataError
from lilliput.core.threads import map_ordered, resolve_threads
from lilliput.data.edges import Chunk, Edges
from lilliput.data.ids import Ids
from lilliput.graph import matrix_kernels as kernels

RANGES = 64
BLOCKS = 16
"""Rows are cut into so many runs of about as many edges, for any number of threads."""
NO_WEIGHTS = np.zeros(0)


@dataclass(frozen=True)
class Matrix:
    """Edges by their targets. A row is a node, and rows stand by falling number of edges that go out.

    So what is read most often, the value of a node that points at many, lies close together. Parts of the rows (see
    `cuts`) could live apart: a pass needs the values of all nodes, and its results are parts of one vector.

    Attributes
    ----------
    starts : int64 (nodes + 1,), where a row's edges begin.
    sources : uint32 (edges,), the row of the node that points.
    weights : float32 or float64 (edges,), or None where all are 1; edges that are there twice are kept apart.
    out : float64 (nodes,), the weights that go out of each node, added up.
    order : uint32 (nodes,), the number of the node of each row; `ids` by number.
    """

    starts: NDArray[np.int64]
    sources: NDArray[np.uint32]
    weights: NDArray[Any] | None
    out: NDArray[np.float64]
    order: NDArray[np.uint32]
    ids: Ids

    def __len__(self) -> int:
        return len(self.order)

    @cached_property
    def row_of(self) -> NDArray[np.uint32]:
        """The row of each number."""
        rows = np.empty(len(self), dtype=np.uint32)
        rows[self.order] = np.arange(len(self), dtype=np.uint32)
        return rows

    @cached_property
    def cuts(self) -> NDArray[np.int64]:
        """Where runs of about as many edges begin, and the end."""
        return cut(self.starts, BLOCKS)

    def row(self, row: int) -> tuple[NDArray[np.uint32], NDArray[np.float64]]:
        """The rows that point at a row, each once, with the weights of their edges."""
        part = slice(int(self.starts[row]), int(self.starts[row + 1]))
        found, which = np.unique(self.sources[part], return_inverse=True)
        weights = None if self.weights is None else self.weights[part].astype(np.float64)
        return found, np.bincount(which.reshape(-1), weights, len(found)).astype(np.float64)

    def degrees(self, threads: int) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
        """How many different nodes point at each row, and at how many it points, itself not counted."""
        into = np.zeros(len(self), dtype=np.uint32)
        parts = np.array_split(np.arange(len(self.cuts) - 1), threads)

        def run(part: NDArray[np.int64]) -> NDArray[np.uint32]:
            out = np.zeros(len(self), dtype=np.uint32)
            if len(part):
                marks = np.full(len(self), -1, dtype=np.int64)
                first, last = self.cuts[part[0]], self.cuts[part[-1] + 1]
                kernels.distinct(self.starts, self.sources, first, last, marks, into, out)
            return out

        found = map_ordered(run, parts, threads)
        return into, sum(found[1:], found[0])


def cut(starts: NDArray[np.int64], parts: int) -> NDArray[np.int64]:
    """Where `parts` runs of rows begin that have about as many edges and rows, and the end."""
    load = starts + np.arange(len(starts))
    wanted = np.linspace(0, int(load[-1]), parts + 1)
    cuts = np.searchsorted(load, wanted).astype(np.int64)
    cuts[0], cuts[-1] = 0, len(starts) - 1
    return cuts


def build(edges: Edges, *, loops: bool = False, threads: int | None = None) -> Matrix:
    """The matrix of edges, whose chunks are used up; `loops`: edges from a node to itself count.

    Raises `DataError` where no edge counts.
    """
    threads = resolve_threads(threads)
    weighted = any(chunk.weights is not None for chunk in edges.chunks)
    out, into, sums, present = _counted(edges, weighted, loops, threads)
    place = np.zeros(edges.codes, dtype=np.uint32)
    order = np.empty(int(np.count_nonzero(present)), dtype=np.uint32)
    kernels.order_by(out, present, place, order)
    ids = edges.named(present)
    kept = np.flatnonzero(present)[order]
    strength = sums[kept] if weighted else out[kept].astype(np.float64)
    starts = np.zeros(len(order) + 1, dtype=np.int64)
    np.cumsum(into[kept], out=starts[1:])
    del out, into, sums, present, kept
    if not starts[-1]:
        raise DataError("no edge counts: all have weight 0 or go from an account to itself; see self_loops")
    sources, weights = _filled(edges, place, starts, weighted, loops, threads)
    return Matrix(starts, sources, weights, strength, order, ids)


def _counted(edges: Edges, weighted: bool, loops: bool, threads: int) -> tuple[NDArray[Any], ...]:
    """Edges out of and into each code, weights out of it, and which codes are of an edge at all."""
    counts = np.zeros((2, edges.codes), dtype=np.uint32)
    seen = np.zeros((2, edges.codes), dtype=np.uint8)
    sums = np.zeros(edges.codes if weighted else 0)

    def run(end: int) -> None:
        for chunk in edges.chunks:
            weights = _weights(chunk, weighted)
            added = sums if end == 0 else NO_WEIGHTS
            kernels.count(chunk.ends[end], chunk.ends[1 - end], weights, loops, counts[end], added, seen[end])

    map_ordered(run, (0, 1), min(2, threads))
    return counts[0], counts[1], sums, (counts[0] | counts[1] | seen[0] | seen[1]) > 0


def _weights(chunk: Chunk, weighted: bool) -> NDArray[np.float64]:
    if not weighted:
        return NO_WEIGHTS
    return np.ones(len(chunk)) if chunk.weights is None else chunk.weights


def _filled(
    edges: Edges, place: NDArray[np.uint32], starts: NDArray[np.int64], weighted: bool, loops: bool, threads: int
) -> tuple[NDArray[np.uint32], NDArray[Any] | None]:
    """Sources and weights by rows: chunks are sorted by ranges of rows, then each range is filled from all of them."""
    shift = max(0, (len(starts) - 2).bit_length() - RANGES.bit_length() + 1)
    values = [_weights(chunk, weighted) for chunk in edges.chunks]
    exact = all(bool(np.all(part == part.astype(np.float32))) for part in values)

    begins = np.empty((len(edges.chunks), RANGES + 1), dtype=np.int64)
    longest = max(map(len, edges.chunks))

    def sort(part: NDArray[np.int64]) -> None:
        spare, spare_weights = np.empty((2, longest), dtype=np.uint32), np.empty(longest if weighted else 0)
        for number in part.tolist():
            ends, told = edges.chunks[number].ends, values[number]
            kernels.spread(ends, told, place, loops, shift, begins[number], spare, spare_weights)

    map_ordered(sort, np.array_split(np.arange(len(edges.chunks)), threads), threads)
    free = starts[:-1].copy()
    sources = np.empty(int(starts[-1]), dtype=np.uint32)
    weights = np.empty(len(sources) if weighted else 0, dtype=np.float32 if exact else np.float64)

    def fill(part: int) -> None:
        for number, chunk in enumerate(edges.chunks):
            first, last = begins[number][part : part + 2]
            if last > first:
                kernels.fill(chunk.ends, values[number], first, last, free, sources, weights)

    map_ordered(fill, range(RANGES), threads)
    edges.chunks.clear()
    return sources, weights if weighted else None
