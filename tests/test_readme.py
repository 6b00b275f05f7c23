"""The commands and the Python of the README run as they stand."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^\$ lilliput (.*)$", README, flags=re.MULTILINE)
PYTHON = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)


def run(arguments, folder):
    done = subprocess.run([sys.executable, *arguments], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def outputs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("readme")
    return {command: run(["-m", "lilliput", *shlex.split(command)], folder) for command in COMMANDS}


def test_there_are_commands_of_every_verb():
    assert {command.split()[0] for command in COMMANDS} >= {"data", "fit", "predict", "score", "inspect"}


def test_the_report_is_the_one_shown(outputs):
    fit = next(output for command, output in outputs.items() if command.startswith("fit"))
    shown = re.findall(r"^(task|accuracy|macro_f1) +", README, flags=re.MULTILINE)
    assert re.findall(r"^(task|accuracy|macro_f1) +", fit, flags=re.MULTILINE) == shown
    accuracy = float(re.search(r"accuracy +([\d.]+)", fit).group(1))
    assert accuracy == pytest.approx(float(re.search(r"accuracy +([\d.]+)", README).group(1)), abs=0.05)


def test_a_text_gets_a_label_and_a_probability(outputs):
    label, probability = next(out for cmd, out in outputs.items() if cmd.startswith("predict")).strip().split("\t")
    assert label
    assert 0 < float(probability) <= 1


def test_the_python_runs(tmp_path):
    first, *others = PYTHON
    assert "bad" in run(["-c", first], tmp_path)
    for snippet in others:
        assert "accuracy" in run(["-c", snippet], tmp_path)


def test_the_example_runs(tmp_path):
    assert "socket" in run([str(Path(__file__).parents[1] / "examples" / "label_docstrings.py")], tmp_path)
