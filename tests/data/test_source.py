from __future__ import annotations

import gc
import io
import sys
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lilliput.core.errors import DataError
from lilliput.data.source import Source


def write(path: Path, text: str) -> Path:
    path.write_bytes(text.encode())
    return path


def rows(source):
    """Texts and targets of one pass."""
    texts, targets = [], []
    for some, theirs in source.batches():
        texts += some
        targets += theirs if theirs is not None else [None] * len(some)
    return texts, targets


@pytest.fixture
def stdin(monkeypatch):
    def give(data: bytes) -> None:
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(data)))

    return give


def test_several_files_are_one_stream_that_can_be_read_again(tmp_path):
    a = write(tmp_path / "a.csv", "text,label\nx, spam \n")
    b = write(tmp_path / "b.jsonl", '{"label": 3, "text": "y"}\n{"label": ["p", 2], "text": ["salt", "egg"]}\n')
    c = write(tmp_path / "c.ft", "__label__q z\n")
    source = Source([a, b, c])
    expected = ["x", "y", "salt, egg", "z"], ["spam", 3, ["p", 2], ["q"]]
    assert rows(source) == expected
    assert rows(source) == expected
    assert source.describe() == f"{a} and 2 more: text 'text', target 'label'"


def test_a_parquet_file(tmp_path):
    pq.write_table(pa.table({"sentence": ["a", "b"], "y": [0.5, 1.0]}), tmp_path / "x.parquet")
    assert rows(Source(tmp_path / "x.parquet")) == (["a", "b"], [0.5, 1.0])


@pytest.mark.parametrize(
    ("header", "text", "target"),
    [
        ("id,Message,CLASS", "Message", "CLASS"),
        ("title,text,label,class", "text", "label"),
        ("sentence,y,z", "sentence", "y"),
    ],
)
def test_columns_are_guessed_by_usual_names(tmp_path, header, text, target):
    source = Source(write(tmp_path / "x.csv", f"{header}\n" + "1,2,3,4"[: 2 * header.count(",") + 1] + "\n"))
    assert (source.text_column, source.target_columns) == (text, [target])


def test_the_only_column_is_the_text(tmp_path):
    path = write(tmp_path / "x.csv", "whatever\na\n")
    assert rows(Source(path, labelled=False)) == (["a"], [None])


@pytest.mark.parametrize(
    ("header", "options", "message"),
    [
        ("title,message,label", {}, r"which column holds the texts\? There are 'title', 'message', 'label'; .*--text"),
        ("text,class,category", {}, r"which column holds the labels\? There are .*; name one with --target"),
        ("a,b,label", {}, "which column holds the texts"),
        ("text,b,c", {"target": "d"}, "no column 'd'; it has 'text', 'b', 'c'"),
        ("text,joy,anger", {"target": "joy,angr"}, r"no column 'angr' \(nearest: 'anger'\)"),
        ("text,label,c", {"text": "label"}, "'label' is both the text and the target"),
        ("text,label,c", {"target": "1"}, "'1' is both the text and the target"),
    ],
)
def test_columns_that_cannot_be_told(tmp_path, header, options, message):
    source = Source(write(tmp_path / "x.csv", f"{header}\n1,2,3\n"), **options)
    with pytest.raises(DataError, match=message):
        next(source.batches())


def test_plain_text_has_no_labels(tmp_path):
    path = write(tmp_path / "x.txt", "a\nb\n")
    assert rows(Source(path, labelled=False)) == (["a", "b"], [None, None])
    with pytest.raises(DataError, match=r"x\.txt is plain text, which has no labels"):
        rows(Source(path))
    with pytest.raises(DataError, match="there is no data file"):
        Source([])


def test_columns_by_number_in_a_file_without_header(tmp_path):
    path = write(tmp_path / "x.tsv", "ham\thello\nspam\tbuy\n")
    assert rows(Source(path, text="2", target="1", header=False)) == (["hello", "buy"], ["ham", "spam"])


def test_several_target_columns_are_soft(tmp_path):
    path = write(tmp_path / "x.csv", "text,joy,anger\na,0.25,1\nb,1e-1,x\nc,nan,0\nd,0, 1\n")
    with pytest.raises(DataError, match=r"x\.csv, row 2: column 'anger': 'x' is no number"):
        rows(Source(path, target="joy,anger"))
    source = Source(path, target="joy, anger", skip_bad=True)
    assert rows(source) == (["a", "d"], [{"joy": 0.25, "anger": 1.0}, {"joy": 0.0, "anger": 1.0}])
    assert source.bad.count == 2


