"""Ctrl-C while a text classifier learns."""

from __future__ import annotations

import numpy as np
import pytest

from lilliput import load
from lilliput.core.progress import Progress
from lilliput.planning import textnet
from lilliput.tasks import label_report
from lilliput.tasks.label import TextClassifier


@pytest.fixture
def press(monkeypatch):
    """Press Ctrl-C when the progress advances for the n-th time."""

    def at(number):
        calls = []

        def advance(self, n=1):
            calls.append(n)
            if len(calls) == number:
                raise KeyboardInterrupt

        monkeypatch.setattr(Progress, "advance", advance)
        return calls

    return at


@pytest.fixture
def model():
    return TextClassifier(threads=1, progress=False)


def steps(press, toy, name, **options):
    """How often the progress advances in a whole fit."""
    calls = press(None)
    TextClassifier(threads=1, progress=False, **options).fit(*toy(name))
    return len(calls)


@pytest.mark.parametrize("options", [{}, {"budget": "5KB"}, {"network": "embedding"}], ids=str)
@pytest.mark.parametrize("when", ["early", "halfway", "at the end"])
def test_the_best_model_so_far_is_kept(press, toy, tmp_path, options, when):
    whole = steps(press, toy, "linear", **options)
    press({"early": 2, "halfway": whole // 2, "at the end": whole}[when])
    model = TextClassifier(threads=1, progress=False, **options)
    with pytest.raises(KeyboardInterrupt, match=r"^$"):
        model.fit(*toy("linear"))
    assert model.interrupted_
    assert model.report_.notes == ["training was ended early by Ctrl-C"]
    assert "learned from them too" not in model.report_.held_out
    assert model.report_.quality["accuracy"].n == 24
    texts, labels = toy("linear", seed=1)
    assert np.mean(model.predict(texts) == labels) > 0.6
    size = model.save(tmp_path / "model.safetensors")
    assert "budget" not in options or size <= 5000
    loaded = load(tmp_path / "model.safetensors")
    assert np.array_equal(loaded.predict_proba(texts), model.predict_proba(texts))


@pytest.mark.parametrize("kind", ["multi", "soft", "twelve labels"])
def test_for_every_kind_of_target(press, toy, model, kind):
    press(3)
    with pytest.raises(KeyboardInterrupt, match=r"^$"):
        model.fit(*toy(kind))
    assert model.interrupted_
    assert len(model.predict(["das rot"])) == 1


def test_before_anything_was_learned_there_is_no_model(toy, model, monkeypatch):
    def count(*_):
        raise KeyboardInterrupt("while counting")

    monkeypatch.setattr(textnet, "count_texts", count)
    with pytest.raises(KeyboardInterrupt, match="while counting"):
        model.fit(*toy("linear"))
    assert not model.__sklearn_is_fitted__()


def test_while_reading_there_is_no_model_either(model):
    def texts():
        yield "ein Text"
        raise KeyboardInterrupt("while reading")

    with pytest.raises(KeyboardInterrupt, match="while reading"):
        model.fit(texts(), ["a", "b"])
    assert not model.__sklearn_is_fitted__()


def ctrl_c(*_):
    raise KeyboardInterrupt("while measuring")


@pytest.mark.parametrize("kind", ["linear", "multi", "soft"])
@pytest.mark.parametrize("what", ["quality", "latency", "_throughput"])
def test_while_measuring_the_model_is_kept(toy, model, tmp_path, monkeypatch, kind, what):
    expected = TextClassifier(threads=1, progress=False).fit(*toy(kind))
    monkeypatch.setattr(label_report, what, ctrl_c)
    with pytest.raises(KeyboardInterrupt, match=r"^$"):
        model.fit(*toy(kind))
    assert model.interrupted_
    assert model.report_.notes == ["measuring was ended early by Ctrl-C"]
    assert (model.report_.quality == {}) == (what == "quality")
    texts, _ = toy(kind, seed=1)
    assert np.array_equal(model.predict_proba(texts), expected.predict_proba(texts))
    model.save(tmp_path / "model.safetensors")
    assert load(tmp_path / "model.safetensors").report_.notes == model.report_.notes


def test_the_memory_is_kept_even_then(toy, monkeypatch):
    monkeypatch.setattr(label_report, "latency", ctrl_c)
    model = TextClassifier("5KB", threads=1, progress=False)
    with pytest.raises(KeyboardInterrupt, match=r"^$"):
        model.fit(*toy("linear"))
    assert len(model.to_bytes()) <= 5000


def test_an_undisturbed_fit_says_so_again(press, toy, model):
    press(2)
    with pytest.raises(KeyboardInterrupt, match=r"^$"):
        model.fit(*toy("linear"))
    press(None)
    assert not model.fit(*toy("linear")).interrupted_
    assert model.report_.notes == []
