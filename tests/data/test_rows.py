from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lilliput.core.errors import DataError
from lilliput.data.batch import BadRows
from lilliput.data.files import data_file
from lilliput.data.rows import column_names, read_columns

MB = 1_000_000


def write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def read(path, columns, **options):
    """All cells by column, and the row numbers."""
    batches = list(read_columns(data_file(path), columns, **options))
    cells = {column: [cell for batch in batches for cell in batch.columns[column]] for column in columns}
    return cells, [row for batch in batches for row in batch.rows]


def read_bytes(tmp_path, name, data, columns, **options):
    return read(write(tmp_path / name, data), columns, **options)


# What is special in CSV, and then any text but lone surrogates; the csv module of Python 3.10 cannot write NUL.
cells = st.text(
    st.sampled_from('a,"\n\r\té漢\x85\u2028') | st.characters(codec="utf-8", exclude_characters="\0"), max_size=20
)
tables = st.integers(2, 4).flatmap(lambda n: st.lists(st.lists(cells, min_size=n, max_size=n), min_size=1, max_size=20))


@settings(max_examples=60, deadline=None)
@given(tables, st.sampled_from(["\n", "\r\n"]))
def test_csv_reads_what_the_csv_module_writes(tmp_path_factory, table, line_end):
    out = io.StringIO(newline="")
    names = [str(i) for i in range(1, len(table[0]) + 1)]
    csv.writer(out, lineterminator=line_end, quoting=csv.QUOTE_ALL).writerows([names, *table])
    found, rows = read_bytes(tmp_path_factory.mktemp("x"), "x.csv", out.getvalue().encode(), names)
    assert [list(row) for row in zip(*found.values(), strict=True)] == table
    assert rows == list(range(1, len(table) + 1))


@settings(max_examples=40, deadline=None)
@given(tables)
def test_json_lines_read_what_orjson_writes(tmp_path_factory, table):
    names = ["first", *map(str, range(1, len(table[0])))]
    lines = [orjson.dumps(dict(zip(names, row, strict=True))) + b"\n" for row in table]
    found, _ = read_bytes(tmp_path_factory.mktemp("x"), "x.jsonl", b"".join(lines), names)
    assert [list(row) for row in zip(*found.values(), strict=True)] == table


def test_csv_by_name_and_by_number(tmp_path):
    data = b'\xef\xbb\xbftext, label \r\n"a, ""b""\nc",x\r\n\r\nd,y'
    assert column_names(data_file(write(tmp_path / "x.csv", data))) == ["text", "label"]
    found, rows = read_bytes(tmp_path, "x.csv", data, ["label", "1"])
    assert found == {"label": ["x", "y"], "1": ['a, "b"\nc', "d"]}
    assert rows == [1, 2]


def test_csv_without_header(tmp_path):
    path = write(tmp_path / "x.csv", b"a,x\nb,y\n")
    assert column_names(data_file(path), header=False) == ["1", "2"]
    assert read(path, ["2"], header=False) == ({"2": ["x", "y"]}, [1, 2])


def test_tsv_takes_quotes_as_they_are(tmp_path):
    data = b'label\ttext\nham\t"Haha" he said\nspam\t"open\n\nham\t\x00nul\r\n'
    found, rows = read_bytes(tmp_path, "x.tsv", data, ["label", "text"])
    assert found == {"label": ["ham", "spam", "ham"], "text": ['"Haha" he said', '"open', "\0nul"]}
    assert rows == [1, 2, 3]


def test_json_lines_hold_any_value(tmp_path):
    data = b'{"a": [1, ["x"]], "b": null}\n\n{"b": {"c": 1.5}, "a": "t"}\n'
    found, rows = read_bytes(tmp_path, "x.jsonl", data, ["a", "b"])
    assert found == {"a": [[1, ["x"]], "t"], "b": [None, {"c": 1.5}]}
    assert rows == [1, 2]


def test_plain_text_is_a_row_a_line(tmp_path):
    data = "\ufeffone\r\n\n\u2028 two \x0b".encode()
    assert read_bytes(tmp_path, "x.txt", data, ["text"]) == ({"text": ["one", "", "\u2028 two \x0b"]}, [1, 2, 3])


def test_fasttext_labels_may_stand_anywhere(tmp_path):
    data = b"__label__a __label__b  some text \n\n__label__c\nno label\n__label__d\tx __label__e y\n"
    found, rows = read_bytes(tmp_path, "x.ft", data, ["label", "text"])
    assert found["label"] == [["a", "b"], ["c"], [], ["d", "e"]]
    assert found["text"] == ["some text ", "", "no label", "x y"]
    assert rows == [1, 2, 3, 4]


