from __future__ import annotations

import unittest
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from lilliput.core import registry
from lilliput.core.errors import BudgetError, DataError, DeviceError, LilliputError, ModelFileError, NotFittedError
from lilliput.core.modelfile import read_model, write_model
from lilliput.tasks import array_fit
from lilliput.tasks.polynomial import PolynomialNetwork

pytestmark = pytest.mark.usefixtures("quick")


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(array_fit, "MEASURING", 0.0)


def model(**more):
    return PolynomialNetwork(**{"threads": 1, "progress": False, **more})


def quadratic(a, b, random):
    weights = random.uniform(0.3, 1.0, 6) * random.choice([-1, 1], 6)
    return np.column_stack([np.ones(len(a)), a, b, a * b, a * a, b * b]) @ weights


def planted(seed, columns=6, rows=500):
    """A quadratic of two quadratics, noise of a tenth of its spread: rows, targets, clean test rows and targets."""
    random = np.random.default_rng(seed)
    X = random.standard_normal((rows + 2000, columns))
    y = quadratic(quadratic(X[:, 0], X[:, 1], random), quadratic(X[:, 2], X[:, 3], random), random)
    noise = 0.1 * y.std() * random.standard_normal(len(y))
    return X[:rows], (y + noise)[:rows], X[rows:], y[rows:]


with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # that it does not inherit from BaseEstimator
    conforms = parametrize_with_checks([model(layers=1, steps=5)])


@conforms
def test_scikit_learns_checks(estimator, check):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            check(estimator)
        except unittest.SkipTest:  # some check only what is installed or switched on here
            return


@pytest.mark.parametrize("seed", [2, 4])
def test_recovers_a_planted_quadratic_of_two_levels(seed):
    X, y, test, clean = planted(seed)
    found = model().fit(X, y)
    assert found.score(test, clean) > 0.99
    assert found.report_.quality["r2"].value > 0.9


def test_the_formula_is_the_network():
    X, y, test, _ = planted(1)
    names = ["width", "height", "x1", "two words", "e", "f"]
    found = model(layers=3, steps=0).fit(pd.DataFrame(X, columns=names), y)
    values = {name: test[:, column] for column, name in enumerate(["width", "height", "x1", "x3", "e", "f"])}
    for line in found.formula(17).replace("^", "**").splitlines():
        name, text = line.split(" = ")
        values[name] = eval(text, {}, values)
    np.testing.assert_allclose(values["y"], found.predict(test), rtol=1e-6, atol=1e-6)
    assert len(found.formula_.splitlines()) == found.n_units_


def test_columns_of_other_scales_and_means():
    X, y, test, clean = planted(4)
    scale, mean = 10.0 ** np.arange(-3, 3), np.arange(6) * 100.0
    found = model().fit(X * scale + mean, 1e6 * y)
    assert found.score(test * scale + mean, 1e6 * clean) > 0.99


def test_a_product_among_hundreds_of_columns():
    random = np.random.default_rng(0)
    X = random.standard_normal((600, 310))
    y = X[:, 17] * X[:, 300] + 0.1 * random.standard_normal(600)
    found = model(columns=20, layers=2).fit(X, y)
    assert {17, 300} <= set(found.used_)
    fresh = random.standard_normal((500, 310))
    assert found.score(fresh, fresh[:, 17] * fresh[:, 300]) > 0.95


def test_columns_that_repeat_or_stand_still_do_no_harm():
    X, y, test, clean = planted(1)

    def with_more(rows):
        return np.column_stack([rows, rows[:, 0], 2 * rows[:, 1] + 1, np.full(len(rows), 7.0)])

    assert model().fit(with_more(X), y).score(with_more(test), clean) > 0.98
    still = model(layers=2).fit(np.ones((30, 2)), np.arange(30.0))
    np.testing.assert_allclose(still.predict([[1, 1]]), 14.5, atol=1e-2)
    assert model(layers=2).fit(X[:30], np.full(30, 3.0)).predict(X[:2]).tolist() == [3, 3]


def test_noise_gets_no_layers():
    random = np.random.default_rng(0)
    found = model(layers=3).fit(random.standard_normal((500, 5)), random.standard_normal(500))
    assert found.n_layers_ <= 2
    assert abs(found.score(random.standard_normal((500, 5)), random.standard_normal(500))) < 0.2


def test_saved_and_loaded(tmp_path):
    X, y, test, _ = planted(0)
    found = model(layers=1).fit(X, y)
    found.save(tmp_path / "m.safetensors")
    loaded = registry.load(tmp_path / "m.safetensors")
    np.testing.assert_array_equal(loaded.predict(test), found.predict(test))
    assert loaded.formula_ == found.formula_
    assert loaded.to_bytes() == found.to_bytes() == model(layers=1, threads=3).fit(X, y).to_bytes()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda manifest, arrays: arrays.pop("weights"), "'weights' is missing"),
        (lambda manifest, arrays: arrays.update(left=arrays["left"] + 50), "not describe a polynomial network"),
        (lambda manifest, arrays: manifest.pop("names"), "not describe a polynomial network"),
    ],
)
def test_a_file_that_does_not_fit(tmp_path, change, message):
    path = tmp_path / "m.safetensors"
    model(layers=1).fit(*planted(0)[:2]).save(path)
    manifest, arrays = read_model(path)
    change(manifest, arrays := dict(arrays))
    write_model(path, manifest, arrays)
    with pytest.raises(ModelFileError, match=message):
        registry.load(path)


@pytest.mark.parametrize(
    ("X", "y", "message"),
    [
        ([[0, 1], [np.nan, 2]], [0, 1], "row 1, column 0 is NaN"),
        ([[0, 1], [1, 2]], [0, np.inf], "y: row 1 is infinity"),
        ([[0, 1], [1, 2]], [0, 1, 1], "X has 2 rows and y has 3"),
        ([[0, 1], [1, 2]], ["a", "b"], "predicts numbers"),
    ],
)
def test_bad_data(X, y, message):
    with pytest.raises(DataError, match=message):
        model().fit(X, y)


def test_promises():
    X, y, *_ = planted(0)
    with pytest.raises(NotFittedError, match="fit first"):
        model().predict(X)
    with pytest.raises(LilliputError, match="width=0; give 1 or more"):
        model(width=0).fit(X, y)
    with pytest.raises(DeviceError, match="on the processor"):
        model(device="cuda").fit(X, y)
    with pytest.raises(BudgetError, match="bytes larger"):
        model(layers=1, budget="500B").fit(X, y)


def test_no_unit_leaves_what_it_has_seen_far_behind():
    random = np.random.default_rng(0)
    X = random.standard_normal((400, 4))
    y = (X[:, 0] * X[:, 1] + X[:, 2] * X[:, 3] + 0.3 * random.standard_normal(400) > 0).astype(float)
    found = model().fit(X[:130], y[:130])
    far = found.predict(1000 * X)
    spread = np.ptp(found.predict(X[:130]))
    assert np.abs(far).max() < 3 * spread + 1
    assert np.abs(found.predict(X)).max() < 4


def test_many_weights_are_not_fitted_together_to_few_rows():
    from sklearn.datasets import load_wine

    X, names = load_wine(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(X))
    X, y = X[order], (names[order] == 2).astype(float)
    assert model().fit(X[:124], y[:124]).score(X[124:], y[124:]) > 0.3
