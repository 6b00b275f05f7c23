"""Planted quadratics of two levels, found again from 500 noisy rows: R2 on clean test rows, over many of them.

    python benchmarks/polynomial.py [--seeds 24] [--first 0] [--columns 6]

Each target is q3(q1(x0, x1), q2(x2, x3)) with the six weights of every quadratic drawn from +-[0.3, 1], rows normal,
noise a tenth of the target's spread. Peers: all products up to the fourth degree with a ridge chosen by
cross-validation, gradient boosting, and a network of two layers, all of scikit-learn.
"""

from __future__ import annotations

import argparse
import time
import warnings

import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import RidgeCV
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from lilliput import PolynomialNetwork


def quadratic(a, b, random):
    weights = random.uniform(0.3, 1.0, 6) * random.choice([-1, 1], 6)
    return np.column_stack([np.ones(len(a)), a, b, a * b, a * a, b * b]) @ weights


def planted(seed: int, columns: int):
    random = np.random.default_rng(seed)
    X = random.standard_normal((2500, columns))
    y = quadratic(quadratic(X[:, 0], X[:, 1], random), quadratic(X[:, 2], X[:, 3], random), random)
    noise = 0.1 * y.std() * random.standard_normal(len(y))
    return X[:500], (y + noise)[:500], X[500:], y[500:]


def candidates(columns: int):
    penalties = np.logspace(-2, 4, 13)
    yield "lilliput", lambda: PolynomialNetwork(progress=False)
    if columns <= 12:
        products = PolynomialFeatures(4)
        yield "products, ridge", lambda: make_pipeline(products, StandardScaler(), RidgeCV(penalties))
    yield "boosting", lambda: HistGradientBoostingRegressor(random_state=0)
    yield (
        "MLPRegressor",
        lambda: make_pipeline(
            StandardScaler(), MLPRegressor(hidden_layer_sizes=(64, 64), max_iter=1000, random_state=0)
        ),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=24)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--columns", type=int, default=6)
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    for name, make in candidates(asked.columns):
        found, started = [], time.process_time()
        for seed in range(asked.first, asked.first + asked.seeds):
            X, y, test, clean = planted(seed, asked.columns)
            found.append(make().fit(X, y).score(test, clean))
        seconds = (time.process_time() - started) / asked.seeds
        print(
            f"{name:<16} R2 median {np.median(found):.4f}, least {min(found):.4f}, "
            f"0.99 in {np.sum(np.array(found) >= 0.99)} of {len(found)}; {seconds:.2f} s of processor each"
        )
    print(PolynomialNetwork(progress=False).fit(*planted(1, asked.columns)[:2]).formula(3))


if __name__ == "__main__":
    main()
