"""What a recommender knows: items, how often they are together, contexts, and the basket network in 8 bits."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lilliput.tasks.pair_side import Side

Ints = NDArray[np.int32]
Longs = NDArray[np.int64]
Floats = NDArray[np.float32]

BLOCK = 16384
"""Rows that are decoded at a time."""
TINY = np.float32(1e-12)


class Coded(NamedTuple):
    """A table of vectors in 8 or 4 bits: ``codes`` int8 (rows, d), ``scales`` float32 (rows,)."""

    codes: NDArray[np.int8]
    scales: Floats

    @classmethod
    def of(cls, vectors: Floats, bits: int) -> Coded:
        """Each row to equal steps under its own scale, which is a number of 16 bits."""
        most = 2 ** (bits - 1) - 1
        scales = (np.abs(vectors).max(axis=1, initial=0) / most).astype(np.float16).astype(np.float32)
        steps = vectors / np.maximum(scales, np.float32(1e-30))[:, None]
        return cls(np.clip(np.rint(steps), -most, most).astype(np.int8), scales)

    def rows(self, numbers: NDArray[np.integer]) -> Floats:
        """Some rows, decoded, float32 (numbers, d)."""
        return self.codes[numbers] * self.scales[numbers, None]

    def dots(self, vector: Floats, among: Ints | None = None) -> Floats:
        """The product of each row (or of those `among`) with a vector, float32 (rows,)."""
        if among is not None:
            return (self.codes[among].astype(np.float32) @ vector) * self.scales[among]
        found = np.empty(len(self.codes), np.float32)
        for first in range(0, len(found), BLOCK):
            part = slice(first, first + BLOCK)
            found[part] = self.codes[part].astype(np.float32) @ vector
        return found * self.scales

    def norms(self) -> Floats:
        """The lengths of the rows, float32 (rows,)."""
        found = np.empty(len(self.codes), np.float32)
        for first in range(0, len(found), BLOCK):
            found[first : first + BLOCK] = np.linalg.norm(self.codes[first : first + BLOCK].astype(np.float32), axis=1)
        return found * self.scales


class Pairs(NamedTuple):
    """Pairs of items, each from both sides, by rows: ``items[offsets[i]:offsets[i + 1]]`` go with item i, ascending.

    ``counts`` int32: baskets with both. ``weights`` int8: of the network's rows, times `scale`. Pairs in fewer than
    `least` baskets are not kept.
    """

    offsets: Longs
    items: Ints
    counts: Ints
    weights: NDArray[np.int8]
    scale: float
    least: int

    def of(self, item: int) -> tuple[Ints, Ints]:
        """What goes with an item, and in how many baskets."""
        part = slice(self.offsets[item], self.offsets[item + 1])
        return self.items[part], self.counts[part]

    def together(self, item: int, others: NDArray[np.integer]) -> Ints:
        """In how many baskets an item is with each of `others`; 0 where that is not kept."""
        items, counts = self.of(item)
        if not len(items):
            return np.zeros(len(others), np.int32)
        places = np.minimum(np.searchsorted(items, others), len(items) - 1)
        return np.where(items[places] == others, counts[places], 0).astype(np.int32)


@dataclass(frozen=True)
class Known:
    """All that was learned.

    names : items, the most frequent first; counts int64 (items,): baskets of each; baskets: how many there were.
    pairs : which go together. inputs, outputs, bias, power : see `lilliput.nets.baskets`.
    contexts : by name, the most frequent first; context_sizes int64 (contexts,): baskets of each;
    context_offsets, context_items, context_counts : by context, the items in it, ascending, and in how many baskets.
    side : what items share beside baskets, if that is known. aliases : numbers of items by other names that they have.
    """

    names: list[str]
    counts: Longs
    baskets: int
    pairs: Pairs
    inputs: Coded
    outputs: Coded
    bias: Floats
    power: float
    contexts: list[str]
    context_sizes: Longs
    context_offsets: Longs
    context_items: Ints
    context_counts: Ints
    side: Side | None = None
    aliases: dict[str, int] = field(default_factory=dict)

    @cached_property
    def number_of(self) -> dict[str, int]:
        """The number of each item, by name and by its other names."""
        return {name: number for number, name in enumerate(self.names)} | self.aliases

    @cached_property
    def folded(self) -> dict[str, int]:
        """The number of each item by its name in small letters, the most frequent one where several have it."""
        return {name.casefold(): number for name, number in reversed(self.number_of.items())}

    @cached_property
    def norms(self) -> list[Floats]:
        """The lengths of the inputs and of the outputs, float32 (items,) each."""
        return [coded.norms() for coded in (self.inputs, self.outputs)]

    def likeness(self, item: int, among: Ints | None = None) -> Floats:
        """How alike the use of each item (or each `among`) is to that of one, -1 to 1: the mean cosine of vectors."""
        found = np.zeros(len(self.names) if among is None else len(among), np.float32)
        for coded, norms in zip((self.inputs, self.outputs), self.norms, strict=True):
            vector = coded.rows(np.array([item]))[0] / max(norms[item], TINY)
            found += coded.dots(vector, among) / np.maximum(norms if among is None else norms[among], TINY) / 2
        return found

    def units(self, numbers: NDArray[np.integer]) -> Floats:
        """Vectors of items whose products are their likeness, float32 (numbers, 2 d)."""
        parts = [
            coded.codes[numbers]
            * (coded.scales[numbers] / np.maximum(norms[numbers] * np.float32(2**0.5), TINY))[:, None]
            for coded, norms in zip((self.inputs, self.outputs), self.norms, strict=True)
        ]
        return np.hstack(parts)

    def scores(self, basket: Ints, among: Ints | None = None) -> Floats:
        """The log-probability, but for a constant, that each item (or each `among`) is what a basket lacks."""
        scale = np.float32(max(1, len(basket)) ** -self.power)
        vector = self.inputs.rows(basket).sum(axis=0) * scale
        found = self.outputs.dots(vector, among) + (self.bias if among is None else self.bias[among])
        pairs = self.pairs
        step = np.float32(scale * pairs.scale)
        for item in basket.tolist():
            part = slice(pairs.offsets[item], pairs.offsets[item + 1])
            if among is None:
                found[pairs.items[part]] += step * pairs.weights[part]
            elif part.stop > part.start:
                row = pairs.items[part]
                places = np.minimum(np.searchsorted(row, among), len(row) - 1)
                found += np.where(row[places] == among, step * pairs.weights[part][places], 0)
        return found

    @cached_property
    def contexts_of(self) -> tuple[Longs, Ints, Ints]:
        """By item, the contexts that it is in, and in how many baskets: offsets (items + 1,), contexts, counts."""
        order = np.argsort(self.context_items, kind="stable")
        sizes = np.bincount(self.context_items, minlength=len(self.names))
        contexts = np.repeat(np.arange(len(self.contexts), dtype=np.int32), np.diff(self.context_offsets))
        offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        return offsets, contexts[order], self.context_counts[order]

    def in_context(self, context: int) -> tuple[Ints, Ints]:
        """The items of a context, and in how many of its baskets each is."""
        part = slice(self.context_offsets[context], self.context_offsets[context + 1])
        return self.context_items[part], self.context_counts[part]

    def shares(self, context: int) -> NDArray[np.float64]:
        """The share of the baskets of a context that have each item, shrunk towards the share in all, (items,)."""
        items, counts = self.in_context(context)
        found = PRIOR * self.counts / self.baskets
        found[items] += counts
        return found / (self.context_sizes[context] + PRIOR)


PRIOR = 20.0
"""Baskets that the share in all counts for in a context."""
