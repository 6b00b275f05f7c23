"""`lilliput score`: the measures, as a table and as JSON."""

from __future__ import annotations

import json
from pathlib import Path


def test_measures_with_intervals(run, model: Path, test: Path):
    done = run("score", model, test, "--text", "text", "--target", "label")
    assert done.code == 0
    assert done.out.splitlines()[0].startswith("accuracy")
    assert "95 % interval" in done.out


def test_json(run, model: Path, test: Path):
    found = json.loads(run("score", model, test, "--json").out)
    assert found["accuracy"] == 1
    assert found["rows"] == 60
    assert found["intervals"].keys() == found.keys() - {"rows", "intervals", "notes"}
    low, high = found["intervals"]["accuracy"]
    assert low < 1 == high
    assert found["notes"] == []


def test_labels_that_the_model_does_not_know_are_noted(run, model: Path, test: Path, tmp_path: Path):
    data = tmp_path / "test.csv"
    data.write_text(test.read_text() + "some text,poetry\n")
    found = json.loads(run("score", model, data, "--json").out)
    assert found["accuracy"] == 60 / 61
    assert "'poetry' (1)" in found["notes"][0]


def test_bad_rows_are_noted(run, model: Path, test: Path, tmp_path: Path):
    data = tmp_path / "test.csv"
    data.write_text(test.read_text() + "too,many,cells\n")
    assert run("score", model, data).code == 2
    done = run("score", model, data, "--skip-bad")
    assert "note" in done.out
    assert "1 bad row skipped" in done.out


def test_several_and_soft_labels(run, several: Path, soft: Path, tmp_path: Path):
    (tmp_path / "several.csv").write_text("text,label\nsoup with bread evening night,food;late\ngoal match,sport\n")
    found = json.loads(run("score", several, tmp_path / "several.csv", "--separator", ";", "--json").out)
    assert found["micro_f1"] == 1
    (tmp_path / "soft.csv").write_text("text,sport,food\nsoup with bread,0.05,0.9\ngoal and match,0.9,0.05\n")
    found = json.loads(run("score", soft, tmp_path / "soft.csv", "--target", "food,sport", "--json").out)
    assert found["rmse"] < 0.3
