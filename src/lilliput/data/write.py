"""Writing rows as the ending of the output says: CSV, TSV or JSON Lines, plain or .gz."""

from __future__ import annotations

import os
import re
import sys
import zlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import orjson

from lilliput.core.atomic import write_atomically
from lilliput.core.errors import DataError
from lilliput.data.files import ENDINGS, STDIN, Format, PathLike, split_ending

WRITABLE: tuple[Format, ...] = ("csv", "tsv", "jsonl")

_ROWS = 8192
_SPECIAL = re.compile('[,"\r\n]')
_SPACES = str.maketrans("\t\r\n", "   ")


def write_rows(
    path: PathLike, columns: Sequence[str], rows: Iterable[Sequence[Any]], *, file_format: Format | None = None
) -> None:
    """Write rows, streamed, under the names of their columns; ``"-"`` is standard output, as CSV if not said otherwise.

    A file is replaced as a whole or, if anything fails, left as it was. JSON Lines hold cells as they are. In CSV and
    TSV lists and dicts are written as JSON, ``None`` as nothing; in TSV, where readers know no quotes, tabs and line
    ends in cells become spaces. Raises `DataError` for an ending that cannot be written, before any row is asked for.
    """
    to_stdout = os.fspath(path) == STDIN
    ending, compression = split_ending(path)
    chosen = file_format or ("csv" if to_stdout else ENDINGS.get(ending))
    if chosen not in WRITABLE or compression not in ("", ".gz"):
        writable = [known for known, found in ENDINGS.items() if found in WRITABLE]
        raise DataError(
            f"{os.fspath(path)} has no ending that can be written; call it {' '.join(writable)}, or those with .gz"
        )
    chunks = _chunks(chosen, columns, rows)
    if to_stdout:
        sys.stdout.flush()
        sys.stdout.buffer.writelines(chunks)
        sys.stdout.buffer.flush()
    else:
        write_atomically(path, _gzipped(chunks) if compression else chunks)


def _chunks(chosen: Format, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    if chosen == "jsonl":
        return _jsonl(columns, rows)
    return _delimited(columns, rows, tsv=chosen == "tsv")


def _jsonl(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    options = orjson.OPT_APPEND_NEWLINE | orjson.OPT_SERIALIZE_NUMPY
    rows = iter(rows)
    while batch := list(islice(rows, _ROWS)):
        try:
            yield b"".join([orjson.dumps(dict(zip(columns, row, strict=True)), option=options) for row in batch])
        except orjson.JSONEncodeError as error:
            raise DataError(
                f"a row cannot be written as JSON: {error}; write texts, numbers and lists of them"
            ) from error


def _delimited(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, tsv: bool) -> Iterator[bytes]:
    rows = iter(rows)
    batch: list[Sequence[Any]] = [columns]
    while batch:
        text = _tsv(batch) if tsv else _csv(batch)
        yield text.encode("utf-8", "replace")
        batch = list(islice(rows, _ROWS))


def _csv(rows: list[Sequence[Any]]) -> str:
    # The csv module is not used: up to 3.12 it leaves a lone carriage return without quotes, 3.10 refuses NUL.
    lines = [",".join([_quoted(_text(cell)) for cell in row]) or '""' for row in rows]
    return "\n".join(lines) + "\n"


def _tsv(rows: list[Sequence[Any]]) -> str:
    lines = ["\t".join([_text(cell).translate(_SPACES) for cell in row]) for row in rows]
    return "\n".join(lines) + "\n"


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"' if _SPECIAL.search(cell) else cell


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    return (
        orjson.dumps(cell, option=orjson.OPT_SERIALIZE_NUMPY).decode()
        if isinstance(cell, (list, tuple, dict))
        else str(cell)
    )


def _gzipped(chunks: Iterable[bytes]) -> Iterator[bytes]:
    packer = zlib.compressobj(
        wbits=31
    )  # a gzip stream without name and time, so that the same rows give the same bytes
    for chunk in chunks:
        yield packer.compress(chunk)
    yield packer.flush()
