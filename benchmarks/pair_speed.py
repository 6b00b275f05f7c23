"""How quickly suggestions come, and what a context moves.

    LILLIPUT_DATA=data python benchmarks/pair_speed.py

What's Cooking: the time of one `suggest`, usual and daring, for baskets of one to eight items; then all seen from the
Mexican kitchen: the mean change of rank of the items that most kitchens share, and the tomatoes. Then a model of a
million items with made-up baskets of Zipf's law, without training: the time of one `suggest` there.
"""

from __future__ import annotations

import gzip
import json
import os
import time
from pathlib import Path

import numpy as np

from lilliput.tasks.pair import PairingRecommender
from lilliput.tasks.pair_count import both_ways
from lilliput.tasks.pair_model import Coded, Known, Pairs

DATA = Path(os.environ.get("LILLIPUT_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
CALLS = 300


def told(name: str, model: PairingRecommender, baskets: list[list[str]]) -> None:
    """Print the median and the 95th percentile of one suggestion, in milliseconds."""
    for adventurous in (0.0, 1.0):
        times = []
        for basket in baskets:
            started = time.perf_counter()
            model.suggest(basket, k=10, adventurous=adventurous)
            times.append(1e3 * (time.perf_counter() - started))
        middle, high = np.quantile(times[20:], (0.5, 0.95))
        print(f"{name}, adventurous {adventurous:.0f}: {middle:.2f} ms, 95 % below {high:.2f} ms")


def million(items: int = 1_000_000, pairs: int = 20_000_000) -> PairingRecommender:
    """A recommender of so many items that nobody trained."""
    random = np.random.default_rng(0)
    popular = (items ** random.random((pairs, 2))).astype(np.int64) - 1
    low, high = popular.min(axis=1), popular.max(axis=1)
    keys = np.unique((low * items + high)[low < high])
    offsets, columns, _, _ = both_ways(keys, items)
    model = PairingRecommender(progress=False)
    coded = Coded.of(random.standard_normal((items, 32)).astype(np.float32), 8)
    counts = np.maximum(1, 5e6 / np.arange(1, items + 1)).astype(np.int64)
    empty = np.zeros(0, dtype=np.int32)
    model.known_ = Known(
        [f"item {number}" for number in range(items)],
        counts,
        5_000_000,
        Pairs(offsets, columns, np.full(len(columns), 2, np.int32), np.full(len(columns), 5, np.int8), 0.02, 1),
        coded,
        coded,
        np.log(counts).astype(np.float32),
        0.4,
        [],
        np.zeros(0, np.int64),
        np.zeros(1, np.int64),
        empty,
        empty,
    )
    return model


def main() -> None:
    with gzip.open(DATA / "recipes" / "whats_cooking_train.jsonl.gz", "rt") as lines:
        rows = [json.loads(line) for line in lines]
    model = PairingRecommender(items="ingredients", context="cuisine", progress=False).fit(rows)
    random = np.random.default_rng(0)
    drawn = [rows[at]["ingredients"] for at in random.integers(len(rows), size=CALLS)]
    told(f"{len(model.items_):,} items", model, [basket[: 1 + n % 8] for n, basket in enumerate(drawn)])
    seen = model.condition("mexican")
    moved = [one for one, shared in zip(seen.moved(), seen.shared.tolist(), strict=True) if shared]
    change = np.mean([one.rank_before - one.rank_after for one in moved])
    nearer = np.mean([one.distance_after < one.distance_before for one in moved])
    share = f"{change:.0f} ranks of {len(seen.names):,} nearer on the mean, {nearer:.0%} are nearer"
    print(f"from mexican: {len(moved):,} shared items, {share}")
    for item in ("tomatoes", "garlic", "soy sauce"):
        one = seen.of(item)
        print(
            f"  {item}: distance {one.distance_before:.3f} to {one.distance_after:.3f}, "
            f"rank {one.rank_before} to {one.rank_after}"
        )
    many = million()
    baskets = [[f"item {at}" for at in (1e6 ** random.random(1 + n % 8)).astype(int)] for n in range(CALLS)]
    told(f"{len(many.items_):,} items", many, [list(dict.fromkeys(basket)) for basket in baskets])


if __name__ == "__main__":
    main()
