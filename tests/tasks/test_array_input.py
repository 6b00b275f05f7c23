"""What people hand over as rows and targets, and what tasks on arrays make of it."""

from __future__ import annotations

import numpy as np
import pandas
import pytest

pytest.importorskip("torch")

from lilliput.core import registry
from lilliput.core.errors import DataError, DeviceError, LilliputError
from lilliput.tasks import array_fit
from lilliput.tasks.array_input import NoNumbersError, as_matrix, numbers, standards
from lilliput.tasks.array_report import split
from lilliput.tasks.mlp import MLPClassifier, MLPRegressor
from lilliput.tasks.perceptron import Perceptron
from lilliput.tasks.polynomial import PolynomialNetwork
from lilliput.tasks.rbm import RestrictedBoltzmannMachine

RANDOM = np.random.default_rng(0)
X = RANDOM.standard_normal((200, 4))
CLASSES = (X[:, 0] > 0).astype(int)
Y = 2 * X[:, 0] + 1


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(array_fit, "MEASURING", 0.0)


def network(kind=MLPClassifier, **more):
    return kind(**{"hidden": (16,), "epochs": 20, "dropout": 0, "threads": 1, "progress": False, **more})


# Rows


@pytest.mark.parametrize("factor", [1e-300, 1e-200, 1e200, 1e300])
def test_standards_of_numbers_whose_squares_are_none(factor):
    mean, scale = standards(X)
    np.testing.assert_allclose(standards(X * factor), (mean * factor, scale * factor), rtol=1e-12)
    standards(np.full((3, 1), 1.7e308))


@pytest.mark.parametrize("factor", [1e-300, 1e300])
def test_huge_and_tiny_numbers_are_learned_from(factor):
    found = Perceptron(progress=False).fit(X * factor, CLASSES)
    assert found.separable_ == [True]
    assert found.score(X * factor, CLASSES) > 0.97
    assert PolynomialNetwork(progress=False).fit(X * factor, Y).score(X * factor, Y) > 0.999


def test_columns_that_vary_far_from_zero_are_shifted_before_they_are_rounded(tmp_path):
    seconds = 1.7e9 + X  # of the years since 1970: the next number of 32 bits is 128 seconds away
    found = network(epochs=40).fit(seconds, CLASSES)
    assert found.score(seconds, CLASSES) > 0.9
    assert not any("the same in all rows" in note for note in found.report_.notes)
    found.save(tmp_path / "m.safetensors")
    np.testing.assert_array_equal(registry.load(tmp_path / "m.safetensors").predict(seconds), found.predict(seconds))
    whole = (seconds * 1000).astype(np.int64)
    assert network(epochs=40).fit(whole, CLASSES).score(whole, CLASSES) > 0.9


def test_columns_that_hardly_vary_are_constant():
    rows = np.c_[X, X[:, 0] * 1e-42]
    assert network().fit(rows, CLASSES).scale_[-1] == 0


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (np.where(X > 1, 1e300, X), r"column \d is 1e\+300, too large for float32; scale the column"),
        (np.array([["1", "2"]]), "X holds <U1, which are no numbers"),
        (np.array([["2020-01-01"]], dtype="M8[D]"), "which are no numbers"),
        (None, "X has shape"),
        (X[:, 0], "expected rows and columns, 2-D"),
        (X + 1j, "Complex data not supported"),
        (np.where(X > 1, None, X), r"row \d+, column \d is NaN"),
        (np.ma.masked_greater(X, 1), r"row \d+, column \d is NaN"),
        (pandas.DataFrame(X).round().astype("Int64").mask(pandas.DataFrame(X) > 1), r"row \d+, column \d is NaN"),
    ],
)
def test_rows_that_cannot_be_used_say_why(rows, message):
    with pytest.raises(DataError, match=message):
        numbers(rows, np.float32)


def test_dates_among_numbers_are_no_numbers():
    with pytest.raises(NoNumbersError):
        as_matrix(pandas.DataFrame({"a": [1.0], "b": [pandas.Timestamp("2020-01-01")]}))


KINDS = [np.matrix, np.asfortranarray, pandas.DataFrame, np.ma.asarray, lambda rows: rows.astype(object)]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.filterwarnings("ignore:the matrix subclass")
def test_rows_of_any_kind_give_the_same(kind):
    expected = network(epochs=2).fit(X, CLASSES)
    assert network(epochs=2).fit(kind(X), CLASSES).to_bytes() == expected.to_bytes()
    np.testing.assert_array_equal(expected.predict(kind(X)), expected.predict(X))


# Targets


