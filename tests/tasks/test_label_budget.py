"""A budget is a promise."""

from __future__ import annotations

import time

import numpy as np
import pytest

from lilliput.core.budget import Budget
from lilliput.core.errors import BudgetError
from lilliput.tasks import label_fit, label_update, promise
from lilliput.tasks.label import TextClassifier
from lilliput.tasks.label_closing import Closing

LABELS = {
    "two": ["ja", "nein"],
    "numbers": [1, 2, 3],
    "thirty": [f"label {number}" for number in range(30)],
    "a hundred long ones": [f"{'ein langer Name ' * 10}№ {number}" for number in range(100)],
}


@pytest.fixture
def fit():
    return lambda budget, X, y, **options: TextClassifier(budget, threads=1, progress=False, **options).fit(X, y)


def smallest_for(fit, X, y, **options):
    with pytest.raises(BudgetError, match=r"fits into 300 bytes; the smallest memory that would do is \d+KB") as found:
        fit("300B", X, y, **options)
    return found.value.smallest


# Memory


@pytest.mark.parametrize("names", LABELS.values(), ids=LABELS)
@pytest.mark.parametrize("network", ["linear", "embedding"])
def test_the_smallest_budget_that_is_named_will_do(fit, wordy, names, network):
    texts, _ = wordy()
    labels = [names[row % len(names)] for row in range(len(texts))]
    smallest = smallest_for(fit, texts, labels, network=network)
    assert smallest in str(Budget.parse(smallest))
    model = fit(smallest, texts, labels, network=network)
    memory = Budget.parse(smallest).memory
    assert memory - 1500 < len(model.to_bytes()) <= memory


@pytest.mark.parametrize("mode", ["multi", "soft"])
def test_also_for_several_labels_a_text(fit, wordy, mode):
    texts, labels = wordy(5)
    targets = [[label] if mode == "multi" else {label: 0.8, "always": 0.1} for label in labels]
    targets[0] = [] if mode == "multi" else {}
    smallest = smallest_for(fit, texts, targets)
    assert len(fit(smallest, texts, targets).to_bytes()) <= Budget.parse(smallest).memory


@pytest.mark.parametrize("budget", ["4KB", "5KB", "6500B", "10KB", "17KB", "33KB", "64KiB", "100KB", "300KB", "1MB"])
@pytest.mark.parametrize("labels", [2, 9])
def test_the_file_is_no_larger_than_allowed(fit, wordy, tmp_path, budget, labels):
    memory = Budget.parse(budget).memory
    model = fit(budget, *wordy(labels))
    size = model.save(tmp_path / "model.safetensors")
    assert size == model.report_.file_bytes <= memory
    if memory <= 33_000:  # more than that is not needed for so few words
        assert size > 0.75 * memory


def test_more_room_more_words(fit, wordy):
    rows = [fit(budget, *wordy()).net_.parameters() for budget in ("4KB", "8KB", "16KB", "32KB")]
    assert rows == sorted(set(rows))


def test_a_small_model_knows_what_matters_most(fit, wordy):
    model = fit("5KB", *wordy())
    assert model.score(*wordy(seed=1)) > 0.95


@pytest.mark.parametrize("budget", ["8KB", "50KB", "250KB"])
def test_real_texts_too(fit, real, budget):
    (texts, labels), _ = real
    model = fit(budget, texts[::3], labels[::3])
    memory = Budget.parse(budget).memory
    assert 0.75 * memory < len(model.to_bytes()) <= memory


def test_a_stand_in_that_is_too_short_costs_another_try(fit, wordy, monkeypatch):
    overhead_of = label_fit.overhead_of
    monkeypatch.setattr(label_fit, "overhead_of", lambda model, rows: overhead_of(model, rows) - 2500)
    assert len(fit("9KB", *wordy()).to_bytes()) <= 9000


def test_a_budget_that_is_missed_every_time_is_no_model(fit, wordy, monkeypatch):
    overhead_of = label_fit.overhead_of
    monkeypatch.setattr(label_fit, "overhead_of", lambda model, rows: overhead_of(model, rows) - 2500)
    monkeypatch.setattr(promise, "TRIES", 1)
    with pytest.raises(BudgetError, match=r"bytes larger than allowed; the smallest memory that would do is 12KB"):
        fit("9KB", *wordy())


