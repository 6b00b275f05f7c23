"""Kernels that walk a network by its rows: distances, communities, and support that comes from nowhere."""

from __future__ import annotations

from numba import njit


@njit(nogil=True, cache=True)
def spread_out(starts, sources, level, distance, parent, both):
    """Give the neighbours of nodes at distance `level`, that have none yet, the next one; returns how many.

    Edges are walked from a row to its sources and, with `both`, the other way too. Of several nodes through which one
    is reached the `parent` is the first row.
    """
    found = 0
    for row in range(len(distance)):
        for edge in range(starts[row], starts[row + 1]):
            source = sources[edge]
            if distance[row] == level and (distance[source] == -1 or distance[source] == level + 1):
                found += distance[source] == -1
                if distance[source] == -1 or row < parent[source]:
                    parent[source] = row
                distance[source] = level + 1
            elif both and distance[source] == level and (distance[row] == -1 or distance[row] == level + 1):
                found += distance[row] == -1
                if distance[row] == -1 or source < parent[row]:
                    parent[row] = source
                distance[row] = level + 1
    return found


@njit(nogil=True, cache=True)
def introduce(distance, parent, introducer):
    """Who at distance 1 is on the way to each node; the seed itself for those at distance 1."""
    for row in range(len(distance)):
        at = row
        while distance[at] > 1:
            at = parent[at]
        if distance[row] >= 1:
            introducer[row] = parent[row] if distance[row] == 1 else at


@njit(nogil=True, cache=True)
def adopt(starts, sources, out_starts, targets, order, labels, counts):
    """One round of label propagation: each node takes the most frequent label around it; returns how many changed.

    In `order`, each with the labels as they then are. Of equally frequent ones it keeps its own if that is among them,
    else it takes the lowest. `counts` int32: zeros, a label.
    """
    changed = 0
    for place in range(len(order)):
        row = order[place]
        for edge in range(starts[row], starts[row + 1]):
            counts[labels[sources[edge]]] += 1
        for edge in range(out_starts[row], out_starts[row + 1]):
            counts[labels[targets[edge]]] += 1
        best, most = labels[row], counts[labels[row]]
        for edge in range(starts[row], starts[row + 1]):
            label = labels[sources[edge]]
            if counts[label] > most or (counts[label] == most and label < best and best != labels[row]):
                best, most = label, counts[label]
        for edge in range(out_starts[row], out_starts[row + 1]):
            label = labels[targets[edge]]
            if counts[label] > most or (counts[label] == most and label < best and best != labels[row]):
                best, most = label, counts[label]
        for edge in range(starts[row], starts[row + 1]):
            counts[labels[sources[edge]]] = 0
        for edge in range(out_starts[row], out_starts[row + 1]):
            counts[labels[targets[edge]]] = 0
        changed += best != labels[row]
        labels[row] = best
    return changed


@njit(nogil=True, cache=True)
def turned(starts, sources, out_starts, targets):
    """The edges by their sources: fills `targets`, int64 `out_starts` (nodes + 1,)."""
    for edge in range(len(sources)):
        out_starts[sources[edge] + 1] += 1
    for row in range(1, len(out_starts)):
        out_starts[row] += out_starts[row - 1]
    free = out_starts[:-1].copy()
    for row in range(len(starts) - 1):
        for edge in range(starts[row], starts[row + 1]):
            source = sources[edge]
            targets[free[source]] = row
            free[source] += 1


SCANNED = 32
"""Edges of a supporter that are looked through for one that comes from whom it supports."""


@njit(nogil=True, cache=True)
def suspect(starts, sources, weights, given, values, earnings, damping, least, first, last, out):
    """The share of a row's value that comes from nodes which have earned nothing but from the row itself.

    For rows with values from `least` on, 0 for others. `given`: what a node gives to an edge of weight 1.
    """
    weighted = len(weights) > 0
    for row in range(first, last):
        out[row] = 0.0
        if values[row] < least or starts[row + 1] == starts[row]:
            continue
        doubtful = 0.0
        back = damping * given[row]
        for edge in range(starts[row], starts[row + 1]):
            source = sources[edge]
            flow = (weights[edge] if weighted else 1.0) * given[source]
            own = earnings[source]
            begin, end = starts[source], starts[source + 1]
            if own > 0.0 and end - begin <= SCANNED:
                for other in range(begin, end):
                    if sources[other] == row:
                        own -= back * (weights[other] if weighted else 1.0)
            if own < values[source]:
                doubtful += flow * (1.0 - max(0.0, own) / values[source])
        out[row] = damping * doubtful / values[row]
