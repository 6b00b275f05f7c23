"""The commands and the Python of the README run as they stand."""

from __future__ import annotations

import re
import runpy
import shlex
from pathlib import Path

import pytest

from lilliput.cli.main import main

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^\$ lilliput (.*)$", README, flags=re.MULTILINE)
PYTHON = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_there_are_commands_of_every_verb():
    assert {command.split()[0] for command in COMMANDS} >= {"data", "fit", "predict", "score", "inspect"}


def test_the_commands_run_and_the_report_is_the_one_shown(capfd):
    outputs = {}
    for command in COMMANDS:
        code = main(shlex.split(command))
        outputs[command], errors = capfd.readouterr()
        assert code == 0, errors
    fit, predict = (next(outputs[line] for line in COMMANDS if line.startswith(verb)) for verb in ("fit", "predict"))
    shown = re.findall(r"^(task|accuracy|macro_f1) +", README, flags=re.MULTILINE)
    assert re.findall(r"^(task|accuracy|macro_f1) +", fit, flags=re.MULTILINE) == shown
    accuracy = float(re.search(r"accuracy +([\d.]+)", fit).group(1))
    assert accuracy == pytest.approx(float(re.search(r"accuracy +([\d.]+)", README).group(1)), abs=0.05)
    label, probability = predict.strip().split("\t")
    assert label
    assert 0 < float(probability) <= 1


def test_the_python_runs(capsys):
    first, *others = PYTHON
    exec(first, {})
    assert "bad" in capsys.readouterr().out
    for snippet in others:
        exec(snippet, {})
        assert "accuracy" in capsys.readouterr().out


def test_the_example_runs(capsys):
    runpy.run_path(str(Path(__file__).parents[1] / "examples" / "label_docstrings.py"), run_name="__main__")
    assert "socket" in capsys.readouterr().out
