from __future__ import annotations

import numpy as np

from lilliput.nets.polynomial import Network, equations, grow, moments, screen, solve, terms
from lilliput.nets.polynomial_refine import jacobian, refine

RANDOM = np.random.default_rng(0)
X = RANDOM.standard_normal((60, 4))
Y = RANDOM.standard_normal(60)


def test_normal_equations_come_from_moments():
    a, b = np.triu_indices(4, 1)
    matrices, right = equations(moments(X, Y), a, b)
    for pair, (i, j) in enumerate(zip(a, b, strict=True)):
        table = terms(X[:, i], X[:, j])
        np.testing.assert_allclose(matrices[pair], table.T @ table, atol=1e-10)
        np.testing.assert_allclose(right[pair], table.T @ Y, atol=1e-10)
        np.testing.assert_allclose(solve(matrices, right)[pair], np.linalg.lstsq(table, Y)[0], atol=1e-8)


def test_terms_that_depend_on_one_another():
    same = np.column_stack([X[:, 0], X[:, 0]])
    found = grow(same, Y, same, Y, 3)
    table = terms(same[:, 0], same[:, 1])
    best = table @ np.linalg.lstsq(table, Y)[0]
    np.testing.assert_allclose(found.errors[0], np.mean((Y - best) ** 2), rtol=1e-8)
    assert np.abs(found.weights).max() < 10


def test_units_are_ranked_by_the_rows_kept():
    kept, wanted = RANDOM.standard_normal((30, 4)), RANDOM.standard_normal(30)
    found = grow(X, Y, kept, wanted, 5)
    for unit in range(5):
        output = terms(kept[:, found.left[unit]], kept[:, found.right[unit]]) @ found.weights[unit]
        np.testing.assert_allclose(found.errors[unit], np.mean((wanted - output) ** 2))
    assert (np.diff(found.errors) >= 0).all()


def test_derivatives_are_those_of_differences():
    net = Network(4, np.array([0, 2, 4, 4]), np.array([1, 3, 5, 6]), RANDOM.standard_normal((4, 6)) / 2)
    output, slopes = jacobian(net, X)
    np.testing.assert_array_equal(output, net.run(X))
    for place in np.ndindex(4, 6):
        change = np.zeros((4, 6))
        change[place] = 1e-6
        more, less = (Network(4, net.left, net.right, net.weights + sign * change).run(X) for sign in (1, -1))
        np.testing.assert_allclose(slopes[:, place[0] * 6 + place[1]], (more - less) / 2e-6, rtol=1e-5, atol=1e-6)


def test_weights_fitted_together_find_what_was_planted():
    planted = Network(4, np.array([0, 2, 4]), np.array([1, 3, 5]), RANDOM.uniform(0.3, 1, (3, 6)))
    start = Network(4, planted.left, planted.right, planted.weights * RANDOM.uniform(0.8, 1.2, (3, 6)))
    found, steps = refine(start, X, planted.run(X), X[:20], planted.run(X[:20]), 100)
    assert 0 < steps < 60
    np.testing.assert_allclose(found.run(X), planted.run(X), atol=1e-4)


def test_the_part_of_a_unit_is_what_it_needs():
    net = Network(4, np.array([0, 2, 4, 5]), np.array([1, 3, 5, 0]), RANDOM.standard_normal((4, 6)))
    part = net.part(3)
    assert len(part.left) == 2
    np.testing.assert_array_equal(part.run(X), net.run(X))


def test_screening_sees_products():
    random = np.random.default_rng(1)
    rows = random.standard_normal((400, 300))
    assert set(screen(rows, rows[:, 7] * rows[:, 200], 10)) >= {7, 200}
    assert set(screen(rows, rows[:, 3] ** 2 - 1, 10)) >= {3}
    assert screen(rows[:, :5], rows[:, 0], 10).tolist() == [0, 1, 2, 3, 4]
