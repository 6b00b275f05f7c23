"""Going on learning: `partial_fit`."""

from __future__ import annotations

import time
from copy import copy

import numpy as np
import pytest

from lilliput import load
from lilliput.core.budget import Budget
from lilliput.core.errors import BudgetError, DataError
from lilliput.core.progress import Progress
from lilliput.data.buckets import Buckets
from lilliput.data.source import Source
from lilliput.data.write import write_rows
from lilliput.planning import continuation
from lilliput.tasks import label_report, label_rows
from lilliput.tasks.label import TextClassifier
from lilliput.training import passes
from lilliput.training.examples import count_texts

FILLER = ["der", "die", "das", "und", "oder", "auch", "nur", "noch", "immer", "wieder"]


@pytest.fixture(scope="session")
def rows():
    """Texts in which one of some words tells the label, and the labels."""

    def make(words, count=150, seed=0, noise=0):
        generator = np.random.default_rng(seed)
        chosen = [list(words)[row % len(words)] for row in range(count)]
        texts = []
        for word in chosen:
            more = [f"wort{number}" for number in generator.integers(0, 800, size=noise)]
            texts.append(" ".join(generator.permutation([*generator.choice(FILLER, size=5), *more, word])))
        return texts, [words[word] for word in chosen]

    return make


FIRST = {"gut": "ja", "fein": "ja", "schlecht": "nein", "übel": "nein"}
SECOND = {"prima": "ja", "klasse": "ja", "furchtbar": "nein", "elend": "nein"}
THIRD = {"naja": "egal", "soso": "egal"}


@pytest.fixture
def make():
    return lambda **options: TextClassifier(threads=1, progress=False, **options)


def test_without_a_model_it_is_a_fit(make, rows):
    assert make().partial_fit(*rows(FIRST)).to_bytes() == make().fit(*rows(FIRST)).to_bytes()


@pytest.mark.parametrize("options", [{}, {"budget": "4KB"}, {"network": "embedding"}, {"balanced": True}], ids=str)
def test_new_words_are_learned_and_old_ones_kept(make, rows, options):
    model = make(**options).fit(*rows(FIRST))
    before = model.score(*rows(SECOND, seed=1))
    assert model.partial_fit(*rows(SECOND)) is model
    assert model.score(*rows(SECOND, seed=1)) > max(0.97, before)
    assert model.score(*rows(FIRST, seed=1)) > 0.95
    assert before < 0.9


@pytest.mark.parametrize("options", [{}, {"budget": "5KB"}, {"network": "embedding"}], ids=str)
def test_labels_never_seen_before_join_the_others(make, rows, options):
    model = make(**options).fit(*rows(FIRST))
    for words, labels in ((THIRD, 3), ({"rot": "farbe", "blau": "farbe"}, 4), ({"eins": "zahl"}, 5)):
        model.partial_fit(*rows({**words, **FIRST}, 180))
        assert len(model.classes_) == labels
        assert model.score(*rows(words, 60, seed=1)) > 0.95
        assert model.score(*rows(FIRST, 60, seed=1)) > 0.95
    assert model.classes_.tolist() == ["ja", "nein", "egal", "farbe", "zahl"]
    np.testing.assert_allclose(model.predict_proba(["gut", ""]).sum(axis=1), 1, rtol=1e-5)
    assert model.explain("das eins").label == "zahl"


def test_some_rows_of_a_new_label_alone_do_not_wipe_out_the_others(real):
    (texts, labels), held = real
    new = sorted(set(labels), key=lambda label: (labels.count(label), label))[20]
    others = [(text, label) for text, label in zip(texts, labels, strict=True) if label != new]
    model = TextClassifier(threads=1, progress=False).fit(*zip(*others, strict=True))
    before = model.score(*held)
    some = [text for text, label in zip(texts, labels, strict=True) if label == new][:20]
    assert model.partial_fit(some, [new] * 20).score(some, [new] * 20) > 0.4
    assert model.score(*held) > before - 0.15


def test_several_labels_and_soft_targets_go_on_too(make, rows):
    texts, labels = rows(FIRST)
    several = make().fit([*texts, "nichts"], [*([label] for label in labels), []])
    texts, labels = rows({**THIRD, **FIRST})
    assert several.partial_fit(texts, [[label, "immer"] for label in labels]).classes_.tolist() == [
        "ja",
        "nein",
        "egal",
        "immer",
    ]
    assert several.score(texts, [[label, "immer"] for label in labels]) > 0.95
    soft = make().fit(texts, [{label: 0.9} for label in labels])
    soft.partial_fit(texts, [{label: 0.9, "neu": 0.3} for label in labels])
    assert abs(soft.predict(texts)[:, 3].mean() - 0.3) < 0.1


