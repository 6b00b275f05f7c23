"""What a stranger does first, each command in a process of its own."""

from __future__ import annotations

import csv
import json
from pathlib import Path

from lilliput.data.builtin import docstrings
from lilliput.data.write import write_rows


def test_fit_predict_score_and_inspect(python, tmp_path: Path):
    rows = list(zip(*docstrings(limit=600), strict=True))
    rows = [(text, label) for text, label in rows if label in ("tkinter", "asyncio", "email", "decimal", "logging")]
    write_rows(tmp_path / "train.csv", ["text", "package"], rows[::2])
    write_rows(tmp_path / "test.csv", ["text", "package"], rows[1::2])

    def lilliput(*arguments: object):
        return python("-m", "lilliput", *arguments)

    model = tmp_path / "m.safetensors"
    fit = lilliput("fit", "label", tmp_path / "train.csv", "--target", "package", "-o", model, "--budget", "50KB")
    assert fit.code == 0, fit.err
    assert fit.out.startswith("task ")
    assert fit.err.splitlines()[-1].startswith(f"saved {model}")
    assert model.stat().st_size <= 50_000

    text = lilliput("predict", model, "Widget which can contain other widgets")
    assert text.out.split("\t")[0] == "tkinter"

    file = lilliput("predict", model, tmp_path / "test.csv", "--text", "text", "-o", tmp_path / "out.csv")
    assert (file.code, file.out, file.err) == (0, "", "")
    with (tmp_path / "out.csv").open(newline="", encoding="utf-8") as stream:
        answers = list(csv.DictReader(stream))
    assert len(answers) == len(rows[1::2])
    right = sum(answer["label"] == label for answer, (_, label) in zip(answers, rows[1::2], strict=True))

    score = lilliput("score", model, tmp_path / "test.csv", "--target", "package", "--json")
    measured = json.loads(score.out)
    assert measured["accuracy"] == right / len(answers)
    assert measured["rows"] == len(answers)

    shown = lilliput("inspect", model)
    assert "asyncio, decimal, email, logging, tkinter" in shown.out


def test_one_text_costs_no_heavy_library(python, model: Path):
    program = """
import sys
from lilliput.cli.main import main
code = main(["predict", *sys.argv[1:]])
print(*({"numba", "rich", "torch", "sklearn", "pandas"} & sys.modules.keys()))
sys.exit(code)
"""
    done = python("-c", program, model, "soup and bread")
    assert done.code == 0
    answer, heavy = done.out.splitlines()
    assert answer.startswith("food\t")
    assert heavy == ""
