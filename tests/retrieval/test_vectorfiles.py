"""Files of vectors: round trips, what other programs write, and files that cannot be used."""

from __future__ import annotations

import bz2
import gzip
import struct

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lilliput.core.errors import DataError
from lilliput.core.progress import Progress
from lilliput.retrieval import vectorbinary, vectortext
from lilliput.retrieval.vectorfiles import kind_of, read_vectors, write_vectors
from lilliput.retrieval.vectortable import VectorTable

QUIET = Progress(None, "", "", False)
NUMBERS = st.floats(-1e4, 1e4, width=32).filter(lambda value: value == 0 or abs(value) > 1e-4)


def read(path):
    return read_vectors(path, kind_of(path), QUIET)


def tables(words):
    shapes = st.tuples(st.integers(1, 6), st.integers(1, 9))
    matrices = shapes.flatmap(lambda shape: hnp.arrays(np.float32, shape, elements=NUMBERS))
    return matrices.flatmap(
        lambda matrix: st.lists(words, unique=True, min_size=len(matrix), max_size=len(matrix)).map(
            lambda listed: VectorTable.from_float(listed, None, matrix)
        )
    )


def same(first, second):
    assert second.words.all() == first.words.all()
    assert np.array_equal(second.rows.codes, first.rows.codes)
    assert np.allclose(second.rows.scales, first.rows.scales, rtol=1e-6, atol=0)


TEXT_WORDS = st.binary(max_size=8).filter(lambda word: not {10, 13} & set(word))
BINARY_WORDS = st.binary(max_size=8).filter(lambda word: not {10, 32} & set(word))


def numeric(word):
    """Whether something after a space in a word is a number, which reads as one number too many."""
    try:
        [float(part) for part in word.split(b" ")[1:]]
    except ValueError:
        return False
    return b" " in word


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tables(TEXT_WORDS.filter(lambda word: not numeric(word))))
def test_text_goes_round(tmp_path, table):
    for name in ("v.vec", "v.txt.gz"):
        write_vectors(tmp_path / name, table)
        with (gzip.open if name.endswith("gz") else open)(tmp_path / name, "rb") as stream:
            same(table, vectortext.read_text(stream, "v", QUIET).table)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tables(BINARY_WORDS))
def test_binary_goes_round(tmp_path, table):
    write_vectors(tmp_path / "v.bin", table)
    with (tmp_path / "v.bin").open("rb") as stream:
        found = vectorbinary.read_binary(stream, "v", QUIET).table
    same(table, found)
    assert np.array_equal(found.rows.scales, table.rows.scales)


@pytest.fixture
def table():
    words = ["the", "été", "New York", "x", "5", "漢\udcff"]
    return VectorTable.from_float(words, None, np.random.default_rng(0).normal(size=(6, 20)))


def test_the_content_tells_the_format(tmp_path, table):
    write_vectors(tmp_path / "a.vec", table)
    (tmp_path / "b.bin").write_bytes((tmp_path / "a.vec").read_bytes())
    (tmp_path / "glove.txt").write_bytes((tmp_path / "a.vec").read_bytes().split(b"\n", 1)[1])
    (tmp_path / "c.bz2").write_bytes(bz2.compress((tmp_path / "a.vec").read_bytes()))
    plain = VectorTable.from_float(["a", "b"], None, np.random.default_rng(0).normal(size=(2, 20)))
    write_vectors(tmp_path / "d.bin", plain)
    write_vectors(tmp_path / "d.bin.gz", plain)
    for name in ("a.vec", "b.bin", "glove.txt", "c.bz2"):
        assert kind_of(tmp_path / name) == "text"
        same(table, read(tmp_path / name).table)
    for name in ("d.bin", "d.bin.gz"):
        assert kind_of(tmp_path / name) == "binary"
        same(plain, read(tmp_path / name).table)
    assert read(tmp_path / "glove.txt").kind == "GloVe's text format"


def test_what_other_programs_write_is_read(tmp_path):
    (tmp_path / "a").write_bytes(
        b"2 3\r\n. . . 0.1 0.2 -3e-1 \r\nb\t1\t2\t3\r\n\r\n"
    )  # a space at the end, tabs, CR LF
    found = read(tmp_path / "a").table
    assert found.words.all() == [". . .", "b"]
    assert np.allclose(found.rows.floats(slice(None)), [[0.1, 0.2, -0.3], [1, 2, 3]], atol=0.02)
    (tmp_path / "b").write_bytes(b"\xef\xbb\xbfa 1 2\nb 3 4")
    assert read(tmp_path / "b").table.words.all() == ["a", "b"]
    rows = b"".join(word + b" " + struct.pack("<2f", 1, -2) for word in (b"a", b"b"))
    (tmp_path / "c").write_bytes(b"2 2\n" + rows)  # gensim writes no line ends
    assert read(tmp_path / "c").table.words.all() == ["a", "b"]


