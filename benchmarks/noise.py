"""When noise pays: rectifier networks with noise on normalised units, with dropout, and with neither, in equal passes.

    python benchmarks/noise.py [--rows 5000] [--passes 15] [--seeds 2]

The share of MNIST's 10,000 test pictures that are wrong, after learning from some of the others.
"""

from __future__ import annotations

import argparse
import gzip
import os
import time
from pathlib import Path

import numpy as np

from lilliput import MLPClassifier

DATA = Path(os.environ.get("LILLIPUT_DATA", Path(__file__).resolve().parents[2] / "shared" / "data")) / "mnist"

RECIPES = {
    "neither": {"dropout": 0.0},
    "dropout": {"dropout": 0.2},
    "more dropout": {"dropout": 0.5, "input_dropout": 0.2},
    "normalised": {"dropout": 0.0, "normalise": True},
    "normalised, dropout": {"dropout": 0.2, "normalise": True},
    "normalised, noise": {"dropout": 0.0, "normalise": True, "noise": 0.3},
    "and on inputs, 0.3": {"dropout": 0.0, "normalise": True, "noise": 0.3, "input_noise": 0.3},
    "and on inputs, 1": {"dropout": 0.0, "normalise": True, "noise": 0.3, "input_noise": 1.0},
}


def read(part):
    with gzip.open(DATA / f"{part}-images-idx3-ubyte.gz") as file:
        X = np.frombuffer(file.read(), np.uint8, offset=16).reshape(-1, 784)
    with gzip.open(DATA / f"{part}-labels-idx1-ubyte.gz") as file:
        return X, np.frombuffer(file.read(), np.uint8, offset=8)


def wrong(seed, recipe, rows, passes):
    X, y = read("train")
    chosen = np.random.default_rng(seed).permutation(len(X))[:rows]
    model = MLPClassifier(epochs=passes, seed=seed, progress=False, **recipe).fit(X[chosen], y[chosen])
    return 1 - model.score(*read("t10k"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=5000)
    parser.add_argument("--passes", type=float, default=15)
    parser.add_argument("--seeds", type=int, default=2)
    asked = parser.parse_args()
    for name, recipe in RECIPES.items():
        began = time.process_time()
        found = [wrong(seed, recipe, asked.rows, asked.passes) for seed in range(asked.seeds)]
        seconds = (time.process_time() - began) / asked.seeds
        each = ", ".join(f"{value:.4f}" for value in found)
        print(f"{name:<20} {np.mean(found):.4f} ({each}); {seconds:.0f} s of processor", flush=True)


if __name__ == "__main__":
    main()
