"""Tagged sentences as examples: every token is one, its bags gathered from the windows around it, part by part."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from lilliput.data.packed import Packed, subset
from lilliput.features.buckets import BucketMap
from lilliput.features.window_kernels import Tokens, count_windows, gather_windows, tokens_of
from lilliput.features.windows import Window
from lilliput.nets.kernels import Bags, Targets
from lilliput.training.passes import Examples

PART = 50_000
"""Tokens whose bags (some 300 bytes each, and 72 a group) are in memory at a time."""
LONGEST = 500
"""Tokens of a chain; a longer sentence is learned in pieces, each with the features of the whole."""


@dataclass(frozen=True)
class Tagged:
    """Tokens of sentences, packed, with a tag and a cluster each; ``sentences``: where each begins, and the total.

    ``clusters``: int32, -1 for none, or None if there are none at all; ``tags``: int32; ``marks``: int32 (tokens,
    marks), see `lilliput.features.windows.MARKS`, or None.
    """

    packed: Packed
    sentences: NDArray[np.int64]
    tags: NDArray[np.int32]
    clusters: NDArray[np.int32] | None = None
    marks: NDArray[np.int32] | None = None

    def __len__(self) -> int:
        return len(self.tags)

    def part(self, first: int, last: int) -> Tagged:
        """The sentences [first, last)."""
        start, end = (int(self.sentences[edge]) for edge in (first, last))
        packed = Packed(self.packed.buffer, self.packed.offsets[start : end + 1], self.packed.ascii)
        clusters, marks = (None if one is None else one[start:end] for one in (self.clusters, self.marks))
        return Tagged(packed, self.sentences[first : last + 1] - start, self.tags[start:end], clusters, marks)

    def chosen(self, sentences: NDArray[np.int64]) -> Tagged:
        """The given sentences, in the given order."""
        sizes = np.diff(self.sentences)[sentences]
        borders = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        tokens = np.repeat(self.sentences[:-1][sentences] - borders[:-1], sizes) + np.arange(borders[-1])
        clusters, marks = (None if one is None else one[tokens] for one in (self.clusters, self.marks))
        return Tagged(subset(self.packed, tokens), borders, self.tags[tokens], clusters, marks)

    def tokens(self) -> Tokens:
        """Their atoms."""
        return tokens_of(self.packed, self.sentences, self.clusters, self.marks)

    def parts(self) -> list[tuple[int, int]]:
        """(first, last) sentence of parts of about `PART` tokens."""
        wanted = np.arange(PART, len(self), PART)
        edges = np.concatenate([[0], np.searchsorted(self.sentences, wanted), [len(self.sentences) - 1]])
        return list(pairwise(np.unique(edges).tolist()))


def count_tokens(tagged: Tagged, window: Window) -> NDArray[np.int32]:
    """How often each bucket of `window` occurs; int32 (2 ** bits,)."""
    counts = np.zeros(1 << window.bits, dtype=np.int32)
    for part in tagged.parts():
        count_windows(tagged.part(*part).tokens(), window, counts)
    return counts


def gather_tokens(tokens: Tokens, groups: Sequence[Window], maps: Sequence[BucketMap], threads: int) -> Bags:
    """Bags of tokens in every group."""
    made = [
        gather_windows(tokens, group, one.words, one.ranks, threads) for group, one in zip(groups, maps, strict=True)
    ]
    starts = np.cumsum([0, *(len(rows) for _, rows in made)])
    bounds = np.stack([part + start for (part, _), start in zip(made, starts, strict=False)])
    return Bags(bounds, np.concatenate([rows for _, rows in made]))


class TokenSource:
    """The examples of tagged sentences for one choice of groups and maps, gathered anew in every pass."""

    def __init__(
        self,
        tagged: Tagged,
        groups: Sequence[Window],
        maps: Sequence[BucketMap],
        learn: NDArray[np.bool_],
        threads: int,
    ) -> None:
        self.tagged = tagged
        self.groups = groups
        self.maps = maps
        self.learn = learn
        self.threads = threads

    def __len__(self) -> int:
        return int(np.repeat(self.learn, np.diff(self.tagged.sentences)).sum())

    def parts(self, generator: np.random.Generator) -> Iterator[Examples]:
        """One pass, the parts in random order; ``learn`` flags the sentences that may be learned from."""
        parts = self.tagged.parts()
        for number in generator.permutation(len(parts)):
            first, last = parts[number]
            some = self.tagged.part(first, last)
            bags = gather_tokens(some.tokens(), self.groups, self.maps, self.threads)
            count = len(some)
            ones = np.ones(count, dtype=np.float32)
            targets = Targets(np.arange(count + 1), some.tags, ones, ones)
            learned = np.repeat(self.learn[first:last], np.diff(some.sentences))
            yield Examples(bags, targets, np.flatnonzero(learned), _chains(some.sentences))


def _chains(sentences: NDArray[np.int64]) -> NDArray[np.int64]:
    """A number for each token: that of its sentence, or of its piece of a sentence longer than `LONGEST`."""
    sizes = np.diff(sentences)
    place = np.arange(sentences[-1]) - np.repeat(sentences[:-1], sizes)
    return np.cumsum(place % LONGEST == 0) - 1
