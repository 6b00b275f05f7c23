"""Time budgets of a fit: whether each is kept and used and ends at rate zero, and what more time brings.

    python benchmarks/training_budgets.py [--budgets 30s,60s,120s] [--seeds 2] [--recipes dropout,noise]

`MLPClassifier` on Fashion-MNIST: 50,000 pictures to learn from, of which a tenth choose, and 10,000 that it never sees;
with dropout, and with noise on inputs and normalised units instead. Shares of 10,000 have a standard error of 0.003.
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
RECIPES = {
    "dropout": {"dropout": 0.3},
    "noise": {"dropout": 0.0, "normalise": True, "noise": 0.3, "input_noise": 0.3},
}


def read(name, offset):
    with gzip.open(DATA / name) as file:
        return np.frombuffer(file.read(), np.uint8, offset=offset)


def fitted(X, y, budget, seed, recipe):
    """The share right of the pictures that it never saw; says what the fit did."""
    began = time.monotonic()
    model = MLPClassifier(hidden=(512, 256), budget=budget, seed=seed, progress=False, **recipe)
    model.fit(X[:50_000], y[:50_000])
    spent = time.monotonic() - began
    last = model.history_["records"][-1]
    right = model.score(X[50_000:], y[50_000:])
    print(
        f"  {budget}, seed {seed}: {spent:.2f} s, {spent / Budget.parse(budget).time - 1:+.1%} of the budget; "
        f"rate in the end {last['rate']:.1e}, {last['epoch']:.1f} passes; {right:.4f} right",
        flush=True,
    )
    return right


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--budgets", default="30s,60s,120s")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--recipes", default="dropout,noise")
    asked = parser.parse_args()
    X = read("train-images-idx3-ubyte.gz", 16).reshape(-1, 784)
    y = read("train-labels-idx1-ubyte.gz", 8)
    for name in asked.recipes.split(","):
        print(", ".join(f"{key} {value}" for key, value in RECIPES[name].items()), flush=True)
        before = None
        for budget in asked.budgets.split(","):
            right = float(np.mean([fitted(X, y, budget, seed, RECIPES[name]) for seed in range(asked.seeds)]))
            more = "" if before is None else f" ({right - before:+.4f} to the budget before)"
            print(f"  {budget}: {right:.4f}{more}", flush=True)
            before = right


if __name__ == "__main__":
    main()
