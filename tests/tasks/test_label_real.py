"""Real texts: docstrings of the standard library, labelled by their package."""

from __future__ import annotations

import numpy as np
import pytest

from lilliput.core.report import Report
from lilliput.tasks.label import TextClassifier
from lilliput.training.metrics import calibration_error


@pytest.fixture(scope="module", autouse=True)
def quick_fits():
    """Fits as users have them."""


@pytest.fixture(scope="module")
def model(real):
    return TextClassifier("200KB", threads=2, progress=False).fit(*real[0])


def test_most_packages_are_found(model, real):
    texts, labels = real[1]
    majority = max(map(labels.count, labels)) / len(labels)
    assert model.score(texts, labels) > 0.7 > 2 * majority


def test_probabilities_mean_what_they_say(model, real):
    texts, labels = real[1]
    chances = model.predict_proba(texts)
    right = model.classes_[chances.argmax(axis=1)] == labels
    assert calibration_error(chances.max(axis=1), right) < 0.06
    calibration = model.calibration_
    assert np.isfinite([calibration.temperature, calibration.shift or 0.0, calibration.floor]).all()
    assert calibration.temperature > 0


def test_the_surer_the_better(model, real):
    texts, labels = real[1]
    sure = TextClassifier(abstain=0.9)
    vars(sure).update({name: value for name, value in vars(model).items() if name.endswith("_")})
    found = sure.predict(texts)
    answered = np.array([label is not None for label in found])
    assert 0.2 < answered.mean() < 0.95
    assert np.mean(found[answered] == np.array(labels)[answered]) > 0.93


def test_the_report_foretells_what_comes(model, real):
    measured = model.report_.quality["accuracy"]
    found = model.score(*real[1])
    assert measured.low - 0.03 < found < measured.high + 0.1  # it has learned from the held-out rows since
    assert model.report_.quality["calibration_error"].value < 0.1


def test_the_report_is_complete(model, real):
    report = model.report_
    rows = len(real[0][0])
    held = rows // 5
    assert report.task == "label"
    assert report.data["rows"] == rows
    assert report.data["labels"] == len(model.classes_)
    assert len(bytes.fromhex(report.data["fingerprint"])) == 8
    assert f"{held - held // 2:,} of {rows:,} rows" in report.held_out
    assert f"{held // 2:,} others decided" in report.held_out
    assert {measure.n for measure in report.quality.values()} == {held - held // 2}
    assert {"accuracy", "macro_f1", "calibration_error", "log_loss"} == report.quality.keys()
    assert 0 < report.latency_p50_ms <= report.latency_p95_ms
    assert min(report.throughput, report.fit_seconds, report.file_bytes, report.threads) > 0
    assert report.plan["network"] in ("linear", "embedding of 16")
    assert report.plan["tried"] == 2
    text = str(report)
    assert all(
        word in text for word in ("accuracy", "held out", "200 KB" if report.file_bytes > 199_500 else " KB", "seed")
    )
    assert Report.from_dict(report.to_dict()) == report


def test_the_reasons_are_words_of_the_text(model):
    why = model.explain("Return the arc cosine of a complex number, and parse the email header of a message")
    assert why.label in model.classes_
    assert any(len(ngram) > 3 for ngram, _ in why.speaks_for)


def test_more_rows_of_the_same_kind_help(real):
    (texts, labels), held = real
    first, second = (slice(start, None, 2) for start in (0, 1))
    model = TextClassifier("200KB", threads=2, progress=False).fit(texts[first], labels[first])
    before = model.score(*held)
    known = model.score(texts[first], labels[first])
    model.partial_fit(texts[second], labels[second])
    assert model.score(*held) > before + 0.02
    assert model.score(texts[first], labels[first]) > known - 0.05
    assert len(model.to_bytes()) <= 200_000
