"""How well clusters foretell words: a bigram model with clusters for words, on numbered texts.

P(word | context) = P(cluster | context) P(word | cluster), where the context is the word before (the model with which
`lilliput.features.exchange` begins) or its cluster (the class bigram model of Brown et al. 1992, with which it ends).
The cluster's chance is smoothed by interpolated absolute discounting (Ney, Essen and Kneser 1994, "On Structuring
Probabilistic Dependences in Stochastic Language Modelling"): each pair seen gives up d = n1 / (n1 + 2 n2),
where n1 pairs were seen once and n2 twice, and what is freed goes to the clusters by their frequency.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lilliput.features.exchange_counts import Bigrams

Integers = NDArray[np.int64]


class ClusterBigrams:
    """The model: `clusters` is the cluster of each word (0 to K - 1); unknown words share one more, K.

    `words_as_contexts`: P(cluster | word before), else P(cluster | cluster before).
    """

    def __init__(self, bigrams: Bigrams, clusters: NDArray[np.int32], words_as_contexts: bool) -> None:
        words, self._count = len(clusters), int(clusters.max(initial=-1)) + 2
        self._border = words + 1
        self._cluster_of = np.append(clusters, self._count - 1).astype(np.int64)
        left = bigrams.contexts <= self._border
        word = np.repeat(np.arange(words + 1), np.diff(bigrams.indptr))[left]
        counts = bigrams.counts[left].astype(np.int64)
        contexts = np.arange(words + 2) if words_as_contexts else np.append(self._cluster_of, self._count)
        self._context_of = contexts.astype(np.int64)
        self._learn(self._keys(bigrams.contexts[left], word), counts)
        of_word = np.bincount(word, counts, words + 1)
        of_word[-1] = max(of_word[-1], 1)  # an unknown word may come even if none has come before
        of_cluster = np.bincount(self._cluster_of, of_word, self._count)
        self._share = of_cluster / of_cluster.sum()
        self._within = of_word / of_cluster[self._cluster_of]

    def _keys(self, contexts: NDArray[np.uint32], words: Integers) -> Integers:
        """A number for each pair of context and cluster."""
        return self._context_of[contexts] * self._count + self._cluster_of[words]

    def _learn(self, keys: Integers, counts: Integers) -> None:
        order = np.argsort(keys, kind="stable")
        keys = keys[order]
        firsts = np.flatnonzero(np.diff(keys, prepend=-1))
        self._pairs, self._counts = keys[firsts], np.add.reduceat(counts[order], firsts)
        context = self._pairs // self._count
        size = int(self._context_of.max()) + 1
        self._totals = np.bincount(context, self._counts, size)
        once, twice = (int((self._counts == times).sum()) for times in (1, 2))
        self._discount = (once + 1) / (once + 2 * twice + 2)  # between 0 and 1, even if there are none
        self._freed = self._discount * np.bincount(context, minlength=size)

    def log_likelihoods(self, numbers: NDArray[np.uint32]) -> NDArray[np.float64]:
        """The logarithm of the chance of each word of texts that are `numbered`, borders left out."""
        before, word = numbers[:-1], numbers[1:].astype(np.int64)
        told = word != self._border
        before, word = before[told], word[told]
        keys, context, cluster = self._keys(before, word), self._context_of[before], self._cluster_of[word]
        places = np.minimum(np.searchsorted(self._pairs, keys), len(self._pairs) - 1)
        found = np.where(self._pairs[places] == keys, self._counts[places] - self._discount, 0.0)
        total, share = self._totals[context], self._share[cluster]
        chance = np.where(total > 0, (found + self._freed[context] * share) / np.maximum(total, 1), share)
        return np.log(chance * self._within[word])
