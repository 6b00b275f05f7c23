from __future__ import annotations

import re
import unittest
import warnings

import numpy as np
import pytest
from sklearn.datasets import load_digits, load_iris
from sklearn.linear_model import Perceptron as Peer
from sklearn.utils.estimator_checks import parametrize_with_checks

from lilliput.core import registry
from lilliput.core.errors import BudgetError, DataError, DeviceError, LilliputError, ModelFileError, NotFittedError
from lilliput.core.modelfile import read_model, write_model
from lilliput.tasks import array_fit, array_report, perceptron_fit
from lilliput.tasks.perceptron import Perceptron

CORNERS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
DIGITS = load_digits(return_X_y=True)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(perceptron_fit, "ready", lambda budget, progress: 0.0)
    monkeypatch.setattr(array_fit, "MEASURING", 0.0)


def model(**more):
    return Perceptron(**{"threads": 1, "progress": False, **more})


with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # that it does not inherit from BaseEstimator
    conforms = parametrize_with_checks([model(), model(rule="delta")])


@conforms
def test_scikit_learns_checks(estimator, check):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            check(estimator)
        except unittest.SkipTest:  # some check only what is installed or switched on here
            return


@pytest.mark.parametrize("rule", ["rosenblatt", "delta"])
def test_and_can_be_parted_and_xor_cannot(rule):
    both = model(rule=rule).fit(CORNERS, [0, 0, 0, 1])
    assert both.separable_ == [True]
    assert both.score(CORNERS, [0, 0, 0, 1]) == 1
    xor = model(rule=rule).fit(CORNERS, [0, 1, 1, 0])
    assert xor.separable_ == [False]
    assert xor.margin_bound_[0] < 1e-9
    (note,) = xor.report_.notes
    assert re.match(r"no hyperplane parts 0 and 1 \(proved.*rows are on the wrong side; more passes will not", note)


def test_too_few_passes_are_not_taken_for_inseparable():
    random = np.random.default_rng(0)
    rows = random.standard_normal((200, 2))
    scores = rows @ [1.0, -2.0]
    rows, scores = rows[np.abs(scores) > 0.01], scores[np.abs(scores) > 0.01]
    found = model(passes=1).fit(rows, scores > 0)
    assert found.separable_ == [True]
    assert found.mistakes_[0] > 0
    assert "give more" in found.report_.notes[0]
    assert model(passes=3000).fit(rows, scores > 0).mistakes_[0] == 0


def test_no_worse_than_scikit_learn():
    rows, classes = DIGITS
    learned, kept = array_report.held_out(len(rows), 0)
    ours = model().fit(rows[learned], classes[learned]).score(rows[kept], classes[kept])
    peer = Peer(random_state=0).fit(rows[learned], classes[learned]).score(rows[kept], classes[kept])
    assert ours > max(peer, 0.94)


def test_each_class_is_judged_on_its_own():
    found = model().fit(*load_iris(return_X_y=True))
    assert found.separable_ == [True, False, False]
    assert found.score(*load_iris(return_X_y=True)) > 0.85
    assert found.report_.quality["accuracy"].n == 30


def test_averaging_helps_where_classes_overlap():
    random = np.random.default_rng(1)
    classes = random.integers(2, size=2000)
    rows = random.standard_normal((2000, 20)) + 0.3 * classes[:, None]
    steady, last = model().fit(rows, classes), model(averaged=False).fit(rows, classes)
    assert steady.report_.quality["accuracy"].value > last.report_.quality["accuracy"].value + 0.02


@pytest.mark.parametrize("labels", [np.array(["a", "b", "c"]), np.array([3, 5, 9]), np.array([1.0, 2.0, 4.0])])
def test_saved_and_loaded(tmp_path, labels):
    rows, classes = load_iris(return_X_y=True)
    found = model().fit(rows, labels[classes])
    found.save(tmp_path / "m.safetensors")
    loaded = registry.load(tmp_path / "m.safetensors")
    np.testing.assert_array_equal(loaded.predict(rows), found.predict(rows))
    np.testing.assert_array_equal(loaded.decision_function(rows), found.decision_function(rows))
    assert loaded.separable_ == found.separable_
    assert loaded.report_.quality == found.report_.quality
    assert loaded.to_bytes() == found.to_bytes()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda manifest, arrays: arrays.pop("coef"), "'coef' is missing"),
        (lambda manifest, arrays: manifest.update(separable=[True]), "perceptron of 3 planes"),
        (lambda manifest, arrays: arrays.update(classes=np.array([1, 1])), "the classes are missing"),
    ],
)
def test_a_file_that_does_not_fit(tmp_path, change, message):
    path = tmp_path / "m.safetensors"
    model(passes=1).fit(*load_iris(return_X_y=True)).save(path)
    manifest, arrays = read_model(path)
    change(manifest, arrays := dict(arrays))
    write_model(path, manifest, arrays)
    with pytest.raises(ModelFileError, match=message):
        registry.load(path)


def test_the_same_bytes_for_any_number_of_threads():
    assert len({model(threads=threads, passes=3).fit(*DIGITS).to_bytes() for threads in (1, 2, 3)}) == 1


@pytest.mark.parametrize(
    ("rows", "classes", "message"),
    [
        ([[0, 1], [np.nan, 2]], [0, 1], "row 1, column 0 is NaN"),
        ([[0, 1], [1, np.inf]], [0, 1], "row 1, column 1 is infinity"),
        ([[0, 1], [1, 2]], [0, 1, 1], "X has 2 rows and y has 3"),
        ([[0, 1], [1, 2]], [1, 1], "y has 1 class"),
        ([[0, 1], [1, 2]], [0.5, 1], r"continuous numbers such as 0\.5"),
        ([[0, 1], [1, 2]], [0.0, np.nan], "y: row 1 is NaN"),
        ([["a", "b"], ["c", "d"]], [0, 1], "which are no numbers"),
    ],
)
def test_bad_data(rows, classes, message):
    with pytest.raises(DataError, match=message):
        model().fit(rows, classes)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [({"rule": "hebb"}, "known are rosenblatt, delta"), ({"step": 2}, "below 2"), ({"passes": 0}, "1 or more")],
)
def test_bad_parameters(parameters, message):
    with pytest.raises(LilliputError, match=message):
        model(**parameters).fit(CORNERS, [0, 0, 0, 1])


def test_promises():
    with pytest.raises(NotFittedError, match="fit first"):
        model().predict(CORNERS)
    with pytest.raises(DeviceError, match="on the processor"):
        model(device="cuda").fit(CORNERS, [0, 0, 0, 1])
    with pytest.raises(BudgetError, match="bytes larger"):
        model(budget="500B").fit(CORNERS, [0, 0, 0, 1])
    assert model(budget="1MB,2s", passes=10**6).fit(*load_iris(return_X_y=True)).report_.fit_seconds < 2