def test_parquet(tmp_path):
    table = pa.table({"text": [f"t{i}" for i in range(20_000)], "tags": [["a", "b"], None] * 10_000, "n": [1] * 20_000})
    pq.write_table(table, tmp_path / "x.parquet", row_group_size=7_000)
    found, rows = read(tmp_path / "x.parquet", ["tags", "text"])
    assert found["text"][-1] == "t19999"
    assert found["tags"][:2] == [["a", "b"], None]
    assert rows == list(range(1, 20_001))
    with pytest.raises(DataError, match=r"no column 'txt' \(nearest: 'text'\); it has 'text', 'tags', 'n'"):
        read(tmp_path / "x.parquet", ["txt"])
    with pytest.raises(DataError, match=r"y\.parquet is damaged or no Parquet file"):
        read_bytes(tmp_path, "y.parquet", b"PAR1 and so on PAR1", ["text"])


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("x.csv", b"", r"x\.csv is empty$"),
        ("x.csv", b"\n\n", r"x\.csv is empty$"),
        ("x.csv", b"\xef\xbb\xbf", r"x\.csv is empty$"),
        ("x.tsv", b"text\tlabel\n", r"x\.tsv has a header and no rows"),
        ("x.csv", b"text,label", r"x\.csv has a header and no rows"),
        ("x.jsonl", b"\n", r"x\.jsonl is empty"),
        ("x.txt", b"", r"x\.txt is empty"),
        ("x.ft", b"", r"x\.ft is empty"),
        ("x.csv", "text\na\n".encode("utf-16"), r"x\.csv is UTF-16; save it as UTF-8"),
        ("x.csv", b"Texts,label\na,b\n", r"no column 'text' \(nearest: 'Texts'\); it has 'Texts', 'label'"),
        ("x.csv", b"text,text\na,b\n", r"2 columns named 'text'; give the number"),
        ("x.csv", b"te\xe9,b\na,b\n", r"x\.csv, header: invalid UTF-8 \(byte 0xe9 after 'te'\)"),
        ("x.csv", b'"text,b\na,b\n', r"x\.csv, first row: a quote that opens here"),
        ("x.jsonl", b'{"txt": 1}\n', r"no column 'text' \(nearest: 'txt'\); it has 'txt'"),
    ],
)
def test_a_file_that_cannot_be_used(tmp_path, name, data, message):
    with pytest.raises(DataError, match=message):
        read_bytes(tmp_path, name, data, ["text"])


