"""CSV by the rules of RFC 4180, and TSV, where a quote is a character like any other."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import TYPE_CHECKING

from lilliput.core.errors import DataError
from lilliput.data.batch import ROWS_PER_BATCH, Batch, Guard, find_column
from lilliput.data.files import DataFile, open_bytes
from lilliput.data.lines import blocks, decode, numbered_lines, utf8_fault

if TYPE_CHECKING:
    from _csv import Reader

LONGEST_FIELD = 16_000_000  # characters; the csv module keeps four bytes for each while it reads one
_STEP = 256  # rows, of which few reach from one block into the next
_BLOCKS_PER_BATCH = 3
# Lone surrogates, which UTF-8 cannot hold: the csv module of Python 3.10 takes no NUL, and none tells an open quote.
_NUL = "\udc00"
_END = "\udc01"


@dataclass
class _Rows:
    """Raw rows with the number of their first line; `suspect` ones may hold faults; `fault` is the row after them."""

    rows: list[list[str]]
    line: int
    suspect: bool = False
    fault: str | None = None


def delimited_names(file: DataFile, header: bool) -> list[str]:
    """The columns by the first row, whose cells are the names or, without a `header`, are numbered from 1."""
    for raw in _raw_rows(file):
        for cells in raw.rows:
            if cells:
                return _names(cells, file.name, header)
        if raw.fault:
            raise DataError(f"{file.name}, first row: {raw.fault}")
    raise DataError(f"{file.name} is empty")


def _names(cells: list[str], file: str, header: bool) -> list[str]:
    if not header:
        return [str(number) for number in range(1, len(cells) + 1)]
    fault = utf8_fault("".join(cells))
    if fault:
        raise DataError(f"{file}, header: {fault}")
    return [name.strip() for name in cells]


def read_delimited(file: DataFile, columns: Sequence[str], guard: Guard, header: bool) -> Iterator[Batch]:
    """A row has as many cells as the first one; blank lines are no rows."""
    names = delimited_names(file, header)
    places = {column: find_column(column, names, file.name) for column in columns}
    row = 0 if header else 1  # of the row to come; the header is row 0
    for raw in _raw_rows(file):
        if row and not raw.suspect and set(map(len, raw.rows)) == {len(names)}:
            rows: Sequence[int] = range(row, row + len(raw.rows))
            cells = raw.rows
            row += len(cells)
        else:
            rows, cells, row = _sound_rows(raw, len(names), row, guard)
        if cells:
            yield Batch(rows, {column: [cell[place] for cell in cells] for column, place in places.items()})
        if raw.fault:
            guard.reject(row, raw.fault, raw.line + _height(raw.rows))
            row += 1


def _sound_rows(raw: _Rows, width: int, row: int, guard: Guard) -> tuple[list[int], list[list[str]], int]:
    """The numbers and cells of the rows without fault, and the number of the row to come."""
    rows, kept, line = [], [], raw.line
    for cells in raw.rows:
        fault = _fault(cells, width, raw.suspect)
        if cells and row and fault:
            guard.reject(row, fault, line)
        elif cells and row:
            rows.append(row)
            kept.append([cell.replace(_NUL, "\0") for cell in cells] if raw.suspect else cells)
        row += bool(cells)
        line += _height([cells])
    return rows, kept, row


def _fault(cells: list[str], width: int, suspect: bool) -> str | None:
    if len(cells) != width:
        return f"{len(cells)} field{'s' * (len(cells) > 1)} instead of {width}"
    return utf8_fault("\n".join(cells)) if suspect else None


def _height(rows: list[list[str]]) -> int:
    """The number of lines that rows take up in the file."""
    return len(rows) + sum(cell.count("\n") for cells in rows for cell in cells)


def _raw_rows(file: DataFile) -> Iterator[_Rows]:
    if file.format == "csv":
        return _csv_rows(file)
    return _tsv_rows(file)


def _tsv_rows(file: DataFile) -> Iterator[_Rows]:
    for number, lines, suspect in numbered_lines(file):
        yield _Rows([line.split("\t") if line else [] for line in lines], number, suspect)


class _Lines:
    """The lines of a file for `csv.reader`.

    `taken` counts the blocks it has been given, `read` their lines, and `suspect` those up to the last possible fault.
    """

    def __init__(self, file: DataFile) -> None:
        self._file = file
        self.taken = self.read = self.suspect = 0

    def blocks(self) -> Iterator[list[str]]:
        with open_bytes(self._file.path) as stream:
            for block in blocks(stream, self._file.name):
                text, suspect = decode(block)
                if "\0" in text:
                    text, suspect = text.replace("\0", _NUL), True
                lines = list(io.StringIO(text, newline="\n"))
                self.taken += 1
                self.read += len(lines)
                if suspect:
                    self.suspect = self.read
                yield lines
        yield [f"{_END},{_END}"]


def _csv_rows(file: DataFile) -> Iterator[_Rows]:
    csv.field_size_limit(max(csv.field_size_limit(), LONGEST_FIELD))
    lines = _Lines(file)
    reader = csv.reader(chain.from_iterable(lines.blocks()))
    while True:
        before = reader.line_num
        raw = _Rows([], before + 1)
        try:
            _fill(raw.rows, reader, lines)
        except csv.Error as error:
            raw.fault = _reason(error)
        raw.suspect = before < lines.suspect
        ended = bool(raw.rows) and bool(raw.rows[-1]) and raw.rows[-1][-1].endswith(_END)
        if ended and raw.rows.pop() != [_END, _END]:
            raw.fault = "a quote that opens here is never closed; double it if it belongs to the text"
        yield raw
        if ended or not (raw.rows or raw.fault):
            return


def _fill(rows: list[list[str]], reader: Reader, lines: _Lines) -> None:
    """Read on to the end of a block of lines or, where rows reach from one into the next, through a few."""
    last = lines.taken + _BLOCKS_PER_BATCH
    while len(rows) < ROWS_PER_BATCH and (not rows or (reader.line_num < lines.read and lines.taken < last)):
        before = len(rows)
        step = min(_STEP, ROWS_PER_BATCH - before, max(1, lines.read - reader.line_num))
        rows.extend(islice(reader, step))
        if len(rows) == before:
            return


def _reason(error: csv.Error) -> str:
    message = str(error)
    if "new-line" in message:
        return "a carriage return outside quotes; end lines with a newline, and quote fields that hold line ends"
    if "field limit" in message:
        return f"a field of more than {csv.field_size_limit():,} characters; is its quote never closed?"
    return message
