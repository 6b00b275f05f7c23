from __future__ import annotations

import csv
import gzip
import io
import sys
from types import SimpleNamespace

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lilliput.core.errors import DataError
from lilliput.data.files import data_file
from lilliput.data.rows import read_columns
from lilliput.data.write import write_rows

ROWS = [("a, b", 0.5, ["x", "y"]), ('say "hi"\n', 1, []), ("", None, {"p": 1.5})]
cells = st.text(st.sampled_from('a,"\n\r\té漢\0') | st.characters(exclude_categories=["Cs"]), max_size=10)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(cells, cells), min_size=1, max_size=10), st.sampled_from(["csv", "csv.gz", "jsonl"]))
def test_what_is_written_reads_the_same(tmp_path_factory, rows, ending):
    path = tmp_path_factory.mktemp("x") / f"x.{ending}"
    write_rows(path, ["a", "b"], rows)
    (batch,) = read_columns(data_file(path), ["a", "b"])
    assert list(zip(batch.columns["a"], batch.columns["b"], strict=True)) == rows


def test_csv_holds_lists_as_json(tmp_path):
    write_rows(tmp_path / "x.csv", ["text", "p", "all"], ROWS)
    with (tmp_path / "x.csv").open(newline="") as file:
        found = list(csv.reader(file))
    assert found[1:] == [["a, b", "0.5", '["x","y"]'], ['say "hi"\n', "1", "[]"], ["", "", '{"p":1.5}']]


def test_tsv_has_no_quotes(tmp_path):
    write_rows(tmp_path / "x.tsv", ["text", "p"], [('"a"\tb\r\nc', np.float64(0.5)), ("d", np.str_("e"))])
    assert (tmp_path / "x.tsv").read_bytes() == b'text\tp\n"a" b  c\t0.5\nd\te\n'


def test_json_lines_hold_cells_as_they_are(tmp_path):
    write_rows(tmp_path / "x.jsonl", ["text", "p", "all"], [*ROWS, ("n", np.float32(0.5), np.arange(2))])
    found = [orjson.loads(line) for line in (tmp_path / "x.jsonl").read_bytes().splitlines()]
    assert [tuple(row.values()) for row in found[:3]] == ROWS
    assert found[3] == {"text": "n", "p": 0.5, "all": [0, 1]}


def test_the_same_rows_give_the_same_gzip(tmp_path):
    for name in ("a.csv.gz", "b.csv.gz"):
        write_rows(tmp_path / name, ["text", "p", "all"], ROWS * 9000)
    assert (tmp_path / "a.csv.gz").read_bytes() == (tmp_path / "b.csv.gz").read_bytes()
    assert gzip.decompress((tmp_path / "a.csv.gz").read_bytes()).count(b"say") == 9000


@pytest.mark.parametrize(("chosen", "start"), [(None, b"text,p\na,1\n"), ("jsonl", b'{"text":"a","p":1}\n')])
def test_a_dash_is_standard_output(monkeypatch, chosen, start):
    out = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", SimpleNamespace(buffer=out, flush=lambda: None))
    write_rows("-", ["text", "p"], [("a", 1)], file_format=chosen)
    assert out.getvalue() == start


@pytest.mark.parametrize("name", ["x.txt", "x", "x.parquet", "x.csv.xz"])
def test_an_ending_that_cannot_be_written(tmp_path, name):
    with pytest.raises(DataError, match=r"no ending that can be written; call it \.csv \.tsv"):
        write_rows(tmp_path / name, ["a"], iter([]))
    assert not list(tmp_path.iterdir())


def test_a_failure_leaves_the_old_file(tmp_path):
    path = tmp_path / "x.jsonl"
    path.write_text("old")
    with pytest.raises(DataError, match="a row cannot be written as JSON"):
        write_rows(path, ["a"], [(object(),)])
    assert path.read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 1