def test_soft_targets_beyond_0_to_1_are_named_by_file_and_row(tmp_path):
    path = write(tmp_path / "x.csv", "text,joy,anger\na,0.25,0\nb,1.5,1\n")
    with pytest.raises(DataError, match=r"x\.csv, row 2: column 'joy': '1.5' is not between 0 and 1"):
        rows(Source(path, target="joy,anger"))
    path = write(tmp_path / "x.jsonl", '{"text": "a", "label": {"p": 0.5}}\n{"text": "b", "label": {"p": -2}}\n')
    with pytest.raises(
        DataError, match=r"x\.jsonl, row 2: column 'label': the value of 'p' is -2, not between 0 and 1"
    ):
        rows(Source(path))
    source = Source(path, skip_bad=True)
    assert rows(source) == (["a"], [{"p": 0.5}])


def test_a_comma_in_the_name_of_a_column(tmp_path):
    path = write(tmp_path / "x.csv", 'text,"a,b"\nx,y\n')
    assert rows(Source(path, target="a,b")) == (["x"], ["y"])


def test_dicts_are_soft_targets(tmp_path):
    path = write(
        tmp_path / "x.jsonl", '{"text": "a", "label": {"p": 0.5, "q": 1}}\n{"text": "b", "label": {"p": "x"}}\n'
    )
    source = Source(path, skip_bad=True)
    assert rows(source) == (["a"], [{"p": 0.5, "q": 1}])
    assert "row 2: column 'label': the value of 'p' is 'x', no number" in str(source.bad)


def test_a_separator_gives_lists_of_labels(tmp_path):
    path = write(tmp_path / "x.csv", "text,label\na,p; q;\nb,\n")
    assert rows(Source(path, labels_separator=";"))[1] == [["p", "q"], []]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"text": null, "label": 1}', "column 'text': there is no text"),
        ('{"text": 5, "label": 1}', "column 'text': 5 is a number, where a text was expected"),
        ('{"text": true, "label": 1}', "column 'text': True is true or false"),
        ('{"text": ["a", 1], "label": 1}', "a list of texts was expected, and it holds 1"),
        ('{"text": {}, "label": 1}', "{} is an object"),
        ('{"text": "a", "label": null}', "column 'label': there is no label"),
        ('{"text": "a", "label": " "}', "column 'label': there is no label"),
        ('{"text": "a", "label": ["x", null]}', "None is no label"),
        ('{"text": "a", "label": [["x"]]}', r"\['x'\] is no label"),
    ],
)
def test_cells_that_are_no_text_or_no_target(tmp_path, line, message):
    path = write(tmp_path / "x.jsonl", '{"text": "a", "label": 1}\n' + line + "\n")
    with pytest.raises(DataError, match=rf"x\.jsonl, row 2: .*{message}"):
        rows(Source(path))
    source = Source(path, skip_bad=True)
    for _ in range(2):  # each pass counts anew
        assert rows(source) == (["a"], [1])
        assert source.bad.count == 1


def test_no_row_left(tmp_path):
    path = write(tmp_path / "x.jsonl", '{"text": null, "label": 1}\n')
    with pytest.raises(DataError, match=r"x\.jsonl: no row can be used; 1 bad row skipped: .*there is no text"):
        rows(Source(path, skip_bad=True))


@pytest.mark.parametrize(
    ("data", "options", "expected"),
    [
        (b"text,label\na,b\n", {}, (["a"], ["b"])),
        (b"text\tlabel\na\tb\n", {}, (["a"], ["b"])),
        (b"a\tb\n", {"file_format": "tsv", "header": False, "text": "1", "target": "2"}, (["a"], ["b"])),
        (b'{"text": "a", "label": "b"}\n', {}, (["a"], ["b"])),
        (b"__label__b a\n", {}, (["a"], [["b"]])),
        (b"one, two\nthree\n", {"labelled": False}, (["one, two", "three"], [None, None])),
        (b"id,text\n1,a\n", {"labelled": False, "text": "text"}, (["a"], [None])),
    ],
)
def test_standard_input_can_be_read_again(stdin, data, options, expected):
    stdin(data)
    with Source("-", **options) as source:
        assert rows(source) == expected
        assert rows(source) == expected


def test_standard_input_is_called_so_and_leaves_nothing_behind(stdin, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    stdin(b"text,label\na\n")
    source = Source("-")
    with pytest.raises(DataError, match="standard input, row 1"):
        rows(source)
    assert len(list(tmp_path.iterdir())) == 1
    source.close()
    assert not list(tmp_path.iterdir())
    stdin(b"")
    source = Source("-")
    with pytest.raises(DataError, match="standard input is empty"):
        rows(source)
    del source
    gc.collect()
    assert not list(tmp_path.iterdir())
