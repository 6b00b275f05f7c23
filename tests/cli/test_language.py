"""`lilliput fit language`, and what the other verbs make of its models."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import lilliput
from lilliput.cli.main import main

SENTENCES = {
    "de": ["der hund läuft durch den garten", "die katze schläft auf dem dach", "wir gehen heute nach hause"],
    "en": ["the dog runs through the garden", "the cat sleeps on the roof", "we are going home today"],
    "fr": ["le chien court dans le jardin", "le chat dort sur le toit", "nous rentrons à la maison"],
}
SMALL = ("--budget", "50KB")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A plain text file a language, and a table of all."""
    folder = tmp_path_factory.mktemp("languages")
    rows = []
    for language, sentences in SENTENCES.items():
        (folder / f"{language}.txt").write_text("\n".join(sentences * 30), encoding="utf-8")
        rows += [json.dumps({"text": text, "language": language}) for text in sentences * 30]
    (folder / "rows.jsonl").write_text("\n".join(rows), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def model(folder: Path) -> Path:
    """Fitted by the command line to one file a language."""
    out = folder / "m.safetensors"
    files = [str(folder / f"{language}.txt") for language in SENTENCES]
    assert main(["fit", "language", *files, "-o", str(out), *SMALL, "--quiet"]) == 0
    return out


def test_the_report_and_the_closing_line(run, folder: Path, tmp_path: Path):
    done = run("fit", "language", folder / "de.txt", folder / "en.txt", "-o", tmp_path / "m.safetensors", *SMALL)
    assert done.code == 0, done.err
    assert "accuracy" in done.out
    assert "learning from one file a language: de, en" in done.err
    assert "try: lilliput predict" in done.err


def test_a_table_with_the_usual_names(run, folder: Path, tmp_path: Path):
    out = tmp_path / "m.safetensors"
    options = ("--unknown", 0.6, *SMALL, "--seed", 4, "--threads", 1)
    done = run("fit", "language", folder / "rows.jsonl", "-o", out, "--json", *options)
    assert json.loads(done.out)["task"] == "language"
    assert lilliput.load(out).get_params()["unknown"] == 0.6
    assert lilliput.load(out).seed == 4


def test_one_text_is_answered_with_its_language(run, model: Path):
    done = run("predict", model, "the cat sleeps")
    language, probability = done.out.split()
    assert language == "en"
    assert 0.5 < float(probability) <= 1
    assert json.loads(run("predict", model, "le chat", "--json").out)["language"] == "fr"


def test_a_text_without_letters_has_no_language(run, model: Path):
    done = run("predict", model, "1984")
    assert done.out == "\t0.3333\n"
    assert "no language is probable enough" in done.err
    assert json.loads(run("predict", model, "1984", "--json").out)["language"] is None


def test_the_columns_of_a_file(run, model: Path, tmp_path: Path):
    (tmp_path / "in.txt").write_text("the cat\n\nder hund\n", encoding="utf-8")
    assert run("predict", model, tmp_path / "in.txt", "-o", tmp_path / "out.csv").code == 0
    lines = (tmp_path / "out.csv").read_text().splitlines()
    assert lines[0] == "language,probability"
    assert [line.split(",")[0] for line in lines[1:]] == ["en", "", "de"]


def test_why(run, model: Path):
    assert "for" in run("predict", model, "the cat", "--explain").out


def test_the_score_of_files_and_of_a_table(run, model: Path, folder: Path):
    of_files = run("score", model, folder / "de.txt", folder / "en.txt", "--json")
    assert json.loads(of_files.out)["accuracy"] > 0.9
    of_table = run("score", model, folder / "rows.jsonl", "--json")
    assert json.loads(of_table.out)["accuracy"] > 0.9


def test_inspect_knows_the_task(run, model: Path):
    assert "de, en, fr" in run("inspect", model).out


def test_a_model_goes_on_learning(run, model: Path, folder: Path, tmp_path: Path):
    (tmp_path / "nl.txt").write_text("de hond loopt door de tuin\nwij gaan vandaag naar huis\n" * 30)
    out = tmp_path / "m.safetensors"
    files = [folder / "de.txt", folder / "en.txt", folder / "fr.txt", tmp_path / "nl.txt"]
    assert run("fit", "language", *files, "-o", out, "--continue", model).code == 0
    assert set(lilliput.load(out).classes_) == {"de", "en", "fr", "nl"}


def test_a_model_of_another_task_is_not_continued(run, model: Path, folder: Path, tmp_path: Path):
    out = tmp_path / "m.safetensors"
    done = run("fit", "label", folder / "rows.jsonl", "--target", "language", "-o", out, "--continue", model)
    assert done.code == 2
    assert "holds a model of task 'language', which cannot be continued as 'label'" in done.err


def test_one_language_is_refused(run, folder: Path, tmp_path: Path):
    done = run("fit", "language", folder / "de.txt", "-o", tmp_path / "m.safetensors")
    assert done.code == 2
    assert "nothing to tell apart" in done.err


def test_the_parts_of_a_mixed_text(run, model: Path):
    text = "der hund läuft durch den garten the cat sleeps on the roof"
    lines = [line.split("\t") for line in run("predict", model, text, "--spans").out.splitlines()]
    assert [(cells[0], cells[2], cells[3]) for cells in lines] == [
        ("de", "0.5000", "der hund läuft durch den garten"),
        ("en", "0.5000", "the cat sleeps on the roof"),
    ]
    found = json.loads(run("predict", model, text, "--spans", "--json").out)
    assert [text[span["start"] : span["end"]] for span in found["spans"]] == [span["text"] for span in found["spans"]]
    assert found["shares"] == [{"language": "de", "share": 0.5}, {"language": "en", "share": 0.5}]
    assert run("predict", model, "", "--spans").out == ""


def test_spans_are_of_one_text_and_of_languages(run, model: Path, folder: Path, tmp_path: Path):
    assert "one text, not a file" in run("predict", model, folder / "rows.jsonl", "--spans").err
    label = tmp_path / "label.safetensors"
    lilliput.TextClassifier("20KB", progress=False).fit(["ein hund", "a dog"] * 30, ["de", "en"] * 30).save(label)
    done = run("predict", label, "a dog", "--spans")
    assert done.code == 2
    assert "--spans is for models of languages" in done.err