def test_one_row_and_rows_of_one_label_will_do(make, rows):
    model = make().fit(*rows(FIRST))
    model.partial_fit(["das ist gut"], ["ja"])
    model.partial_fit(*rows({"gut": "ja"}))
    assert model.score(*rows(FIRST, seed=1)) > 0.9
    model.partial_fit(["etwas neues"], ["neu"])
    assert model.classes_.tolist() == ["ja", "nein", "neu"]
    assert model.score(*rows(FIRST, seed=1)) > 0.9


@pytest.mark.parametrize(
    ("budget", "network"),
    [(budget, "linear") for budget in ("4KB", "5KB", "8KB", "30KB")] + [(b, "embedding") for b in ("6KB", "12KB")],
)
def test_the_memory_budget_is_kept(make, rows, budget, network):
    memory = Budget.parse(budget).memory
    model = make(budget=budget, network=network).fit(*rows(FIRST, noise=8))
    for seed in (1, 2):
        model.partial_fit(*rows(SECOND, seed=seed, noise=8))
        assert len(model.to_bytes()) == model.report_.file_bytes <= memory
        assert model.score(*rows(SECOND, seed=3)) > 0.9


def test_more_labels_than_fit_are_refused_and_the_model_stays(make, rows):
    model = make(budget="5KB").fit(*rows(FIRST))
    before = model.to_bytes()
    many = {f"wort{number}": f"label {number}" for number in range(100)}
    with pytest.raises(BudgetError, match=r"102 labels, too many for 5,000 bytes; .* would do is \d+KB") as found:
        model.partial_fit(*rows(many, 200))
    assert model.to_bytes() == before
    model.set_params(budget=found.value.smallest).partial_fit(*rows(many, 200))
    assert len(model.to_bytes()) <= Budget.parse(found.value.smallest).memory


@pytest.mark.parametrize("name", ["two labels", "twelve labels", "multi", "soft", "embedding"])
def test_the_same_seed_gives_the_same_bytes(fresh, toy, name, monkeypatch):
    monkeypatch.setattr(passes, "WORTH_THREADS", 0)
    more = toy(name, 120, seed=8)
    expected = fresh(name).partial_fit(*more).to_bytes()
    for threads in (2, 3):
        assert fresh(name).set_params(threads=threads).partial_fit(*more).to_bytes() == expected
    assert fresh(name).set_params(seed=1).partial_fit(*more).to_bytes() != expected


def test_after_loading_it_goes_on_the_same(kind, fitted, fresh, toy, tmp_path):
    path, more = tmp_path / "model.safetensors", toy(kind, 120, seed=8)
    fitted(kind).save(path)
    loaded = load(path).set_params(threads=1, progress=False)
    model = fresh(kind)
    for _ in range(2):
        loaded.partial_fit(*more)
        model.partial_fit(*more)
        assert loaded.to_bytes() == model.to_bytes()


@pytest.mark.parametrize("room", range(3300, 3500, 25))
def test_any_number_of_rows_in_four_bits_goes_on(make, rows, room):
    model = make(budget=Budget(room)).fit(*rows(FIRST, noise=4))
    assert {table.bits for table in model.net_.tables} == {4}
    assert len(model.partial_fit(*rows(FIRST, seed=1, noise=4)).to_bytes()) <= room
    assert model.score(*rows(FIRST, seed=2)) > 0.95


def test_the_report_is_about_the_new_rows(make, rows):
    model = make().fit(*rows(FIRST))
    model.partial_fit(*rows(SECOND))
    report = model.report_
    assert report.data["rows"] == 300
    assert "30 of the 150 new rows" in report.held_out
    assert report.quality["accuracy"].n == 30
    assert report.notes == ["continued: 150 rows on top of 150"]
    assert report.file_bytes == len(model.to_bytes())
    model.partial_fit(*rows(SECOND, 20))
    assert (model.report_.quality, model.report_.held_out) == ({}, "nothing: 20 new rows are too few")


@pytest.mark.parametrize(
    ("X", "y", "message"),
    [
        (["a"], [["ja", "nein"]], r"row 1: found \['ja', 'nein'\], expected one label"),
        (["a"], [1], "row 1: the label 1 is a whole number, but 'ja' before it is text"),
        (["a", "b"], ["ja"], "X has 2 rows and y has 1"),
        ([], [], "there are no texts to learn from"),
    ],
)
def test_rows_that_do_not_fit_are_refused_and_the_model_stays(make, rows, X, y, message):
    model = make().fit(*rows(FIRST))
    before = model.to_bytes()
    with pytest.raises(DataError, match=message):
        model.partial_fit(X, y)
    assert model.to_bytes() == before


# Ctrl-C


@pytest.fixture
def press(monkeypatch):
    """Press Ctrl-C when the progress advances for the n-th time; afterwards nothing does."""

    def at(number):
        calls = []

        def advance(self, n=1):
            calls.append(n)
            if len(calls) == number:
                raise KeyboardInterrupt

        monkeypatch.setattr(Progress, "advance", advance)
        return calls

    return at


