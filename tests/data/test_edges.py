"""Edge lists: every format, ids of every kind, bad rows, threads, blocks, disk."""

from __future__ import annotations

import csv
import gzip
import io
import json
import lzma

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lilliput.core.errors import DataError
from lilliput.data import edge_blocks, edges
from lilliput.data.edge_columns import EdgeColumns
from lilliput.data.edges import edges_of, read_edges


def listed(found):
    """Edges as (source, target, weight), by id."""
    names = (
        [str(code) for code in range(found.codes)]
        if found.ids is None
        else [found.ids.name(number) for number in range(len(found.ids))]
    )
    rows = []
    for chunk in found.chunks:
        weights = np.ones(len(chunk)) if chunk.weights is None else chunk.weights
        rows += [(names[s], names[t], float(w)) for s, t, w in zip(*chunk.ends.tolist(), weights, strict=True)]
    return rows


def read(path, text, columns=None, **options):
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return listed(read_edges([path], columns, **{"threads": 1, **options}))


def test_csv_with_quotes_commas_and_newlines(tmp_path):
    text = 'weight,source,target\n1,a,b\n2.5,"b, c",a\r\n1e-3,"q""x","new\nline"\n\n4,,\n'
    columns = EdgeColumns(weight="weight")
    with pytest.raises(DataError, match=r"row 4 \(line 7\): the source is empty; an edge has two ends"):
        read(tmp_path / "e.csv", text, columns)
    found = read(tmp_path / "e.csv", text, columns, skip_bad=True)
    assert found == [("a", "b", 1), ("b, c", "a", 2.5), ('q"x', "new\nline", 0.001)]


@pytest.mark.parametrize("name", ["e.tsv", "e.txt", "e.jsonl", "e.csv.gz", "e.txt.xz"])
def test_other_formats(tmp_path, name):
    rows = [("1", "2", 0.5), ("2", "1000000000", 1.0), ("7", "1", 12.25)]
    if name == "e.jsonl":
        text = "".join(json.dumps({"source": int(s), "target": int(t), "w": w}) + "\n" for s, t, w in rows)
    elif "txt" in name:
        text = "# a comment\n" + "".join(f" {s} \t{t}  {w}\n" for s, t, w in rows)
    else:
        mark = "\t" if "tsv" in name else ","
        text = mark.join(["source", "target", "w"]) + "\n" + "".join(f"{s}{mark}{t}{mark}{w}\n" for s, t, w in rows)
    packed = {"gz": gzip.compress, "xz": lzma.compress}.get(name.rpartition(".")[2], bytes)(text.encode())
    weight = "3" if "txt" in name else "w"
    assert read(tmp_path / name, packed, EdgeColumns(weight=weight)) == rows


def test_ids_that_are_numbers_are_kept_as_they_are_written(tmp_path):
    for text in ("007,7", "4294967295,1", "99999999999999999999,2", "-1,3", "1.0,4"):
        found = read(tmp_path / "e.csv", f"source,target\n1,2\n{text}\n5,6\n")
        assert found == [("1", "2", 1), (*text.split(","), 1), ("5", "6", 1)]


def test_ids_are_numbered_by_the_data_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(edge_blocks, "BLOCK", 64)
    generator = np.random.default_rng(0)
    numbers = generator.integers(500, size=(400, 2)).tolist()
    for late in ("", '"x, ""y""\nz",3\n'):  # texts after many numbers
        text = "source,target\n" + "".join(f"{s},{t}\n" for s, t in numbers) + late
        found = [read(tmp_path / "e.csv", text, threads=threads) for threads in (1, 2, 3)]
        assert found[0] == found[1] == found[2]
        assert [row[:2] for row in found[0][:400]] == [(str(s), str(t)) for s, t in numbers]
        assert not late or found[0][400] == ('x, "y"\nz', "3", 1)


CELLS = st.text(st.sampled_from('ab1,"\n\r \t#é'), min_size=1, max_size=4).filter(lambda text: text.strip())


@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=12), st.sampled_from([16, 40, 1 << 22]))
@settings(max_examples=60)
def test_any_csv_that_python_writes_is_read(tmp_path_factory, rows, block):
    out = io.StringIO(newline="")
    csv.writer(out, quoting=csv.QUOTE_ALL if len(rows) % 2 else csv.QUOTE_MINIMAL).writerows([("s", "t"), *rows])
    path = tmp_path_factory.mktemp("csv") / "e.csv"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(edge_blocks, "BLOCK", block)
        assert read(path, out.getvalue(), EdgeColumns("s", "t")) == [(s, t, 1.0) for s, t in rows]


