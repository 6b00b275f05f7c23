"""Baskets in arrays: what a fit learns from, 4 bytes an item."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from lilliput.data.baskets import Basket

NO_CONTEXT = -1


@dataclass
class BasketTable:
    """Baskets as numbers of items and of contexts, both numbered by falling frequency, ties by name.

    Attributes
    ----------
    names, contexts : of the items and of the contexts.
    counts : int64 (items,), in how many baskets each item is.
    offsets, items : int64 (baskets + 1,) and int32: basket b is ``items[offsets[b]:offsets[b + 1]]``.
    context_of : int32 (baskets,), -1 where there is none.
    fingerprint : a hash of the baskets in the order they came (BLAKE2b, 16 hexadecimal digits).
    """

    names: list[str]
    contexts: list[str]
    counts: NDArray[np.int64]
    offsets: NDArray[np.int64]
    items: NDArray[np.int32]
    context_of: NDArray[np.int32]
    fingerprint: str = ""

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def basket(self, number: int) -> NDArray[np.int32]:
        """The items of one basket."""
        return self.items[self.offsets[number] : self.offsets[number + 1]]

    def part(self, rows: NDArray[np.int64]) -> BasketTable:
        """The baskets `rows`, with the same numbers of items; `counts` are of these baskets alone."""
        sizes = np.diff(self.offsets)[rows]
        offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        places = np.arange(offsets[-1]) + np.repeat(self.offsets[rows] - offsets[:-1], sizes)
        items = self.items[places]
        counts = np.bincount(items, minlength=len(self.names)).astype(np.int64)
        return BasketTable(self.names, self.contexts, counts, offsets, items, self.context_of[rows])

    def renamed(self, of: NDArray[np.int32]) -> BasketTable:
        """The table with item ``of[i]`` in the place of item i; what is then twice in a basket is there once."""
        rows = np.repeat(np.arange(len(self)), np.diff(self.offsets))
        items = of[self.items]
        kept = np.sort(np.unique(rows * np.int64(len(self.names)) + items, return_index=True)[1])
        items, sizes = items[kept], np.bincount(rows[kept], minlength=len(self))
        offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        counts = np.bincount(items, minlength=len(self.names)).astype(np.int64)
        table = BasketTable(self.names, self.contexts, counts, offsets, items, self.context_of, self.fingerprint)
        return table.without_unseen()[0]

    def without_unseen(self) -> tuple[BasketTable, NDArray[np.int32]]:
        """The table without items that are in none of its baskets, and the new number of each item (-1: none)."""
        kept = self.counts > 0
        order = np.flatnonzero(kept)
        order = order[np.argsort(-self.counts[order], kind="stable")]
        numbers = np.full(len(kept), -1, np.int32)
        numbers[order] = np.arange(len(order), dtype=np.int32)
        names = [self.names[number] for number in order.tolist()]
        counts, items = self.counts[order], numbers[self.items]
        return BasketTable(
            names, self.contexts, counts, self.offsets, items, self.context_of, self.fingerprint
        ), numbers


@dataclass
class Collector:
    """Numbers the items of baskets as they come; `renamed` may change the items of a basket, say to a normal form."""

    renamed: Callable[[list[str]], list[str]] | None = None
    _numbers: dict[str, int] = field(default_factory=dict)
    _contexts: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._items, self._sizes, self._context_of = array("i"), array("i"), array("i")
        self._digest = hashlib.blake2b(digest_size=8)

    def add(self, baskets: Iterable[Basket]) -> None:
        """Take some baskets; one that `renamed` leaves empty is left out."""
        numbers, contexts = self._numbers, self._contexts
        for basket in baskets:
            items = basket.items if self.renamed is None else list(dict.fromkeys(self.renamed(basket.items)))
            if not items:
                continue
            self._items.extend([numbers.setdefault(item, len(numbers)) for item in items])
            self._sizes.append(len(items))
            context = basket.context
            self._context_of.append(NO_CONTEXT if context is None else contexts.setdefault(context, len(contexts)))
            self._digest.update("\0".join([*items, context or "", "\n"]).encode("utf-8", "replace"))

    def table(self, least: int = 1) -> BasketTable:
        """All that was taken; items in fewer than `least` baskets are left out."""
        items = np.frombuffer(self._items, dtype=np.int32) if self._items else np.zeros(0, np.int32)
        sizes = np.array(self._sizes, dtype=np.int64)
        names, ranks, counts = _ranked(list(self._numbers), items, least)
        items = ranks[items]
        rows = np.repeat(np.arange(len(sizes)), sizes)[items >= 0]
        items = items[items >= 0]
        kept = np.bincount(rows, minlength=len(sizes))
        full = kept > 0
        offsets = np.concatenate([[0], np.cumsum(kept[full])]).astype(np.int64)
        context_of = np.array(self._context_of, dtype=np.int32)[full]
        of_context = context_of[context_of >= 0]
        contexts, order, _ = _ranked(list(self._contexts), of_context, 1)
        context_of[context_of >= 0] = order[of_context]
        return BasketTable(names, contexts, counts, offsets, items, context_of, self._digest.hexdigest())


def _ranked(
    names: list[str], items: NDArray[np.int32], least: int
) -> tuple[list[str], NDArray[np.int32], NDArray[np.int64]]:
    """Names by falling frequency, the new number of each old one (-1: too rare), and the frequencies."""
    counts = np.bincount(items, minlength=len(names)).astype(np.int64)
    order = sorted(range(len(names)), key=lambda number: (-counts[number], names[number]))
    order = [number for number in order if counts[number] >= least]
    ranks = np.full(len(names), -1, dtype=np.int32)
    ranks[order] = np.arange(len(order), dtype=np.int32)
    return [names[number] for number in order], ranks, counts[order]
