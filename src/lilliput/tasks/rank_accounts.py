"""What is known of accounts beside their edges: totals of followers and friends, and an earlier ranking."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lilliput.core.errors import DataError
from lilliput.core.modelfile import StrPath
from lilliput.core.registry import load
from lilliput.data.files import data_file
from lilliput.data.rows import column_names, read_columns

if TYPE_CHECKING:
    from lilliput.graph.matrix import Matrix

NAMES = ("id", "account", "user", "name")
"""Of the column of ids; else it is the first one."""


def totals(
    accounts: StrPath | Mapping[str, tuple[float, float]], matrix: Matrix, notes: list[str]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Totals of followers and of friends by row, NaN where they are not given. Raises `DataError` for bad rows."""
    followers, friends = np.full(len(matrix), np.nan), np.full(len(matrix), np.nan)
    numbers = {matrix.ids.name(number): number for number in range(len(matrix.ids))}
    given = accounts.items() if isinstance(accounts, Mapping) else _rows(accounts)
    strangers = 0
    for name, pair in given:
        number = numbers.get(str(name))
        if number is None:
            strangers += 1
            continue
        row = matrix.row_of[number]
        followers[row], friends[row] = pair
    if np.any(followers < 0) or np.any(friends < 0):
        raise DataError("a total of followers or friends is negative; expected numbers from 0 on")
    missing = int(np.count_nonzero(np.isnan(followers)))
    if strangers:
        notes.append(f"{strangers:,} accounts with totals are on no edge and left out")
    if missing:
        notes.append(
            f"{missing:,} of {len(matrix):,} accounts have no totals; their neighbours seen are taken for them"
        )
    return followers, friends


def _rows(path: StrPath) -> Iterator[tuple[str, tuple[float, float]]]:
    file = data_file(path)
    names = column_names(file)
    key = next((name for name in NAMES if name in names), names[0])
    for batch in read_columns(file, [key, "followers", "friends"]):
        for row, *cells in zip(
            batch.rows, *(batch.columns[name] for name in (key, "followers", "friends")), strict=True
        ):
            pair = tuple(_total(cell) for cell in cells[1:])
            if not all(0 <= value < float("inf") for value in pair):
                raise DataError(
                    f"{file.name}, row {row:,}: followers {cells[1]!r}, friends {cells[2]!r}; expected numbers"
                )
            yield str(cells[0]), (pair[0], pair[1])


def _total(cell: Any) -> float:
    try:
        return float(cell)
    except (TypeError, ValueError):
        return float("nan")


def earlier_scores(path: StrPath, matrix: Matrix, notes: list[str]) -> NDArray[np.float64]:
    """Scores of an earlier ranking by the rows of `matrix`, -1 where it has none."""
    earlier: Any = load(path)
    if earlier.task != "rank":
        raise DataError(f"{path} holds a model of task {earlier.task!r}; expected an earlier ranking")
    then, found = earlier.ranking_, np.full(len(matrix), -1.0)
    if type(then.ids) is type(matrix.ids) and hasattr(then.ids, "values"):
        places = np.searchsorted(then.ids.values, matrix.ids.values)  # type: ignore[union-attr]
        places = np.minimum(places, len(then.ids) - 1)
        known = then.ids.values[places] == matrix.ids.values  # type: ignore[union-attr]
        by_number = np.where(known, then.scores[then.row_of[places]], -1.0)
    else:
        numbers = {then.ids.name(number): number for number in range(len(then.ids))}
        places = np.array([numbers.get(matrix.ids.name(n), -1) for n in range(len(matrix))])
        by_number = np.where(places >= 0, then.scores[then.row_of[places]], -1.0)
    found[:] = by_number[matrix.order]
    new = int(np.count_nonzero(found < 0))
    if new:
        notes.append(f"{new:,} accounts are new since {path}")
    return found
