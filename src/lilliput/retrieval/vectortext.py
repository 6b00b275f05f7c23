"""Vectors as text: word2vec's and fastText's ``.vec``, with a line of how many and how long, and GloVe's, without it.

A line is a word and its numbers between single spaces. It is read from its end, so that a word may hold spaces, as some
of GloVe's do; whatever bytes a word is made of stay as they are.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import BinaryIO

import numpy as np

from lilliput.core.errors import DataError
from lilliput.core.progress import Progress
from lilliput.retrieval.vectorbuilder import Builder, VectorsRead
from lilliput.retrieval.vectortable import Floats, VectorTable
from lilliput.retrieval.wordlist import decode

LINES = 2048
"""Lines that are read at a time."""
HEADER = re.compile(rb"\s*(\d{1,18})\s+(\d{1,18})\s*")
_BLANK = b" \t\r\n"


def read_text(stream: BinaryIO, name: str, progress: Progress) -> VectorsRead:
    """The vectors of a stream of lines; `name`: of the file. Raises `DataError`, which names the line."""
    first = stream.readline().removeprefix(b"\xef\xbb\xbf")
    header = HEADER.fullmatch(first)
    promised, dim = (int(header[1]), int(header[2])) if header else (None, dimension(first))
    if dim < 1:
        raise DataError(f"{name}, line 1: found {_shown(first)}; expected a word and its numbers")
    builder = Builder(name, "word2vec's text format" if header else "GloVe's text format")
    number = 2 if header else 1
    lines = list(islice(stream, LINES)) if header else [first, *islice(stream, LINES)]
    while lines:
        kept = [(place, line) for place, line in enumerate(lines, number) if line.strip(_BLANK)]
        if kept:
            builder.add(*_parsed(kept, dim, name), "vector")
        progress.advance(len(kept))
        number += len(lines)
        lines = list(islice(stream, LINES))
    if promised is not None and builder.rows != promised:
        raise DataError(
            f"{name}: its first line promises {promised:,} words, but there are {builder.rows:,}; was it cut short? "
            "If not, mend the first line"
        )
    return builder.read()


def dimension(line: bytes) -> int:
    """How many numbers a line ends in, less one where nothing is left for the word."""
    fields = line.rstrip(_BLANK).split(b" ")
    numbers = 0
    while numbers < len(fields) and _is_number(fields[-1 - numbers]):
        numbers += 1
    return min(numbers, len(fields) - 1)


def write_text(table: VectorTable) -> Iterator[bytes]:
    """The lines of word2vec's text format. Raises `DataError` for a word with a line end in it."""
    yield f"{len(table)} {table.dim}\n".encode()
    line = " ".join(["%.7g"] * table.dim)
    for rows, block in table.rows.blocks(len(table)):
        parts = []
        for row, values in zip(range(rows.start, rows.stop), block.tolist(), strict=True):
            word = table.words.encoded(row)
            if b"\n" in word or b"\r" in word:
                raise DataError(f"the word {decode(word)!r} holds a line end, which a text file cannot hold")
            parts.append(word + b" " + (line % tuple(values)).encode())
        yield b"\n".join(parts) + b"\n"


def _parsed(lines: Sequence[tuple[int, bytes]], dim: int, name: str) -> tuple[list[bytes], Floats]:
    """Words and vectors of some numbered lines."""
    parts = [line.rstrip(_BLANK).partition(b" ") for _, line in lines]
    if all(numbers.count(b" ") == dim - 1 for _, _, numbers in parts):
        values = _numbers(b" ".join([numbers for _, _, numbers in parts]))
        if values is not None and len(values) == dim * len(lines):
            return [word for word, _, _ in parts], values.reshape(len(lines), dim)
    pairs = [_careful(line, dim, f"{name}, line {place:,}") for place, line in lines]
    return [word for word, _ in pairs], np.array([values for _, values in pairs], dtype=np.float32)


def _numbers(text: bytes) -> Floats | None:
    """Numbers between spaces, fast; None where there is anything else."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            return np.fromstring(text, np.float32, sep=" ")
        except (ValueError, DeprecationWarning):
            return None


def _careful(line: bytes, dim: int, where: str) -> tuple[bytes, list[float]]:
    """The word and the numbers of one line, which may have a word with spaces, or tabs in place of spaces."""
    text = line.rstrip(_BLANK)
    fields = text.rsplit(b" ", dim)
    if len(fields) == dim + 1 and all(map(_is_number, fields[1:])):
        word, *between = fields[0].split(b" ")
        if not between or not all(map(_is_number, between)):
            return fields[0], [float(field) for field in fields[1:]]
        raise DataError(f"{where}: {dim + len(between)} numbers after {decode(word)!r}; expected {dim}, as before")
    fields = text.split()
    if len(fields) == dim + 1 and all(map(_is_number, fields[1:])):
        return fields[0], [float(field) for field in fields[1:]]
    wrong = next((field for field in fields[1:] if not _is_number(field)), None)
    found = f"{len(fields) - 1} numbers after {_shown(fields[0])}" if wrong is None else f"{_shown(wrong)}"
    raise DataError(f"{where}: found {found}; expected a word and {dim} numbers, as before")


def _is_number(field: bytes) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return b"_" not in field


def _shown(text: bytes) -> str:
    return repr(decode(text[:60]))