# Time


@pytest.mark.parametrize(("seconds", "part"), [(2, 3), (4, 1)])
def test_a_fit_ends_within_its_time(fit, real, patiently, seconds, part):
    (texts, labels), (more, expected) = real

    def check():
        started = time.monotonic()
        model = fit(f"{seconds}s,200KB", texts[::part], labels[::part])
        assert model.report_.fit_seconds < time.monotonic() - started < seconds + 0.1  # handing over is not the fit's
        assert model.report_.fit_seconds < seconds
        assert len(model.to_bytes()) <= 200_000
        assert model.score(more, expected) > 0.35  # of some 40 packages

    patiently(check)


def test_no_time_at_all(fit, real):
    (texts, labels), _ = real
    with pytest.raises(BudgetError, match=r"took .* the smallest time that would do is about [\d.]+s") as found:
        fit(Budget(time=0.02), texts, labels)
    assert Budget.parse(found.value.smallest).time >= 1


@pytest.fixture
def slow(monkeypatch):
    """Measuring takes so many seconds longer."""

    def make(seconds):
        measure_here = label_fit.measure_here
        for module in (label_fit, label_update):
            monkeypatch.setattr(module, "measure_here", lambda *a: time.sleep(seconds) or measure_here(*a))

    return make


def test_a_fit_that_takes_longer_is_no_model(wordy, slow):
    slow(1)
    model = TextClassifier("1s", threads=1, progress=False)
    with pytest.raises(BudgetError, match=r"the fit took .*, more than the 1 s allowed; the smallest time") as found:
        model.fit(*wordy())
    assert Budget.parse(found.value.smallest).time > 1
    assert not model.__sklearn_is_fitted__()
    assert {name for name in vars(model) if name.endswith("_")} == set()


def test_what_was_fitted_before_stays(wordy, slow):
    model = TextClassifier(threads=1, progress=False).fit(*wordy())
    before, learned = model.to_bytes(), dict(vars(model))
    slow(0.1)
    for budget in (Budget(time=0.1), Budget(latency=1e-8), Budget(memory=300)):
        model.set_params(budget=budget)
        for learn in (model.fit, model.partial_fit):
            with pytest.raises(BudgetError, match=r"the smallest .* that would do"):
                learn(*wordy(4))
            assert model.set_params(budget=None).to_bytes() == before
            assert vars(model) == learned
            model.set_params(budget=budget)


def test_a_time_in_which_nothing_is_learned_will_not_do(fit, wordy, monkeypatch):
    monkeypatch.setattr(Closing, "advance", lambda self, texts: None)
    with pytest.raises(BudgetError, match=r"5 s were over before anything was learned; .* here is about 10s"):
        fit("5s", *wordy())


def test_a_report_says_when_the_time_was_short(fit, wordy, monkeypatch):
    advance = Closing.advance
    monkeypatch.setattr(Closing, "advance", lambda self, texts: advance(self, texts // 100))
    (note,) = fit("5s", *wordy()).report_.notes
    assert note.endswith("of 240 texts; more would do better")
    assert fit(None, *wordy()).report_.notes == []


# Latency


def test_a_prediction_that_takes_too_long_is_no_model(fit, wordy):
    with pytest.raises(BudgetError, match=r"one prediction took .* \(p95\), more than the 0\.01 us allowed") as found:
        fit(Budget(latency=1e-8), *wordy())
    assert Budget.parse(found.value.smallest).latency > 1e-8


def test_a_prediction_that_is_fast_enough_is_measured(fit, wordy):
    report = fit("10KB,200ms", *wordy()).report_
    assert 0 < report.latency_p50_ms <= report.latency_p95_ms <= 200
    assert report.throughput > 1000


# None


def test_without_a_budget_the_report_says_what_it_cost(fit, wordy):
    report = fit(None, *wordy()).report_
    assert report.file_bytes > 10_000
    assert report.fit_seconds > 0
    assert report.plan["bits"] == 8
    assert np.isfinite([report.latency_p95_ms, report.throughput]).all()