@pytest.mark.parametrize("count", [60, 300], ids=["few rows", "rows to measure on"])
@pytest.mark.parametrize("options", [{}, {"budget": "5KB"}, {"network": "embedding"}], ids=str)
def test_ctrl_c_keeps_the_best_so_far(make, rows, press, tmp_path, options, count):
    calls = press(None)
    make(**options).fit(*rows(FIRST)).partial_fit(*rows({**THIRD, **FIRST}, count))
    fitting = len(calls)
    calls = press(None)
    model = make(**options).fit(*rows(FIRST))
    fitting -= len(calls)
    for step in {1, fitting // 2 + 1, fitting}:
        again = copy(model)
        press(step)
        with pytest.raises(KeyboardInterrupt, match=r"^$"):
            again.partial_fit(*rows({**THIRD, **FIRST}, count))
        assert again.interrupted_
        assert again.classes_.tolist() == ["ja", "nein", "egal"]
        assert again.report_.notes[1:] == ["training was ended early by Ctrl-C"]
        assert (again.report_.quality == {}) == (count == 60)
        assert "before they were learned from" not in again.report_.held_out
        assert again.report_.latency_p50_ms > 0
        size = again.save(tmp_path / "model.safetensors")
        assert "budget" not in options or size <= 5000
        assert load(tmp_path / "model.safetensors").predict(["das gut"]).tolist() == again.predict(["das gut"]).tolist()
        assert again.score(*rows({**THIRD, **FIRST}, seed=1)) > 0.6


@pytest.mark.parametrize("what", ["quality", "latency"])
def test_ctrl_c_while_measuring_keeps_the_model(make, rows, monkeypatch, what):
    def ctrl_c(*_):
        raise KeyboardInterrupt("while measuring")

    model = make().fit(*rows(FIRST))
    monkeypatch.setattr(label_report, what, ctrl_c)
    with pytest.raises(KeyboardInterrupt, match=r"^$"):
        model.partial_fit(*rows(THIRD))
    assert model.interrupted_
    assert model.report_.notes[1:] == ["measuring was ended early by Ctrl-C"]
    assert model.predict(["naja"]).tolist() == ["egal"]


def test_ctrl_c_before_anything_was_learned_leaves_the_model_as_it_was(make, rows, monkeypatch):
    def count(*_):
        raise KeyboardInterrupt("while counting")

    model = make().fit(*rows(FIRST))
    before, known = model.to_bytes(), copy(model.classes_)
    monkeypatch.setattr(continuation, "count_texts", count)
    with pytest.raises(KeyboardInterrupt, match="while counting"):
        model.partial_fit(*rows(THIRD))
    assert model.to_bytes() == before
    assert model.classes_.tolist() == known.tolist()
    assert not model.interrupted_


# Budgets


def test_the_time_budget_is_kept(make, real, patiently):
    (texts, labels), held = real

    def check():
        model = make().fit(texts[::2], labels[::2])
        model.set_params(budget="2s").partial_fit(texts[1::2], labels[1::2])
        assert model.report_.fit_seconds < 2
        assert model.score(*held) > 0.5

    patiently(check)


def test_a_time_that_is_too_short_leaves_the_model(make, rows, monkeypatch):
    model = make().fit(*rows(FIRST))
    before = model.to_bytes()
    monkeypatch.setattr(continuation, "count_texts", lambda *a: time.sleep(0.2) or count_texts(*a))
    with pytest.raises(BudgetError, match="the smallest time that would do"):
        model.set_params(budget=Budget(time=0.3)).partial_fit(*rows(THIRD))
    assert model.set_params(budget=None).to_bytes() == before


def test_the_latency_budget_is_kept(make, rows):
    model = make(budget="5s,500ms").fit(*rows(FIRST))
    assert model.partial_fit(*rows(SECOND)).report_.latency_p95_ms < 500
    before = model.to_bytes()
    with pytest.raises(BudgetError, match="one prediction took"):
        model.set_params(budget=Budget(latency=1e-8)).partial_fit(*rows(THIRD))
    assert model.set_params(budget="5s,500ms").to_bytes() == before


def test_files_are_streamed(make, rows, tmp_path, monkeypatch):
    path = tmp_path / "more.csv"
    write_rows(path, ["text", "label"], zip(*rows(SECOND, 400), strict=True))
    model = make().fit(*rows(FIRST))
    expected = copy(model).partial_fit(*rows(SECOND, 400)).to_bytes()
    folders = []
    spill = Buckets._spill
    monkeypatch.setattr(Buckets, "_spill", lambda self: spill(self) or folders.append(self.folder))
    monkeypatch.setattr(label_rows, "CORPUS_MEMORY", 1000)
    assert model.partial_fit(Source(path)).to_bytes() == expected
    assert folders
    assert not folders[0].exists()
