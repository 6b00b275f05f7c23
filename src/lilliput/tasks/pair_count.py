"""Counting pairs: in how many baskets two items are together, or stand near each other."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lilliput.data.basket_table import BasketTable

LONGEST = 150
"""Items of a basket after which only so near ones make pairs: a list of 10,000 would make 50 million."""
MERGED = 4_000_000
"""Keys of pairs after which they are merged."""


def count_pairs(table: BasketTable, window: int | None) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The pairs i < j that occur, as keys ``i * items + j``, ascending, and in how many baskets each does.

    `window`: how far apart two items of a basket may stand; None: as far as it is long, up to `LONGEST`.
    """
    count = np.int64(max(1, len(table.names)))
    items = table.items.astype(np.int64)
    ends = np.repeat(table.offsets[1:], np.diff(table.offsets))
    places = np.arange(len(items))
    keys, counts = np.zeros(0, np.int64), np.zeros(0, np.int64)
    waiting: list[NDArray[np.int64]] = []
    for distance in range(1, (window or LONGEST) + 1):
        places = places[places + distance < ends[places]]
        if not len(places):
            break
        one, other = items[places], items[places + distance]
        waiting.append(np.minimum(one, other) * count + np.maximum(one, other))
        if sum(map(len, waiting)) > MERGED:
            keys, counts = _merged(keys, counts, waiting)
            waiting = []
    return _merged(keys, counts, waiting)


def _merged(
    keys: NDArray[np.int64], counts: NDArray[np.int64], waiting: list[NDArray[np.int64]]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    if not waiting:
        return keys, counts
    fresh, many = np.unique(np.concatenate(waiting), return_counts=True)
    joined, places = np.unique(np.concatenate([keys, fresh]), return_inverse=True)
    total = np.bincount(places, np.concatenate([counts, many]), len(joined))
    return joined, total.astype(np.int64)


def both_ways(
    keys: NDArray[np.int64], count: int
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int64], NDArray[np.int64]]:
    """Offsets and items of the symmetric matrix of pairs, by rows, and the places of pair k as (i, j) and as (j, i)."""
    low, high = keys // max(1, count), keys % max(1, count)
    rows, columns = np.concatenate([low, high]), np.concatenate([high, low])
    order = np.lexsort((columns, rows))
    places = np.empty(len(order), np.int64)
    places[order] = np.arange(len(order))
    offsets = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=count))]).astype(np.int64)
    return offsets, columns[order].astype(np.int32), places[: len(keys)], places[len(keys) :]


def count_contexts(table: BasketTable) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """In how many baskets of a context an item is: keys ``context * items + item``, counts; baskets by context."""
    of_item = np.repeat(table.context_of, np.diff(table.offsets)).astype(np.int64)
    told = of_item >= 0
    keys, counts = np.unique(of_item[told] * max(1, len(table.names)) + table.items[told], return_counts=True)
    sizes = np.bincount(table.context_of[table.context_of >= 0], minlength=len(table.contexts))
    return keys, counts.astype(np.int64), sizes.astype(np.int64)
