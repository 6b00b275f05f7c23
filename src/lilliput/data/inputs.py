"""What Python users hand over as texts and targets: lists, arrays, frames of pandas and Polars, dicts of columns."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from lilliput.core.errors import DataError
from lilliput.data.batch import find_column, listed
from lilliput.data.cells import Target, target_fault, text_fault


def texts_of(X: Any, column: str | None = None) -> list[str]:
    """The texts in `X`, one a row.

    `X` is a list, tuple, iterator, 1-D array or Series of str (or of lists of str, joined by ", "), or a table with
    the texts in `column`: a frame, a dict of columns, a list of dicts. A table with one column, or with one called
    "text", needs no `column`. Raises `DataError` for anything else, and for the first item that is no text.
    """
    if isinstance(X, (str, bytes)):
        raise DataError(f"X is {_kind(X)}; give a list of texts, [text] for one")
    texts = _column_of(X, column, "X", "text")
    if set(map(type, texts)) <= {str}:
        return texts
    texts = [_plain(text) for text in texts]
    _check(texts, text_fault, "X")
    return [text if isinstance(text, str) else ", ".join(text) for text in texts]


def targets_of(y: Any, X: Any = None, column: str | None = None) -> list[Target]:
    """The targets in `y`, or in `column` of the table `X` if `y` is ``None``, one a row.

    A label is a str, int, float or bool (scalars of NumPy are made Python's); several labels of a row are a list (a
    set is sorted). A 2-D array, a frame or a dict of more than one column without `column`, and a list of dicts, hold
    soft or indicator targets: each row becomes a dict of label, as a str, to float; the labels of an array are its
    column numbers from 0. Raises `DataError` for anything else, for the first item that is no target, and if `X` is
    given with another number of rows.
    """
    if isinstance(y, (str, bytes)):
        raise DataError(f"y is {_kind(y)}; give a list of targets, one for each text")
    if y is None and not is_table(X):
        raise DataError("y is None; give a list of targets, one for each text")
    if y is None:
        found = _column_of(X, column, "X", "label")
    else:
        rows = _soft_rows(y) if column is None else None
        found = _column_of(y, column, "y", "label") if rows is None else rows
        if X is not None and _count(X) != len(found):
            raise DataError(f"X has {_count(X)} rows and y has {len(found)}; give one target for each text")
    targets = [_plain(target) for target in found]
    _check(targets, target_fault, "X" if y is None else "y")
    return targets


def cells_of(X: Any, column: str | None, what: str) -> list[Any]:
    """The cells of a column of a table as they stand; without `column`, of its only one or the one called "items"."""
    return _column_of(X, column, what, "items")


def is_table(data: Any) -> bool:
    """Whether `data` has columns: a frame, a dict of columns, a list of dicts."""
    return _names(data) is not None


def _column_of(data: Any, column: str | None, what: str, usual: str) -> list[Any]:
    """The items of `data` or, if it is a table, of one of its columns."""
    names = _names(data)
    if names is None:
        if column is not None:
            raise DataError(
                f"{what} is {_kind(data)} and has no columns, so there is no column {column!r}; leave it out"
            )
        return _items(data, what)
    labels = [str(name) for name in names]
    if column is None and len(labels) == 1:
        column = labels[0]
    if column is None and usual not in labels:
        raise DataError(f"{what} has the columns {listed(labels)}; say which one holds the {usual}s")
    place = find_column(column or usual, labels, what)
    return _cells(data, names[place], what)


def _names(data: Any) -> list[Any] | None:
    """The columns of a table; ``None`` for what is no table."""
    if isinstance(data, Mapping):
        return list(data)
    if isinstance(data, (list, tuple)):
        return list(data[0]) if data and isinstance(data[0], Mapping) else None
    return list(data.columns) if hasattr(data, "columns") else None


def _cells(table: Any, name: Any, what: str) -> list[Any]:
    if not isinstance(table, (list, tuple)):
        return _items(table[name], f"{what}[{name!r}]")
    for i, row in enumerate(table):
        if not isinstance(row, Mapping) or name not in row:
            raise DataError(f"{what}[{i}] is {row!r:.60} and has no {name!r}; give all rows the same columns")
    return [row[name] for row in table]


def _items(data: Any, what: str) -> list[Any]:
    """The items of a list, tuple, iterator, Series or 1-D array (a column vector counts as one)."""
    if isinstance(data, (list, tuple, Iterator)):
        return list(data)
    shape: tuple[int, ...] = getattr(data, "shape", ())
    if len(shape) == 2 and shape[1] == 1:
        data = data[:, 0]
    elif len(shape) != 1:
        found = f"an array of shape {tuple(shape)}" if shape else _kind(data)
        raise DataError(f"{what} is {found}; give a list, a 1-D array, a Series or a table with one row for each text")
    return list(data.to_list() if hasattr(data, "to_list") else data.tolist())


def _soft_rows(y: Any) -> list[Any] | None:
    """Rows of a matrix, or of a table with more than one column, as dicts; ``None`` for what is neither."""
    names = _names(y)
    if isinstance(y, (list, tuple)):
        return list(y) if names is not None else None
    if names is None:
        if len(getattr(y, "shape", ())) != 2 or y.shape[1] == 1:
            return None
        columns = y.T.tolist()
        names = list(range(len(columns)))
    elif len(names) == 1:
        return None
    else:
        columns = [_items(y[name], f"y[{name!r}]") for name in names]
        if len({len(column) for column in columns}) > 1:
            lengths = ", ".join(f"{name!r} {len(column)}" for name, column in zip(names, columns, strict=True))
            raise DataError(f"the columns of y have different lengths: {lengths}")
    return [dict(zip(map(str, names), row, strict=True)) for row in zip(*columns, strict=True)]


def _plain(item: Any) -> Any:
    """`item` with scalars, arrays, tuples and sets of it as Python's own scalars and lists."""
    if isinstance(item, Mapping):
        return {str(name): _plain(value) for name, value in item.items()}
    if isinstance(item, (set, frozenset)):
        return sorted((_plain(value) for value in item), key=lambda value: (str(type(value)), value))
    if isinstance(item, (list, tuple)):
        return [_plain(value) for value in item]
    if isinstance(item, str):
        return str(item)
    return item.tolist() if hasattr(item, "tolist") else item


def _check(items: list[Any], fault: Callable[[object], str | None], what: str) -> None:
    for i, item in enumerate(items):
        reason = fault(item)
        if reason is not None:
            raise DataError(f"{what}[{i}]: {reason}")


def _count(X: Any) -> int:
    if isinstance(X, Mapping):
        return max((len(column) for column in X.values()), default=0)
    return len(X)


def _kind(data: Any) -> str:
    return {"str": "one str", "bytes": "bytes"}.get(type(data).__name__, f"of type {type(data).__name__}")
