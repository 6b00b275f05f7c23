"""Naive Bayes over hashed n-grams, in a file of so many bytes: for each n-gram the classes that it speaks for.

A class c generates n-grams g independently, with probabilities smoothed by those of all classes together::

    P(g | c) = (count(g, c) + A b(g)) / (total(c) + A),    b(g) = mean over classes of count(g, c) / total(c)

so that, but for a constant that all classes share, the logit of c for a text of n known n-grams is ::

    n^-k sum_g  [w(g, c) + bias(c)],    w(g, c) = log(1 + count(g, c) / (A b(g))),    bias(c) = -log(total(c) + A)

Most w are zero, and only pairs of n-gram and class that matter are kept: of each class as many, those with the largest
P(g | c) (w - 1), about what a pair is expected to bring to a text of its class. N-grams without a pair are unknown. A
class with little text gets along with it: what it has not shown counts by b(g), which nets that learn to discriminate
take as evidence against it. The power k < 1 of the length is because n-grams that overlap repeat one another.

McCallum and Nigam 1998, "A Comparison of Event Models for Naive Bayes Text Classification"; the smoothing is the
Dirichlet prior of Zhai and Lafferty 2004, "A Study of Smoothing Methods for Language Models". The weights may then be
adjusted to discriminate better (`lilliput.training.discriminate`). The file holds each in 4 bits, and b(g) as well, to
go on counting from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lilliput.compress.levels import nearest_codes, pack_codes, unpack_codes
from lilliput.core.threads import map_ordered
from lilliput.features.buckets import BucketMap
from lilliput.features.frequencies import Frequencies, chunks
from lilliput.features.plain import NGrams
from lilliput.nets.evidence import CHUNK, Evidence

Floats = NDArray[np.float32]
SMOOTHING = 200.0
"""N-grams that a class is taken to have beside those of its texts, spread as they are over all classes."""
CODE_BITS = 4
LEVELS = 1 << CODE_BITS
SPARSE = 3
"""Buckets an n-gram at least: fewer, and n-grams without a pair take too many of those that have one."""
LEAST_BITS = 9
ALLOWED, ALLOWED_FROM = 30.0, 150.0
"""Nats that a class gets for each factor e by which it has less text than another, and n-grams from which on it does.

