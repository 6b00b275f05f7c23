"""Naive Bayes over hashed n-grams, in a file of so many bytes: for each n-gram the classes that it speaks for.

A class c generates n-grams g independently, with probabilities smoothed by those of all classes together::

    P(g | c) = (count(g, c) + A b(g)) / (total(c) + A),    b(g) = mean over classes of count(g, c) / total(c)

so that, but for a constant that all classes share, the logit of c for a text of n n-grams is ::

    n^-k sum_g  [log(1 + count(g, c) / (A b(g)))  -  log(total(c) + A)]

The first part is zero for most pairs of n-gram and class, and only pairs that matter are kept: of each class as many,
those with the largest P(g | c) (log(1 + count / (A b)) - 1), what a pair is expected to bring to a text of its class.
N-grams without a pair are left out of the sum, and total(c) becomes the geometric mean of itself and of what was kept
of it (the one would be right if all n-grams of a text were summed, the other if those of no pair were never met). The
file holds the frequency of each pair, count / total, in 4 bits. A class with little text gets along with it: what it
has not shown counts by b(g), which nets that learn to discriminate take as evidence against it. The power k < 1 of the
length is because n-grams that overlap repeat one another.

McCallum and Nigam 1998, "A Comparison of Event Models for Naive Bayes Text Classification"; the smoothing is the
Dirichlet prior of Zhai and Lafferty 2004, "A Study of Smoothing Methods for Language Models".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lilliput.compress.levels import pack_codes, unpack_codes
from lilliput.core.threads import map_ordered
from lilliput.features.arrays import find_ngrams
from lilliput.features.buckets import BucketMap
from lilliput.features.frequencies import CHUNK, Frequencies, chunks
from lilliput.features.plain import NGrams, buckets

Floats = NDArray[np.float32]
SMOOTHING = 200.0
"""N-grams that a class is taken to have beside those of its texts, spread as they are over all classes."""
CODE_BITS = 4
SPARSE = 4
"""Buckets an n-gram at least: fewer, and n-grams without a pair take too many of those that have one."""
LEAST_BITS = 9

_POPULATION = np.array([[bin(byte & ((1 << bit) - 1)).count("1") for bit in range(8)] for byte in range(256)], np.uint8)


@dataclass(frozen=True)
class NaiveBayes:
    """The model as it is stored and used.

    ``kept``: the buckets that have pairs; ``owners``: the class of each pair, the pairs of one bucket together in the
    order of the buckets, the top bit set for the first of them (uint8, or uint16 for more than 128 classes); ``codes``:
    packed, a pair's frequency is ``2 ** (low + code * step)``; ``totals``: float64 (classes,), n-grams of each class.
    """

    group: NGrams
    kept: BucketMap
    owners: NDArray[Any]
    codes: NDArray[np.uint8]
    totals: NDArray[np.float64]
    low: float
    step: float
    power: float = 0.7

    @classmethod
    def of(cls, frequencies: Frequencies, group: NGrams, room: float = np.inf, power: float = 0.7) -> NaiveBayes:
        """The most useful pairs of `frequencies`, of buckets of `group`, as many as have room in so many bytes.

        Buckets are joined with their neighbours where there are more than enough of them.
        """
        chosen = _chosen(frequencies, room)
        bits = min(group.bits, _bits(len(np.unique(chosen.buckets))))
        if bits < group.bits:
            chosen = chosen.folded(group.bits - bits)
        logs = np.log2(chosen.counts / chosen.totals[chosen.classes])
        low, high = (float(logs.min()), float(logs.max())) if len(logs) else (0.0, 0.0)
        step = (high - low) / (2**CODE_BITS - 1) or 1.0
        codes = np.rint((logs - low) / step).astype(np.uint8)
        kind: Any = owner_type(len(frequencies.totals))
        first = np.ones(len(chosen), dtype=bool)
        first[1:] = chosen.buckets[1:] != chosen.buckets[:-1]
        owners = chosen.classes.astype(kind) | (first.astype(kind) << kind(8 * kind().itemsize - 1))
        kept = BucketMap.of(chosen.buckets, bits)
        packed = pack_codes(codes, CODE_BITS)
        return cls(replace(group, bits=bits), kept, owners, packed, chosen.totals, low, step, power)

    # Using

    def logits(self, texts: Sequence[str], threads: int = 1) -> Floats:
        """Logits (texts, classes), by NumPy alone; all zero for a text without a known n-gram."""

        def score(chunk: tuple[int, int]) -> Floats:
            sums, sizes = self._sums(texts[chunk[0] : chunk[1]])
            return (sums / (np.maximum(sizes, 1) ** self.power)[:, None]).astype(np.float32)

        found = map_ordered(score, chunks(texts, CHUNK), threads)
        return np.concatenate([*found, np.zeros((0, self.outputs), dtype=np.float32)])

    def evidence(self, texts: Sequence[str]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Logits that are not divided by the power of the length, float64 (texts, classes), and known n-grams."""
        found = [self._sums(texts[first:last]) for first, last in chunks(texts, CHUNK)]
        empty = np.zeros((0, self.outputs)), np.zeros(0, dtype=np.int64)
        sums, sizes = zip(*found, empty, strict=True)
        return np.concatenate(sums), np.concatenate(sizes)

    def _sums(self, texts: Sequence[str]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        found = find_ngrams(texts, self.group)
        bytes_at, bits = found.buckets >> np.uint32(3), found.buckets & np.uint32(7)
        octets = self._octets[bytes_at]
        known = np.flatnonzero((octets >> bits.astype(np.uint8)) & np.uint8(1))
        rows = self._ranks[bytes_at[known]] + _POPULATION[octets[known], bits[known]]
        places = found.texts[known]
        sizes = np.bincount(places, minlength=len(texts))
        starts = self._starts[rows]
        counts = self._starts[rows + np.uint32(1)] - starts
        ends = np.cumsum(counts)
        pairs = np.arange(ends[-1] if len(ends) else 0) + np.repeat(starts - (ends - counts), counts)
        cells = np.repeat(places.astype(np.int64) * self.outputs, counts) + self._classes[pairs]
        sums = np.bincount(cells, self._weights[pairs], minlength=len(texts) * self.outputs)
        return sums.reshape(len(texts), self.outputs) + sizes[:, None] * self._biases, sizes

    def contributions(self, text: str) -> list[tuple[str, Floats]]:
        """What each known n-gram of `text` brings to the logits, by plain Python: (n-gram, float32 (classes,))."""
        rows = [(self.kept.row(bucket), shown) for bucket, shown in buckets(text, self.group)]
        known = [(row, shown) for row, shown in rows if row >= 0]
        scale = max(1, len(known)) ** -self.power
        parts = []
        for row, shown in known:
            brought = self._biases.copy()
            pairs = slice(self._starts[row], self._starts[row + 1])
            brought[self._classes[pairs]] += self._weights[pairs]
            parts.append((shown, (scale * brought).astype(np.float32)))
        return parts

    @property
    def outputs(self) -> int:
        """Number of classes."""
        return len(self.totals)

    def frequencies(self) -> Frequencies:
        """The counts that the file remembers, to go on counting from."""
        rows = np.cumsum(self._first) - 1
        classes = self._classes.astype(np.int64)
        counts = self._rates() * self.totals[classes]
        order = np.lexsort((classes, rows))
        return Frequencies(self.kept.buckets()[rows][order], classes[order], counts[order], self.totals)

    # Parts that follow from what is stored

    @property
    def _first(self) -> NDArray[np.bool_]:
        return (self.owners >> (8 * self.owners.itemsize - 1)).astype(bool)

    def _rates(self) -> NDArray[np.float64]:
        """Frequency of each pair's n-gram in its class."""
        levels = np.exp2(self.low + self.step * np.arange(2**CODE_BITS))
        return levels[unpack_codes(self.codes, CODE_BITS, len(self.owners))]

    @cached_property
    def _classes(self) -> NDArray[Any]:
        return self.owners & self.owners.dtype.type((1 << (8 * self.owners.itemsize - 1)) - 1)

    @cached_property
    def _starts(self) -> NDArray[np.int32]:
        return np.append(np.flatnonzero(self._first), len(self.owners)).astype(np.int32)

    @cached_property
    def _weights(self) -> Floats:
        rates = self._rates()
        rows = np.cumsum(self._first) - 1
        means = np.bincount(rows, rates) / self.outputs
        return np.log1p(rates * self.totals[self._classes] / (SMOOTHING * means[rows])).astype(np.float32)

    @cached_property
    def _biases(self) -> NDArray[np.float64]:
        kept = np.bincount(self._classes, self._rates(), minlength=self.outputs) * self.totals
        biases = -np.log(np.sqrt((self.totals + SMOOTHING) * (kept + SMOOTHING)))
        return biases - biases.mean()

    @cached_property
    def _octets(self) -> NDArray[np.uint8]:
        return self.kept.words.view(np.uint8)

    @cached_property
    def _ranks(self) -> NDArray[np.uint32]:
        """Buckets kept before each byte of the map."""
        ones = np.unpackbits(self._octets).reshape(-1, 8).sum(axis=1, dtype=np.uint32)
        return (np.cumsum(ones) - ones).astype(np.uint32)

    # Model files

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Arrays for the model file."""
        return {"map": self.kept.words, "owners": self.owners, "codes": self.codes, "totals": self.totals}

    def shape(self) -> dict[str, Any]:
        """What, beside the arrays, is needed to build the model again."""
        return {"ngrams": self.group.to_dict(), "low": self.low, "step": self.step, "power": self.power}

    @classmethod
    def build(cls, shape: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> NaiveBayes:
        """The model of `shape()` and `arrays()`."""
        rest = (float(shape[name]) for name in ("low", "step", "power"))
        return cls(
            NGrams(**shape["ngrams"]),
            BucketMap(arrays["map"]),
            arrays["owners"],
            arrays["codes"],
            arrays["totals"],
            *rest,
        )


def owner_type(classes: int) -> type[np.uint8] | type[np.uint16] | type[np.uint32]:
    """The smallest type that holds a class and one bit more."""
    if classes <= 1 << 7:
        return np.uint8
    return np.uint16 if classes <= 1 << 15 else np.uint32


def array_bytes(pairs: int, rows: int, classes: int) -> int:
    """Bytes of the arrays of a model of so many pairs of so many buckets and classes."""
    owners = pairs * owner_type(classes)().itemsize
    return (1 << _bits(rows)) // 8 + owners + -(-pairs * CODE_BITS // 8) + 8 * classes


def _bits(rows: int) -> int:
    """Of the number of buckets, where so many of them have pairs."""
    return max(LEAST_BITS, int(np.ceil(np.log2(max(1, SPARSE * rows)))))


def _chosen(frequencies: Frequencies, room: float) -> Frequencies:
    """As many pairs as there is room for, the best first."""
    order = _ranked(frequencies)
    low, high = 0, len(order)
    while low < high:  # the largest number of pairs that fits
        middle = (low + high + 1) // 2
        rows = len(np.unique(frequencies.buckets[order[:middle]]))
        if array_bytes(middle, rows, len(frequencies.totals)) <= room:
            low = middle
        else:
            high = middle - 1
    chosen = np.sort(order[:low])
    parts = (frequencies.buckets[chosen], frequencies.classes[chosen], frequencies.counts[chosen])
    return Frequencies(*parts, frequencies.totals)


def _ranked(frequencies: Frequencies) -> NDArray[np.int64]:
    """The pairs that are of use: the best of each class, then the second best of each, and so on."""
    worths = _worth(frequencies)
    order = np.lexsort((-worths, frequencies.classes))  # stable: ties are cut by bucket
    sizes = np.bincount(frequencies.classes, minlength=len(frequencies.totals))
    ranks = np.empty(len(frequencies), dtype=np.int64)
    ranks[order] = np.arange(len(frequencies)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    useful = np.flatnonzero(worths > 0)
    return useful[np.argsort(ranks[useful], kind="stable")]


def _worth(frequencies: Frequencies) -> NDArray[np.float64]:
    """What each pair is expected to bring to a text of its class; 0 for one that is of no use."""
    rates = frequencies.counts / frequencies.totals[frequencies.classes]
    first = np.ones(len(frequencies), dtype=bool)
    first[1:] = frequencies.buckets[1:] != frequencies.buckets[:-1]
    rows = np.cumsum(first) - 1
    means = np.bincount(rows, rates) / len(frequencies.totals)
    says = np.log1p(frequencies.counts / (SMOOTHING * means[rows]))
    return rates * np.maximum(0, says - 1)
