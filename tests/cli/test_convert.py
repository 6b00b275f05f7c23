"""`lilliput convert`: fastText's files, and what the other verbs make of the converted model."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from lilliput.compat.fasttext_model import FastTextClassifier

FIXTURES = Path(__file__).parents[1] / "compat" / "fixtures"


def unpacked(name: str, folder: Path) -> Path:
    path = folder / f"{name}.bin"
    path.write_bytes(gzip.decompress((FIXTURES / f"{name}.bin.gz").read_bytes()))
    return path


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return unpacked("words", tmp_path)


def text_of(path: Path) -> str:
    return " ".join(word for word in FastTextClassifier.read(path).get_words()[:5] if word != "</s>")


def test_a_converted_model_predicts_the_same(run, old: Path, tmp_path: Path):
    new = tmp_path / "new.safetensors"
    done = run("convert", old, new)
    assert done.code == 0, done.err
    assert done.err.startswith(f"saved {new} (")
    (label,), (probability,) = FastTextClassifier.read(old).predict(text_of(old))
    assert run("predict", new, text_of(old)).out == f"{label.removeprefix('__label__')}\t{probability:.4f}\n"


def test_a_converted_model_is_inspected_and_scored(run, old: Path, tmp_path: Path):
    new = tmp_path / "new.safetensors"
    run("convert", old, new)
    found = json.loads(run("inspect", new, "--json").out)
    assert found["manifest"]["task"] == "fasttext"
    (label,), _ = FastTextClassifier.read(old).predict(text_of(old))
    (tmp_path / "test.ft").write_text(f"{label} {text_of(old)}\n" * 3)
    assert json.loads(run("score", new, tmp_path / "test.ft", "--json").out)["accuracy"] == 1


def test_one_versus_all_gives_several_labels(run, tmp_path: Path):
    new = tmp_path / "new.safetensors"
    run("convert", unpacked("ova", tmp_path), new)
    answer = json.loads(run("predict", new, "some words", "--json").out)
    assert isinstance(answer["label"], list)


def test_a_text_without_a_known_word_gets_no_label(run, old: Path, tmp_path: Path):
    new = tmp_path / "new.safetensors"
    run("convert", old, new)
    (tmp_path / "in.txt").write_text("zzzz\n")
    answer = json.loads(run("predict", new, tmp_path / "in.txt", "--json").out)
    assert answer["label"] is None or answer["probability"] < 1


def test_what_a_converted_model_cannot_do(run, old: Path, train: Path, tmp_path: Path):
    new = tmp_path / "new.safetensors"
    run("convert", old, new)
    assert "does not explain itself" in run("predict", new, "a text", "--explain").err
    done = run("fit", "label", train, "--continue", new, "-o", tmp_path / "m.safetensors")
    assert done.code == 2
    assert "cannot be continued" in done.err


def test_a_file_that_is_none_of_fasttext(run, model: Path, tmp_path: Path):
    done = run("convert", model, tmp_path / "new.safetensors")
    assert done.code == 2
    assert "is not a fastText model" in done.err
