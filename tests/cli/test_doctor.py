"""`lilliput doctor`: this machine, and a data set."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lilliput import warm


def test_this_machine(run):
    page = run("doctor").out
    for part in ("lilliput", "python", "numpy", "cores", "memory", "kernels", "extra parquet"):
        assert f"\n{part}" in f"\n{page}"


def test_this_machine_as_json(run):
    found = json.loads(run("doctor", "--json").out)
    assert found["cores"] >= 1
    assert isinstance(found["kernels_compiled"], bool)
    assert found["extras"]["zstd"].keys() == {"zstandard"}


def test_compiling_is_announced_and_done_once(run, monkeypatch: pytest.MonkeyPatch):
    state = {"compiled": False}
    monkeypatch.setattr(warm, "compiled", lambda: state["compiled"])
    monkeypatch.setattr(warm, "warm", lambda: state.update(compiled=True) or 12.0)
    first = run("doctor", "--compile")
    assert first.err == "compiling kernels, once (a minute or two)\ncompiled in 12 s\n"
    assert "compiled\n" in first.out
    assert run("doctor", "--compile").err == ""


def test_a_data_set(run, train: Path, tmp_path: Path):
    data = tmp_path / "odd.csv"
    data.write_text(train.read_text() + ",food\n" + "bad\n")
    page = run("doctor", data, "--text", "text", "--target", "label", "--test", train).out
    assert "301, and 1 bad one" in page
    assert "empty texts: 1" in page
    assert "rows of the other set whose text stands in this one too: 300" in page


def test_a_data_set_as_json(run, train: Path):
    found = json.loads(run("doctor", train, "--json").out)
    assert found["labels"] == {"food": 100, "sport": 100, "travel": 100}


def test_a_test_set_alone_is_refused(run, train: Path):
    assert "needs the training data" in run("doctor", "--test", train).err
