"""`lilliput demo`, on fewer docstrings."""

from __future__ import annotations

from pathlib import Path

import pytest

import lilliput
from lilliput.cli import demo_segment
from lilliput.data import builtin


def test_the_demo_shows_a_report_answers_and_reasons(run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    docstrings = builtin.docstrings
    monkeypatch.setattr(builtin, "docstrings", lambda: docstrings(limit=500))
    monkeypatch.setattr(demo_segment, "SENTENCES", 300)
    done = run("demo", "-o", tmp_path / "models")
    assert done.code == 0, done.err
    assert "accuracy" in done.out
    assert done.out.count("  is from ") == 5
    assert done.out.count("  for     '") == 5
    path = tmp_path / "models" / "docstrings.safetensors"
    assert str(path) in done.out
    assert path.stat().st_size <= 256_000
    assert lilliput.load(path).predict(["Widget which can contain other widgets."]) is not None
    assert done.out.count("  with '") > 2
    assert "word_f1" in done.out
    assert "".join(lilliput.load(tmp_path / "models" / "segments.safetensors").predict(["thelist"])[0]) == "thelist"
    assert len(lilliput.load(tmp_path / "models" / "clusters.safetensors").words_) > 500
    assert len(lilliput.load(tmp_path / "models" / "rank.safetensors").top(100)) == 100
    assert "the first, with their scores" in done.out.lower()
    assert f"lilliput serve {tmp_path / 'models' / 'clusters.safetensors'} " in done.out


def test_a_folder_that_cannot_be_made(run, tmp_path: Path):
    done = run("demo", "-o", tmp_path / "no" / "models")
    assert done.code == 2
    assert "cannot be made" in done.err
