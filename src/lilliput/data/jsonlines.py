"""JSON Lines: an object a line; a cell may be any JSON value."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import orjson

from lilliput.data.batch import ROWS_PER_BATCH, Batch, Guard, listed, no_column
from lilliput.data.files import DataFile, open_bytes
from lilliput.data.lines import blocks


def jsonl_names(file: DataFile) -> list[str]:
    """The fields of the objects at the head of the file, in order of appearance."""
    _, lines = next(_numbered_lines(file), (1, []))
    names: dict[str, None] = {}
    for line in lines:
        value = _parsed(line)
        if isinstance(value, dict):
            names.update(dict.fromkeys(value))
    return list(names)


def read_jsonl(file: DataFile, columns: Sequence[str], guard: Guard) -> Iterator[Batch]:
    """A row an object; a field that an object lacks makes a bad row, one that none at the head has is an error."""
    names = jsonl_names(file)
    for column in columns:
        if names and column not in names:
            raise no_column(column, names, file.name)
    row = 0
    for first, lines in _numbered_lines(file):
        try:
            rows: Sequence[int] = range(row + 1, row + 1 + len(lines))
            objects = list(map(orjson.loads, lines))
            cells = {column: [value[column] for value in objects] for column in columns}
            row += len(lines)
        except (orjson.JSONDecodeError, KeyError, TypeError):
            numbered = [(first + i, line) for i, line in enumerate(lines) if line.strip()]
            rows, objects = _sound_objects(numbered, columns, row, guard)
            cells = {column: [value[column] for value in objects] for column in columns}
            row += len(numbered)
        yield Batch(rows, cells)


def _sound_objects(
    numbered: list[tuple[int, bytes]], columns: Sequence[str], row: int, guard: Guard
) -> tuple[list[int], list[dict[str, Any]]]:
    rows, objects = [], []
    for number, line in numbered:
        row += 1
        value = _parsed(line)
        if isinstance(value, str):
            guard.reject(row, value, number)
        elif missing := _missing(value, columns):
            guard.reject(row, missing, number)
        else:
            rows.append(row)
            objects.append(value)
    return rows, objects


def _parsed(line: bytes) -> dict[str, Any] | str:
    """The object of a line, or what is wrong with it."""
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        return f"broken JSON ({error})"
    return value if isinstance(value, dict) else f"not a JSON object but {line[:40].decode(errors='replace')!r}"


def _missing(value: dict[str, Any], columns: Sequence[str]) -> str | None:
    for column in columns:
        if column not in value:
            return f"no field {column!r}; it has {listed(list(value))}"
    return None


def _numbered_lines(file: DataFile) -> Iterator[tuple[int, list[bytes]]]:
    """Lines, at most `ROWS_PER_BATCH` at a time, with the number of the first."""
    number = 1
    with open_bytes(file.path) as stream:
        for block in blocks(stream, file.name):
            lines = block.removesuffix(b"\n").split(b"\n")
            for at in range(0, len(lines), ROWS_PER_BATCH):
                yield number + at, lines[at : at + ROWS_PER_BATCH]
            number += len(lines)
