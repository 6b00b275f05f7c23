"""`lilliput data`: the built-in sets as files."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from lilliput.data import builtin


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reads no sources: that is tested elsewhere."""
    monkeypatch.setattr(builtin, "docstrings", lambda: (['A "b",\nc.', "D"], ["x", "y"]))
    monkeypatch.setattr(builtin, "imports", lambda: [["os", "sys"]])


def test_list(run):
    names = [line.split()[0] for line in run("data", "list").out.splitlines()]
    assert names == ["docstrings", "imports", "topics", "digits"]


def test_get_as_csv(run, few, tmp_path: Path):
    out = tmp_path / "d.csv"
    assert run("data", "get", "docstrings", "-o", out).code == 0
    with out.open(newline="") as file:
        assert list(csv.reader(file)) == [["text", "label"], ['A "b",\nc.', "x"], ["D", "y"]]


def test_get_to_the_screen(run, few):
    assert run("data", "get", "docstrings").out.startswith("text,label\n")
    assert json.loads(run("data", "get", "imports", "--json").out) == {"items": ["os", "sys"]}


def test_get_topics(run, tmp_path: Path):
    pytest.importorskip("pydoc_data.topics")
    out = tmp_path / "topics.jsonl"
    assert run("data", "get", "topics", "-o", out).code == 0
    titles = [json.loads(line)["title"] for line in out.read_text().splitlines()]
    assert "lambda" in titles


def test_get_digits(run):
    pytest.importorskip("sklearn")
    first = json.loads(run("data", "get", "digits", "--json").out.partition("\n")[0])
    assert len(first["pixels"]) == 64
    assert first["label"] == 0


def test_an_unknown_set(run):
    done = run("data", "get", "mnist")
    assert done.code == 2
    assert "there are docstrings, imports, topics, digits" in done.err
