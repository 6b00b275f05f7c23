"""`lilliput fit segment`, and what the other verbs make of its models."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lilliput.cli.main import main

WORDS = ["今天", "天氣", "好", "不", "我們", "去", "台北"]
SENTENCES = ["Mr. Smith came.", "Dr. Jones left!", "Ann saw St. Paul."]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A treebank, text that is cut already, and text that is not."""
    folder = tmp_path_factory.mktemp("segments")
    lists = [[WORDS[(number * step) % 7] for step in (1, 2, 4)] for number in range(150)]
    rows = ["".join(f"{n}\t{word}" + "\t_" * 8 + "\n" for n, word in enumerate(words, 1)) for words in lists]
    (folder / "train.conllu").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (folder / "test.txt").write_text("\n".join(map(" ".join, lists[:9])) + "\n", encoding="utf-8")
    (folder / "raw.txt").write_text("今天天氣好\n\n我們去 台北\n", encoding="utf-8")
    (folder / "sentences.txt").write_text("\n".join(SENTENCES * 60), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def model(folder: Path) -> Path:
    out = folder / "seg.safetensors"
    assert main(["fit", "segment", str(folder / "train.conllu"), "-o", str(out), "--budget", "50KB", "--quiet"]) == 0
    return out


def test_a_text_comes_back_with_spaces_between_its_words(model, run):
    assert run("predict", model, "我們今天去台北").out == "我們 今天 去 台北\n"
    found = json.loads(run("predict", model, "去台北", "--json").out)
    assert (found["words"], found["starts"], found["ends"]) == (["去", "台北"], [0, 1], [1, 3])
    assert found["probability"][0] == 1


def test_a_line_of_a_file_is_a_text(folder, model, run, tmp_path):
    assert run("predict", model, folder / "raw.txt").out == "今天 天氣 好\n\n我們 去 台北\n"
    out = tmp_path / "out.jsonl"
    assert run("predict", model, folder / "raw.txt", "-o", out).code == 0
    rows = [json.loads(line)["words"] for line in out.read_text(encoding="utf-8").splitlines()]
    assert rows == [["今天", "天氣", "好"], [], ["我們", "去", "台北"]]
    out = tmp_path / "out.txt"
    assert run("predict", model, folder / "raw.txt", "-o", out).code == 0
    assert out.read_text(encoding="utf-8") == run("predict", model, folder / "raw.txt").out


def test_sentences_come_one_a_line(folder, run, tmp_path):
    out = tmp_path / "sentences.safetensors"
    done = run("fit", "segment", folder / "sentences.txt", "-o", out, "--unit", "sentence", "--json", "--quiet")
    assert (done.code, done.err) == (0, "")
    assert json.loads(done.out)["quality"]["sentence_f1"]["value"] > 0.9
    raw = tmp_path / "raw.txt"
    raw.write_text("Dr. Jones\nleft! Ann saw St. Paul.\n", encoding="utf-8")
    assert run("predict", out, raw).out == "Dr. Jones left!\nAnn saw St. Paul.\n"


def test_quality_is_measured_and_the_model_shown(folder, model, run):
    assert json.loads(run("score", model, folder / "test.txt", "--json").out)["word_f1"]["value"] == 1
    assert "word_f1            1.0000" in run("score", model, folder / "test.txt").out
    assert "4: begin, middle, end, single" in run("inspect", model).out


def test_what_is_wrong_is_said(folder, model, run, tmp_path):
    broken = tmp_path / "broken.conllu"
    broken.write_text("1\t今\n\n", encoding="utf-8")
    out = tmp_path / "x.safetensors"
    assert "broken.conllu, row 1: 2 columns" in run("fit", "segment", broken, "-o", out).err
    assert "unit='line': expected" in run("fit", "segment", folder / "test.txt", "-o", out, "--unit", "line").err
    assert "written to .txt or .jsonl" in run("predict", model, folder / "raw.txt", "-o", tmp_path / "x.csv").err
    assert "-o is for files" in run("predict", model, "今天", "-o", tmp_path / "x.txt").err
    assert "read from plain text" in run("predict", model, folder / "train.conllu").err
    assert "none.txt" in run("predict", model, tmp_path / "none.txt").err
    told = run("predict", model, "今天", "--top", "3").err
    assert "cuts texts and has no use for --top; it takes -o --json --skip-bad" in told
    bad = tmp_path / "bad.txt"
    bad.write_bytes("今天 好\n".encode() * 60 + b"\xff\n")
    assert "invalid UTF-8" in run("fit", "segment", bad, "-o", out).err
    done = run("fit", "segment", bad, "-o", out, "--skip-bad")
    assert done.code == 0
    assert "1 bad row" in done.err
