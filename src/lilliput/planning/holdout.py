"""Rows kept back from learning: some to decide by, some for the report alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lilliput.data.packed import Packed, concatenate, subset
from lilliput.training.examples import Shards

HELD_MOST = 20_000
TUNE_LEAST = 20
"""Rows below which a tune part decides nothing."""


@dataclass(frozen=True)
class Held:
    """Rows kept back: their texts, their row numbers, and how many of them (the first ones) are for tuning."""

    packed: Packed
    rows: NDArray[np.int64]
    tune: int


def hold_out(corpus: Shards, rows: int, seed: int) -> Held:
    """Keep back a fifth of the rows, at most 20,000, at random; half of them to tune by, half for the report."""
    count = min(rows // 5, HELD_MOST)
    chosen = np.random.default_rng([seed, 2]).permutation(rows)[:count]
    place = np.full(rows, -1, dtype=np.int64)
    place[chosen] = np.arange(count)
    found, packed = [], []
    for number in range(corpus.shards):
        part, part_rows = corpus.shard(number)
        texts = np.flatnonzero(place[part_rows] >= 0)
        packed.append(subset(part, texts))
        found.append(part_rows[texts])
    joined = np.concatenate(found) if found else np.zeros(0, dtype=np.int64)
    order = np.argsort(place[joined])
    tune = count // 2 if count >= 2 * TUNE_LEAST else 0
    return Held(subset(concatenate(packed), order), joined[order], tune)
