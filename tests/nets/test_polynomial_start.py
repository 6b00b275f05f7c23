"""Where the fit of a quadratic of two quadratics begins."""

from __future__ import annotations

import numpy as np
import pytest

from lilliput.nets.polynomial import Network
from lilliput.nets.polynomial_refine import refine
from lilliput.nets.polynomial_start import joined

LEFT, RIGHT = np.array([0, 2, 4]), np.array([1, 3, 5])


def plant(seed, rows=300):
    """Columns, and a quadratic of two quadratics of them."""
    random = np.random.default_rng(seed)
    X = random.standard_normal((rows, 4)) * [1, 3, 0.2, 1] + [0, 1, 5, 0]
    weights = random.uniform(0.3, 1.0, (3, 6)) * random.choice([-1, 1], (3, 6))
    y = Network(4, LEFT, RIGHT, weights).run(X)
    return X, (y - y.mean()) / y.std()


@pytest.mark.parametrize("seed", range(8))
def test_without_noise_it_is_the_end(seed):
    X, y = plant(seed)
    found = Network(4, LEFT, RIGHT, joined(X[:, :2], X[:, 2:], y))
    np.testing.assert_allclose(found.run(X), y, atol=1e-5)


def test_with_noise_the_right_weights_are_near():
    """From chance it takes four starts and more to find them."""
    right = 0
    for seed in range(20):
        X, y = plant(seed)
        X = (X - X.mean(axis=0)) / X.std(axis=0)
        noisy = y + 0.1 * np.random.default_rng(seed).standard_normal(len(y))
        start = Network(4, LEFT, RIGHT, joined(X[:, :2], X[:, 2:], noisy))
        found, _ = refine(start, X, noisy, X, noisy, 50)
        right += np.mean((found.run(X) - y) ** 2) < 0.002
    assert right >= 19


def test_sums_and_columns_that_stand_still_do_no_harm():
    X, _ = plant(0)
    additive = X[:, 0] * X[:, 1] + X[:, 2]  # no product of the two: chance decides the quadratics
    assert np.isfinite(joined(X[:, :2], X[:, 2:], additive)).all()
    still = np.column_stack([X[:, 0], np.zeros(len(X))])
    weights = joined(still, X[:, 2:], X[:, 0] * X[:, 2])
    found = Network(4, LEFT, RIGHT, weights).run(np.column_stack([still, X[:, 2:]]))
    np.testing.assert_allclose(found, X[:, 0] * X[:, 2], atol=1e-5)