The text of a class is of one domain, and one with little text is far from covering its language. So another text finds
less in it than it should, and the longer that is, the surer is a related class with more text to win.
"""
ROUNDS = 10
"""Of choosing the levels."""


@dataclass(frozen=True)
class Counted:
    """Pairs that have been chosen, before their weights are rounded.

    ``counts``: float64 (pairs,); ``means``: float64, b(g) of each n-gram kept; ``totals``: float64 (classes,).
    """

    evidence: Evidence
    counts: NDArray[np.float64]
    means: NDArray[np.float64]
    totals: NDArray[np.float64]

    @classmethod
    def of(cls, frequencies: Frequencies, group: NGrams, room: float = np.inf) -> Counted:
        """The most useful pairs of `frequencies`, of buckets of `group`, as many as have room in so many bytes.

        Buckets are joined with their neighbours where there are more than enough of them.
        """
        chosen = _chosen(frequencies, room)
        bits = min(group.bits, _bits(len(np.unique(chosen.buckets))))
        if bits < group.bits:
            chosen = chosen.folded(group.bits - bits)
        first = _first(chosen)
        starts = np.append(np.flatnonzero(first), len(chosen)).astype(np.int32)
        rates = chosen.counts / chosen.totals[chosen.classes]
        rows = np.cumsum(first) - 1
        means = np.bincount(rows, rates) / len(chosen.totals)
        weights = np.log1p(chosen.counts / (SMOOTHING * means[rows])).astype(np.float32)
        classes = chosen.classes.astype(owner_type(len(chosen.totals)))
        kept = BucketMap.of(chosen.buckets, bits)
        evidence = Evidence(replace(group, bits=bits), kept, starts, classes, weights, biases(chosen.totals))
        return cls(evidence, chosen.counts, means, chosen.totals)


@dataclass(frozen=True)
class NaiveBayes:
    """The model as it is stored and used.

    ``kept``: the buckets that have pairs; ``owners``: the class of each pair, the pairs of one bucket together in the
    order of the buckets, the top bit set for the first of them (uint8, or uint16 for more than 128 classes); ``codes``:
    packed, a pair's weight is ``levels[code]``; ``means``: packed, of a bucket's b(g) the binary logarithm is
    ``low + code * step``; ``totals``, ``biases``: float64 (classes,).
    """

    group: NGrams
    kept: BucketMap
    owners: NDArray[Any]
    codes: NDArray[np.uint8]
    means: NDArray[np.uint8]
    levels: Floats
    totals: NDArray[np.float64]
    biases: NDArray[np.float64]
    low: float
    step: float
    power: float

    @classmethod
    def of(cls, counted: Counted, power: float = 0.6) -> NaiveBayes:
        """The model with rounded weights."""
        found = counted.evidence
        levels = _levels(found.weights)
        logs = np.log2(counted.means)
        low, high = (float(logs.min()), float(logs.max())) if len(logs) else (0.0, 0.0)
        step = (high - low) / (LEVELS - 1) or 1.0
        kind: Any = found.classes.dtype.type
        owners = found.classes.copy()
        owners[found.starts[:-1]] |= kind(1 << (8 * owners.itemsize - 1))
        return cls(
            found.group,
            found.kept,
            owners,
            pack_codes(nearest_codes(found.weights, levels), CODE_BITS),
            pack_codes(np.rint((logs - low) / step).astype(np.uint8), CODE_BITS),
            levels,
            counted.totals,
            found.biases,
            low,
            step,
            power,
        )

    # Using

    def logits(self, texts: Sequence[str], threads: int = 1) -> Floats:
        """Logits (texts, classes), by NumPy alone; all zero for a text without a known n-gram."""

        def score(chunk: tuple[int, int]) -> Floats:
            return self.tempered(*self.evidence.scores(texts[chunk[0] : chunk[1]]))

        found = map_ordered(score, chunks(texts, CHUNK), threads)
        return np.concatenate([*found, np.zeros((0, self.outputs), dtype=np.float32)])

    def tempered(self, sums: NDArray[np.float64], sizes: NDArray[np.int64]) -> Floats:
        """Logits of texts of so many known n-grams, of what these say together (texts, classes)."""
        return ((sums + self._allowance(sizes)) / (np.maximum(sizes, 1) ** self.power)[:, None]).astype(np.float32)

    def contributions(self, text: str) -> list[tuple[str, Floats]]:
        """What each known n-gram of `text` brings to the logits: (n-gram, float32 (classes,))."""
        parts = self.evidence.parts(text)
        size = max(1, len(parts))
        allowance = self._allowance(np.array([size]))[0] / size
        return [(shown, ((says + allowance) * size**-self.power).astype(np.float32)) for shown, says in parts]

    def _allowance(self, sizes: NDArray[np.int64]) -> NDArray[np.float64]:
        """What is added to the sums for classes with little text; float64 (texts, classes)."""
        logs = np.log(self.totals + SMOOTHING)
        squares = sizes.astype(np.float64) ** 2
        return (ALLOWED * squares / (squares + ALLOWED_FROM**2))[:, None] * (logs.mean() - logs)

    @property
    def outputs(self) -> int:
        """Number of classes."""
        return len(self.totals)

    @cached_property
    def evidence(self) -> Evidence:
        """The weights, ready for use."""
        top = 8 * self.owners.itemsize - 1
        starts = np.append(np.flatnonzero(self.owners >> top), len(self.owners)).astype(np.int32)
        weights = self.levels[unpack_codes(self.codes, CODE_BITS, len(self.owners))]
        classes = self.owners & self.owners.dtype.type((1 << top) - 1)
        return Evidence(self.group, self.kept, starts, classes, weights, self.biases)

    def frequencies(self) -> Frequencies:
        """The counts that the weights and the means stand for, to go on counting from."""
        found = self.evidence
        means = np.exp2(self.low + self.step * unpack_codes(self.means, CODE_BITS, self.kept.rows))
        rows = np.repeat(np.arange(self.kept.rows), np.diff(found.starts))
        counts = SMOOTHING * means[rows] * np.expm1(np.maximum(found.weights.astype(np.float64), 1e-3))
        classes = found.classes.astype(np.int64)
        order = np.lexsort((classes, rows))
        return Frequencies(self.kept.buckets()[rows][order], classes[order], counts[order], self.totals)

    # Model files

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Arrays for the model file."""
        names = ("owners", "codes", "means", "levels", "totals", "biases")
        return {"map": self.kept.words, **{name: getattr(self, name) for name in names}}

    def shape(self) -> dict[str, Any]:
        """What, beside the arrays, is needed to build the model again."""
        return {"ngrams": self.group.to_dict(), "low": self.low, "step": self.step, "power": self.power}

    @classmethod
    def build(cls, shape: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> NaiveBayes:
        """The model of `shape()` and `arrays()`."""
        return cls(
            NGrams(**shape["ngrams"]),
            BucketMap(arrays["map"]),
            arrays["owners"],
            arrays["codes"],
            arrays["means"],
            arrays["levels"],
            arrays["totals"],
            arrays["biases"],
            float(shape["low"]),
            float(shape["step"]),
            float(shape["power"]),
        )


def biases(totals: NDArray[np.float64]) -> NDArray[np.float64]:
    """What every n-gram says for classes of so many n-grams, about a mean of zero."""
    found = -np.log(totals + SMOOTHING)
    return found - found.mean()


def owner_type(classes: int) -> type[np.uint8] | type[np.uint16] | type[np.uint32]:
    """The smallest type that holds a class and one bit more."""
    if classes <= 1 << 7:
        return np.uint8
    return np.uint16 if classes <= 1 << 15 else np.uint32


def array_bytes(pairs: int, rows: int, classes: int) -> int:
    """Bytes of the arrays of a model of so many pairs of so many buckets and classes."""
    codes = -(-pairs * CODE_BITS // 8) - (-rows * CODE_BITS // 8)
    return (1 << _bits(rows)) // 8 + pairs * owner_type(classes)().itemsize + codes + 16 * classes + 4 * LEVELS


def _bits(rows: int) -> int:
    """Of the number of buckets, where so many of them have pairs."""
    return max(LEAST_BITS, int(np.ceil(np.log2(max(1, SPARSE * rows)))))


def _levels(weights: Floats) -> Floats:
    """Levels with about the least mean squared error (Lloyd 1982, "Least Squares Quantization in PCM"), sorted."""
    if not len(weights):
        return np.zeros(LEVELS, dtype=np.float32)
    levels = np.quantile(weights, (np.arange(LEVELS) + 0.5) / LEVELS)
    for _ in range(ROUNDS):
        codes = np.searchsorted((levels[1:] + levels[:-1]) / 2, weights)
        counts = np.bincount(codes, minlength=LEVELS)
        means = np.bincount(codes, weights, minlength=LEVELS) / np.maximum(counts, 1)
        levels = np.sort(np.where(counts > 0, means, levels))
    return levels.astype(np.float32)


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
    rows = np.cumsum(_first(frequencies)) - 1
    means = np.bincount(rows, rates) / len(frequencies.totals)
    says = np.log1p(frequencies.counts / (SMOOTHING * means[rows]))
    return rates * np.maximum(0, says - 1)


def _first(frequencies: Frequencies) -> NDArray[np.bool_]:
    """Whether a pair is the first of its bucket."""
    first = np.ones(len(frequencies), dtype=bool)
    first[1:] = frequencies.buckets[1:] != frequencies.buckets[:-1]
    return first
