"""`lilliput inspect`: what a model file holds."""

from __future__ import annotations

import json
from pathlib import Path

import lilliput


def test_the_page(run, model: Path):
    page = run("inspect", model).out
    assert "food, sport, travel" in page
    for part in ("manifest", "arrays", "report", "group0.codes", "accuracy", "budget 20KB"):
        assert part in page


def test_json(run, model: Path):
    found = json.loads(run("inspect", model, "--json").out)
    assert found["labels"] == ["food", "sport", "travel"]
    assert found["bytes"] == model.stat().st_size
    assert found["manifest"]["task"] == "label"
    assert "report" not in found["manifest"]
    assert 0 < sum(array["bytes"] for array in found["arrays"].values()) < found["bytes"]
    assert found["report"] == json.loads(lilliput.load(model).report_.to_json())
