from __future__ import annotations

import csv
import json

import pytest

from lilliput.core.errors import DataError
from lilliput.data.inspect import inspect
from lilliput.data.source import Source

WORDS = ["the", "quick", "brown", "fox", "jumps", "over", "a", "lazy", "dog", "and", "runs", "far", "away"]


def sentence(i):
    return " ".join(WORDS[(i * k) % len(WORDS)] for k in range(1, 7)) + f" {i}"


def source(path, rows, header=("text", "label"), **options):
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows] if header else rows)
    return Source(path, **options)


def test_a_sound_set_has_no_problems(tmp_path):
    found = inspect(source(tmp_path / "x.csv", [(sentence(i), "ab"[i % 2]) for i in range(100)]))
    assert found.problems == []
    assert (found.rows, found.bad, found.empty, found.duplicates, found.conflicts, found.shared) == (
        100,
        0,
        0,
        0,
        0,
        None,
    )
    assert found.labels == {"a": 50, "b": 50}
    assert str(found).startswith(f"{tmp_path / 'x.csv'}: text 'text', target 'label'\n  rows          100\n")
    assert str(found).endswith("problems\n  none found")
    assert json.loads(json.dumps(found.to_dict()))["lengths"]["max"] == found.lengths["max"]


def test_rows_are_counted(tmp_path):
    rows = [(sentence(i), "ab"[i % 2]) for i in range(50)]
    rows += [(sentence(0), "b"), (sentence(1), "b"), ("  ", "a"), ("naïve", "a"), ("x",)]
    found = inspect(source(tmp_path / "x.csv", rows, skip_bad=True))
    assert (found.rows, found.bad, found.empty, found.duplicates, found.conflicts) == (54, 1, 1, 2, 1)
    assert found.non_ascii == pytest.approx(1 / 54)
    assert found.lengths["min"] == 2
    text = "\n".join(found.problems)
    assert "1 bad row skipped" in text
    assert "empty texts: 1" in text
    assert "texts with different labels in different rows: 1" in text
    assert "rows that repeat an earlier text: 2 (3.7%)" in text


def test_a_test_set_is_compared(tmp_path):
    train = source(tmp_path / "train.csv", [(sentence(i), "ab"[i % 2]) for i in range(100)])
    test = source(tmp_path / "test.csv", [(sentence(i), "abc"[i % 3]) for i in range(90, 120)])
    found = inspect(train, against=test)
    assert found.shared == 10
    assert any("stands in this one too: 10 of 30; take them out" in problem for problem in found.problems)
    assert any("labels that this one lacks: 10 ('c')" in problem for problem in found.problems)
    assert "in both sets  10" in str(found)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (lambda i: (str(i * 1.5), "ab"[i % 2]), "the texts in 'text' are numbers; name the column of the texts"),
        (lambda i: (f"user-{i}", "ab"[i % 2]), "the texts in 'text' look like identifiers"),
        (lambda i: ("yes" if i else "no", "ab"[i % 2]), "column 'text' has only 2 different texts"),
        (lambda i: (sentence(i), sentence(i)), "columns 'text' and 'label' hold the same"),
        (lambda i: ("ab"[i % 2], sentence(i)), "columns 'text' and 'label' look swapped"),
        (lambda i: (sentence(i), f"{i / 7:.4f}"), "the targets in 'label' are real numbers"),
        (lambda i: (sentence(i), f"id{i}"), "'label' has 200 different values in 200 rows"),
        (lambda i: (sentence(i), "a"), "there is one label only, 'a'; a classifier needs two"),
        (lambda i: (sentence(i), "a" if i % 20 else "b"), "95.0% of the rows have the label 'a'"),
        (lambda i: (sentence(i), "c" if i < 3 else "ab"[i % 2]), "labels with fewer than 5 rows: 1 ('c')"),
    ],
)
def test_likely_mistakes_are_named(tmp_path, row, message):
    problems = inspect(source(tmp_path / "x.csv", map(row, range(200)))).problems
    assert any(message in problem for problem in problems), problems


def test_a_header_that_is_data(tmp_path):
    rows = [(sentence(i), "ab"[i % 2]) for i in range(50)]
    found = inspect(source(tmp_path / "x.csv", rows, header=None, text="1", target="2"))
    assert any("the header looks like data" in problem and "--no-header" in problem for problem in found.problems)
    assert inspect(Source(tmp_path / "x.csv", text="1", target="2", header=False)).problems == []


def test_several_labels_and_soft_targets(tmp_path):
    path = tmp_path / "x.jsonl"
    path.write_text("".join(json.dumps({"text": sentence(i), "label": ["a", "b"][: i % 3]}) + "\n" for i in range(60)))
    assert inspect(Source(path)).labels == {"a": 40, "b": 20}
    rows = [(sentence(i), i / 60, 1 - i / 60) for i in range(60)]
    found = inspect(source(tmp_path / "x.csv", rows, header=("text", "joy", "anger"), target="joy,anger"))
    assert found.labels == {"anger": 60, "joy": 59}
    assert found.problems == []


def test_without_targets(tmp_path):
    found = inspect(source(tmp_path / "x.csv", [(sentence(i), "a") for i in range(30)], labelled=False))
    assert found.labels == {}
    assert found.problems == []
    assert "labels" not in str(found)


def test_an_empty_file_is_an_error(tmp_path):
    with pytest.raises(DataError, match="a header and no rows"):
        inspect(source(tmp_path / "x.csv", []))
