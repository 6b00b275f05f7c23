"""`lilliput predict`: one text, and one row out for each row in."""

from __future__ import annotations

import csv
import gzip
import io
import json
from pathlib import Path

import pytest

import lilliput


def rows_of(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text)))


# One text


def test_a_text_gives_label_and_probability(run, model: Path):
    done = run("predict", model, "soup with bread")
    label, probability = done.out.rstrip("\n").split("\t")
    assert label == "food"
    assert 0.5 < float(probability) <= 1
    assert done.err == ""


def test_a_text_as_json(run, model: Path):
    answer = json.loads(run("predict", model, "soup with bread", "--json").out)
    assert answer == {"label": "food", "probability": pytest.approx(answer["probability"])}


def test_the_most_probable_labels(run, model: Path):
    lines = [line.split("\t") for line in run("predict", model, "soup with bread", "--top", 2).out.splitlines()]
    assert len(lines) == 2
    assert lines[0][0] == "food"
    assert float(lines[0][1]) >= float(lines[1][1])


def test_reasons(run, model: Path):
    lines = run("predict", model, "soup with bread at the beach", "--explain").out.splitlines()
    assert lines[0].startswith("food\t")
    assert lines[1].startswith("  for     '")
    assert "'soup" in lines[1]
    assert lines[2].startswith("  against '")
    reasons = json.loads(run("predict", model, "soup with bread", "--explain", "--json").out)["explanation"]
    assert reasons[0]["label"] == "food"
    assert dict(reasons[0]["for"])["bread"] > 0


def test_no_label_below_the_limit(run, model: Path, tmp_path: Path):
    sure = tmp_path / "sure.safetensors"
    lilliput.load(model).set_params(abstain=0.9).save(sure)
    done = run("predict", sure, "zzz qqq")
    assert done.out.startswith("\t0.")
    assert done.err.startswith("note: no label is probable enough; the best is ")
    assert json.loads(run("predict", sure, "zzz qqq", "--json").out)["label"] is None
    (tmp_path / "in.txt").write_text("zzz qqq\nsoup\n")
    label, _ = rows_of(run("predict", sure, tmp_path / "in.txt").out)[1]
    assert label == ""


def test_several_labels(run, several: Path, tmp_path: Path):
    done = run("predict", several, "soup with bread evening night")
    assert sorted(line.split("\t")[0] for line in done.out.splitlines()) == ["food", "late"]
    (tmp_path / "in.txt").write_text("soup with bread evening night\ngoal and match\n")
    lines = run("predict", several, tmp_path / "in.txt", "--json").out.splitlines()
    answers = [json.loads(line) for line in lines]
    assert [sorted(answer["label"]) for answer in answers] == [["food", "late"], ["sport"]]
    assert [len(answer["probability"]) for answer in answers] == [2, 1]


def test_soft_targets_are_a_column_each(run, soft: Path, tmp_path: Path):
    (tmp_path / "in.txt").write_text("soup with bread\ngoal and match\n")
    header, first, second = rows_of(run("predict", soft, tmp_path / "in.txt").out)
    assert header == ["food", "sport"] or header == ["sport", "food"]
    food = header.index("food")
    assert float(first[food]) > 0.5 > float(second[food])
    assert run("predict", soft, "soup with bread").out.startswith("food\t")


def test_a_text_that_looks_like_a_missing_file_is_refused(run, model: Path, tmp_path: Path):
    done = run("predict", model, tmp_path / "missing.csv")
    assert done.code == 2
    assert "missing.csv does not exist" in done.err


@pytest.mark.parametrize("text", ["", "a/b", "what is 1.5", "x" * 5000, "soup\nand bread", "汤 🍲 خبز"])
def test_any_other_text_is_one(run, model: Path, text):
    done = run("predict", model, text)
    assert done.code == 0
    assert len(done.out.splitlines()) == 1


@pytest.mark.parametrize("option", [["-o", "out.csv"], ["--keep"]])
def test_options_of_files_are_refused_with_a_text(run, model: Path, option):
    assert run("predict", model, "a text", *option).code == 2


# Files


def test_a_file_gives_one_row_a_row(run, model: Path, test: Path, tmp_path: Path):
    out = tmp_path / "out.csv"
    assert run("predict", model, test, "--text", "text", "-o", out) == (0, "", "")
    answers = rows_of(out.read_text())
    assert answers[0] == ["label", "probability"]
    assert [label for label, _ in answers[1:]] == ["sport", "food", "travel"] * 20


@pytest.mark.parametrize("ending", ["csv", "tsv", "jsonl", "csv.gz", "jsonl.gz"])
def test_the_ending_tells_the_format(run, model: Path, test: Path, tmp_path: Path, ending):
    out = tmp_path / f"out.{ending}"
    assert run("predict", model, test, "-o", out).code == 0
    content = (gzip.decompress(out.read_bytes()) if ending.endswith("gz") else out.read_bytes()).decode()
    first = content.splitlines()[0 if "jsonl" in ending else 1]
    label = json.loads(first)["label"] if "jsonl" in ending else first.split("\t" if ending == "tsv" else ",")[0]
    assert label == "sport"


def test_an_ending_that_cannot_be_written(run, model: Path, test: Path, tmp_path: Path):
    done = run("predict", model, test, "-o", tmp_path / "out.xlsx")
    assert done.code == 2
    assert "no ending that can be written" in done.err


