"""A table of numbers from a file, with one column to be predicted, for the race of the optimisers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lilliput.core.errors import DataError
from lilliput.data.batch import find_column
from lilliput.data.files import data_file, split_ending
from lilliput.data.matrix import MatrixSource
from lilliput.data.rows import column_names, read_columns
from lilliput.tasks.array_input import numbers

FEWEST_ROWS, MOST_CLASSES = 50, 50
"""Whole numbers of more values than this are numbers to be met, not classes."""


class Table(NamedTuple):
    """float32 (rows, columns) of mean 0 and variance 1, and what is to be predicted from it."""

    inputs: NDArray[np.float32]
    targets: NDArray[Any]
    """int64 (rows,), classes from 0 on, or float32 (rows, 1) of mean 0 and variance 1."""
    about: str
    """What was found, in a sentence."""


def read_table(path: str, target: str) -> Table:
    """Read a .npy matrix, or a table with named columns; `target` is a name, or a number from 1.

    Columns of text are left out, and named in `about`. A target of texts, or of at most 50 whole numbers, is classes.
    Raises `DataError` that names the row of what is no finite number, and for too few rows.
    """
    inputs, wanted, about = _read_matrix(path, target) if split_ending(path)[0] == ".npy" else _read(path, target)
    if len(inputs) < FEWEST_ROWS:
        raise DataError(f"{path} has {len(inputs)} rows; a race needs {FEWEST_ROWS} or more")
    rows = numbers(inputs)
    scale = rows.std(axis=0)
    rows = (rows - rows.mean(axis=0)) / np.where(scale > 0, scale, 1)
    targets, kind = _targets(path, target, wanted)
    return Table(rows.astype(np.float32), targets, f"{len(rows):,} rows, {rows.shape[1]:,} columns, {kind}{about}")


def _read_matrix(path: str, target: str) -> tuple[NDArray[Any], NDArray[Any], str]:
    matrix = np.asarray(MatrixSource(path).mapped)
    place = find_column(target, [str(number) for number in range(1, matrix.shape[1] + 1)], path)
    return np.delete(matrix, place, axis=1), matrix[:, place], ""


def _read(path: str, target: str) -> tuple[NDArray[Any], NDArray[Any], str]:
    file = data_file(Path(path))
    names = column_names(file)
    place = find_column(target, names, path)
    cells: list[list[Any]] = [[] for _ in names]
    rows: list[int] = []
    for batch in read_columns(file, names):
        rows += batch.rows
        for column, name in zip(cells, names, strict=True):
            column.extend(batch.columns[name])
    given = [number for number in range(len(names)) if number != place]
    texts = [number for number in given if _number(cells[number][0]) is None]
    columns = [_column(path, names[number], cells[number], rows) for number in given if number not in texts]
    if not columns:
        raise DataError(f"{path} has no column of numbers beside {names[place]!r}; give at least one")
    about = f"; left out as text: {', '.join(names[number] for number in texts)}" if texts else ""
    return np.stack(columns, axis=1), np.array(cells[place]), about


def _column(path: str, name: str, cells: Sequence[Any], rows: Sequence[int]) -> NDArray[np.float64]:
    found = [_number(cell) for cell in cells]
    for row, cell, value in zip(rows, cells, found, strict=True):
        if value is None or not np.isfinite(value):
            raise DataError(
                f"{path}: row {row:,}, column {name!r}: {cell!r} is no finite number; fill it in or leave out"
            )
    return np.array(found, dtype=np.float64)


def _number(cell: Any) -> float | None:
    try:
        return float(cell)
    except (TypeError, ValueError):
        return None


def _targets(path: str, target: str, cells: NDArray[Any]) -> tuple[NDArray[Any], str]:
    """Classes or numbers, and which of the two."""
    values = [_number(cell) for cell in cells.tolist()]
    if None not in values:
        wanted = np.array(values, dtype=np.float64)
        if not np.isfinite(wanted).all():
            row = int(np.flatnonzero(~np.isfinite(wanted))[0]) + 1
            raise DataError(f"{path}: row {row:,}: the target {target!r} is {wanted[row - 1]}; give finite numbers")
        whole = (wanted == np.rint(wanted)).all()
        if not whole or len(np.unique(wanted)) > MOST_CLASSES:
            if wanted.std() == 0:
                raise DataError(f"{path}: the target {target!r} is {wanted[0]:g} in every row; nothing can be learned")
            return ((wanted - wanted.mean()) / wanted.std()).astype(np.float32)[:, None], "a number to predict"
    classes, codes = np.unique(cells.astype(str), return_inverse=True)
    if not 2 <= len(classes) <= max(MOST_CLASSES, len(cells) // 10):
        raise DataError(f"{path}: the target {target!r} has {len(classes)} different values; give classes or numbers")
    return codes.astype(np.int64), f"{len(classes)} classes"
