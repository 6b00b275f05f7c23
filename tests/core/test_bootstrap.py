from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lilliput.core import bootstrap as module
from lilliput.core.bootstrap import Statistic, bootstrap
from lilliput.core.errors import DataError


def mean_of(values):
    """The mean of some values, by their sum and their number."""
    parts = np.stack([values, np.ones(len(values))], axis=1)
    return Statistic(parts, lambda sums: sums[..., 0] / sums[..., 1])


def test_the_interval_of_a_mean_agrees_with_the_normal_one():
    values = np.random.default_rng(1).normal(size=900)
    measure = bootstrap({"mean": mean_of(values)}, seed=0)["mean"]
    half = 1.96 * values.std() / 30
    assert measure.value == pytest.approx(values.mean(), rel=1e-12)
    assert measure.low == pytest.approx(values.mean() - half, abs=0.25 * half)
    assert measure.high == pytest.approx(values.mean() + half, abs=0.25 * half)
    assert measure.n == 900


def test_rows_beyond_the_groups_have_the_same_interval(monkeypatch):
    values = np.sort(np.random.default_rng(1).exponential(size=20_000))  # in an order that groups must not follow
    rows = bootstrap({"mean": mean_of(values[::10])}, seed=0)["mean"]
    monkeypatch.setattr(module, "GROUPS", 500)
    grouped = bootstrap({"mean": mean_of(values[::10])}, seed=0)["mean"]
    assert grouped.value == pytest.approx(rows.value, rel=1e-12)
    assert grouped.high - grouped.low == pytest.approx(rows.high - rows.low, rel=0.25)
    assert grouped.n == 2000


@pytest.mark.parametrize("rows", [1, 2, 7, 101])
def test_groups_of_unequal_size_do_not_shift_a_mean(rows, monkeypatch):
    monkeypatch.setattr(module, "GROUPS", 3)
    measure = bootstrap({"mean": mean_of(np.full(rows, 0.3))}, seed=0)["mean"]
    assert [measure.low, measure.value, measure.high] == pytest.approx([0.3] * 3)


def test_the_seed_alone_decides():
    values = mean_of(np.random.default_rng(1).normal(size=50))
    assert bootstrap({"mean": values}, seed=1) == bootstrap({"mean": values}, seed=1)
    assert bootstrap({"mean": values}, seed=1) != bootstrap({"mean": values}, seed=2)


def test_a_measure_does_not_depend_on_its_company():
    one, two = (mean_of(np.random.default_rng(seed).normal(size=50)) for seed in (1, 2))
    assert bootstrap({"a": one, "b": two}, seed=0)["b"] == bootstrap({"b": two}, seed=0)["b"]


@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=40))
def test_sums_are_exact_in_any_order(values):
    column = np.array(values)[:, None]
    rounded = module._on_grid(column)
    np.testing.assert_allclose(rounded, column, rtol=0, atol=1e-13 * len(values) * np.abs(column).max() + 1e-300)
    assert rounded.sum() == rounded[::-1].sum() == sum(rounded[:, 0].tolist())


def test_whole_numbers_are_not_rounded():
    column = np.arange(-1000.0, 1000.0)[:, None]
    assert np.array_equal(module._on_grid(column), column)


def test_the_interval_holds_the_value_even_when_resamples_are_lower():
    distinct = Statistic(np.eye(100), lambda sums: (sums > 0).sum(axis=-1))
    measure = bootstrap({"rows drawn": distinct}, seed=0)["rows drawn"]
    assert measure.low < measure.value == measure.high == 100


def test_nothing_to_measure_is_refused():
    with pytest.raises(DataError, match="no rows to measure on"):
        bootstrap({"mean": mean_of(np.zeros(0))}, seed=0)
