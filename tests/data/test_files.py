from __future__ import annotations

import bz2
import gzip
import io
import lzma
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import zstandard

from lilliput.core.errors import DataError
from lilliput.data.files import ENDINGS, format_of, open_bytes, sniff

CONTENT = b"".join(b"line %d of some text\n" % i for i in range(20_000))
PACKERS = {
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": lambda data: zstandard.ZstdCompressor().compress(data),
}


def write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(("ending", "found"), [(e, f) for e, f in ENDINGS.items() if e != ".txt"])
@pytest.mark.parametrize("compression", ["", ".gz", ".bz2", ".xz", ".zst"])
def test_the_ending_tells_the_format(ending, found, compression):
    if found == "parquet" and compression:
        with pytest.raises(DataError, match="compressed twice"):
            format_of(f"x{ending}{compression}")
    else:
        assert format_of(f"some.dir/My.DATA{ending.upper()}{compression}") == found


@pytest.mark.parametrize(
    ("content", "found"),
    [(b"plain\n__label__a b\n", "text"), (b"\n\n__label__a b\n", "fasttext"), (b"", "text"), (b"\n\n", "text")],
)
def test_a_txt_with_labels_in_its_first_line_is_fasttext(tmp_path, content, found):
    assert format_of(write(tmp_path / "x.txt", content)) == found
    assert format_of(write(tmp_path / "x.txt.gz", gzip.compress(content))) == found


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("x.docx", r"x\.docx ends in '\.docx', which tells no data format; known are \.csv \.tsv"),
        ("x.gz", r"ends in '\.gz'"),
        ("data", "data has no ending"),
        ("x.json", r"one JSON document; write one object a line and call it \.jsonl"),
        ("-", "standard input has no ending; name its format: csv, tsv"),
    ],
)
def test_an_unknown_ending_is_refused(name, message):
    with pytest.raises(DataError, match=message):
        format_of(name)


@pytest.mark.parametrize(
    ("head", "table", "found"),
    [
        (b'\xef\xbb\xbf {"text": 1}\n', True, "jsonl"),
        (b"__label__a text\n", True, "fasttext"),
        (b"text,label\na\tb,c\n", True, "csv"),
        (b"text\tlabel\n", True, "tsv"),
        (b"one, two\n", False, "text"),
        (b"", False, "text"),
    ],
)
def test_unnamed_data_is_told_by_its_first_line(head, table, found):
    assert sniff(head, table=table) == found


@pytest.mark.parametrize("ending", ["", *PACKERS])
def test_content_is_read_whatever_the_compression(tmp_path, ending):
    path = write(tmp_path / f"x.csv{ending}", PACKERS[ending](CONTENT) if ending else CONTENT)
    with open_bytes(path) as stream:
        assert stream.readline() == b"line 0 of some text\n"
        assert stream.readlines(1000)[-1].endswith(b"\n")
    with open_bytes(path) as stream:
        assert stream.read() == CONTENT


@pytest.mark.parametrize("ending", PACKERS)
def test_parts_packed_one_by_one_read_as_one(tmp_path, ending):
    path = write(tmp_path / f"x.csv{ending}", PACKERS[ending](b"one\n") + PACKERS[ending](CONTENT))
    with open_bytes(path) as stream:
        assert stream.read() == b"one\n" + CONTENT


@pytest.mark.parametrize("ending", PACKERS)
@pytest.mark.parametrize("cut", [0.3, 0.9, -1])
def test_cut_data_is_told_with_the_place(tmp_path, ending, cut):
    packed = PACKERS[ending](CONTENT)
    path = write(tmp_path / f"x.csv{ending}", packed[: int(len(packed) * cut) if cut > 0 else cut])
    with open_bytes(path) as stream, pytest.raises(DataError, match=rf"x\.csv\{ending} is cut short: [\d,]+ bytes"):
        stream.read()


def test_what_is_readable_before_the_cut_is_counted(tmp_path):
    path = write(tmp_path / "x.csv.gz", gzip.compress(CONTENT, 0)[:-100])
    with open_bytes(path) as stream, pytest.raises(DataError, match=r"468,\d{3} bytes of its content were readable"):
        stream.read()
    assert len(CONTENT) == 468_890


@pytest.mark.parametrize("ending", PACKERS)
def test_data_that_is_not_packed_is_told(tmp_path, ending):
    with (
        open_bytes(write(tmp_path / f"x.csv{ending}", CONTENT)) as stream,
        pytest.raises(DataError, match=f"is damaged or no {ending[1:]} data: 0 bytes"),
    ):
        stream.read()


def test_a_missing_file_names_the_nearest(tmp_path):
    write(tmp_path / "train.csv", b"")
    with pytest.raises(DataError, match=r"tarin\.csv does not exist; that folder has 'train\.csv'"):
        open_bytes(tmp_path / "tarin.csv")
    with pytest.raises(DataError, match=r"zzz does not exist$"):
        open_bytes(tmp_path / "zzz")
    with pytest.raises(DataError, match=r"nor does its folder"):
        open_bytes(tmp_path / "no" / "x.csv")
    with pytest.raises(DataError, match=r"is a folder; name the files in it"):
        open_bytes(tmp_path)


def test_a_dash_is_standard_input(monkeypatch):
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"abc")))
    assert open_bytes("-").read() == b"abc"
