"""Opening data files by their ending: what a file holds, and its bytes without the compression."""

from __future__ import annotations

import difflib
import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal, cast, get_args

from lilliput.core.errors import DataError
from lilliput.data.unpack import COMPRESSIONS, unpacked

Format = Literal["csv", "tsv", "jsonl", "text", "fasttext", "parquet"]
FORMATS: tuple[Format, ...] = get_args(Format)
PathLike = str | os.PathLike[str]

STDIN = "-"
LABEL_PREFIX = "__label__"
ENDINGS: dict[str, Format] = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".txt": "text",
    ".ft": "fasttext",
    ".fasttext": "fasttext",
    ".parquet": "parquet",
}

_HEAD = 1 << 16


@dataclass(frozen=True)
class DataFile:
    """A file to read, what is in it, and what messages call it (standard input is read from a temporary file)."""

    path: Path
    format: Format
    name: str


def data_file(path: PathLike, file_format: Format | None = None) -> DataFile:
    """The file at `path`, of the format given or told by its ending. Raises `DataError` for an unknown ending."""
    return DataFile(Path(path), file_format or format_of(path), os.fspath(path))


def split_ending(path: PathLike) -> tuple[str, str]:
    """The ending that tells the format and the one that tells the compression, lower case: ``(".csv", ".gz")``."""
    name = Path(Path(path).name.lower())
    if name.suffix in COMPRESSIONS:
        return Path(name.stem).suffix, name.suffix
    return name.suffix, ""


def format_of(path: PathLike) -> Format:
    """The format that the ending of `path` tells; a .txt whose first line has a ``__label__`` is fastText's.

    Raises `DataError` for an ending that is not known, and for standard input, which has none.
    """
    if os.fspath(path) == STDIN:
        raise DataError(f"standard input has no ending; name its format: {', '.join(FORMATS)}")
    ending, compression = split_ending(path)
    found = ENDINGS.get(ending)
    if found is None or (found == "parquet" and compression):
        raise DataError(f"{os.fspath(path)} {_what_ending(ending + compression)}")
    if found == "text":
        with open_bytes(path) as stream:
            return "fasttext" if _has_label(stream.read(_HEAD)) else "text"
    return found


def _what_ending(ending: str) -> str:
    if ending.startswith(".json"):
        return "is one JSON document; write one object a line and call it .jsonl"
    if ending.startswith(".parquet"):
        return "is compressed twice; Parquet is compressed inside, so unpack it once"
    found = f"ends in {ending!r}, which tells no data format" if ending else "has no ending to tell its data format"
    return f"{found}; known are {' '.join(ENDINGS)}, plain or followed by {' '.join(COMPRESSIONS)}"


def sniff(head: bytes, *, table: bool) -> Format:
    """The format of unnamed text by its first bytes; without other signs CSV if a `table` is expected, else text."""
    first = head.lstrip(b"\xef\xbb\xbf \t\r\n").split(b"\n", 1)[0]
    if first.startswith(b"{"):
        return "jsonl"
    if _has_label(first):
        return "fasttext"
    if not table:
        return "text"
    return "tsv" if b"\t" in first else "csv"


def _has_label(head: bytes) -> bool:
    return LABEL_PREFIX.encode() in head.lstrip().split(b"\n", 1)[0]


def open_bytes(path: PathLike) -> BinaryIO:
    """Open a file for reading, unpacked as its ending .gz, .bz2, .xz or .zst says; ``"-"`` is standard input.

    A file that cannot be opened raises `DataError`; so does reading on where compressed data is cut or damaged.
    .zst needs Python 3.14 or the extra ``zstd``.
    """
    name = os.fspath(path)
    if name == STDIN:
        return cast(BinaryIO, sys.stdin.buffer)
    try:
        raw = Path(path).open("rb")  # noqa: SIM115 (the caller closes it)
    except OSError as error:
        raise DataError(_cannot_open(Path(path), error)) from error
    compression = split_ending(path)[1]
    return unpacked(raw, compression, name) if compression else raw


def _cannot_open(path: Path, error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        if not path.parent.is_dir():
            return f"{path} does not exist, nor does its folder {path.parent}"
        near = nearest(path.name, (entry.name for entry in path.parent.iterdir()))
        return f"{path} does not exist{f'; that folder has {near}' if near else ''}"
    if path.is_dir():
        return f"{path} is a folder; name the files in it"
    return f"{path} cannot be opened ({error.strerror})"


def nearest(name: str, names: Iterable[str]) -> str:
    """The names most like `name`, quoted and joined by "or"; empty if none is like it."""
    by_lower = {other.lower(): other for other in names}
    close = difflib.get_close_matches(name.lower(), by_lower, n=3, cutoff=0.6)
    return " or ".join(repr(by_lower[other]) for other in close)
