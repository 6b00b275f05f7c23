"""Tables of vectors that are learned by negative sampling, and what it takes to learn from a stretch of words."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lilliput.nets.barrier import fresh_barrier, together
from lilliput.nets.window_tiles import LANES
from lilliput.nets.windows_kernels import CBOW, PLAIN, SHARED, SUBWORDS, subsample
from lilliput.nets.wordvector_kernels import BATCH, learn

SLICE = 50
"""Dimensions of a slice at least; a thread's part of the other work does not pay for fewer."""
MOST_SLICES = 8
_BLOCK = 4096


class Grams(NamedTuple):
    """The inner rows whose mean a word is: ``rows[ends[w]:ends[w + 1]]``, its own first; both int32 and int64."""

    rows: NDArray[np.int32]
    ends: NDArray[np.int64]


@dataclass(frozen=True)
class Settings:
    """How a net learns; names as in `lilliput.tasks.vectors.WordVectors`."""

    dim: int = 100
    method: str = "skipgram"
    window: int = 5
    negatives: int = 5
    sample: float = 1e-3
    seed: int = 0


class WordNet:
    """Vectors being learned: `inner` are those of words and n-grams, `outer` those of words as what is expected.

    ``counts``: int64 (words,), how often each word occurs; ``grams``: of each word, or None; `buckets`: how many inner
    rows there are beside the words'.
    """

    def __init__(
        self,
        counts: NDArray[np.int64],
        settings: Settings,
        threads: int,
        grams: Grams | None = None,
        buckets: int = 0,
    ) -> None:
        self.words, self.dim, self.rows = len(counts), settings.dim, len(counts) + buckets
        self._settings = settings
        self._kind = CBOW if settings.method == "cbow" else PLAIN if grams is None else SUBWORDS
        alone = Grams(np.arange(self.words, dtype=np.int32), np.arange(self.words + 1, dtype=np.int64))
        self._grams = alone if grams is None else grams
        self._borders = _borders(settings.dim)
        widths = np.array([-(-(last - first) // LANES) * LANES for first, last in self._borders])
        starts = np.cumsum(widths) - widths
        self._slices = np.stack([self.words * starts, widths, self.rows * starts], axis=1).astype(np.int64)
        self._inner = np.zeros(self.rows * widths.sum(), dtype=np.float32)
        self._outer = np.zeros(self.words * widths.sum(), dtype=np.float32)
        self._begin()
        self._keep = keeping(counts, settings.sample)
        self._aliases = alias_table(np.asarray(counts**0.75, dtype=np.float64))
        self.threads = max(1, min(threads, len(self._borders)))
        self._make_room(int(widths.max()))
        self._losses, self._pairs = np.zeros(BATCH), np.zeros(BATCH, dtype=np.int64)
        self._kept = np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.int64)

    def _make_room(self, width: int) -> None:
        """Room for a batch; windows twice, since the next ones are found while the last are still at work."""
        window, negatives, parts = self._settings.window, self._settings.negatives, len(self._borders)
        most = 1 if self._kind == SUBWORDS else 2 * window
        longest = 2 * window + SHARED * negatives if self._kind == SUBWORDS else 1 + negatives
        self._windows = (
            np.zeros((2, BATCH, 3), dtype=np.int64),
            np.zeros((2, BATCH * most), dtype=np.int32),
            np.zeros((2, BATCH * longest), dtype=np.int32),
        )
        room = most * longest + LANES  # as products are read and steps written some at a time
        means = 0 if self._kind == PLAIN else BATCH * width
        self._work = (
            np.zeros((parts, BATCH * most), dtype=np.int64),
            np.zeros((parts, BATCH * longest), dtype=np.int64),
            np.zeros((parts, BATCH * room), dtype=np.float32),
            np.zeros((parts, means), dtype=np.float32),
            np.zeros((parts, width), dtype=np.float32),
        )
        self._steps = np.zeros(BATCH * room, dtype=np.float32)
        self._damps = (
            np.zeros(BATCH * most, dtype=np.float32),
            np.zeros(BATCH * longest, dtype=np.float32),
            np.zeros(BATCH),
        )
        self._terms = np.zeros((self.threads, 2, self.rows), dtype=np.float32)
        expected = np.arange(2 * window + 1)
        self._weights = expected / SHARED if self._kind == SUBWORDS else np.ones(2 * window + 1)

    def learn(
        self, numbers: NDArray[np.int32], first: int, epoch: int, rates: tuple[float, float], pool: Executor
    ) -> None:
        """Learn from a stretch of the corpus: rows of words, -1 at ends of texts, the first at place `first`.

        `rates`: at its beginning and its end.
        """
        if len(self._kept[0]) < len(numbers):
            self._kept = np.empty(len(numbers), dtype=np.int32), np.empty(len(numbers), dtype=np.int64)
        key = np.random.SeedSequence([self._settings.seed, epoch]).generate_state(1, np.uint64)[0]
        count = subsample(numbers, first, key, self._keep, *self._kept)
        barrier = fresh_barrier()

        def work(worker: int) -> Any:
            return learn(
                self._kind, worker, self.threads, barrier, *self._kept, count, key, self._settings.window,
                self._settings.negatives, np.array(rates), self._weights, self._aliases, *self._grams,
                self._slices, self._inner, self._outer, self._windows, self._work, self._steps, self._damps,
                self._terms, self._losses, self._pairs,
            )  # fmt: skip

        together(work, self.threads, barrier, pool)

    def loss(self) -> tuple[float, int]:
        """The sum of the losses since the last call, in nats, and of how many pairs of a word and a neighbour."""
        sums = float(self._losses.sum()), int(self._pairs.sum())
        self._losses[:], self._pairs[:] = 0, 0
        return sums

    def inner(self, first: int, last: int) -> NDArray[np.float32]:
        """Some inner rows, float32 (rows, dim), as they are."""
        return np.concatenate([view[first:last, :size] for view, size in self._views()], axis=1)

    def vectors(self, first: int, last: int) -> NDArray[np.float32]:
        """The vectors of some words, float32 (words, dim): with n-grams, their means."""
        if len(self._grams.rows) == self.words:
            return self.inner(first, last)
        rows, ends = self._grams
        wanted = rows[ends[first] : ends[last]]
        starts = ends[first:last] - ends[first]
        parts = [np.add.reduceat(view[wanted, :size], starts, axis=0) for view, size in self._views()]
        amounts = np.diff(ends[first : last + 1])[:, None].astype(np.float32)
        return np.asarray(np.concatenate(parts, axis=1) / amounts, dtype=np.float32)

    def _views(self) -> list[tuple[NDArray[np.float32], int]]:
        """The slices of the inner table, (rows, width) each, with how many of their columns are used."""
        return [
            (self._inner[start : start + self.rows * width].reshape(self.rows, width), last - first)
            for (_, width, start), (first, last) in zip(self._slices.tolist(), self._borders, strict=True)
        ]

    def _begin(self) -> None:
        """Small random vectors inside; those of what is expected are zeros."""
        random = np.random.Generator(np.random.PCG64(self._settings.seed))
        for first in range(0, self.rows, _BLOCK):
            last = min(self.rows, first + _BLOCK)
            fresh = (random.random((last - first, self.dim), dtype=np.float32) - np.float32(0.5)) / np.float32(self.dim)
            for (view, size), (start, _) in zip(self._views(), self._borders, strict=True):
                view[first:last, :size] = fresh[:, start : start + size]


def _borders(dim: int) -> Sequence[tuple[int, int]]:
    """The first and the last dimension of each slice, multiples of `LANES` but for the last."""
    parts = max(1, min(MOST_SLICES, dim // SLICE))
    groups = -(-dim // LANES)
    edges = [min(dim, LANES * -(-groups * part // parts)) for part in range(parts + 1)]
    return list(pairwise(edges))


def keeping(counts: NDArray[np.int64], sample: float) -> NDArray[np.uint32]:
    """The chance of 2^32 that an occurrence of a word is learned from: word2vec's sqrt(t / f) + t / f."""
    if not sample:
        return np.full(len(counts), 0xFFFFFFFF, dtype=np.uint32)
    ratio = sample * counts.sum() / np.maximum(counts, 1)
    return np.asarray(np.minimum(1.0, np.sqrt(ratio) + ratio) * 0xFFFFFFFF).astype(np.uint32)


def alias_table(weights: NDArray[np.float64]) -> NDArray[np.uint64]:
    """A chance of 2^32 (the high half) and another choice each, to draw in proportion to the weights (Vose 1991)."""
    scaled = (weights / weights.sum() * len(weights)).tolist()
    chances, others = [1.0] * len(scaled), list(range(len(scaled)))
    small = [i for i, weight in enumerate(scaled) if weight < 1]
    large = [i for i, weight in enumerate(scaled) if weight >= 1]
    while small and large:
        low, high = small.pop(), large[-1]
        chances[low], others[low] = scaled[low], high
        scaled[high] -= 1 - scaled[low]
        if scaled[high] < 1:
            small.append(large.pop())
    return (np.array(chances) * 0xFFFFFFFF).astype(np.uint64) << np.uint64(32) | np.array(others, dtype=np.uint64)
