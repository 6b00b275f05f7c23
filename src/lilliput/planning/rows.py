"""Which n-grams get a row: scored by a scout's weights, fitted to a number of bytes, folded into a small bucket map."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lilliput.features.buckets import BucketMap
from lilliput.features.groups import Group
from lilliput.training.learner import Learner

Floats = NDArray[np.float32]
MIN_BITS = 9
SPARSE = 4
"""Buckets a row at least: fewer, and n-grams without a row take too many of those that have one."""
ROOMY = 64
"""Buckets a row at most: more bring nothing."""
REFILLS = 8
"""Rows that are folded into one leave room for others; so often at most it is filled again."""
FULL = 0.01
"""The share of the room that may stay free."""


@dataclass(frozen=True)
class Layout:
    """Groups with their final number of buckets, a bucket map and a learning rate a row for each."""

    groups: tuple[Group, ...]
    maps: tuple[BucketMap, ...]
    rates: tuple[Floats, ...]

    @property
    def rows(self) -> int:
        """Rows of all groups."""
        return sum(bucket_map.rows for bucket_map in self.maps)


def candidates(groups: Sequence[Group], counts: Sequence[NDArray[np.int32]], texts: int, least: int) -> Layout:
    """Every bucket that occurs in at least `least` of `texts` texts; `counts` as `count_texts` gives them."""
    kept = [np.flatnonzero(count >= least) for count in counts]
    return layout_of(groups, counts, kept, [group.bits for group in groups], texts)


def scores(learner: Learner, counts: Sequence[NDArray[np.int32]]) -> list[Floats]:
    """Worth of each row of a trained scout: how far its weights tell outputs apart, times the fourth root of its count.

    The exponent lies between 0 (which keeps n-grams that say much, too rarely) and 1/2 (frequent ones that say little).
    """
    found = []
    for group, bucket_map in enumerate(learner.maps):
        weights = learner.weights(group)
        if learner.shape.linear and weights.shape[1] > 1:
            weights = weights - weights.mean(axis=1, keepdims=True)
        count = counts[group][bucket_map.buckets()].astype(np.float32)
        found.append(np.abs(weights).sum(axis=1) * np.sqrt(np.sqrt(count)))
    return found


def fit_rows(
    layout: Layout,
    counts: Sequence[NDArray[np.int32]],
    texts: int,
    worth: Sequence[Floats] | None,
    row_bytes: float,
    room: float,
) -> Layout | None:
    """The best rows of `layout` that fit `room` bytes with their maps; None if not even one fits.

    `worth`: a score a row of each group, or None if all rows are wanted. Ties are cut by bucket number.
    """
    sizes = [bucket_map.rows for bucket_map in layout.maps]
    ranks = _ranks(worth, sizes)
    best, claimed, more = None, room, 0.0
    for _ in range(REFILLS):
        taken = _most_rows(ranks, sum(sizes), row_bytes, claimed)
        if taken == 0:
            break
        kept = [bucket_map.buckets()[rank < taken] for bucket_map, rank in zip(layout.maps, ranks, strict=True)]
        bits = _widest([len(buckets) for buckets in kept], layout.groups, row_bytes, claimed)
        folded = layout_of(layout.groups, counts, kept, bits, texts)
        free = room - _bytes([bucket_map.rows for bucket_map in folded.maps], row_bytes, bits)
        if free < 0:  # a map that doubles takes much at once
            more /= 2
            claimed -= more
            continue
        best = folded
        if taken == sum(sizes) or free < FULL * room:
            break
        more = free
        claimed += more
    return best


def _most_rows(ranks: list[NDArray[np.int64]], rows: int, row_bytes: float, room: float) -> int:
    """The largest number of rows that fits with the smallest maps, were none folded into another."""
    low, high = 0, rows
    while low < high:
        middle = (low + high + 1) // 2
        taken = [int((rank < middle).sum()) for rank in ranks]
        if _bytes(taken, row_bytes, [_least_bits(count) for count in taken]) <= room:
            low = middle
        else:
            high = middle - 1
    return low


def _ranks(worth: Sequence[Floats] | None, sizes: list[int]) -> list[NDArray[np.int64]]:
    """Place of every row in the order of falling worth, over all groups together."""
    joined = np.concatenate(worth) if worth is not None else np.zeros(sum(sizes), dtype=np.float32)
    order = np.argsort(-joined, kind="stable")
    ranks = np.empty(len(order), dtype=np.int64)
    ranks[order] = np.arange(len(order))
    return np.split(ranks, np.cumsum(sizes)[:-1])


def _least_bits(rows: int) -> int:
    return max(MIN_BITS, int(np.ceil(np.log2(max(1, rows) * SPARSE))))


def _widest(rows: list[int], groups: Sequence[Group], row_bytes: float, room: float) -> list[int]:
    """Bits of each map, widened as long as there is room and use for it, the most crowded map first."""
    bits = [min(group.bits, _least_bits(count)) for count, group in zip(rows, groups, strict=True)]
    while True:
        crowded = sorted(range(len(rows)), key=lambda group: (1 << bits[group]) / max(1, rows[group]))
        for group in crowded:
            wider = [size + (at == group) for at, size in enumerate(bits)]
            useful = bits[group] < groups[group].bits and (1 << bits[group]) < ROOMY * rows[group]
            if useful and _bytes(rows, row_bytes, wider) <= room:
                bits = wider
                break
        else:
            return bits


def _bytes(rows: Sequence[int], row_bytes: float, bits: Sequence[int]) -> float:
    return sum(math.ceil(count * row_bytes) for count in rows) + sum((1 << width) / 8 for width in bits)


def layout_of(
    groups: Sequence[Group],
    counts: Sequence[NDArray[np.int32]],
    kept: Sequence[NDArray[np.int64]],
    bits: Sequence[int],
    texts: int,
) -> Layout:
    """Fold the kept buckets to `bits` and give each row its rate: the inverse document frequency, over its mean."""
    maps, frequencies = [], []
    for group, count, buckets, width in zip(groups, counts, kept, bits, strict=True):
        folded = count.reshape(1 << width, -1).sum(axis=1, dtype=np.int64)
        bucket_map = BucketMap.of(buckets >> (group.bits - width), width)
        maps.append(bucket_map)
        frequencies.append(np.minimum(folded[bucket_map.buckets()], texts))
    rarities = [np.log((1 + texts) / (1 + frequency)) + 1 for frequency in frequencies]
    occurrences = max(1, sum(int(frequency.sum()) for frequency in frequencies))
    pairs = zip(rarities, frequencies, strict=True)
    mean = sum(float((rarity * frequency).sum()) for rarity, frequency in pairs) / occurrences or 1.0
    folded_groups = tuple(replace(group, bits=width) for group, width in zip(groups, bits, strict=True))
    return Layout(folded_groups, tuple(maps), tuple((rarity / mean).astype(np.float32) for rarity in rarities))