def test_standard_input(python, model: Path):
    done = python("-m", "lilliput", "predict", model, "-", stdin="soup with bread\ngoal and match\n")
    assert [row[0] for row in rows_of(done.out)] == ["label", "food", "sport"]


def test_columns_are_repeated_on_demand(run, model: Path, tmp_path: Path):
    (tmp_path / "in.csv").write_text("id,label,text\n7,mine,soup with bread\n")
    header, row = rows_of(run("predict", model, tmp_path / "in.csv", "--keep").out)
    assert header == ["id", "input_label", "text", "label", "probability"]
    assert row[:4] == ["7", "mine", "soup with bread", "food"]


def test_fields_that_some_rows_lack_are_repeated_where_they_are(run, model: Path, tmp_path: Path):
    rows = [
        '{"text": "soup with bread", "id": 7, "note": {"a": 1}}',
        "",
        '{"text": "goal and match"}',
        "{broken",
        '["no object"]',
        '{"id": 8}',
        '{"id": 9, "text": "flight and hotel", "label": "mine"}',
    ]
    (tmp_path / "in.jsonl").write_text("\n".join(rows) + "\n")
    done = run("predict", model, tmp_path / "in.jsonl", "--keep", "--skip-bad", "--json")
    answers = [json.loads(line) for line in done.out.splitlines()]
    assert [answer["label"] for answer in answers] == ["food", "sport", None, None, None, "travel"]
    assert [answer["id"] for answer in answers] == [7, None, None, None, None, 9]
    assert [answer["input_label"] for answer in answers] == [None] * 5 + ["mine"]
    assert [answer["text"] for answer in answers][::5] == ["soup with bread", "flight and hotel"]
    assert answers[0]["note"] == {"a": 1}
    assert "3 bad rows skipped" in done.err


def test_fields_are_repeated_over_many_batches(run, model: Path, tmp_path: Path):
    rows = [json.dumps({"text": "soup", "n": n} if n % 3 else {"text": "soup"}) for n in range(20_000)]
    (tmp_path / "in.jsonl").write_text("\n".join(rows))
    lines = run("predict", model, tmp_path / "in.jsonl", "--keep", "--json").out.splitlines()
    assert [json.loads(line)["n"] for line in lines] == [n if n % 3 else None for n in range(20_000)]


def test_top_of_a_file(run, model: Path, test: Path):
    line = run("predict", model, test, "--top", 2, "--json").out.splitlines()[0]
    answer = json.loads(line)
    assert answer["label"][0] == "sport"
    assert len(answer["probability"]) == 2


BAD = "text,id\n\xff soup,1\nsoup with bread,2\nshort\ngoal and match,3\n\xff,4\nlonger,5,6\n".encode("latin-1")


def test_a_bad_row_stops_with_its_number(run, model: Path, tmp_path: Path):
    (tmp_path / "in.csv").write_bytes(BAD)
    done = run("predict", model, tmp_path / "in.csv", "-o", tmp_path / "out.csv")
    assert done.code == 2
    assert "row 1" in done.err
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize("keep", [[], ["--keep"]])
def test_bad_rows_leave_empty_rows(run, model: Path, tmp_path: Path, keep):
    (tmp_path / "in.csv").write_bytes(BAD)
    done = run("predict", model, tmp_path / "in.csv", "--text", "text", "--skip-bad", *keep)
    assert done.code == 0
    assert [row[-2] for row in rows_of(done.out)[1:]] == ["", "food", "", "sport", "", ""]
    assert "4 bad rows skipped" in done.err


def test_bad_rows_of_json_lines_and_texts_that_are_none(run, model: Path, tmp_path: Path):
    lines = ['{"text": 5}', '{"text": "soup with bread"}', "{broken", '{"text": null}', '{"text": "goal and match"}']
    (tmp_path / "in.jsonl").write_text("\n".join([*lines, lines[0]]))
    done = run("predict", model, tmp_path / "in.jsonl", "--skip-bad", "--json")
    labels = [json.loads(line)["label"] for line in done.out.splitlines()]
    assert labels == [None, "food", None, None, "sport", None]


def test_reasons_are_for_one_text(run, model: Path, test: Path):
    assert "not a file" in run("predict", model, test, "--explain").err


# Models


def damaged(model: Path, folder: Path) -> dict[str, Path]:
    content = model.read_bytes()
    files = {
        "flipped": content[:-9] + bytes([content[-9] ^ 4]) + content[-8:],
        "cut": content[: len(content) // 2],
        "empty": b"",
        "foreign": b"PK\x03\x04" * 100,
    }
    for name, damage in files.items():
        (folder / name).write_bytes(damage)
    return {name: folder / name for name in files}


@pytest.mark.parametrize("what", ["flipped", "cut", "empty", "foreign"])
@pytest.mark.parametrize("verb", [["predict", "{}", "a text"], ["inspect", "{}"], ["score", "{}", "test.csv"]])
def test_a_damaged_model_is_refused(run, model: Path, tmp_path: Path, what, verb):
    path = damaged(model, tmp_path)[what]
    done = run(*(part.format(path) for part in verb))
    assert done.code == 2
    (line,) = done.err.splitlines()
    assert line.startswith(f"lilliput: error: {path}")


def test_a_missing_model_is_named(run, tmp_path: Path):
    done = run("predict", tmp_path / "m.safetensors", "a text")
    assert done.code == 2
    assert "m.safetensors does not exist" in done.err
