"""What the readers hand out, what becomes of bad rows, and how columns are named."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from lilliput.core.errors import DataError
from lilliput.data.files import nearest

ROWS_PER_BATCH = 8192


@dataclass(frozen=True)
class Batch:
    """Some rows of a file, column by column: ``columns[name][i]`` stands in row ``rows[i]``.

    Rows are numbered from 1, the header and blank lines not counted; gaps are bad rows that were skipped.
    """

    rows: Sequence[int]
    columns: dict[str, list[Any]]

    def __len__(self) -> int:
        return len(self.rows)


@dataclass
class BadRows:
    """The rows that were skipped: how many, and what was wrong with the first few."""

    count: int = 0
    examples: list[str] = field(default_factory=list)

    KEPT = 3

    def add(self, message: str) -> None:
        """Count a row."""
        self.count += 1
        if len(self.examples) < self.KEPT:
            self.examples.append(message)

    def __str__(self) -> str:
        if not self.count:
            return "no bad rows"
        more = "; ..." if self.count > len(self.examples) else ""
        return f"{self.count:,} bad row{'s' * (self.count > 1)} skipped: {'; '.join(self.examples)}{more}"


@dataclass(frozen=True)
class Guard:
    """Stands at the door of one file: a bad row raises `DataError`, or is counted in `bad` where that is given."""

    name: str
    bad: BadRows | None

    def reject(self, row: int, reason: str, line: int | None = None) -> None:
        """Refuse row `row`; `line` is its first line in the file, told where it is another number."""
        where = f"row {row:,}" if line is None or line == row else f"row {row:,} (line {line:,})"
        message = f"{self.name}, {where}: {reason}"
        if self.bad is None:
            raise DataError(f"{message}; mend it, or leave bad rows out with --skip-bad (skip_bad=True)")
        self.bad.add(message)


def sieve(batch: Batch, fault: Callable[[int], str | None], guard: Guard) -> Batch:
    """The rows of `batch` for whose place ``fault(i)`` finds nothing; the others are rejected for what it says."""
    kept = []
    for i, row in enumerate(batch.rows):
        reason = fault(i)
        if reason is None:
            kept.append(i)
        else:
            guard.reject(row, reason)
    columns = {name: [cells[i] for i in kept] for name, cells in batch.columns.items()}
    return Batch([batch.rows[i] for i in kept], columns)


def find_column(column: str, names: Sequence[str], file: str) -> int:
    """The place of `column`, a name or else a number from 1, among `names`.

    Raises `DataError`, with the nearest names and all there are, if it is not there or there twice.
    """
    count = names.count(column)
    if count == 1:
        return names.index(column)
    if count:
        raise DataError(f"{file} has {count} columns named {column!r}; give the number of the one that is meant")
    if column.isdecimal() and 1 <= int(column) <= len(names):
        return int(column) - 1
    raise no_column(column, names, file)


def no_column(column: str, names: Iterable[str], file: str) -> DataError:
    """The error for a column that is not there."""
    names = list(names)
    near = nearest(column, names)
    return DataError(f"{file} has no column {column!r}{f' (nearest: {near})' if near else ''}; it has {listed(names)}")


def listed(names: Sequence[str], most: int = 20) -> str:
    """Names for a message, quoted, no more than `most` of them."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(map(repr, names[:most])) + more
