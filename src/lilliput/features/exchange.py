"""Word clusters by exchange: a word moves to the cluster that makes the corpus likeliest, until hardly any does.

The first passes are predictive, P(word | context) = P(cluster | context) P(word | cluster), with words as contexts
(Uszkoreit and Brants 2008, "Distributed Word Clustering for Large Scale Class-Based Language Modeling"), on both
sides of a word as in Dehdari, Tan and van Genabith 2016, "BIRA: Improved Predictive Exchange Word Clustering".
The last are those of the class bigram model, P(cluster | cluster before) P(word | cluster) (Martin, Liermann and Ney
1998, "Algorithms for Bigram and Trigram Word Clustering"), whose passes begin well where the others end.

Words come in shards, the most frequent first. The best moves of a shard are found against fixed counts, by any number
of threads (or workers), then made one after the other, each only if it still is a gain. So the likelihood of the model
at hand never falls, and threads change nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lilliput.features import exchange_bigram, exchange_predictive
from lilliput.features.exchange_counts import Bigrams

PIECES, SHARD = 1024, 8
"""Pieces of a pass, equal in work; pieces of a shard, whose moves are found against the same counts."""
EACH = 32
"""Work for a word as such, in pairs of word and context."""


class Sweep(NamedTuple):
    """What one pass did: words that were offered to all clusters, those that moved, log likelihood gained in nats."""

    words: int
    moved: int
    gain: float


class Exchange:
    """Clusters of words, which get better with every `sweep`.

    Parameters
    ----------
    bigrams : the contexts of the words (see `count_bigrams`), the most frequent words first.
    counts : how often each word occurs; int64 (words,).
    clusters : how many there are to be, at most as many as words.
    threads : how many find moves; the result is the same for any number.

    Attributes
    ----------
    cluster_of : int32 (words,), the cluster of each word.
    passes : how many passes there were of each model.
    """

    def __init__(self, bigrams: Bigrams, counts: NDArray[np.int64], clusters: int, threads: int) -> None:
        self._bigrams, self._counts, self._clusters, self._threads = bigrams, counts, clusters, threads
        self.cluster_of = (np.arange(bigrams.words) % clusters).astype(np.int32)
        self.passes = [0]
        self._model: Any = exchange_predictive
        self._state = self._model.begin(bigrams, counts, self.cluster_of, clusters)
        self._cuts = _cuts(bigrams)

    def refine(self) -> None:
        """From now on, sweep for the class bigram model."""
        self._model = exchange_bigram
        self._state = self._model.begin(self._bigrams, self._counts, self.cluster_of, self._clusters)
        self.passes.append(0)

    def sweep(self, deadline: float | None = None, advance: Callable[[int], object] = int) -> Sweep:
        """Offer every word to all clusters, until `deadline` by `time.monotonic`; `advance` is told how many were."""
        words = self._bigrams.words
        best = np.empty(words, dtype=np.int32)
        moved, gain = 0, 0.0
        self.passes[-1] += 1
        with ThreadPoolExecutor(self._threads) as pool:
            for piece in range(0, len(self._cuts) - 1, SHARD):
                cuts = self._cuts[piece : piece + SHARD + 1]
                first, last = cuts[0], cuts[-1]
                if deadline is not None and time.monotonic() > deadline:
                    return Sweep(first, moved, gain)
                self._find(cuts, best, pool)
                more, gained = self._model.move(first, last, self._bigrams, self._state, best)
                moved, gain = moved + more, gain + gained
                advance(last - first)
        return Sweep(words, moved, gain)

    def _find(self, cuts: list[int], best: NDArray[np.int32], pool: Executor) -> None:
        """Find the best clusters of the words of a shard, of which the pieces are given."""

        def find(piece: tuple[int, int]) -> None:
            self._model.find(*piece, self._bigrams, self._state, best)

        list(pool.map(find, pairwise(cuts)))


def _cuts(bigrams: Bigrams) -> list[int]:
    """Where the pieces begin, and where the last ends; none is empty."""
    work = bigrams.indptr[:-1] + EACH * np.arange(bigrams.words + 1)
    return np.unique(np.searchsorted(work, np.linspace(0, work[-1], PIECES + 1))).tolist()