BAD = {
    "too few fields": ("x.csv", b"text,b\na,1\nb\nc,3\n", r"row 2 \(line 3\): 1 field instead of 2"),
    "too many fields": ("x.tsv", b"text\tb\na\t1\nb\t2\t3\nc\t3\n", r"row 2 \(line 3\): 3 fields instead of 2"),
    "lines in quotes": ("x.csv", b'text,b\n"a",\n\nb,"\n",\nc,\n', r"row 2 \(line 4\): 3 fields instead of 2"),
    "UTF-8 in CSV": (
        "x.csv",
        b"text,b\na,1\n\xfcb,2\nc,3\n",
        r"row 2 \(line 3\): invalid UTF-8 \(byte 0xfc after ''\)",
    ),
    "UTF-8 in TSV": ("x.tsv", b"text\na\nb\xff\nc\n", r"row 2 \(line 3\): invalid UTF-8"),
    "UTF-8 in text": ("x.txt", b"a\nb\x80\nc\n", r"row 2: invalid UTF-8"),
    "UTF-8 in fastText": ("x.ft", b"a\n\nb\x80\nc\n", r"row 2 \(line 3\): invalid UTF-8"),
    "UTF-8 in JSON": ("x.jsonl", b'{"text":"a"}\n{"text":"\xff"}\n{"text":"c"}\n', r"row 2: broken JSON"),
    "broken JSON": ("x.jsonl", b'{"text":"a"}\n\n{"text":\n{"text":"c"}\n', r"row 2 \(line 3\): broken JSON"),
    "no object": (
        "x.jsonl",
        b'{"text":"a"}\n["text"]\n{"text":"c"}\n',
        r"""row 2: not a JSON object but '\["text"\]'""",
    ),
    "no field": ("x.jsonl", b'{"text":"a"}\n{"txt":1}\n{"text":"c"}\n', r"row 2: no field 'text'; it has 'txt'"),
    "carriage return": ("x.csv", b"text\na\nb\rb\nc\n", r"row 2 \(line 3\): a carriage return outside quotes"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_row_stops_with_its_place_or_is_skipped(tmp_path, case):
    name, data, message = BAD[case]
    with pytest.raises(DataError, match=rf"x\.\w+, {message}.*--skip-bad"):
        read_bytes(tmp_path, name, data, ["text"])
    bad = BadRows()
    assert read_bytes(tmp_path, name, data, ["text"], bad=bad) == ({"text": ["a", "c"]}, [1, 3])
    assert bad.count == 1


def test_good_rows_come_before_the_error(tmp_path):
    path = write(tmp_path / "x.csv", b"text\na\nb\rb\n")
    batches = read_columns(data_file(path), ["text"])
    assert next(batches).columns == {"text": ["a"]}
    with pytest.raises(DataError, match="row 2"):
        next(batches)


@pytest.mark.parametrize("tail", [b'"', b'"c\n', b'"c\nd,e', b'x,"\n'])
def test_a_quote_that_is_never_closed(tmp_path, tail):
    data = b"text,b\na,1\n" + tail
    with pytest.raises(DataError, match=r"row 2 \(line 3\): a quote that opens here is never closed"):
        read_bytes(tmp_path, "x.csv", data, ["text"])
    bad = BadRows()
    assert read_bytes(tmp_path, "x.csv", data, ["text"], bad=bad) == ({"text": ["a"]}, [1])
    assert bad.count == 1


def test_skipping_counts_all_and_keeps_a_few(tmp_path):
    bad = BadRows()
    read_bytes(tmp_path, "x.csv", b"text,b\n" + b"x\n" * 5 + b"a,b\n", ["text"], bad=bad)
    assert bad.count == 5
    assert str(bad).startswith("5 bad rows skipped: ")
    assert str(bad).endswith("row 3 (line 4): 1 field instead of 2; ...")
    with pytest.raises(DataError, match=r"x\.csv has no good row; 1 bad row skipped: .*1 field"):
        read_bytes(tmp_path, "x.csv", b"text,b\nx\n", ["text"], bad=BadRows())


def test_a_cut_gzip_is_an_error_even_when_skipping(tmp_path):
    packed = gzip.compress(b"text\n" + b"".join(b"row %d\n" % i for i in range(9999)))
    with pytest.raises(DataError, match=r"x\.csv\.gz is cut short"):
        read_bytes(tmp_path, "x.csv.gz", packed[: len(packed) // 2], ["text"], bad=BadRows())


def test_nul_bytes_are_characters_like_others(tmp_path):
    for name, data in (("x.csv", b'text\na\0b\n"\0,"\n'), ("x.txt", b"a\0b\n\0,\n"), ("x.ft", b"a\0b\n\0,\n")):
        assert read_bytes(tmp_path, name, data, ["text"])[0] == {"text": ["a\0b", "\0,"]}


def test_nul_and_invalid_utf8_in_one_block(tmp_path):
    found, rows = read_bytes(tmp_path, "x.csv", b"text\na\0b\n\xff\nc\n", ["text"], bad=BadRows())
    assert (found, rows) == ({"text": ["a\0b", "c"]}, [1, 3])


@pytest.mark.parametrize("name", ["x.csv", "x.tsv", "x.jsonl", "x.txt"])
def test_rows_of_a_megabyte_come_in_small_batches(tmp_path, name):
    row = b"w" * MB
    head = {"x.csv": b"text\n", "x.tsv": b"text\n"}.get(name, b"")
    line = b'{"text": "%s"}\n' % row if name == "x.jsonl" else b'"%s\n"\n' % row if name == "x.csv" else row + b"\n"
    path = write(tmp_path / name, head + line * 12)
    sizes = [sum(map(len, batch.columns["text"])) for batch in read_columns(data_file(path), ["text"])]
    assert sum(sizes) == 12 * (MB + (name == "x.csv"))
    assert max(sizes) <= 4 * MB


@pytest.mark.parametrize("name", ["x.csv", "x.tsv", "x.jsonl", "x.txt", "x.ft"])
def test_short_rows_come_in_batches_of_no_more_than_8192(tmp_path, name):
    head = {"x.csv": b"text\n", "x.tsv": b"text\n"}.get(name, b"")
    path = write(tmp_path / name, head + (b'{"text":"a"}\n' if name == "x.jsonl" else b"a\n") * 20_000)
    batches = list(read_columns(data_file(path), ["text"]))
    assert max(map(len, batches)) <= 8192
    assert [row for batch in batches for row in batch.rows] == list(range(1, 20_001))


def test_rows_longer_than_the_longest_field_are_bad(tmp_path, monkeypatch):
    monkeypatch.setattr("lilliput.data.delimited.LONGEST_FIELD", 1000)
    before = csv.field_size_limit(1000)
    try:
        with pytest.raises(DataError, match=r"row 1 \(line 2\): a field of more than 1,000 characters"):
            read_bytes(tmp_path, "x.csv", b'text\n"' + b"x\n" * 1000, ["text"])
    finally:
        csv.field_size_limit(before)