@pytest.mark.parametrize("y", [np.ones(200), np.full((200, 2), 3.0), Y * 1e-300])
def test_targets_that_hardly_vary_do_no_harm(y):
    found = network(MLPRegressor, epochs=3).fit(X, y)
    np.testing.assert_allclose(found.predict(X), y, atol=1e-6)
    if y[0].sum() >= 1:
        assert any("the same in all rows looked at" in note for note in found.report_.notes)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (Y * 1e300, r"y: row 0 is .*e\+\d+, whose square is beyond all numbers; divide the targets"),
        (np.zeros((200, 0)), r"y has shape \(200, 0\); give one number or more"),
        (np.array(["2020-01-01"] * 200, dtype="M8[D]"), "MLPRegressor predicts numbers"),
        (np.c_[Y, np.where(Y > 2, np.nan, Y)], r"y: row \d+ is NaN"),
        (pandas.Series(Y, dtype="Float64").mask(Y > 2), r"y: row \d+ is NaN"),
    ],
)
def test_targets_that_cannot_be_used_say_why(y, message):
    with pytest.raises(DataError, match=message):
        network(MLPRegressor).fit(X, y)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (CLASSES.astype(object), r"y is an array of objects \(int\).*give y.astype\(int\)"),
        (["a", None] * 100, r"y: row 1 is missing \(None\); leave that row out"),
        (pandas.Series(CLASSES, dtype="Int64").mask(Y > 2), r"y: row \d+ is NaN"),
        (pandas.Series(["a", "b"] * 100, dtype="string").mask(Y > 2), r"y: row \d+ is missing \(<NA>\)"),
        (np.array(["a", 1] * 100, dtype=object), "mixes texts and numbers"),
        ([b"a", b"b"] * 100, "Unknown label type"),
        ([1] * 200, r"y has 1 class \(1\) only"),
    ],
)
def test_classes_that_cannot_be_used_say_why(y, message):
    with pytest.raises(DataError, match=message):
        network().fit(X, y)


def test_r2_in_the_report_is_that_of_score():
    y = np.c_[1000 + Y, RANDOM.standard_normal(200)]  # what differs from output to output is nothing learned
    found = network(MLPRegressor, epochs=5).fit(X, y)
    kept = split(200, 0.1, 0)[1]
    assert found.report_.quality["r2"].value == pytest.approx(found.score(X[kept], y[kept]), abs=1e-5)
    assert found.report_.quality["rmse"].value == pytest.approx(
        np.sqrt(np.mean((found.predict(X[kept]) - y[kept]) ** 2))
    )
    assert found.report_.quality["r2"].n == 20


def test_frames_of_objects_are_targets():
    y = pandas.DataFrame({"a": Y, "b": -Y}).astype(object)
    assert network(MLPRegressor, epochs=3).fit(X, y).predict(X).shape == (200, 2)


# Parameters


def test_numbers_of_numpy_are_parameters(tmp_path):
    one = np.int64(1)
    given = {"hidden": (8 * one, 8 * one), "batch": 16 * one, "epochs": np.float32(2), "patience": one, "seed": one}
    found = network(**given).fit(X, CLASSES)
    expected = network(hidden=(8, 8), batch=16, epochs=2, patience=1, seed=1).fit(X, CLASSES)
    np.testing.assert_array_equal(found.outputs(X), expected.outputs(X))
    assert found.to_bytes()
    network(hidden=np.array([8, 8]), epochs=1).fit(X, CLASSES).save(tmp_path / "m.safetensors")
    assert registry.load(tmp_path / "m.safetensors").hidden == (8, 8)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"dropout": "much"}, "dropout='much'; give a share"),
        ({"rate": "fast"}, "rate='fast'; give a number above 0"),
        ({"epochs": None, "hidden": 8}, "hidden=8; give the widths"),
        ({"seed": -1}, "seed=-1; give a whole number from 0 on"),
        ({"seed": None}, "seed=None; give a whole number"),
        ({"threads": "all"}, "threads='all': give 1 or more"),
        ({"normalise": True, "batch": 1}, "normalise=True takes two rows a step, and batch=1 of 180 leaves one"),
        ({"momentum": (0.5, 0.99)}, "rises with no optimiser='adam'"),
        ({"momentum": (0.5, 0.99), "optimiser": "nesterov", "schedule": "fixed"}, 'schedule="fixed" changes nothing'),
        ({"pretrain": 3}, "pretrain=3; give 'denoise', layers, or None"),
    ],
)
def test_parameters_that_make_no_sense_say_why(settings, message):
    with pytest.raises(LilliputError, match=message):
        network(**settings).fit(X, CLASSES)


@pytest.mark.parametrize("kind", [Perceptron, PolynomialNetwork, RestrictedBoltzmannMachine])
def test_a_seed_is_a_whole_number(kind):
    with pytest.raises(LilliputError, match="seed=-1; give a whole number"):
        kind(seed=-1, progress=False).fit(X, CLASSES)


def test_a_device_that_is_none():
    with pytest.raises(DeviceError, match="device=None is unknown"):
        network(device=None).fit(X, CLASSES)
