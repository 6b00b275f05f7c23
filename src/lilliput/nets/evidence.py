"""What n-grams say about the class of a text: a few weights for each n-gram, summed by NumPy alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lilliput.features.arrays import find_ngrams, letters_alone
from lilliput.features.buckets import BucketMap
from lilliput.features.frequencies import chunks
from lilliput.features.plain import NGrams, buckets

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
CHUNK = 4000
"""Characters that are read at a time: so few that what is made of them stays in a processor's cache."""

CROWD, CROWD_BYTES = 8, 6_000_000
"""Classes from which on an n-gram speaks for many; bytes that a table of what these say may take."""

_POPULATION = np.array([[bin(byte & ((1 << bit) - 1)).count("1") for bit in range(8)] for byte in range(256)], np.uint8)
"""Bits of a byte that are set below each place."""


class Reading(NamedTuple):
    """What is known of some texts: the pairs of their n-grams, repeats included, and known n-grams a text.

    ``pairs``, ``texts``: int32, a pair of an n-gram and a class, and the text that it is in; ``sizes``: int64 (texts,).
    """

    pairs: NDArray[np.int32]
    texts: NDArray[np.int32]
    sizes: Ints


@dataclass(frozen=True)
class Evidence:
    """Weights of pairs of an n-gram and a class; the pairs of an n-gram stand together.

    ``kept``: the buckets that have pairs; those of the r-th of them are ``starts[r]`` to ``starts[r + 1]`` (int32).
    ``classes``: the class of each pair; ``weights``: float32, what the n-gram says for it; ``biases``: float64
    (classes,), what every known n-gram says for a class beside that.
    """

    group: NGrams
    kept: BucketMap
    starts: NDArray[np.int32]
    classes: NDArray[Any]
    weights: Floats
    biases: NDArray[np.float64]

    def read(self, texts: Sequence[str]) -> Reading:
        """Look up the n-grams of `texts`."""
        rows, places = self._known(texts)
        return Reading(*self._pairs_of(rows, places), np.bincount(places, minlength=len(texts)))

    def sums(self, reading: Reading) -> NDArray[np.float64]:
        """What the n-grams of each text say together, float64 (texts, classes)."""
        return self._paired(reading.pairs, reading.texts, len(reading.sizes)) + reading.sizes[:, None] * self.biases

    def scores(self, texts: Sequence[str]) -> tuple[NDArray[np.float64], Ints]:
        """The `sums` of texts, and how many n-grams are known in each; several times as fast as by `read`.

        The few n-grams that speak for many classes are most of a text; what they say is added row by row.
        """
        rows, places = self._known(texts)
        sizes = np.bincount(places, minlength=len(texts))
        numbers = self._crowd[rows]
        few = numbers < 0
        sums = self._paired(*self._pairs_of(rows[few], places[few]), len(texts)) + sizes[:, None] * self.biases
        crowded = np.flatnonzero(~few)
        order = crowded[np.argsort(places[crowded], kind="stable")]
        counts = np.bincount(places[order], minlength=len(texts))
        filled = np.flatnonzero(counts)
        if len(filled):
            begins = (np.cumsum(counts) - counts)[filled]
            sums[filled] += np.add.reduceat(self._table[numbers[order]], begins, axis=0)
        return sums, sizes

    def of(self, texts: Sequence[str]) -> tuple[NDArray[np.float64], Ints]:
        """The `scores` of any number of texts, some at a time."""
        found = [self.scores(texts[first:last]) for first, last in chunks(texts, CHUNK)]
        sums = [np.zeros((0, len(self.biases))), *(sums for sums, _ in found)]
        return np.concatenate(sums), np.concatenate([np.zeros(0, np.int64), *(sizes for _, sizes in found)])

    def _known(self, texts: Sequence[str]) -> tuple[NDArray[np.uint32], NDArray[np.int32]]:
        """The rows of the n-grams of `texts` that are kept, and the text that each is in."""
        found = find_ngrams(texts, self.group)
        at, bits = found.buckets >> np.uint32(3), found.buckets & np.uint32(7)
        octets = self._octets[at]
        known = np.flatnonzero((octets >> bits.astype(np.uint8)) & np.uint8(1))
        return self._ranks[at[known]] + _POPULATION[octets[known], bits[known]], found.texts[known]

    def _pairs_of(
        self, rows: NDArray[np.uint32], places: NDArray[np.int32]
    ) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """All pairs of the n-grams in `rows`, and the text of each."""
        starts = self.starts[rows]
        counts = self.starts[rows + np.uint32(1)] - starts
        ends = np.cumsum(counts, dtype=np.int32)
        every = np.arange(ends[-1] if len(ends) else 0, dtype=np.int32)
        return every + np.repeat(starts - (ends - counts), counts), np.repeat(places, counts)

    def _paired(self, pairs: NDArray[np.int32], places: NDArray[np.int32], texts: int) -> NDArray[np.float64]:
        """The sums of the weights of pairs, float64 (texts, classes)."""
        outputs = len(self.biases)
        cells = places.astype(np.int64) * outputs + self.classes[pairs]
        sums: Any = np.bincount(cells, self.weights[pairs], minlength=texts * outputs)
        return sums.reshape(texts, outputs)

    def parts(self, text: str) -> list[tuple[str, Floats]]:
        """What each known n-gram of `text` says, by plain Python: (n-gram, float32 (classes,))."""
        found = []
        for bucket, shown in buckets(letters_alone(text), self.group):
            row = self.kept.row(bucket)
            if row >= 0:
                says = self.biases.copy()
                pairs = slice(self.starts[row], self.starts[row + 1])
                says[self.classes[pairs]] += self.weights[pairs]
                found.append((shown, says.astype(np.float32)))
        return found

    @cached_property
    def _crowd(self) -> NDArray[np.int32]:
        """The row of `_table` of each n-gram that speaks for many classes, -1 for the others."""
        counts = np.diff(self.starts)
        most = np.sort(counts)[::-1][: CROWD_BYTES // (4 * len(self.biases))]
        crowded = counts >= max(CROWD, most[-1] + 1 if 0 < len(most) < len(counts) else 0)
        return np.where(crowded, np.cumsum(crowded) - 1, -1).astype(np.int32)

    @cached_property
    def _table(self) -> Floats:
        """What each n-gram that speaks for many classes says for each; (n-grams, classes)."""
        table = np.zeros((self._crowd.max(initial=-1) + 1, len(self.biases)), dtype=np.float32)
        numbers = np.repeat(self._crowd, np.diff(self.starts))
        crowded = numbers >= 0
        table[numbers[crowded], self.classes[crowded]] = self.weights[crowded]
        return table

    @cached_property
    def _octets(self) -> NDArray[np.uint8]:
        return self.kept.words.view(np.uint8)

    @cached_property
    def _ranks(self) -> NDArray[np.uint32]:
        """Buckets kept before each byte of the map."""
        ones = np.unpackbits(self._octets).reshape(-1, 8).sum(axis=1, dtype=np.uint32)
        return (np.cumsum(ones) - ones).astype(np.uint32)
