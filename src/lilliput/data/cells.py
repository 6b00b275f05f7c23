"""From the cells of a row to its text and its target."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lilliput.data.batch import Batch, Guard, sieve

Label = str | int | float | bool
Target = Label | list[Label] | dict[str, float]


def read_texts(batch: Batch, column: str, guard: Guard) -> Batch:
    """`batch` with the cells of `column` as str: lists are joined by ", ", and what is no text is a bad row."""
    cells = batch.columns[column]
    if set(map(type, cells)) <= {str}:
        return batch
    batch = sieve(batch, lambda i: _named(column, text_fault(cells[i])), guard)
    batch.columns[column] = [cell if isinstance(cell, str) else ", ".join(cell) for cell in batch.columns[column]]
    return batch


def text_fault(cell: object) -> str | None:
    """Why a cell is no text, or ``None``: a str and a list of str are texts."""
    if isinstance(cell, str):
        return None
    if is_null(cell):
        return "there is no text"
    if isinstance(cell, list):
        wrong = [item for item in cell if not isinstance(item, str)]
        return f"a list of texts was expected, and it holds {wrong[0]!r}" if wrong else None
    return f"{cell!r:.60} is {kind_of(cell)}, where a text was expected"


def target_fault(cell: object) -> str | None:
    """Why a cell is no target, or ``None``: labels, lists of labels and dicts of label to number are targets."""
    if isinstance(cell, list):
        wrong = [item for item in cell if not is_label(item)]
        return f"{wrong[0]!r:.60} is no label" if wrong else None
    if isinstance(cell, dict):
        wrong = [name for name, value in cell.items() if not is_share(value)]
        return f"the value of {wrong[0]!r} is {_no_share(cell[wrong[0]])}" if wrong else None
    if is_null(cell) or cell == "":
        return "there is no label"
    return None if is_label(cell) else f"{cell!r:.60} is {kind_of(cell)}, no label"


def is_null(cell: object) -> bool:
    """Whether a cell is empty as JSON's null, pandas' NaN and NA are."""
    return (
        cell is None or (isinstance(cell, float) and math.isnan(cell)) or type(cell).__name__ in ("NAType", "NaTType")
    )


def is_label(cell: object) -> bool:
    """Whether a cell can stand for one label."""
    return (isinstance(cell, (str, int, float)) and not is_null(cell)) and cell != ""


def is_number(cell: object) -> bool:
    """Whether a cell is a finite number."""
    return isinstance(cell, (int, float)) and math.isfinite(cell)


def is_share(cell: object) -> bool:
    """Whether a cell can be the value of a label: a number from 0 to 1."""
    return isinstance(cell, (int, float)) and 0 <= cell <= 1


def _no_share(cell: object) -> str:
    return f"{cell!r:.60}, not between 0 and 1" if is_number(cell) else f"{cell!r:.60}, no number"


def kind_of(cell: object) -> str:
    """What a cell is, in words for messages."""
    if isinstance(cell, bool):
        return "true or false"
    if isinstance(cell, (int, float)):
        return "a number"
    return {"bytes": "bytes", "dict": "an object"}.get(type(cell).__name__, f"a {type(cell).__name__}")


def _named(column: str, fault: str | None) -> str | None:
    return fault and f"column {column!r}: {fault}"


@dataclass(frozen=True)
class TargetReader:
    """Reads the targets of rows from one column or, as soft targets, from several.

    One column: a str is stripped and, given a `separator`, split into a list of labels; numbers, lists of labels and
    dicts of label to number stay what they are. Several columns: their cells are numbers, and the target is a dict of
    column to float.
    """

    columns: Sequence[str]
    separator: str | None = None

    def read(self, batch: Batch, guard: Guard) -> tuple[Batch, list[Any]]:
        """The rows that have a target, and their targets; the others are bad rows, soft targets beyond 0 to 1 too."""
        return self._one(batch, guard) if len(self.columns) == 1 else self._several(batch, guard)

    def _one(self, batch: Batch, guard: Guard) -> tuple[Batch, list[Any]]:
        (column,) = self.columns
        cells = [cell.strip() if isinstance(cell, str) else cell for cell in batch.columns[column]]
        if self.separator is not None:
            cells = [_split(cell, self.separator) if isinstance(cell, str) else cell for cell in cells]
        if set(map(type, cells)) <= {str, int} and "" not in cells:
            return batch, cells
        batch = sieve(
            Batch(batch.rows, {**batch.columns, column: cells}), lambda i: _named(column, target_fault(cells[i])), guard
        )
        return batch, batch.columns[column]

    def _several(self, batch: Batch, guard: Guard) -> tuple[Batch, list[Any]]:
        numbers = [_floats(batch.columns[column]) for column in self.columns]
        if not all(map(_are_shares, numbers)):
            cells = batch.columns
            batch = sieve(batch, lambda i: self._soft_fault([cells[column][i] for column in self.columns]), guard)
            numbers = [_floats(batch.columns[column]) for column in self.columns]
        rows = zip(*(column for column in numbers if column is not None), strict=True)
        return batch, [dict(zip(self.columns, row, strict=True)) for row in rows]

    def _soft_fault(self, cells: list[Any]) -> str | None:
        for column, cell in zip(self.columns, cells, strict=True):
            found = _floats([cell])
            if not _are_shares(found):
                wrong = "no number" if found is None else "not between 0 and 1, as the value of a label is"
                return f"column {column!r}: {cell!r:.60} is {wrong}"
        return None


def _split(cell: str, separator: str) -> list[str]:
    return [label for part in cell.split(separator) if (label := part.strip())]


def _are_shares(numbers: list[float] | None) -> bool:
    return numbers is not None and all(0 <= number <= 1 for number in numbers)


def _floats(cells: list[Any]) -> list[float] | None:
    """The cells as finite numbers, or ``None`` if one is not."""
    try:
        numbers = list(map(float, cells))
    except (TypeError, ValueError):
        return None
    return numbers if all(map(math.isfinite, numbers)) else None
