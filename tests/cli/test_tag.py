"""`lilliput fit tag` and `fit clusters`, and what the other verbs make of their models."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lilliput.cli.main import main

CONLLU = (
    "# s\n1\tthe\t_\tDET\t_\t_\t_\t_\t_\t_\n2\t{0}\t_\tNOUN\t_\t_\t_\t_\t_\t_\n3\t{1}\t_\tVERB\t_\t_\t_\t_\t_\t_\n\n"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A treebank, a part of it to score, and a corpus of raw text."""
    folder = tmp_path_factory.mktemp("tags")
    pairs = [(f"n{number % 7}", f"v{number % 5}") for number in range(120)]
    (folder / "train.conllu").write_text("".join(CONLLU.format(*pair) for pair in pairs), encoding="utf-8")
    (folder / "test.conllu").write_text("".join(CONLLU.format(*pair) for pair in pairs[:9]), encoding="utf-8")
    (folder / "train.tsv").write_text("the\tDET\nn1\tNOUN\n\nv1\tVERB\nthe\tDET\n\n" * 20, encoding="utf-8")
    (folder / "corpus.txt").write_text("\n".join(f"the {noun} {verb} ." for noun, verb in pairs), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def model(folder: Path) -> Path:
    out = folder / "pos.safetensors"
    assert main(["fit", "tag", str(folder / "train.conllu"), "-o", str(out), "--budget", "50KB", "--quiet"]) == 0
    return out


def test_a_fit_shows_its_report(folder, run):
    done = run("fit", "tag", folder / "train.tsv", "-o", folder / "two.safetensors", "--json", "--quiet")
    assert (done.code, done.err) == (0, "")
    assert json.loads(done.out)["task"] == "tag"


def test_a_text_is_answered_token_by_token(model, run):
    lines = run("predict", model, "The n1 v2").out.splitlines()
    assert [line.split("\t")[:2] for line in lines] == [["The", "DET"], ["n1", "NOUN"], ["v2", "VERB"]]
    tokens = [json.loads(line) for line in run("predict", model, "The n1 v2", "--json").out.splitlines()]
    assert [token["tag"] for token in tokens] == ["DET", "NOUN", "VERB"]


def test_a_file_of_sentences_comes_back_with_its_tags(folder, model, run, tmp_path):
    bare = tmp_path / "bare.conllu"
    tagged = (folder / "test.conllu").read_text(encoding="utf-8")
    bare.write_text(tagged.replace("DET", "_").replace("NOUN", "_").replace("VERB", "_"), encoding="utf-8")
    assert run("predict", model, bare).out == tagged
    out = tmp_path / "out.jsonl"
    assert run("predict", model, bare, "-o", out).code == 0
    first = json.loads(out.read_text(encoding="utf-8").splitlines()[0])
    assert (first["tokens"], first["tags"]) == (["the", "n0", "v0"], ["DET", "NOUN", "VERB"])


def test_a_plain_text_file_is_cut_into_sentences(model, run, tmp_path):
    plain = tmp_path / "plain.txt"
    plain.write_text("The n1 v1. The n2 v2.", encoding="utf-8")
    out = run("predict", model, plain).out
    assert out.count("# text = ") == 2
    assert "\tn1\t_\tNOUN\t" in out


def test_quality_is_measured_and_the_model_shown(folder, model, run):
    assert json.loads(run("score", model, folder / "test.conllu", "--json").out)["accuracy"] == 1
    assert "accuracy  1.0000" in run("score", model, folder / "test.conllu").out
    assert "3: DET, NOUN, VERB" in run("inspect", model).out


def test_what_is_wrong_is_said(folder, model, run, tmp_path):
    broken = tmp_path / "broken.conllu"
    broken.write_text("1\tthe\n\n", encoding="utf-8")
    assert "broken.conllu, row 1: 2 columns" in run("fit", "tag", broken, "-o", tmp_path / "x.safetensors").err
    done = run("fit", "tag", folder / "train.conllu", "-o", tmp_path / "x.safetensors", "--column", "form")
    assert done.code == 2
    assert run("predict", model, "a text", "-o", tmp_path / "x.csv").err.count("-o is for files") == 1
    assert "none.conllu" in run("predict", model, tmp_path / "none.conllu").err
    told = run("predict", model, "a text", "--top", "3").err
    assert "tags tokens and has no use for --top; it takes -o --json --skip-bad" in told
    assert run("fit", "tag", folder / "none.conllu", "-o", tmp_path / "x.safetensors").code == 2


def test_clusters_are_fitted_and_shown(folder, run, tmp_path):
    out = tmp_path / "clusters.safetensors"
    done = run("fit", "clusters", folder / "corpus.txt", "-o", out, "--clusters", "3", "--least", "1", "--quiet")
    assert (done.code, done.err) == (0, "")
    assert "perplexity" in done.out
    assert "labels      3: " in run("inspect", out).out
