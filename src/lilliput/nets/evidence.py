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
from lilliput.features.frequencies import CHUNK, chunks
from lilliput.features.plain import NGrams, buckets

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

_POPULATION = np.array([[bin(byte & ((1 << bit) - 1)).count("1") for bit in range(8)] for byte in range(256)], np.uint8)
"""Bits of a byte that are set below each place."""


class Reading(NamedTuple):
    """What is known of some texts: the pairs of their n-grams, repeats included, and known n-grams a text.

    ``pairs``, ``texts``: int64, a pair of an n-gram and a class, and the text that it is in; ``sizes``: int64 (texts,).
    """

    pairs: Ints
    texts: Ints
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
        found = find_ngrams(texts, self.group)
        at, bits = found.buckets >> np.uint32(3), found.buckets & np.uint32(7)
        octets = self._octets[at]
        known = np.flatnonzero((octets >> bits.astype(np.uint8)) & np.uint8(1))
        rows = self._ranks[at[known]] + _POPULATION[octets[known], bits[known]]
        places = found.texts[known].astype(np.int64)
        starts = self.starts[rows]
        counts = self.starts[rows + np.uint32(1)] - starts
        ends = np.cumsum(counts)
        pairs = np.arange(ends[-1] if len(ends) else 0) + np.repeat(starts - (ends - counts), counts)
        return Reading(pairs, np.repeat(places, counts), np.bincount(places, minlength=len(texts)))

    def sums(self, reading: Reading) -> NDArray[np.float64]:
        """What the n-grams of each text say together, float64 (texts, classes)."""
        outputs, texts = len(self.biases), len(reading.sizes)
        cells = reading.texts * outputs + self.classes[reading.pairs]
        sums = np.bincount(cells, self.weights[reading.pairs], minlength=texts * outputs)
        return sums.reshape(texts, outputs) + reading.sizes[:, None] * self.biases

    def of(self, texts: Sequence[str]) -> tuple[NDArray[np.float64], Ints]:
        """The sums of `texts`, and how many n-grams are known in each."""
        readings = [self.read(texts[first:last]) for first, last in chunks(texts, CHUNK)]
        sums = [np.zeros((0, len(self.biases))), *map(self.sums, readings)]
        return np.concatenate(sums), np.concatenate([np.zeros(0, np.int64), *(reading.sizes for reading in readings)])

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
    def _octets(self) -> NDArray[np.uint8]:
        return self.kept.words.view(np.uint8)

    @cached_property
    def _ranks(self) -> NDArray[np.uint32]:
        """Buckets kept before each byte of the map."""
        ones = np.unpackbits(self._octets).reshape(-1, 8).sum(axis=1, dtype=np.uint32)
        return (np.cumsum(ones) - ones).astype(np.uint32)
