"""A text classifier in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from lilliput.tasks.label import TextClassifier

TEXTS = ["das rot", "und blau", "nur grün und rot"] * 30
TARGETS = [{"r"}, {"b"}, {"g", "r"}] * 30
HEAVY = {"numba", "torch", "sklearn", "rich", "pandas", "polars", "typer", "llvmlite", "scipy"}
PREDICT = """
import sys
from lilliput import load
model = load(sys.argv[1])
print(model.predict([sys.argv[2]])[0])
print(model.explain(sys.argv[2]).label)
print(*sorted({name.partition(".")[0] for name in sys.modules}))
print(*(name for name in sys.modules if name.startswith("lilliput.")))
"""
FIT = f"""
import sys
from lilliput import TextClassifier
TextClassifier(progress=False).fit({TEXTS}, {TARGETS}).save(sys.argv[1])
"""


@pytest.fixture(scope="module", autouse=True)
def quick_fits():
    """Fits as other processes have them."""


@pytest.fixture
def cold(tmp_path):
    """What a new process predicts and explains, and which modules it has loaded then."""

    def run(model, text):
        path = tmp_path / "model.safetensors"
        model.save(path)
        command = [sys.executable, "-c", PREDICT, str(path), text]
        made = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=True)
        label, explained, modules, ours = made.stdout.splitlines()
        return label, explained, set(modules.split()), set(ours.split())

    return run


@pytest.mark.parametrize("name", ["twelve labels", "embedding"])
def test_a_cold_prediction_takes_numpy_alone(cold, fitted, name):
    text = "das grün und 😀"
    label, explained, modules, ours = cold(fitted(name), text)
    assert label == explained == fitted(name).predict([text])[0] == "grün"
    assert not HEAVY & modules
    assert not {"lilliput.nets.pooling", "lilliput.nets.kernels", "lilliput.training.passes"} & ours
    assert "numpy" in modules


@pytest.mark.parametrize("hashing", ["1", "2"])
def test_any_process_learns_the_same(tmp_path, hashing):
    path = tmp_path / "model.safetensors"
    environment = {**os.environ, "PYTHONHASHSEED": hashing}
    subprocess.run([sys.executable, "-c", FIT, str(path)], check=True, env=environment)
    assert path.read_bytes() == TextClassifier(threads=1, progress=False).fit(TEXTS, TARGETS).to_bytes()