def test_the_first_of_a_word_is_kept(tmp_path):
    (tmp_path / "a").write_text("3 1\na 1\nb 2\na 3\n")
    found = read(tmp_path / "a")
    assert found.table.rows.floats(0) == pytest.approx([1], rel=1e-3)
    assert found.notes == ["1 words come again ('a'); the first vector of each was kept"]


@pytest.mark.parametrize("kind", ["many lines", "one line"])
@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("w 1 2", r"line {line}: found 2 numbers after 'w'; expected a word and 3 numbers"),
        ("w 1 2 3 4", r"line {line}: 4 numbers after 'w'; expected 3, as before"),
        ("w 1 2 x", r"line {line}: found 'x'; expected a word and 3 numbers"),
        ("w 1 2 1_0", r"line {line}: found '1_0'"),
        ("w 1 nan 2", r"vector {vector}: the vector of 'w' holds a number that is not finite"),
        ("w 1 1e99 2", r"vector {vector}: the vector of 'w' holds a number that is not finite"),
        ("w", r"line {line}: found 0 numbers after 'w'"),
    ],
)
def test_wrong_lines_are_named(tmp_path, monkeypatch, kind, line, message):
    monkeypatch.setattr(vectortext, "LINES", 2 if kind == "many lines" else 1000)
    (tmp_path / "a").write_text("a 1 2 3\nb 1 2 3\nc 1 2 3\n\n" + line + "\ne 1 2 3\n")
    with pytest.raises(DataError, match=message.format(line=5, vector=4)):
        read(tmp_path / "a")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "it begins with nothing"),
        (b"hello world\n", "holds no word vectors that can be read: it begins with 'hello world'"),
        (b"\x89PNG\r\n\x1a\n\0\0", "holds no word vectors"),
        (b"3 2\na 1 2\nb 3 4\n", "promises 3 words, but there are 2"),
        (b"1 2\na 1 2\nb 3 4\n", "promises 1 words, but there are 2"),
        (b"0 2\n", "holds no vectors"),
        (b"2 0\na\nb\n", "line 1: found '2 0|promises vectors of 0 numbers"),
        (b"2 2\na " + struct.pack("<2f", 1, 2) + b"\nb " + struct.pack("<f", 1), "ends within word 2 of 2"),
        (b"1 2\na " + struct.pack("<2f", 1, 2) + b"\nb " + struct.pack("<2f", 1, 2), "promises 1 words, but more"),
        (b"1 2\na " + struct.pack("<2f", 1, np.nan), "vector 1: the vector of 'a' holds a number that is not finite"),
        (b"9999999999 300\n" + bytes(100), "ends within word 1 of 9,999,999,999"),
    ],
)
def test_files_that_cannot_be_used(tmp_path, data, message):
    (tmp_path / "a").write_bytes(data)
    with pytest.raises(DataError, match=message):
        read(tmp_path / "a")


def test_one_endless_line_is_refused_before_it_is_read(tmp_path):
    (tmp_path / "a").write_bytes(b"ab " * 200_000)
    with pytest.raises(DataError, match="its first line has no end within"):
        kind_of(tmp_path / "a")


def test_binary_read_as_text_is_refused(tmp_path, table):
    rows = b"2 2\na " + struct.pack("<2f", 0.1, 0.2) + b"\nb " + struct.pack("<2f", 1, 2)
    (tmp_path / "a").write_bytes(rows)
    with pytest.raises(DataError, match="line 2: found"):
        read_vectors(tmp_path / "a", "text", QUIET)
    write_vectors(tmp_path / "b.vec", table)
    with pytest.raises(DataError, match=r"ends within word 1|promises 6 words, but more follow"):
        read_vectors(tmp_path / "b.vec", "binary", QUIET)


@pytest.mark.parametrize(
    ("word", "name", "message"),
    [
        ("New York", "v.bin", "'New York' holds a space or a line end"),
        ("a\nb", "v.bin", "holds a space or a line end"),
        ("a\nb", "v.vec", "holds a line end"),
        ("a", "v.csv", "ends in '.csv'; vectors are written to .vec or .txt"),
        ("a", "v.vec.bz2", "ends in '.vec.bz2'"),
    ],
)
def test_what_cannot_be_written(tmp_path, word, name, message):
    with pytest.raises(DataError, match=message):
        write_vectors(tmp_path / name, VectorTable.from_float([word], None, np.ones((1, 2))))
    assert list(tmp_path.iterdir()) == []


@given(st.binary(max_size=60), st.sampled_from([b"", b"2 2\n", b"a 1 2\n", b"2 2\na 1 2\n"]))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_bytes_break_the_readers(tmp_path, rest, head):
    (tmp_path / "a").write_bytes(head + rest)
    for kind in ("text", "binary"):
        try:
            found = read_vectors(tmp_path / "a", kind, QUIET).table
        except DataError:
            continue
        assert len(found) == len(found.words.all()) > 0
