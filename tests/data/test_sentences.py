from __future__ import annotations

import gzip
import io
import lzma
import sys
from types import SimpleNamespace

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lilliput.core.errors import DataError
from lilliput.data.batch import BadRows
from lilliput.data.conllu import parse_sentence, sentence_of
from lilliput.data.sentences import read_sentences, write_sentences

TWO = b"# one\n1\ta\t_\tX\t_\t_\t_\t_\t_\t_\n\n1\tb\t_\tY\t_\t_\t_\t_\t_\t_\n2\tc\t_\tZ\t_\t_\t_\t_\t_\t_\n\n"
SENTENCES = [sentence_of(["a"], comments=["# one"], upos=["X"]), sentence_of(["b", "c"], upos=["Y", "Z"])]

# U+FEFF at the head of a file is its byte order mark.
cells = st.text(st.sampled_from("_# é漢") | st.characters(codec="utf-8", exclude_characters="\t\r\n\ufeff"), min_size=1)
sentence_lists = st.lists(
    st.lists(st.tuples(cells, cells), min_size=1, max_size=5).map(
        lambda rows: sentence_of([form for form, _ in rows], upos=[tag for _, tag in rows])
    ),
    min_size=1,
    max_size=8,
)


def write(path, data):
    path.write_bytes(data)
    return path


@settings(max_examples=40)
@given(sentence_lists, st.sampled_from([".conllu", ".conllu.gz", ".tsv", ".tsv.gz"]))
def test_what_is_written_is_read(tmp_path_factory, sentences, ending):
    path = tmp_path_factory.mktemp("x") / f"x{ending}"
    write_sentences(path, sentences)
    assert list(read_sentences(path)) == sentences


# Lines of words, ranges, empty nodes and comments in any order: what parses is kept byte for byte.
ids = st.sampled_from(["1", "2", "3", "1-2", "2-3", "0.1", "1.1", "1.2", "2.1"])
lines = st.builds("\t".join, st.tuples(ids, *[cells] * 9)) | cells.map(lambda text: "#" + text)
blocks = st.lists(lines, min_size=1, max_size=4).filter(lambda block: hasattr(parse_sentence(block), "lines"))


@settings(max_examples=40)
@given(st.lists(blocks, min_size=1, max_size=4), st.integers(1, 60))
def test_conllu_comes_back_byte_for_byte(tmp_path_factory, texts, block_size):
    folder = tmp_path_factory.mktemp("x")
    data = "".join("\n".join([*block, "", ""]) for block in texts).encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("lilliput.data.lines.BLOCK", block_size)
        patch.setattr("lilliput.data.lines.ROWS_PER_BATCH", 2)
        write_sentences(folder / "y.conllu", read_sentences(write(folder / "x.conllu", data)))
    assert (folder / "y.conllu").read_bytes() == data


@pytest.mark.parametrize(
    "data",
    [
        TWO,
        TWO.replace(b"\n", b"\r\n"),
        b"\xef\xbb\xbf\n\n" + TWO.replace(b"\n\n", b"\n\n\n\n"),
        TWO.removesuffix(b"\n\n"),
    ],
    ids=["as it should be", "carriage returns", "byte order mark and empty lines", "no end"],
)
def test_line_ends_and_empty_lines_do_not_matter(tmp_path, data):
    found = list(read_sentences(write(tmp_path / "x.conllu", data)))
    assert found == SENTENCES
    write_sentences(tmp_path / "y.conllu", found)
    assert (tmp_path / "y.conllu").read_bytes() == TWO


def test_sentences_know_their_lines(tmp_path):
    assert [found.line for found in read_sentences(write(tmp_path / "x.conllu", b"\n" + TWO))] == [2, 5]
    assert [found.line for found in read_sentences(write(tmp_path / "x.tsv", b"a\tX\n\n\nb\tY\n"))] == [1, 4]


def test_a_bad_sentence_is_told_with_file_and_line(tmp_path):
    path = write(tmp_path / "x.conllu", TWO + b"1\td\t_\tX\t_\t_\t_\t_\t_\t_\n2 e\n\n" + TWO)
    with pytest.raises(DataError, match=r"x\.conllu, row 3 \(line 8\): '2 e' has no tab; .*--skip-bad"):
        list(read_sentences(path))
    bad = BadRows()
    assert list(read_sentences(path, bad=bad)) == SENTENCES * 2
    assert bad.count == 1
    assert "line 8" in bad.examples[0]


def test_bytes_that_are_no_utf8_are_told(tmp_path):
    path = write(tmp_path / "x.conllu", TWO.replace(b"\tb\t", b"\t\xe9\t"))
    with pytest.raises(DataError, match=r"row 2 \(line 4\): invalid UTF-8 \(byte 0xe9"):
        list(read_sentences(path))
    assert list(read_sentences(path, bad=BadRows())) == SENTENCES[:1]


