"""Kept machine code that is not of these kernels is never run."""

from __future__ import annotations

import sys

import pytest

from lilliput import warm
from lilliput.core.budget import Budget
from lilliput.nets import pooling
from lilliput.tasks.label import TextClassifier
from lilliput.tasks.machine_code import drop_stale, ready


@pytest.fixture
def kernels(monkeypatch, tmp_path):
    """What is made up of the kernels: their fingerprint, whether all are compiled, and what was done about it."""
    state = {"fingerprint": "new", "compiled": False, "done": []}
    monkeypatch.setattr(warm, "stamp_file", lambda: tmp_path / "lilliput.warm")
    monkeypatch.setattr(warm, "fingerprint", lambda: state["fingerprint"])
    monkeypatch.setattr(warm, "compiled", lambda: state["compiled"])
    monkeypatch.setattr(warm, "forget", lambda: state["done"].append("forget"))
    monkeypatch.setattr(warm, "warm", lambda: state["done"].append("warm") or 30.0)
    drop_stale.cache_clear()
    yield state
    drop_stale.cache_clear()


def another_process():
    drop_stale.cache_clear()
    drop_stale()


def test_stale_code_is_forgotten_once(kernels):
    drop_stale()
    drop_stale()
    assert kernels["done"] == ["forget"]
    another_process()
    assert kernels["done"] == ["forget"]
    kernels["fingerprint"] = "newer"
    another_process()
    assert kernels["done"] == ["forget"] * 2


def test_code_that_was_warmed_is_kept(kernels):
    kernels["compiled"] = True
    drop_stale()
    assert ready(Budget(time=5), False) == 0
    assert kernels["done"] == []


def test_without_a_cache_there_is_nothing_to_forget(kernels, monkeypatch):
    monkeypatch.setattr(warm, "stamp_file", lambda: None)
    drop_stale()
    assert kernels["done"] == []


def test_compiling_is_not_in_the_time_of_a_fit(kernels):
    assert ready(Budget(time=5), False) == 30
    assert kernels["done"] == ["warm"]
    assert ready(Budget(memory=1000), False) == 0  # else each kernel is compiled when it is called
    assert kernels["done"] == ["warm", "forget"]


def test_compiling_is_announced(kernels, capsys):
    ready(Budget(time=5), True)
    assert "compiling kernels, once (a minute or two)" in capsys.readouterr().err


@pytest.mark.parametrize("use", ["fit", "partial_fit", "predict"])
def test_nothing_is_run_before_the_look(fresh, toy, kernels, monkeypatch, use):
    order = []
    monkeypatch.setattr(warm, "forget", lambda: order.append("forget"))
    logits = pooling.logits
    monkeypatch.setattr(pooling, "logits", lambda *a: order.append("run") or logits(*a))
    model = TextClassifier(threads=1, progress=False) if use == "fit" else fresh("linear")
    texts, labels = toy("linear")
    getattr(model, use)(*([texts] if use == "predict" else [texts, labels]))
    assert order[:2] == ["forget", "run"]


def test_a_few_texts_in_a_cold_process_need_no_look(fresh, kernels, monkeypatch):
    monkeypatch.delitem(sys.modules, "lilliput.nets.pooling")
    fresh("linear").predict(["das rot"])
    assert kernels["done"] == []
