"""Tables of vectors that skip-gram learns, and what it needs to learn from a stretch of words."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lilliput.nets.barrier import fresh_barrier, together
from lilliput.nets.skipgram_kernels import BATCH, learn, subsample
from lilliput.nets.window_tiles import LANES

SLICE = 50
"""Dimensions that a thread takes at least; fewer do not pay for its part of the other work."""
_POWERS = np.exp(-np.arange(512) / 32).astype(np.float32)


class SkipGram:
    """Vectors being learned: `inner` are those of the words, `outer` those of words as what is expected beside them.

    Parameters
    ----------
    counts : int64 (words,), how often each word occurs.
    dim, window, negatives, sample, seed, threads : as in `lilliput.tasks.vectors.WordVectors`.
    """

    def __init__(
        self, counts: NDArray[np.int64], dim: int, window: int, negatives: int, sample: float, seed: int, threads: int
    ) -> None:
        self.words, self.dim = len(counts), dim
        self._window, self._negatives, self._seed = window, negatives, seed
        self._borders = _borders(dim)
        widths = [-(-(last - first) // LANES) * LANES for first, last in self._borders]
        starts = self.words * np.concatenate([[0], np.cumsum(widths)[:-1]])
        self._slices = np.stack([starts, widths], axis=1).astype(np.int64)
        self.inner = np.zeros(self.words * sum(widths), dtype=np.float32)
        self.outer = np.zeros(self.words * sum(widths), dtype=np.float32)
        self._begin()
        self._keep = keeping(counts, sample)
        self._chances, self._others = alias_table(counts**0.75)
        self.threads = max(1, min(threads, len(self._borders)))
        most, outputs, parts = 2 * window, 1 + negatives, len(self._borders)
        self._buffers = (
            np.zeros((2, BATCH * most), dtype=np.int32),
            np.zeros((2, BATCH, outputs), dtype=np.int32),
            np.zeros((2, BATCH), dtype=np.int64),
            np.zeros((parts, BATCH * most), dtype=np.int64),
            np.zeros((parts, BATCH * outputs), dtype=np.int64),
            np.zeros((parts, BATCH * most * outputs), dtype=np.float32),
            np.zeros(BATCH * most * outputs, dtype=np.float32),
        )
        self._losses, self._pairs = np.zeros(BATCH), np.zeros(BATCH, dtype=np.int64)
        self._kept = np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.int64)

    def learn(
        self, numbers: NDArray[np.int32], first: int, epoch: int, rates: tuple[float, float], pool: Executor
    ) -> None:
        """Learn from a stretch of the corpus: rows of words, -1 at ends of texts, the first at place `first`.

        `rates`: at its beginning and its end.
        """
        if len(self._kept[0]) < len(numbers):
            self._kept = np.empty(len(numbers), dtype=np.int32), np.empty(len(numbers), dtype=np.int64)
        key = np.random.SeedSequence([self._seed, epoch]).generate_state(1, np.uint64)[0]
        count = subsample(numbers, first, key, self._keep, *self._kept)
        barrier = fresh_barrier()

        def work(worker: int) -> Any:
            return learn(
                worker, self.threads, barrier, 0, *self._kept, count, key, self._window, self._negatives,
                np.array(rates), self._chances, self._others, _POWERS, self._slices, self.inner, self.outer,
                self._buffers, self._losses, self._pairs,
            )  # fmt: skip

        together(work, self.threads, barrier, pool)

    def loss(self) -> tuple[float, int]:
        """The sum of the losses since the last call, in nats, and of how many pairs."""
        sums = float(self._losses.sum()), int(self._pairs.sum())
        self._losses[:], self._pairs[:] = 0, 0
        return sums

    def rows(self, first: int, last: int, outer: bool = False) -> NDArray[np.float32]:
        """Some words' vectors, float32 (words, dim)."""
        table = self.outer if outer else self.inner
        return np.concatenate([view[first:last, :size] for view, size in self._views(table)], axis=1)

    def _views(self, table: NDArray[np.float32]) -> list[tuple[NDArray[np.float32], int]]:
        """The slices of a table, (words, width) each, with how many of their columns are used."""
        sizes = [last - first for first, last in self._borders]
        return [
            (table[start : start + self.words * width].reshape(self.words, width), size)
            for (start, width), size in zip(self._slices.tolist(), sizes, strict=True)
        ]

    def _begin(self) -> None:
        """Small random vectors of the words; those of what is expected are zeros."""
        random = np.random.Generator(np.random.PCG64(self._seed))
        for first in range(0, self.words, 4096):
            last = min(self.words, first + 4096)
            fresh = (random.random((last - first, self.dim), dtype=np.float32) - np.float32(0.5)) / np.float32(self.dim)
            for (view, size), (start, _) in zip(self._views(self.inner), self._borders, strict=True):
                view[first:last, :size] = fresh[:, start : start + size]


def _borders(dim: int) -> Sequence[tuple[int, int]]:
    """The first and the last dimension of each slice, multiples of `LANES` but for the last."""
    parts = max(1, min(8, dim // SLICE))
    groups = -(-dim // LANES)
    edges = [min(dim, LANES * -(-groups * part // parts)) for part in range(parts + 1)]
    return list(zip(edges, edges[1:], strict=False))


def keeping(counts: NDArray[np.int64], sample: float) -> NDArray[np.uint32]:
    """The chance of 2^32 that an occurrence of a word is learned from: word2vec's sqrt(t / f) + t / f."""
    if not sample:
        return np.full(len(counts), 0xFFFFFFFF, dtype=np.uint32)
    ratio = sample * counts.sum() / np.maximum(counts, 1)
    return (np.minimum(1.0, np.sqrt(ratio) + ratio) * 0xFFFFFFFF).astype(np.uint32)


def alias_table(weights: NDArray[np.float64]) -> tuple[NDArray[np.uint32], NDArray[np.int32]]:
    """Chances of 2^32 and other choices, to draw in proportion to the weights (Vose 1991)."""
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
    return (np.array(chances) * 0xFFFFFFFF).astype(np.uint32), np.array(others, dtype=np.int32)
