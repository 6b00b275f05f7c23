from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from lilliput.core import bootstrap
from lilliput.core.errors import DataError
from lilliput.tasks.labels import Labels
from lilliput.tasks.quality import MEASURES, main_score, quality, score_batches
from lilliput.training.metrics import calibration_error, cross_entropy, macro_f1, micro_f1, root_mean_square

ROWS = 300


@dataclass
class Model:
    """Gives each text the probabilities that stand in it."""

    labels_: Labels
    threshold_: float = 0.5

    def predict_proba(self, texts):
        rows = [[float(value) for value in text.split()] for text in texts]
        return np.array(rows, dtype=np.float32).reshape(len(texts), len(self.labels_.names))


@pytest.fixture
def chances():
    """Probabilities (rows, 4) that sum to one."""
    powers = np.random.default_rng(0).exponential(size=(ROWS, 4))
    return (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture
def metrics():
    return pytest.importorskip("sklearn.metrics")


def values(measures):
    return {name: measure.value for name, measure in measures.items()}


def test_one_label_a_text(chances, metrics):
    labels = np.random.default_rng(1).integers(0, 4, size=ROWS)
    found = quality(chances, np.eye(4, dtype=np.float32)[labels], "single", 0.5)
    best = chances.argmax(axis=1)
    assert list(found) == ["accuracy", "macro_f1", "calibration_error", "log_loss"]
    assert found["accuracy"].value == metrics.accuracy_score(labels, best)
    assert found["macro_f1"].value == pytest.approx(metrics.f1_score(labels, best, average="macro"))
    assert found["log_loss"].value == pytest.approx(metrics.log_loss(labels, chances), rel=1e-5)
    assert 0 < found["calibration_error"].value < 1
    assert all(measure.low <= measure.value <= measure.high and measure.n == ROWS for measure in found.values())


def test_several_labels_a_text(chances, metrics):
    flags = np.random.default_rng(1).random((ROWS, 4)) < 0.3
    found = quality(chances, flags.astype(np.float32), "multi", 0.3)
    assert list(found) == ["micro_f1", "macro_f1", "accuracy", "calibration_error", "log_loss"]
    assert found["micro_f1"].value == pytest.approx(metrics.f1_score(flags, chances >= 0.3, average="micro"))
    assert found["macro_f1"].value == pytest.approx(metrics.f1_score(flags, chances >= 0.3, average="macro"))
    assert found["accuracy"].value == metrics.accuracy_score(flags, chances >= 0.3)


def test_soft_targets(chances, metrics):
    wanted = np.random.default_rng(1).random((ROWS, 4)).astype(np.float32)
    found = quality(chances, wanted, "soft", 0.5)
    assert list(found) == ["rmse"]
    assert found["rmse"].value == pytest.approx(np.sqrt(metrics.mean_squared_error(wanted, chances)), rel=1e-5)


@pytest.mark.parametrize("mode", ["single", "multi", "soft"])
def test_measures_are_those_of_their_definitions(chances, mode):
    wanted = {
        "single": np.eye(4, dtype=np.float32)[np.random.default_rng(1).integers(0, 4, size=ROWS)],
        "multi": (np.random.default_rng(1).random((ROWS, 4)) < 0.3).astype(np.float32),
        "soft": np.random.default_rng(1).random((ROWS, 4)).astype(np.float32),
    }[mode]
    found = values(quality(chances, wanted, mode, 0.3))
    assert tuple(found) == MEASURES[mode]
    if mode == "soft":
        assert found["rmse"] == pytest.approx(root_mean_square(wanted, chances))
        return
    chosen = chances >= 0.3 if mode == "multi" else chances == chances.max(axis=1, keepdims=True)
    flags = wanted > 0.5
    sure = chances if mode == "multi" else chances.max(axis=1)
    right = flags if mode == "multi" else (flags & chosen).any(axis=1)
    assert found["macro_f1"] == pytest.approx(macro_f1(flags, chosen))
    assert found["calibration_error"] == pytest.approx(calibration_error(sure.ravel(), right.ravel()), rel=1e-5)
    assert found["log_loss"] == pytest.approx(cross_entropy(wanted, chances, mode == "single"))
    assert mode == "single" or found["micro_f1"] == pytest.approx(micro_f1(flags, chosen))


def test_intervals_are_those_of_resampled_rows(chances, monkeypatch):
    monkeypatch.setattr(bootstrap, "RESAMPLES", 400)
    flags = np.random.default_rng(1).random((ROWS, 4)) < 0.3
    found = quality(chances, flags.astype(np.float32), "multi", 0.3)
    draws = np.random.default_rng(7).integers(ROWS, size=(400, ROWS))
    for name, function in (("micro_f1", micro_f1), ("macro_f1", macro_f1)):
        low, high = np.quantile([function(flags[rows], chances[rows] >= 0.3) for rows in draws], (0.025, 0.975))
        assert found[name].high - found[name].low == pytest.approx(high - low, rel=0.3)


def test_a_loss_of_nothing_is_no_negative_zero():
    sure = np.eye(2, dtype=np.float32)[[0, 1, 0]]
    assert str(quality(sure, sure, "single", 0.5)["log_loss"]).startswith("0.0000  (95 % interval 0.0000 to 0.0000")
    assert str(quality(sure, sure, "soft", 0.5)["rmse"]).startswith("0.0000")
    nothing = np.zeros((3, 2), dtype=np.float32)
    assert np.signbit(quality(sure, nothing, "single", 0.5)["log_loss"].value) == np.False_


def test_batches_are_one_set():
    model = Model(Labels(("a", "b"), "single"))
    texts = ["0.9 0.1", "0.2 0.8", "0.6 0.4", "0.3 0.7"]
    labels = ["a", "b", "b", "b"]
    one, _ = score_batches(model, [(texts, labels)])
    parts, notes = score_batches(model, [(texts[:1], labels[:1]), ([], []), (texts[1:], labels[1:])])
    assert one == parts
    assert (one["accuracy"].value, notes) == (0.75, [])


def test_labels_of_a_file_are_text_whatever_they_were():
    model = Model(Labels((1, 2), "single"))
    assert main_score(model, [(["0.9 0.1"] * 3, ["1", 1, "2"])]) == pytest.approx(2 / 3)


def test_unknown_labels_are_wrong_and_said_so():
    model = Model(Labels(("a", "b"), "single"))
    batches = [(["0.9 0.1"] * 2, ["a", "x"]), (["0.9 0.1"] * 2, ["x", "y"])]
    found, notes = score_batches(model, batches)
    assert found["accuracy"].value == 0.25
    assert found["log_loss"].value > 10  # they were given no chance at all
    assert notes == ["3 labels in the data are not known to the model, counted as wrong: 'x' (2), 'y' (1)"]


def test_unknown_labels_among_several_are_missed():
    model = Model(Labels(("a", "b"), "multi"))
    known = [["a"], []]
    right, _ = score_batches(model, [(["0.9 0.1", "0.1 0.1"], known)])
    assert values(right)["micro_f1"] == values(right)["accuracy"] == 1
    found, notes = score_batches(model, [(["0.9 0.1", "0.1 0.1"], [["a", "x"], ["x"]])])
    assert values(found)["micro_f1"] == pytest.approx(2 / (2 + 2))
    assert values(found)["accuracy"] == 0
    assert "'x' (2)" in notes[0]


def test_unknown_labels_of_soft_targets_are_missed():
    model = Model(Labels(("a",), "soft"))
    found, notes = score_batches(model, [(["0.5"], [{"a": 0.5, "x": 1.0}])])
    assert found["rmse"].value == pytest.approx(np.sqrt(1 / 2))
    assert len(notes) == 1


def test_no_more_than_ten_unknown_labels_are_listed():
    model = Model(Labels(("a", "b"), "single"))
    _, notes = score_batches(model, [(["1 0"] * 30, [f"new {row}" for row in range(30)])])
    assert "30 labels" in notes[0]
    assert "'new 9' (1)" in notes[0]
    assert "new 10" not in notes[0]


def test_the_main_score_is_the_larger_the_better(chances):
    texts = [" ".join(map(str, row)) for row in chances.tolist()]
    names = ("a", "b", "c", "d")
    soft = [dict(zip(names, row, strict=True)) for row in chances.tolist()]
    assert main_score(Model(Labels(names, "soft")), [(texts, soft)]) == pytest.approx(0, abs=1e-6)
    assert main_score(Model(Labels(names, "soft")), [(texts, soft[::-1])]) < -0.1


@pytest.mark.parametrize(
    ("mode", "batches", "message"),
    [
        ("single", [], "there are no rows to score"),
        ("single", [([], [])], "there are no rows to score"),
        ("single", [(["1 0"] * 2, ["a", "a"]), (["1 0"] * 2, ["a", ["a", "b"]])], r"row 4: found \['a', 'b'\]"),
        ("single", [(["1 0"], [[]])], r"row 1: found \[\], but this model gives exactly one label a text"),
        ("soft", [(["1 0"] * 2, [{"a": 1}, "a"])], "row 2: found 'a', expected a mapping of label to value"),
    ],
)
def test_targets_that_do_not_fit_are_refused(mode, batches, message):
    with pytest.raises(DataError, match=message):
        score_batches(Model(Labels(("a", "b"), mode)), batches)
