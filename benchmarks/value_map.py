"""The map from words to values in few bits: its size beside the bound, its errors, and its speed beside a dict.

    python benchmarks/value_map.py [--error 0.00390625] [--keys 1000 10000 100000 1000000]

Keys are random 64-bit hashes. Values are skewed (1,000 values by Zipf's law), even (1,000 values) or wide (65,536 even
values). The bound is log2(1 / error) + the entropy of the values, in bits a key. The dict has the same hashes as
keys and is asked for all of them in one go; its memory is that of its table and its integers. Times are the best of
some runs after a warm-up, in random order of the keys; "other" are keys outside the map.
"""

from __future__ import annotations

import argparse
import time
import tracemalloc
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from lilliput.compress.valuemap import ValueMap

OTHERS, ONES = 1_000_000, 2_000


def best(function: Callable[[], object], runs: int = 3) -> float:
    """Seconds of the fastest of some runs after a warm-up."""
    function()
    times = []
    for _ in range(runs):
        started = time.perf_counter()
        function()
        times.append(time.perf_counter() - started)
    return min(times)


def kinds(count: int) -> dict[str, NDArray[np.int64]]:
    generator = np.random.default_rng(1)
    shares = 1 / np.arange(1, 1001)
    return {
        "skewed": generator.choice(1000, count, p=shares / shares.sum()),
        "even": generator.integers(0, 1000, count),
        "wide": generator.integers(0, 65536, count),
    }


def bound(values: NDArray[np.int64], error: float) -> float:
    shares = np.unique(values, return_counts=True)[1] / len(values)
    return float(-np.log2(error) - (shares * np.log2(shares)).sum())


def dict_beside(keys: NDArray[np.uint64], values: NDArray[np.int64]) -> tuple[float, float]:
    """Bytes of a dict, and nanoseconds of a look-up in bulk."""
    tracemalloc.start()
    table = dict(zip(keys.tolist(), values.tolist(), strict=True))
    size = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    asked = keys.tolist()
    return size, best(lambda: list(map(table.get, asked))) / len(asked) * 1e9


def row(name: str, keys: NDArray[np.uint64], values: NDArray[np.int64], error: float) -> None:
    ValueMap.build(keys[:10], values[:10], error)  # compiles
    started = time.perf_counter()
    value_map = ValueMap.build(keys, values, error)
    built = time.perf_counter() - started
    if not np.array_equal(value_map.look_up(keys), values):
        raise SystemExit("a key has lost its value")
    others = np.random.default_rng(2).integers(0, 2**64, OTHERS, dtype=np.uint64)
    wrong = np.count_nonzero(value_map.look_up(others) >= 0) / OTHERS
    repeated = np.resize(keys, max(len(keys), OTHERS // 10))
    bulk = best(lambda: value_map.look_up(repeated)) / len(repeated) * 1e9
    foreign = best(lambda: value_map.look_up(others)) / OTHERS * 1e9
    singles = [np.resize(asked, ONES).tolist() for asked in (keys, others)]
    one, other = (best(lambda asked=asked: list(map(value_map.look_up_one, asked))) / ONES * 1e6 for asked in singles)
    size, dict_ns = dict_beside(keys, values)
    least = bound(values, error)
    print(
        f"{len(keys):9,} {name:<7} {least:6.2f} {value_map.bits_per_key:6.2f} {value_map.bits_per_key / least:6.3f}"
        f" {wrong / error:5.2f} {built:5.2f} {value_map.nbytes / 1e3:10,.1f} {size / 1e3:10,.0f}"
        f" {bulk:6.0f} {foreign:6.0f} {dict_ns:5.0f} {one:7.1f} {other:6.1f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--error", type=float, default=1 / 256)
    parser.add_argument("--keys", type=int, nargs="+", default=[1000, 10_000, 100_000, 1_000_000])
    arguments = parser.parse_args()
    print("                       bits a key        errors   build           kB        ns a key in bulk     one, us")
    print("     keys values   bound   ours  ratio by e     s       ours       dict   ours  other  dict    ours  other")
    for count in arguments.keys:
        keys = np.random.default_rng(count).integers(0, 2**64, count, dtype=np.uint64)
        for name, values in kinds(count).items():
            row(name, keys, values, arguments.error)


if __name__ == "__main__":
    main()
