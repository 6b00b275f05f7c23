"""All seen from a context or an item: what moves towards it.

An item x is seen by the company it keeps: m(x) = sum over j of P(j | x) v(j), where v(j) are the network's vectors.
Seen from a context c, by its company there: P(j | x, c) is taken as proportional to P(j | x) P(c | j) / P(c), as if j
told of c what x does not. The place of the context is that of its baskets. All places are taken from the mean of all
baskets, and distances are 1 - cosine, 0 to 2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lilliput.core.errors import DataError
from lilliput.tasks.pair_model import BLOCK, TINY, Floats, Known
from lilliput.tasks.pair_names import find_context, find_items

SHRUNK = 3.0
"""Baskets by which a lift is shrunk."""


class Moved(NamedTuple):
    """How far an item is from what all is seen from, before and after, 0 to 2, and its rank from 1 among all before."""

    item: str
    distance_before: float
    distance_after: float
    rank_before: int
    rank_after: int


@dataclass(frozen=True)
class Conditioned:
    """Items before and after they are seen from `on`, a context or an item.

    names : the most frequent items. before, after : float32 (names, d), of length one. place : of `on`, float32 (d,).
    shared : bool (names,), the items that are in most contexts; all where there are none.
    """

    on: str
    names: list[str]
    before: Floats
    after: Floats
    place: Floats
    shared: NDArray[np.bool_]

    def moved(self) -> list[Moved]:
        """Each item's distances and ranks; the rank after is where it then stands among all others before."""
        before, after = 1 - self.before @ self.place, 1 - self.after @ self.place
        order = np.sort(before)
        ranks = np.searchsorted(order, before) + 1
        later = np.searchsorted(order, after) + 1 - (before < after)
        rows = zip(self.names, before.tolist(), after.tolist(), ranks.tolist(), later.tolist(), strict=True)
        return [Moved(*row) for row in rows]

    def of(self, item: str) -> Moved:
        """One item's. Raises `DataError` for one that is not among `names`."""
        if item not in self.names:
            raise DataError(f"{item!r:.80} is not among the {len(self.names):,} most frequent items that were moved")
        return self.moved()[self.names.index(item)]

    @property
    def mean_rank_change(self) -> float:
        """By how many ranks the shared items come nearer, on average."""
        changes = [
            one.rank_before - one.rank_after for one, told in zip(self.moved(), self.shared, strict=True) if told
        ]
        return float(np.mean(changes)) if changes else 0.0


def condition(known: Known, on: str, normalise: str | None, most: int) -> Conditioned:
    """The `most` frequent items, seen from a context or an item by name. Raises `DataError` if there is neither."""
    count = min(int(most), len(known.names))
    mean = (known.counts / known.counts.sum()).astype(np.float32)
    vectors = _vectors(known)
    centre = mean @ vectors
    lifts, place, name = _seen_from(known, on, normalise, vectors)
    before, after = np.empty((2, count, vectors.shape[1]), np.float32)
    for item in range(count):
        row, together = known.pairs.of(item)
        row = np.append(row, item)
        weights = np.append(together, known.counts[item]).astype(np.float32)
        turned = weights * lifts[row]
        before[item] = weights @ vectors[row] / weights.sum()
        after[item] = turned @ vectors[row] / turned.sum()
    return Conditioned(
        name,
        known.names[:count],
        _normal(before - centre),
        _normal(after - centre),
        _normal((place - centre)[None])[0],
        _shared(known, count),
    )


def _seen_from(known: Known, on: str, normalise: str | None, vectors: Floats) -> tuple[Floats, Floats, str]:
    """The lift of each item there, its place before the centre is taken off, and the name."""
    count = len(known.names)
    lifts = np.empty(count, np.float32)
    try:
        context = find_context(known, on)
    except DataError as error:
        try:
            (item,) = find_items(known, [on], normalise)
        except DataError:
            raise error from None
        chance = known.counts * (known.counts[item] / known.baskets)
        lifts[:] = SHRUNK / (chance + SHRUNK)
        row, together = known.pairs.of(item)
        lifts[row] = (together + SHRUNK) / (chance[row] + SHRUNK)
        place = together.astype(np.float32) @ vectors[row] / max(1, together.sum())
        return lifts, place, known.names[item]
    chance = known.counts * (known.context_sizes[context] / known.baskets)
    lifts[:] = SHRUNK / (chance + SHRUNK)
    row, inside = known.in_context(context)
    lifts[row] = (inside + SHRUNK) / (chance[row] + SHRUNK)
    return lifts, inside.astype(np.float32) @ vectors[row] / max(1, inside.sum()), known.contexts[context]


def _shared(known: Known, count: int) -> NDArray[np.bool_]:
    """Items in at least half of the contexts."""
    if len(known.contexts) < 2:
        return np.ones(count, dtype=bool)
    return np.bincount(known.context_items, minlength=len(known.names))[:count] * 2 >= len(known.contexts)


def _vectors(known: Known) -> Floats:
    """Both vectors of each item, each of length one, float32 (items, 2 d)."""
    parts = []
    for coded in (known.inputs, known.outputs):
        blocks = [
            coded.rows(np.arange(first, min(first + BLOCK, len(coded.codes))))
            for first in range(0, len(coded.codes), BLOCK)
        ]
        parts.append(_normal(np.concatenate(blocks)))
    return np.hstack(parts)


def _normal(vectors: Floats) -> Floats:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), TINY)
