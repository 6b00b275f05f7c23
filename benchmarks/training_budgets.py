"""Time budgets of a fit: whether each is kept and used and ends at rate zero, and what more time brings.

    python benchmarks/training_budgets.py [--budgets 30s,60s,120s] [--seed 0]

`MLPClassifier` on Fashion-MNIST: 50,000 pictures to learn from, of which a tenth choose, and 10,000 that it never sees.
"""

from __future__ import annotations

import argparse
import gzip
import os
import time
from pathlib import Path

import numpy as np

from lilliput import Budget, MLPClassifier

DATA = Path(os.environ.get("LILLIPUT_DATA", Path(__file__).resolve().parents[2] / "shared" / "data")) / "fashion_mnist"


def read(name, offset):
    with gzip.open(DATA / name) as file:
        return np.frombuffer(file.read(), np.uint8, offset=offset)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--budgets", default="30s,60s,120s")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    X = read("train-images-idx3-ubyte.gz", 16).reshape(-1, 784)
    y = read("train-labels-idx1-ubyte.gz", 8)
    before = 0.0
    for budget in arguments.budgets.split(","):
        began = time.monotonic()
        model = MLPClassifier(hidden=(512, 256), dropout=0.3, budget=budget, seed=arguments.seed, progress=False)
        model.fit(X[:50_000], y[:50_000])
        spent = time.monotonic() - began
        allowed = Budget.parse(budget).time
        last = model.history_["records"][-1]
        right = model.score(X[50_000:], y[50_000:])
        print(
            f"{budget}: {spent:.2f} s, {spent / allowed - 1:+.1%} of the budget; rate in the end {last['rate']:.1e}, "
            f"{last['epoch']:.1f} passes; {right:.4f} right of 10,000 ({right - before:+.4f} to the budget before)",
            flush=True,
        )
        before = right