@given(st.lists(st.floats(0, 1e300), min_size=1, max_size=20))
def test_weights_are_those_that_python_reads(tmp_path_factory, weights):
    text = "source,target,weight\n" + "".join(f"1,2,{weight!r}\n" for weight in weights)
    path = tmp_path_factory.mktemp("csv") / "e.csv"
    assert [row[2] for row in read(path, text, EdgeColumns(weight="weight"))] == weights


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("1,2,-0.5", "the weight '-0.5' is negative"),
        ("1,2,nan", "the weight 'nan' is no number"),
        ("1,2,inf", "the weight 'inf' is no number"),
        ("1,2,", "the weight '' is no number"),
        ("1,2,.", "the weight '.' is no number"),
        ("1,2", "2 fields instead of 3"),
        ("1,2,3,4", "4 fields instead of 3"),
        ("1,,3", "the target is empty"),
        ('1,"2,3', "a quote that opens here is never closed"),
        ('1,"2"x,3', "text after a closing quote"),
    ],
)
def test_bad_rows_are_named(tmp_path, row, reason):
    text = f"source,target,weight\n1,2,3\n\n{row}\n"
    with pytest.raises(DataError) as error:
        read(tmp_path / "e.csv", text, EdgeColumns(weight="weight"))
    assert f"{tmp_path / 'e.csv'}, row 2 (line 4): {reason}" in str(error.value)
    found = read_edges([tmp_path / "e.csv"], EdgeColumns(weight="weight"), skip_bad=True)
    assert len(found) == 1
    assert found.bad.count == 1


def test_invalid_utf8_is_named(tmp_path):
    with pytest.raises(DataError, match=r"row 2 .*invalid UTF-8"):
        read(tmp_path / "e.csv", b"source,target\na,b\nc,\xff\n")


def test_rows_are_numbered_across_blocks(tmp_path, monkeypatch):
    monkeypatch.setattr(edge_blocks, "BLOCK", 64)
    text = "source,target\n" + "10,20\n" * 100 + "5,\n"
    for threads in (1, 3):
        with pytest.raises(DataError, match=r"row 101 \(line 102\)"):
            read(tmp_path / "e.csv", text, threads=threads)


def test_kinds_and_times(tmp_path):
    text = (
        "source,target,kind,when\na,b,follow,2024-01-31\nb,a,reply,2024-01-01T00:00Z\n"
        "c,a,reply,1706659200\n"  # 2024-01-31 too
    )
    columns = EdgeColumns(kind="kind", time="when", kinds={"follow": 1, "reply": 2}, half_life=30 * 86_400)
    found = read(tmp_path / "e.csv", text, columns)
    assert [row[2] for row in found] == pytest.approx([1, 1, 2], rel=1e-12)
    with pytest.raises(DataError, match=r"row 1 .*the kind 'follow' has no weight; those of 'reply' are given"):
        read(tmp_path / "e.csv", text, EdgeColumns(kind="kind", kinds={"reply": 2}))
    with pytest.raises(DataError, match="the time 'soon' is neither seconds nor a date"):
        read(tmp_path / "e.csv", text.replace("1706659200", "soon"), columns)


def test_columns_are_found(tmp_path):
    assert read(tmp_path / "e.csv", "x,Followed,follower\n9,a,b\n") == [("b", "a", 1)]
    assert read(tmp_path / "e.csv", "x,y,z\n9,a,b\n") == [("9", "a", 1)]
    assert read(tmp_path / "e.csv", "9,a,b\n", EdgeColumns("2", "3"), header=False) == [("a", "b", 1)]
    for text, columns, reason in (
        ("1,2\n2,3\n", None, "looks like an edge and not like names of columns; say --no-header"),
        ("one\n1\n", None, "has one column, 'one'; an edge needs two"),
        ("a,b\n1,2\n", EdgeColumns(source="a"), "which column is the target"),
        ("a,b\n1,2\n", EdgeColumns("a", "a"), "source and target are one column"),
        ("a,b\n1,2\n", EdgeColumns("a", "bb"), "has no column 'bb'"),
        ("a,b\n", None, "there is no edge in"),
        ("", None, "is empty"),
    ):
        with pytest.raises(DataError, match=reason):
            read(tmp_path / "e.csv", text, columns)


def test_what_does_not_fit_in_memory_goes_to_disk(tmp_path, monkeypatch):
    monkeypatch.setattr(edge_blocks, "BLOCK", 256)
    text = "source,target,weight\n" + "".join(f"{n},{n * 7 % 300},{n / 8}\n" for n in range(300)) + "a,b,1\n"
    columns = EdgeColumns(weight="weight")
    on_disk = read_edges([_written(tmp_path, text)], columns, in_memory=500)
    assert any(isinstance(chunk.ends, np.memmap) for chunk in on_disk.chunks)
    assert listed(on_disk) == listed(read_edges([_written(tmp_path, text)], columns))


def _written(folder, text):
    (folder / "e.csv").write_text(text)
    return folder / "e.csv"


def test_several_files_are_one_list(tmp_path):
    (tmp_path / "a.csv").write_text("source,target\n1,2\n")
    (tmp_path / "b.txt").write_text("2 x\n")
    assert listed(read_edges([tmp_path / "a.csv", tmp_path / "b.txt"])) == [("1", "2", 1), ("2", "x", 1)]


def test_edges_in_memory():
    assert listed(edges_of([("a", "b"), ("b", "c")])) == [("a", "b", 1), ("b", "c", 1)]
    assert listed(edges_of([(1, 2, 0.5)])) == [("1", "2", 0.5)]
    assert edges_of([(10**9, 1)]).codes == 2
    for rows, reason in (([("a",)], "is no "), ([("a", "b"), ("a", "b", 1)], "edge 1"), ([], "there is no edge")):
        with pytest.raises(DataError, match=reason):
            edges_of(rows)
    assert edges.DENSE > 1
