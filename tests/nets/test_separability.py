from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from lilliput.nets import separability as module
from lilliput.nets.separability import separability


def by_programming(rows, signs):
    """Whether a linear program finds weights with all signed products at least one."""
    points = np.column_stack([rows, np.ones(len(rows))]) * signs[:, None]
    return linprog(np.zeros(points.shape[1]), A_ub=-points, b_ub=-np.ones(len(points)), bounds=(None, None)).status == 0


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 30), st.integers(1, 5), st.booleans())
def test_agrees_with_linear_programming(seed, count, columns, whole):
    random = np.random.default_rng(seed)
    rows = random.integers(-2, 3, (count, columns)).astype(float) if whole else random.standard_normal((count, columns))
    signs = np.where(random.random(count) < 0.5, 1.0, -1.0)
    found = separability(rows, signs, random.standard_normal(columns + 1))
    assert found.separable is by_programming(rows, signs)
    if found.separable:
        assert (signs * (rows @ found.weights[:-1] + found.weights[-1]) > 0).all()


def test_a_thin_gap_among_many_rows_is_found():
    random = np.random.default_rng(0)
    rows = random.standard_normal((5000, 10))
    scores = rows @ random.standard_normal(10)
    near = np.abs(scores) > 0.02
    found = separability(rows[near], np.sign(scores[near]), random.standard_normal(11))
    assert found.separable
    signs = np.sign(scores)
    signs[7] *= -1  # deep inside
    assert separability(rows[near], signs[near], random.standard_normal(11)).separable is False


def test_it_stays_open_when_the_work_is_too_much(monkeypatch):
    monkeypatch.setattr(module, "WORK", 100)
    random = np.random.default_rng(0)
    rows, signs = random.standard_normal((50, 3)), np.where(random.random(50) < 0.5, 1.0, -1.0)
    found = separability(rows, signs, np.ones(4))
    assert found.separable is None
    assert 0 < found.margin <= 1


@pytest.mark.parametrize("count", [1, 2])
def test_few_rows(count):
    assert separability(np.zeros((count, 1)), np.ones(count), np.zeros(2)).separable
    assert separability(np.zeros((2, 1)), np.array([1.0, -1.0]), np.zeros(2)).separable is False