def test_a_file_without_a_good_sentence_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"x\.conllu is empty"):
        list(read_sentences(write(tmp_path / "x.conllu", b"\n\n")))
    with pytest.raises(DataError, match=r"x\.conllu has no good sentence; 1 bad row skipped: .*'a'"):
        list(read_sentences(write(tmp_path / "x.conllu", b"a\n"), bad=BadRows()))


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"word", "'word' is one cell instead of 2: a token, a tab and its tag"),
        (b"a\tX\t0.5", "3 cells instead of 2"),
        (b"\tX", "the token is empty"),
        (b"a\t", "the tag is empty"),
        (b"a\rb\tX", "the token has a tab or line end"),
    ],
)
def test_a_bad_tsv_line_is_told(tmp_path, line, reason):
    with pytest.raises(DataError, match=rf"x\.tsv, row 2 \(line 4\): {reason}"):
        list(read_sentences(write(tmp_path / "x.tsv", b"a\tX\n\na\tX\n" + line + b"\n")))


def test_tsv_tags_go_to_the_column_asked_for(tmp_path):
    path = write(tmp_path / "x.tsv", b"#\tSYM\n10 000\tNUM\n")
    (sentence,) = read_sentences(path, column="xpos")
    assert (sentence.forms, sentence.column("xpos")) == (["#", "10 000"], ["SYM", "NUM"])
    assert list(read_sentences(path, column="5")) == [sentence]
    write_sentences(tmp_path / "y.tsv", [sentence], column="xpos")
    assert (tmp_path / "y.tsv").read_bytes() == b"#\tSYM\n10 000\tNUM\n\n"


def test_columns_without_tags_are_refused_before_reading(tmp_path):
    with pytest.raises(DataError, match="column 'form' says which word it is"):
        read_sentences(tmp_path / "x.tsv", column="form")
    with pytest.raises(DataError, match="has no column 'tag'"):
        write_sentences(tmp_path / "x.tsv", [], column="tag")


def test_json_lines_hold_tokens_tags_and_probability(tmp_path):
    sure = SENTENCES[1].with_column("upos", ["Y", "Z"], [0.5, 0.75])
    write_sentences(tmp_path / "x.jsonl", [SENTENCES[0], sure])
    assert [orjson.loads(line) for line in (tmp_path / "x.jsonl").read_bytes().splitlines()] == [
        {"tokens": ["a"], "tags": ["X"], "probability": None},
        {"tokens": ["b", "c"], "tags": ["Y", "Z"], "probability": [0.5, 0.75]},
    ]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("x.txt", r"ends in '\.txt'; files of tagged sentences end in \.conllu \.tsv \.tab, plain or followed by \.gz"),
        ("x.jsonl", r"ends in '\.jsonl'"),
        ("x.gz", r"ends in '\.gz'"),
        ("x", "has no ending"),
    ],
)
def test_an_unknown_ending_is_refused_before_reading(name, message):
    with pytest.raises(DataError, match=message):
        read_sentences(name)


def test_what_cannot_be_written_is_refused_before_writing(tmp_path):
    for name, chosen in (("x.conllu.xz", None), ("x.txt", None), ("x.xz", "conllu")):
        with pytest.raises(DataError, match=r"\.conllu \.tsv \.tab \.jsonl \.ndjson, plain or followed by \.gz$"):
            write_sentences(tmp_path / name, iter(()), file_format=chosen)
    assert list(tmp_path.iterdir()) == []


def test_a_failed_write_leaves_the_old_file(tmp_path):
    path = write(tmp_path / "x.conllu", TWO)

    def broken():
        yield SENTENCES[0]
        raise DataError("no more")

    with pytest.raises(DataError, match="no more"):
        write_sentences(path, broken())
    assert path.read_bytes() == TWO


def test_the_same_sentences_give_the_same_packed_bytes(tmp_path):
    for name in ("a.conllu.gz", "b.conllu.gz"):
        write_sentences(tmp_path / name, SENTENCES)
    assert (tmp_path / "a.conllu.gz").read_bytes() == (tmp_path / "b.conllu.gz").read_bytes()
    assert gzip.decompress((tmp_path / "a.conllu.gz").read_bytes()) == TWO


def test_a_dash_is_standard_input_and_output(monkeypatch):
    out = io.BytesIO()
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(TWO)))
    monkeypatch.setattr(sys, "stdout", SimpleNamespace(buffer=out, flush=lambda: None))
    write_sentences("-", read_sentences("-"))
    assert out.getvalue() == TWO
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"a\n")))
    with pytest.raises(DataError, match="standard input, row 1: 'a' has no tab"):
        list(read_sentences("-"))


@pytest.mark.parametrize("treebank", ["UD_English-EWT", "UD_French-Sequoia", "UD_Vietnamese-VTB"])
def test_real_treebanks_come_back_byte_for_byte(shared_data, tmp_path, treebank):
    source = shared_data / "pos" / treebank / "dev.conllu.xz"
    if not source.is_file():
        pytest.skip(f"{treebank} is not among the shared data sets")
    write_sentences(tmp_path / "x.conllu", read_sentences(source))
    assert (tmp_path / "x.conllu").read_bytes() == lzma.decompress(source.read_bytes())
