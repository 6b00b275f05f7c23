"""The class bigram model of `lilliput.features.exchange`: counts of pairs of clusters.

With N(a, b) how often cluster b follows cluster a and N(c) the words of c, the log likelihood is
sum_ab f(N(a, b)) - 2 sum_c f(N(c)), but for a constant (Martin, Liermann and Ney 1998). Unknown words and
the borders of texts are two clusters more, which do not change.

The counts stand twice: rows of the clusters before, a place for each cluster, then rows of the clusters after. So the
neighbours of a word on both sides are contexts like any other, but for those in the clusters that it leaves or joins:
the counts of these contexts change as it moves.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from lilliput.features.exchange_counts import Bigrams
from lilliput.features.exchange_kernels import LEAST_GAIN, add_row, added, change, logs_table


class ClassBigrams(NamedTuple):
    """The state of W words and K clusters.

    ``cluster_of``: int32 (W,); ``weights``: int64 (W,), the counts of the words; ``totals``: int64 (K,), those of the
    clusters; ``row_of``: int32 (2 W + 4,), the row of each context; ``rows``: uint32 and ``ones``: float32
    (2 K + 4 rows of K, see `add_row`); ``logs``: n log n.
    """

    cluster_of: NDArray[np.int32]
    weights: NDArray[np.int64]
    totals: NDArray[np.int64]
    row_of: NDArray[np.int32]
    rows: NDArray[np.uint32]
    ones: NDArray[np.float32]
    logs: NDArray[np.float64]


def begin(bigrams: Bigrams, weights: NDArray[np.int64], cluster_of: NDArray[np.int32], clusters: int) -> ClassBigrams:
    """The state in which the words are in the given clusters; `cluster_of` will change with it."""
    side = np.append(cluster_of, [clusters, clusters + 1]).astype(np.int32)
    row_of = np.concatenate([side, side + np.int32(clusters + 2)])
    known = int(bigrams.indptr[-2])
    cluster = np.repeat(cluster_of, np.diff(bigrams.indptr[:-1]))
    places = row_of[bigrams.contexts[:known]].astype(np.int64) * clusters + cluster
    rows = np.bincount(places, bigrams.counts[:known], 2 * (clusters + 2) * clusters).astype(np.uint32)
    totals = np.bincount(cluster_of, weights, clusters).astype(np.int64)
    logs = logs_table()
    state = ClassBigrams(cluster_of, weights, totals, row_of, rows, np.zeros(len(rows), dtype=np.float32), logs)
    _fill_ones(state.rows, state.ones, logs)
    return state


@njit(nogil=True, cache=True)
def find(first, last, bigrams, state, best):
    """Write to `best` (int32 (W,)) the cluster where each of the words `first` to `last` would be likeliest."""
    _, weights, totals, _, rows, ones, logs = state
    clusters = len(totals)
    gains = np.empty(clusters)
    own, used = np.zeros(2 * clusters + 4, dtype=np.int64), np.empty(2 * clusters + 4, dtype=np.int64)
    for word in range(first, last):
        now = np.int64(state.cluster_of[word])
        size, itself = _neighbours(word, bigrams, state, own, used)
        gains[:] = 0.0
        for item in range(size):
            row = used[item]
            if row != now and row != clusters + 2 + now:
                add_row(gains, rows, ones, row * clusters, own[row], logs)
        _mend(gains, now, own, itself, clusters, rows, logs)
        gains[now] = _stay(now, own, used, size, itself, clusters, rows, logs)
        for cluster in range(clusters):
            weight = weights[word]
            gains[cluster] -= 2 * added(totals[cluster] - (weight if cluster == now else 0), weight, logs)
        best[word] = np.argmax(gains)
        own[used[:size]] = 0


@njit(nogil=True, cache=True)
def move(first, last, bigrams, state, best):
    """Move the words `first` to `last` to their `best` clusters where it is a gain; returns moves and gain in nats."""
    clusters = len(state.totals)
    own, used = np.zeros(2 * clusters + 4, dtype=np.int64), np.empty(2 * clusters + 4, dtype=np.int64)
    moved, gained = 0, 0.0
    for word in range(first, last):
        now, then = np.int64(state.cluster_of[word]), np.int64(best[word])
        if now == then:
            continue
        size, itself = _neighbours(word, bigrams, state, own, used)
        _change(word, now, -1, own, used, size, itself, state)
        gain = _joining(word, then, own, used, size, itself, state) - _joining(
            word, now, own, used, size, itself, state
        )
        if gain > LEAST_GAIN:
            moved += 1
            gained += gain
            now = then
        _change(word, now, 1, own, used, size, itself, state)
        own[used[:size]] = 0
    return moved, gained


@njit(nogil=True, cache=True)
def _fill_ones(rows, ones, logs):
    for place in range(len(rows)):
        ones[place] = added(np.int64(rows[place]), 1, logs)


@njit(nogil=True, cache=True)
def _neighbours(word, bigrams, state, own, used):
    """Count the neighbours of a word by their rows, but for itself, in `own`, zeros before.

    Returns how many rows there are, the first so many items of `used`, and how often the word follows itself.
    """
    indptr, contexts, counts = bigrams
    row_of = state.row_of
    on_the_right = len(row_of) // 2 + word
    size, itself = 0, np.int64(0)
    for at in range(indptr[word], indptr[word + 1]):
        context, count = np.int64(contexts[at]), np.int64(counts[at])
        if context == word:
            itself = count
        elif context != on_the_right:
            row = row_of[context]
            if own[row] == 0:
                used[size] = row
                size += 1
            own[row] += count
    return size, itself


@njit(nogil=True, cache=True)
def _mend(gains, now, own, itself, clusters, rows, logs):
    """Mend the gains of joining each cluster where the rows of contexts do not tell them.

    A neighbour in the cluster joined is a pair within it; one in the cluster left is met in a row without the word.
    """
    after = clusters + 2
    left, right = own[now], own[after + now]
    for cluster in range(clusters):
        before, behind = own[cluster], own[after + cluster]
        if before + behind + itself:
            within = np.int64(rows[cluster * clusters + cluster])
            gains[cluster] += added(within, before + behind + itself, logs)
            gains[cluster] -= added(within, before, logs) + added(within, behind, logs)
        if left:
            gains[cluster] += added(np.int64(rows[now * clusters + cluster]) - behind, left, logs)
        if right:
            gains[cluster] += added(np.int64(rows[(after + now) * clusters + cluster]) - before, right, logs)


@njit(nogil=True, cache=True)
def _stay(now, own, used, size, itself, clusters, rows, logs):
    """The gain of joining the cluster where the word is, had it left before."""
    after = clusters + 2
    within = own[now] + own[after + now] + itself
    gain = added(np.int64(rows[now * clusters + now]) - within, within, logs)
    for row in used[:size]:
        if row != now and row != after + now:
            gain += added(np.int64(rows[row * clusters + now]) - own[row], own[row], logs)
    return gain


@njit(nogil=True, cache=True)
def _joining(word, cluster, own, used, size, itself, state):
    """The gain of joining a cluster, exactly, for a word that is in none."""
    _, weights, totals, _, rows, _, logs = state
    clusters = len(totals)
    after = clusters + 2
    within = own[cluster] + own[after + cluster] + itself
    gain = added(np.int64(rows[cluster * clusters + cluster]), within, logs)
    for row in used[:size]:
        if row != cluster and row != after + cluster:
            gain += added(np.int64(rows[row * clusters + cluster]), own[row], logs)
    return gain - 2 * added(totals[cluster], weights[word], logs)


@njit(nogil=True, cache=True)
def _change(word, cluster, sign, own, used, size, itself, state):
    """Add a word to the counts of a cluster, or with the sign -1 take it out."""
    cluster_of, weights, totals, row_of, rows, ones, logs = state
    clusters = len(totals)
    after = clusters + 2
    for row in used[:size]:
        change(rows, ones, row * clusters + cluster, sign * own[row], logs)
        other = row - after if row >= after else row
        if other < clusters:  # the same pairs as its neighbours see them
            mirror = cluster if row >= after else after + cluster
            change(rows, ones, mirror * clusters + other, sign * own[row], logs)
    if itself:
        change(rows, ones, cluster * clusters + cluster, sign * itself, logs)
        change(rows, ones, (after + cluster) * clusters + cluster, sign * itself, logs)
    totals[cluster] += sign * weights[word]
    cluster_of[word] = row_of[word] = cluster
    row_of[len(row_of) // 2 + word] = after + cluster
