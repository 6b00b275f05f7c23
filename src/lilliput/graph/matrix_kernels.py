"""Kernels that turn pairs of codes into a matrix by rows: count, sort by degree, spread over ranges, fill."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(nogil=True, cache=True)
def count(ends, others, weights, loops, counts, sums, seen):
    """Count the edges at each of `ends` and, where `sums` has room, add up their weights.

    Edges of weight 0, and unless `loops` those from a node to itself, are not counted; `seen` notes their ends.
    """
    weighted, summed, dropped = len(weights) > 0, len(sums) > 0, 0
    for edge in range(len(ends)):
        end = ends[edge]
        if (end == others[edge] and not loops) or (weighted and weights[edge] == 0.0):
            seen[end] = 1
            dropped += 1
            continue
        counts[end] += 1
        if summed:
            sums[end] += weights[edge]
    return dropped


@njit(nogil=True, cache=True)
def by_degree(degrees, nodes, sorted_):
    """Put `nodes` by falling degree into `sorted_`, those of one degree in their order: a counting sort."""
    most = 0
    for node in nodes:
        if degrees[node] > most:
            most = degrees[node]
    first = np.zeros(most + 2, dtype=np.int64)
    for node in nodes:
        first[most - degrees[node] + 1] += 1
    for degree in range(most + 1):
        first[degree + 1] += first[degree]
    for node in nodes:
        at = first[most - degrees[node]]
        first[most - degrees[node]] += 1
        sorted_[at] = node


@njit(nogil=True, cache=True)
def spread(ends, weights, place, loops, shift, starts, sources, targets, values):
    """Put places for codes, and sort the edges of a chunk by the range of their target, ``place >> shift``.

    Within a range, in their order; `starts` int64 (ranges + 1,) tells where each begins, and uint16 `targets` are what
    is left of the targets' places. Edges that `count` does not count are left out.
    """
    weighted, edges = len(weights) > 0, ends.shape[1]
    mask = (np.int64(1) << shift) - 1
    starts[:] = 0
    for edge in range(edges):
        if (ends[0, edge] != ends[1, edge] or loops) and not (weighted and weights[edge] == 0.0):
            starts[(place[ends[1, edge]] >> shift) + 1] += 1
    for part in range(1, len(starts)):
        starts[part] += starts[part - 1]
    at = starts[:-1].copy()
    for edge in range(edges):
        if (ends[0, edge] != ends[1, edge] or loops) and not (weighted and weights[edge] == 0.0):
            target = np.int64(place[ends[1, edge]])
            part = target >> shift
            to = at[part]
            at[part] = to + 1
            sources[to], targets[to] = place[ends[0, edge]], target & mask
            if weighted:
                values[to] = weights[edge]


@njit(nogil=True, cache=True)
def fill(sources, targets, weights, first, last, free, into, values):
    """Write the edges from `first` to `last` of a sorted chunk into the rows of a range; `free`: where rows go on."""
    weighted = len(weights) > 0
    for edge in range(first, last):
        to = free[targets[edge]]
        free[targets[edge]] = to + 1
        into[to] = sources[edge]
        if weighted:
            values[to] = weights[edge]


@njit(nogil=True, cache=True)
def distinct(starts, sources, first, last, marks, into, out):
    """How many different nodes point at each row from `first` to `last`, and at how many of these each node points.

    A node itself is not counted. `marks` int32: -1 a node; `into` is set, `out` is added to.
    """
    for row in range(first, last):
        found = 0
        for edge in range(starts[row], starts[row + 1]):
            source = sources[edge]
            if marks[source] != row and source != row:
                marks[source] = row
                out[source] += 1
                found += 1
        into[row] = found
