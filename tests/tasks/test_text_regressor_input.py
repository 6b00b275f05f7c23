"""What people hand to a text regressor, and what it says of it."""

from __future__ import annotations

import time

import numpy as np
import pandas
import pytest
import scipy.sparse

pytest.importorskip("torch")

from lilliput.core.errors import BudgetError, DataError, LilliputError
from lilliput.tasks import array_fit, text_regressor_network
from lilliput.tasks.text_regressor import TextRegressor

RANDOM = np.random.default_rng(0)
WORDS = ["sun", "rain", "snow", "wind", "cold", "warm"]
TEXTS = [" ".join(RANDOM.choice(WORDS, 4)) for _ in range(120)]
VALUES = np.array([[0.8 * (word in text) + 0.1 for word in ("sun", "rain", "snow")] for text in TEXTS])
ROWS = scipy.sparse.random(120, 30, 0.3, format="csr", random_state=0)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(array_fit, "MEASURING", 0.0)


def model(kind="ensemble", **more):
    given = {"hidden": (8,), "epochs": 2, "folds": 2, "columns": 200, "ridge_columns": 500, "threads": 1}
    return TextRegressor(kind, **{**given, "progress": False, **more})


@pytest.fixture(scope="module")
def expected():
    return model().fit(TEXTS, VALUES).predict(TEXTS)


@pytest.mark.parametrize(
    "y",
    [
        VALUES.tolist(),
        VALUES.astype(object),
        pandas.DataFrame(VALUES),
        pandas.DataFrame(VALUES).astype("Float64"),
        scipy.sparse.csr_array(VALUES),
        pandas.Series([dict(enumerate(row)) for row in VALUES.tolist()]),
    ],
)
def test_values_of_any_kind_give_the_same(y, expected):
    found = model().fit(TEXTS, y)
    np.testing.assert_array_equal(found.predict(TEXTS), expected)
    error = np.sqrt(np.mean((expected.astype(float) - VALUES.astype(np.float32)) ** 2))
    assert found.score(TEXTS, y) == pytest.approx(-error)


@pytest.mark.parametrize(
    ("X", "y", "message"),
    [
        (None, VALUES, "X is NoneType; give a list of texts"),
        (pandas.DataFrame({"text": TEXTS}), VALUES, "X is a table; give one column of texts"),
        ([], VALUES[:0], "there are no rows to learn from"),
        (scipy.sparse.csr_array((0, 5)), VALUES[:0], "there are no rows to learn from"),
        (ROWS * 1e300, VALUES, "row 0 holds what is no finite number"),
        (TEXTS, (row for row in VALUES), "y is generator; give values for each row"),
        (TEXTS, [[0.1], [0.1, 0.2]] * 60, "y holds what is no number"),
        (TEXTS, [None, *[{"a": 0.5}] * 119], "y: row 0 is None, and others map labels to values"),
        (TEXTS, [{"a": "much"}] * 120, "row 1: the target of 'a' is 'much'"),
        (TEXTS, pandas.DataFrame(VALUES).astype("Float64").mask(VALUES > 0.5), r"y: row \d+, column \d is nan"),
    ],
)
@pytest.mark.filterwarnings("error")
def test_what_cannot_be_used_is_said(X, y, message):
    with pytest.raises(DataError, match=message):
        model().fit(X, y)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"groups": None}, "groups=None; give lists of labels"),
        ({"groups": [0, 1]}, "give lists of labels, each in one of them at most"),
        ({"words": 3}, "words=3; give lengths from and to"),
        ({"words": (0, 0), "chars": (0, 0)}, "leave nothing of a text"),
        ({"hidden": 8}, "hidden=8; give the widths"),
        ({"alphas": 1.0}, "alphas=1.0; give penalties"),
        ({"seed": -1}, "seed=-1; give a whole number"),
        ({"rate": "fast"}, "rate='fast'; give a number"),
    ],
)
def test_parameters_that_make_no_sense_say_why(settings, message):
    with pytest.raises(LilliputError, match=message):
        model(**settings).fit(TEXTS, VALUES)


def test_numbers_of_numpy_are_parameters(expected, tmp_path):
    given = {"hidden": (np.int64(8),), "columns": np.int64(200), "batch": np.int64(32), "epochs": np.float64(2)}
    found = model(**given, alphas=np.array(TextRegressor().alphas)).fit(TEXTS, VALUES)
    np.testing.assert_array_equal(found.predict(TEXTS), expected)
    found.save(tmp_path / "m.safetensors")


def test_one_output_is_scored_as_one():
    found = model().fit(TEXTS, VALUES[:, 0])
    error = np.sqrt(np.mean((found.predict(TEXTS)[:, 0].astype(float) - VALUES[:, 0].astype(np.float32)) ** 2))
    assert found.score(TEXTS, VALUES[:, 0]) == pytest.approx(-error)


def test_scores_are_of_the_labels_that_were_learned():
    rows = [{"sun": a, "rain": b} for a, b in VALUES[:, :2].tolist()]
    found = model().fit(TEXTS, rows)
    assert list(found.classes_) == ["rain", "sun"]
    assert found.score(TEXTS, rows) == pytest.approx(found.score(TEXTS, VALUES[:, [1, 0]]))
    with pytest.raises(DataError, match="y has 3 columns; this model has 2 outputs"):
        found.score(TEXTS, VALUES)
    with pytest.raises(DataError, match="this model has learned"):
        found.score(TEXTS, [{"hail": 0.1}] * 120)


def test_a_stack_is_one_without_rows_held_out_too():
    assert model("stack", held_out=0).fit(TEXTS, VALUES).stack_ is not None
    few = model("stack", folds=5).fit(TEXTS[:4], VALUES[:4])
    assert few.stack_ is None
    assert "4 rows are too few for 5 folds: blended instead of stacked" in few.report_.notes


def test_what_is_loaded_before_the_first_step_counts_as_time(monkeypatch):
    optimiser = text_regressor_network._optimiser
    monkeypatch.setattr(text_regressor_network, "_optimiser", lambda *given: time.sleep(1.2) or optimiser(*given))
    began = time.monotonic()
    model("network", epochs=None, budget="2.5s").fit(TEXTS, VALUES)
    assert time.monotonic() - began < 2.5


def test_the_report_has_room_in_the_file_too():
    wide = scipy.sparse.random(120, 900, 0.05, format="csr", random_state=0)
    whole = model("ridge").fit(wide, VALUES).file_size()
    for size in range(whole - 200, whole + 50, 50):  # weights of 32 bits have room at first, and none beside the report
        assert model("ridge", budget={"memory": size}).fit(wide, VALUES).file_size() <= size
    with pytest.raises(BudgetError) as raised:
        model("ridge", budget={"memory": whole // 6}).fit(wide, VALUES)
    model("ridge", budget=raised.value.smallest).fit(wide, VALUES)
