"""How often n-grams occur in the texts of each class: counted in one pass over a stream, in memory for what is found.

Counts are whole numbers and their sums do not depend on the order or on the batches that the texts come in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from lilliput.features.arrays import find_ngrams
from lilliput.features.plain import NGrams

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
CHUNK = 50_000
"""Characters that are cut into n-grams at a time."""
_CLASS_BITS = 24
_CLASS = (1 << _CLASS_BITS) - 1


@dataclass(frozen=True)
class Frequencies:
    """Counts of pairs of a bucket and a class that occurs in it, sorted by bucket, then class.

    ``buckets``, ``classes``: int64 (pairs,); ``counts``: float64 (pairs,); ``totals``: float64 (classes,), of all
    n-grams of a class, also of those that are no longer among the pairs.
    """

    buckets: Ints
    classes: Ints
    counts: Floats
    totals: Floats

    def __len__(self) -> int:
        return len(self.buckets)

    def folded(self, bits: int) -> Frequencies:
        """The same with `bits` bits fewer in a bucket, which joins neighbours."""
        return _merged(self.buckets >> bits, self.classes, self.counts, self.totals)

    def renumbered(self, numbers: Ints) -> Frequencies:
        """The same with ``numbers[c]`` for class c; all numbers below their count."""
        totals = np.zeros(len(self.totals))
        totals[numbers] = self.totals
        return _merged(self.buckets, numbers[self.classes], self.counts, totals)

    def plus(self, other: Frequencies) -> Frequencies:
        """The counts of both; `other` may have more classes, behind those of this one."""
        totals = other.totals.copy()
        totals[: len(self.totals)] += self.totals
        return _merged(
            np.concatenate([self.buckets, other.buckets]),
            np.concatenate([self.classes, other.classes]),
            np.concatenate([self.counts, other.counts]),
            totals,
        )


class Counter:
    """Counts the n-grams of a group of characters in texts of numbered classes."""

    def __init__(self, group: NGrams) -> None:
        self.group = group
        self._keys = np.zeros(0, dtype=np.int64)
        self._counts = np.zeros(0)
        self._parts: list[tuple[Ints, Floats]] = []
        self._waiting = 0

    def add(self, texts: Sequence[str], classes: Sequence[int]) -> None:
        """Count the n-grams of `texts`, each of one of the classes."""
        numbers = np.asarray(classes, dtype=np.int64)
        for first, last in chunks(texts, CHUNK):
            found = find_ngrams(texts[first:last], self.group)
            keys = found.buckets.astype(np.int64) << _CLASS_BITS | numbers[first:last][found.texts]
            keys, counts = np.unique(keys, return_counts=True)
            self._parts.append((keys, counts.astype(np.float64)))
            self._waiting += len(keys)
        if self._waiting > max(2_000_000, len(self._keys)):
            self._merge()

    def result(self, classes: int) -> Frequencies:
        """What was counted so far, of classes 0 to `classes` - 1."""
        self._merge()
        buckets, numbers = self._keys >> _CLASS_BITS, self._keys & _CLASS
        totals = np.bincount(numbers, self._counts, minlength=classes).astype(np.float64)
        return Frequencies(buckets, numbers, self._counts, totals)

    def _merge(self) -> None:
        keys = np.concatenate([self._keys, *(keys for keys, _ in self._parts)])
        counts = np.concatenate([self._counts, *(counts for _, counts in self._parts)])
        self._keys, self._counts = _summed(keys, counts)
        self._parts.clear()
        self._waiting = 0


def chunks(texts: Sequence[str], characters: int) -> list[tuple[int, int]]:
    """Where to cut `texts` so that no chunk of several has more than so many characters."""
    ends = np.cumsum([len(text) + 1 for text in texts])
    edges = [0]
    while edges[-1] < len(texts):
        before = ends[edges[-1] - 1] if edges[-1] else 0
        edges.append(max(edges[-1] + 1, int(np.searchsorted(ends, before + characters, side="right"))))
    return list(pairwise(edges))


def _merged(buckets: Ints, classes: Ints, counts: Floats, totals: Floats) -> Frequencies:
    keys, summed = _summed(buckets << _CLASS_BITS | classes, counts)
    return Frequencies(keys >> _CLASS_BITS, keys & _CLASS, summed, totals)


def _summed(keys: Ints, counts: Floats) -> tuple[Ints, Floats]:
    """Distinct keys in order, and the sum of the counts of each."""
    if not len(keys):
        return keys, counts
    order = np.argsort(keys, kind="stable")
    keys, counts = keys[order], counts[order]
    first = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]]))
    return keys[first], np.add.reduceat(counts, first)
