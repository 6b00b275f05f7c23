"""What items share beside baskets: properties, such as the flavour compounds of ingredients.

Ahn, Ahnert, Bagrow, Barabási 2011, "Flavor network and the principles of food pairing", Scientific Reports 1, count the
compounds that two ingredients share. Here a rare one weighs more than one that many have: two items are alike by the
cosine of their properties, each weighted by log(items / items with it), as words are in texts.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

SHARE = 0.2
"""The share of a budget of bytes that properties may take; beyond it the most common ones are left out."""
HEADER = 400
"""Bytes of the header of its arrays."""


@dataclass(frozen=True)
class Side:
    """Properties of items.

    names : properties, the rarest first. offsets, held : int64 (items + 1,) and int32, the properties of item i are
    ``held[offsets[i]:offsets[i + 1]]``, ascending.
    """

    names: list[str]
    offsets: NDArray[np.int64]
    held: NDArray[np.int32]

    @cached_property
    def weights(self) -> NDArray[np.float64]:
        """How much each property tells, (properties,)."""
        having = np.count_nonzero(np.diff(self.offsets))
        found: NDArray[np.float64] = np.log(having / np.bincount(self.held, minlength=len(self.names)))
        return found

    @cached_property
    def lengths(self) -> NDArray[np.float64]:
        """The length of each item's weighted properties, (items,)."""
        sums = np.concatenate([[0], np.cumsum(self.weights[self.held] ** 2)])
        found: NDArray[np.float64] = np.sqrt(np.maximum(0, np.diff(sums[self.offsets])))
        return found

    def of(self, item: int) -> NDArray[np.int32]:
        """The properties of an item."""
        return self.held[self.offsets[item] : self.offsets[item + 1]]

    def likeness(self, items: list[int], among: NDArray[np.integer]) -> NDArray[np.float64]:
        """How alike each of `among` is to the items given, 0 to 1: the mean of cosines, 0 where nothing is known."""
        wanted = np.zeros(len(self.names))
        for item in items:
            held = self.of(item)
            wanted[held] += self.weights[held] ** 2 / (max(self.lengths[item], 1e-9) * len(items))
        starts, sizes = self.offsets[among], np.diff(self.offsets)[among]
        ends = np.cumsum(sizes)
        places = np.arange(ends[-1] if len(ends) else 0) + np.repeat(starts - (ends - sizes), sizes)
        rows = np.repeat(np.arange(len(among)), sizes)
        found = np.bincount(rows, wanted[self.held[places]], len(among))
        return found / np.maximum(self.lengths[among], 1e-9)

    def shared(self, item: int, other: int) -> NDArray[np.int32]:
        """The properties of both, the rarest first."""
        return np.intersect1d(self.of(item), self.of(other), assume_unique=True)


def side_of(held_by: list[set[str]], allowed: int | None) -> tuple[Side | None, int]:
    """What of the properties of each item takes up to a `SHARE` of `allowed` bytes, and how many are left out for that.

    None: there are none that two items share. Properties of one item tell nothing; they are not kept and not
    counted.
    """
    counts = Counter(name for held in held_by for name in held)
    order = [name for name in sorted(counts, key=lambda name: (counts[name], name)) if counts[name] > 1]
    sizes = np.cumsum([len(name.encode("utf-8", "replace")) + 1 + _bytes(len(order)) * counts[name] for name in order])
    most = len(order)
    if allowed is not None:
        most = int(np.searchsorted(sizes + 4 * len(held_by) + HEADER, SHARE * allowed, side="right"))
    if not most:
        return None, len(order)
    number = {name: place for place, name in enumerate(order[:most])}
    rows = [sorted(number[name] for name in held if name in number) for held in held_by]
    offsets = np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64)
    held = np.array([place for row in rows for place in row], dtype=np.int32)
    return Side(order[:most], offsets, held), len(order) - most


def side_bytes(side: Side | None) -> int:
    """Bytes of its arrays in a model file."""
    if side is None:
        return 0
    text = sum(len(name.encode("utf-8", "replace")) + 1 for name in side.names)
    return text + _bytes(len(side.names)) * len(side.held) + 4 * (len(side.offsets) - 1) + HEADER


def _bytes(count: int) -> int:
    return 2 if count <= 1 << 16 else 4
