"""The matrix of a network: for each account the edges that point at it, in one array, 4 bytes an edge."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lilliput.core.errors import DataError
from lilliput.core.threads import map_ordered, resolve_threads
from lilliput.data.edges import Chunk, Edges, apart
from lilliput.data.ids import Ids
from lilliput.graph import matrix_kernels as kernels

RANGES = 64
BLOCKS = 16
"""Rows are cut into so many runs of about as many edges, for any number of threads."""
SHORT = 16
"""Bits of a row within a range, at most; where there are more rows there are more ranges."""
NO_WEIGHTS = np.zeros(0)


@dataclass(frozen=True)
class Matrix:
    """Edges by their targets. A row is a node, and rows stand by falling number of edges that go out, then of those in.

    So what is read most often, the value of a node that points at many, lies close together, and rows of one length
    follow each other, which a processor foresees. Parts of the rows (see
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
    codes = np.flatnonzero(present).astype(np.uint32)
    kept, spare = np.empty_like(codes), np.empty_like(codes)
    kernels.by_degree(into, codes, spare)
    kernels.by_degree(out, spare, kept)
    place = np.zeros(edges.codes, dtype=np.uint32)
    place[codes] = np.arange(len(codes), dtype=np.uint32)
    order = place[kept]
    place[kept] = np.arange(len(codes), dtype=np.uint32)
    ids = edges.named(present)
    strength = sums[kept] if weighted else out[kept].astype(np.float64)
    starts = np.zeros(len(order) + 1, dtype=np.int64)
    np.cumsum(into[kept], out=starts[1:])
    del out, into, sums, present, kept, codes, spare
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


@dataclass(frozen=True)
class _Sorted:
    """A chunk by ranges of targets, which begin at `begins`; `targets` uint16 are counted from those ranges' first."""

    begins: NDArray[np.int64]
    sources: NDArray[np.uint32]
    targets: NDArray[np.uint16]
    weights: NDArray[Any]


def _filled(
    edges: Edges, place: NDArray[np.uint32], starts: NDArray[np.int64], weighted: bool, loops: bool, threads: int
) -> tuple[NDArray[np.uint32], NDArray[Any] | None]:
    """Sources and weights by rows: chunks are sorted by ranges of rows, then each range is filled from all of them.

    Chunks are used up one by one, as they are with what is made of them the most that is in memory.
    """
    shift = min(SHORT, max(0, (len(starts) - 2).bit_length() - RANGES.bit_length() + 1))
    ranges = ((len(starts) - 2) >> shift) + 1
    chunks: list[Any] = edges.chunks
    exact = all(_single(_weights(chunk, weighted)) for chunk in chunks)
    kind = np.dtype(np.float32 if exact else np.float64)
    longest = max(map(len, chunks))

    def sort(part: NDArray[np.int64]) -> None:
        spare = np.empty(longest, dtype=np.uint32), np.empty(longest, dtype=np.uint16)
        values = np.empty(longest if weighted else 0, dtype=kind)
        for number in part.tolist():
            chunk, begins = chunks[number], np.empty(ranges + 1, dtype=np.int64)
            kernels.spread(chunk.ends, _weights(chunk, weighted), place, loops, shift, begins, *spare, values)
            chunks[number] = _kept(chunk, begins, *spare, values)

    map_ordered(sort, np.array_split(np.arange(len(chunks)), threads), threads)
    sources = np.empty(int(starts[-1]), dtype=np.uint32)
    weights = np.empty(len(sources) if weighted else 0, dtype=kind)

    def fill(part: int) -> None:
        rows = starts[:-1][part << shift : (part + 1) << shift]  # filled, a row goes on where the next one starts
        for chunk in chunks:
            first, last = chunk.begins[part : part + 2]
            if last > first:
                kernels.fill(chunk.sources, chunk.targets, chunk.weights, first, last, rows, sources, weights)

    map_ordered(fill, range(ranges), threads)
    chunks.clear()
    starts[1:] = starts[:-1]
    starts[0] = 0
    return sources, weights if weighted else None


def _single(values: NDArray[np.float64]) -> bool:
    """Whether single precision holds them."""
    return bool(np.all(values == values.astype(np.float32)))


def _kept(chunk: Chunk, begins: NDArray[np.int64], *sorted_: NDArray[Any]) -> _Sorted:
    """A chunk that was sorted into arrays that serve again: in memory of its own, or where it stood on disk."""
    size = int(begins[-1])
    parts = [array[: min(size, len(array))] for array in sorted_]
    if not isinstance(chunk.ends, np.memmap):
        return _Sorted(begins, *map(apart, parts))
    for number, old in enumerate((chunk.ends[0], chunk.ends[1], chunk.weights)):
        if len(parts[number]):
            told = np.empty(0) if old is None else old
            place = told.view(parts[number].dtype)[:size]
            place[:] = parts[number]
            parts[number] = place
    return _Sorted(begins, *parts)
