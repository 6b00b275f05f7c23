"""Word vectors on the command line: converting, asking, scoring, looking inside."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from lilliput import WordVectors
from lilliput.core.errors import DataError
from lilliput.tasks.vectors_asked import parsed

WORDS = ["king", "queen", "man", "woman", "New York", "x\udcff"]
ROWS = np.array([[1, 1, 0, 0.1], [1, -1, 0, 0.1], [0, 1, 0.2, 0], [0, -1, 0.2, 0], [0, 0.1, 1, 0], [0, 0, 1, 1]])


@pytest.fixture
def vec(tmp_path) -> Path:
    WordVectors.of(WORDS, ROWS).write(tmp_path / "v.vec")
    return tmp_path / "v.vec"


@pytest.fixture
def ours(tmp_path) -> Path:
    WordVectors.of(WORDS, ROWS).save(tmp_path / "ours.safetensors")
    return tmp_path / "ours.safetensors"


def test_there_and_back(run, vec, tmp_path):
    new = tmp_path / "new.safetensors"
    done = run("convert", vec, new)
    assert (done.code, done.out) == (0, "")
    assert done.err.startswith(f"saved {new} (")
    assert "try: lilliput predict" in done.err
    assert run("convert", new, "-o", tmp_path / "back.vec", "-q") == (0, "", "")
    assert (tmp_path / "back.vec").read_bytes() == vec.read_bytes()
    assert run("convert", tmp_path / "back.vec", tmp_path / "again.vec.gz").code == 0
    done = run("convert", new, tmp_path / "back.bin")
    assert done.code == 2
    assert "'New York' holds a space" in done.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["v.vec"], "convert takes one file to write"),
        (["v.vec", "a.vec", "-o", "b.vec"], "convert takes one file to write"),
        (["none.vec", "a.safetensors"], "none.vec does not exist"),
        (["v.vec", "no/a.vec"], "there is no folder"),
    ],
)
def test_what_cannot_be_converted(run, vec, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    done = run("convert", *arguments)
    assert done.code == 2
    assert message in done.err


def test_duplicates_are_noted(run, tmp_path):
    (tmp_path / "a.txt").write_text("a 1 2\na 3 4\n")
    done = run("convert", tmp_path / "a.txt", tmp_path / "a.safetensors")
    assert "note: 1 words come again ('a')" in done.err


def test_a_word_and_a_sum(run, ours):
    assert run("predict", ours, "king - man + woman", "--top", "1").out.startswith("queen\t0.9")
    assert run("predict", ours, "New York", "--top", "1").out.startswith("x\ufffd\t0.")
    assert len(run("predict", ours, "king queen").out.splitlines()) == 4
    found = json.loads(run("predict", ours, "king", "--json", "--top", "2").out)
    assert found["asked"] == "king"
    assert len(found["neighbours"]) == len(found["similarities"]) == 2
    done = run("predict", ours, "kingg")
    assert (done.code, done.out) == (2, "")
    assert "did you mean 'king'?" in done.err
    assert "--explain" in run("predict", ours, "king", "--explain").err


def test_a_file_of_words(run, ours, tmp_path):
    (tmp_path / "in.txt").write_text("king - man + woman\nzzz\n")
    done = run("predict", ours, tmp_path / "in.txt", "--json", "--top", "1")
    first, second = map(json.loads, done.out.splitlines())
    assert first["neighbours"] == ["queen"]
    assert second == {"asked": "zzz", "neighbours": [], "similarities": []}
    assert "note: 1 rows with an unknown word ('zzz')" in done.err
    assert run("predict", ours, tmp_path / "in.txt", "-o", tmp_path / "out.csv").code == 0
    assert (tmp_path / "out.csv").read_text().startswith("asked,neighbours,similarities\n")
    assert "-o is for files" in run("predict", ours, "king", "-o", tmp_path / "out.csv").err


@pytest.mark.parametrize(
    ("given", "plus", "minus"),
    [
        ("king - man + woman", ["king", "woman"], ["man"]),
        ("a b", ["a", "b"], []),
        ("- a + b", ["b"], ["a"]),
        ("well-known", ["well-known"], []),
        ("a - -", ["a"], ["-"]),
    ],
)
def test_sums_are_understood(given, plus, minus):
    assert parsed(given) == (plus, minus)


def test_a_sign_needs_a_word():
    with pytest.raises(DataError, match=r"ends in '\+'"):
        parsed("a +")


def test_scores(run, ours, tmp_path):
    (tmp_path / "s.txt").write_text("king queen 5\nman woman 1\nman man 9\nking man 7\n")
    (tmp_path / "q.txt").write_text(": royal\nman woman king queen\n")
    done = run("score", ours, tmp_path / "s.txt", tmp_path / "q.txt")
    assert done.out.splitlines()[0].startswith("s  ")
    assert done.out.splitlines()[1] == "q  100.00%  (1 of 1 asked, 1 questions)"
    found = json.loads(run("score", ours, tmp_path / "q.txt", "--json").out)
    assert found["analogies"]["q"]["accuracy"] == 1
    (tmp_path / "n.txt").write_text("nothing\n")
    assert "neither a similarity set" in run("score", ours, tmp_path / "n.txt").err


def test_looking_inside(run, ours):
    assert "words       6: king, queen, man, woman, New York, x\ufffd" in run("inspect", ours).out
    assert json.loads(run("inspect", ours, "--json").out)["manifest"]["parameters"]["dim"] == 4


def test_a_map(run, tmp_path):
    model = tmp_path / "v.safetensors"
    WordVectors.of([f"w{n}" for n in range(30)], np.random.default_rng(0).normal(size=(30, 4))).save(model)
    done = run("map", model, "-o", tmp_path / "m.html", "--top", "20")
    assert done.code == 0, done.err
    assert "drawing 20 points" in done.err
    assert "w19" in (tmp_path / "m.html").read_text()
    assert "maps are drawn to .html" in run("map", model, "-o", tmp_path / "m.svg").err
    assert "--context is for pairing" in run("map", model, "-o", tmp_path / "m.html", "--context", "x").err


def test_vectors_are_fitted_and_shown(run, tmp_path):
    (tmp_path / "corpus.txt").write_text("the cat sees a dog\nthe dog hears a cat\n" * 50)
    out = tmp_path / "v.safetensors"
    asked = ["fit", "vectors", tmp_path / "corpus.txt", "-o", out, "--quiet"]
    done = run(*asked, "--dim", "8", "--epochs", "2", "--subwords", "3-4")
    assert (done.code, done.err) == (0, "")
    assert "vocabulary 6" in done.out
    assert "cat" in run("predict", out, "dog").out
    for wrong, message in (("3", "expected two numbers"), ("6-3", "expected the shortest and the longest")):
        done = run(*asked, "--subwords", wrong)
        assert done.code == 2
        assert message in done.err
    done = run(*asked, "--least", "99999")
    assert done.code == 2
    assert "no word occurs 99,999 times" in done.err
