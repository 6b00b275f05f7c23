"""The predictive model of `lilliput.features.exchange`: counts of pairs of a context and a cluster.

With N(v, c) the pairs of context v and cluster c and N(c) the words of c, the log likelihood of words that each have a
context on both sides is sum_vc f(N(v, c)) - 2 sum_c f(N(c)), but for a constant (Uszkoreit and Brants 2008, for one
side).

A context with many neighbours has a dense row of counts; one with few has cells of cluster and count, as many at most
as it has neighbours, so that all cells take no more room than the bigrams.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from lilliput.features.exchange_counts import Bigrams
from lilliput.features.exchange_kernels import LEAST_GAIN, add_row, added, change, f, logs_table

DENSE = 4
"""A row is dense if its context has more neighbours than this part of the clusters: a fourth."""
SIDES = 2
"""Of a word on which it has contexts."""


class Predictive(NamedTuple):
    """The state of W words, C contexts and K clusters.

    ``cluster_of``: int32 (W,); ``weights``: int64 (W,), the counts of the words; ``totals``: int64 (K,), those of the
    clusters; ``dense_of``: int32 (C,), the number of a dense row or -1; ``rows``: uint32 and ``ones``: float32, the
    dense rows of K each (see `add_row`); ``starts``: int64 (C,), the place of the first cell in ``cells``; ``sizes``:
    int32 (C,), cells in use; ``cells``: uint32, cluster and count in turns; ``logs``: n log n.
    """

    cluster_of: NDArray[np.int32]
    weights: NDArray[np.int64]
    totals: NDArray[np.int64]
    dense_of: NDArray[np.int32]
    rows: NDArray[np.uint32]
    ones: NDArray[np.float32]
    starts: NDArray[np.int64]
    sizes: NDArray[np.int32]
    cells: NDArray[np.uint32]
    logs: NDArray[np.float64]


def begin(bigrams: Bigrams, weights: NDArray[np.int64], cluster_of: NDArray[np.int32], clusters: int) -> Predictive:
    """The state in which the words are in the given clusters; `cluster_of` will change with it."""
    known = bigrams.contexts[: bigrams.indptr[-2]]
    neighbours = np.bincount(known, minlength=2 * (bigrams.words + 2))
    dense = neighbours * DENSE > clusters
    cells = np.where(dense, 0, np.minimum(neighbours, clusters))
    places = int(dense.sum()) * clusters
    state = Predictive(
        cluster_of,
        weights,
        np.zeros(clusters, dtype=np.int64),
        np.where(dense, np.cumsum(dense) - 1, -1).astype(np.int32),
        np.zeros(places, dtype=np.uint32),
        np.zeros(places, dtype=np.float32),
        2 * (np.cumsum(cells) - cells).astype(np.int64),
        np.zeros(len(cells), dtype=np.int32),
        np.zeros(2 * int(cells.sum()), dtype=np.uint32),
        logs_table(),
    )
    _put_all(bigrams, state)
    return state


@njit(nogil=True, cache=True)
def find(first, last, bigrams, state, best):
    """Write to `best` (int32 (W,)) the cluster where each of the words `first` to `last` would be likeliest."""
    indptr, contexts, counts = bigrams
    cluster_of, weights, totals, dense_of, rows, ones, starts, sizes, cells, logs = state
    clusters = len(totals)
    gains = np.empty(clusters)
    for word in range(first, last):
        gains[:] = 0.0
        now, weight = cluster_of[word], weights[word]
        everywhere = stay = 0.0
        for at in range(indptr[word], indptr[word + 1]):
            context, count = np.int64(contexts[at]), np.int64(counts[at])
            row = np.int64(dense_of[context])
            if row >= 0:
                add_row(gains, rows, ones, row * clusters, count, logs)
            else:
                everywhere += f(count, logs)
                _add_cells(gains, cells, starts[context], sizes[context], count, logs)
            found, _ = _pairs(context, now, clusters, dense_of, rows, starts, sizes, cells)
            stay += added(found - count, count, logs)
        for cluster in range(clusters):
            gains[cluster] += everywhere - SIDES * added(totals[cluster], weight, logs)
        gains[now] = stay - SIDES * added(totals[now] - weight, weight, logs)
        best[word] = np.argmax(gains)


@njit(nogil=True, cache=True)
def move(first, last, bigrams, state, best):
    """Move the words `first` to `last` to their `best` clusters where it is a gain; returns moves and gain in nats."""
    moved, gained = 0, 0.0
    for word in range(first, last):
        if state.cluster_of[word] == best[word]:
            continue
        gain = _gain(word, best[word], bigrams, state)
        if gain > LEAST_GAIN:
            _take(word, bigrams, state)
            state.cluster_of[word] = best[word]
            _put(word, bigrams, state)
            moved += 1
            gained += gain
    return moved, gained


@njit(nogil=True, cache=True)
def _put_all(bigrams, state):
    for word in range(len(state.cluster_of)):
        _put(word, bigrams, state)


@njit(nogil=True, cache=True)
def _add_cells(gains, cells, start, size, count, logs):
    """As `add_row` for a row of cells, but without what `count` alone brings in every cluster."""
    alone = f(count, logs)
    for at in range(start, start + 2 * size, 2):
        gains[cells[at]] += added(np.int64(cells[at + 1]), count, logs) - alone


@njit(nogil=True, cache=True)
def _pairs(context, cluster, clusters, dense_of, rows, starts, sizes, cells):
    """N(context, cluster), and its place in the dense row or among the cells; where there is none, the next free."""
    if dense_of[context] >= 0:
        place = np.int64(dense_of[context]) * clusters + cluster
        return np.int64(rows[place]), place
    end = starts[context] + 2 * sizes[context]
    for place in range(starts[context], end, 2):
        if cells[place] == cluster:
            return np.int64(cells[place + 1]), place
    return np.int64(0), end


@njit(nogil=True, cache=True)
def _gain(word, then, bigrams, state):
    """What a move brings, exactly, in nats."""
    indptr, contexts, counts = bigrams
    cluster_of, weights, totals, dense_of, rows, _, starts, sizes, cells, logs = state
    clusters, now, weight = len(totals), cluster_of[word], weights[word]
    gain = SIDES * (added(totals[now] - weight, weight, logs) - added(totals[then], weight, logs))
    for at in range(indptr[word], indptr[word + 1]):
        context, count = np.int64(contexts[at]), np.int64(counts[at])
        there, _ = _pairs(context, then, clusters, dense_of, rows, starts, sizes, cells)
        here, _ = _pairs(context, now, clusters, dense_of, rows, starts, sizes, cells)
        gain += added(there, count, logs) - added(here - count, count, logs)
    return gain


@njit(nogil=True, cache=True)
def _take(word, bigrams, state):
    """Take a word out of the counts of its cluster."""
    indptr, contexts, counts = bigrams
    cluster_of, weights, totals, dense_of, rows, ones, starts, sizes, cells, logs = state
    clusters, now = len(totals), cluster_of[word]
    totals[now] -= weights[word]
    for at in range(indptr[word], indptr[word + 1]):
        context, count = np.int64(contexts[at]), np.int64(counts[at])
        found, place = _pairs(context, now, clusters, dense_of, rows, starts, sizes, cells)
        if dense_of[context] >= 0:
            change(rows, ones, place, -count, logs)
        elif found > count:
            cells[place + 1] = found - count
        else:  # the last cell takes its place
            sizes[context] -= 1
            end = starts[context] + 2 * sizes[context]
            cells[place], cells[place + 1] = cells[end], cells[end + 1]


@njit(nogil=True, cache=True)
def _put(word, bigrams, state):
    """Add a word to the counts of its cluster."""
    indptr, contexts, counts = bigrams
    cluster_of, weights, totals, dense_of, rows, ones, starts, sizes, cells, logs = state
    clusters, now = len(totals), cluster_of[word]
    totals[now] += weights[word]
    for at in range(indptr[word], indptr[word + 1]):
        context, count = np.int64(contexts[at]), np.int64(counts[at])
        found, place = _pairs(context, now, clusters, dense_of, rows, starts, sizes, cells)
        if dense_of[context] >= 0:
            change(rows, ones, place, count, logs)
        else:
            sizes[context] += found == 0
            cells[place], cells[place + 1] = now, found + count
