"""What people hand over as arrays of rows, classes and targets: checked, and told apart from what cannot be used."""

from __future__ import annotations

import hashlib
import sys
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lilliput.core.errors import DataError

Floats = NDArray[np.float64]
CLASS_KINDS = "biuUO"
"""Kinds of dtypes that name classes; floats do if they are whole numbers."""
_SQUARABLE = 1e150
_BLOCK = 4096
"""Rows that are shifted at once."""


class NoNumbersError(DataError, TypeError):
    """Cells of an array are of a type that is no number; scikit-learn asks for a TypeError."""


def as_matrix(X: Any) -> NDArray[Any]:
    """`X` as a 2-D array of real numbers, without a copy where it is one."""
    if hasattr(X, "tocsr"):
        raise NoNumbersError("X is a sparse matrix; this task takes dense rows: give X.toarray()")
    try:
        array = np.asarray(np.ma.filled(X.astype(np.float64), np.nan) if isinstance(X, np.ma.MaskedArray) else X)
    except ValueError as error:
        raise DataError(f"X is no matrix ({error}); give rows of numbers, all of one length") from None
    if array.dtype.kind == "O":
        try:
            array = as_numbers(array)
        except TypeError as error:
            raise NoNumbersError(f"X holds what is no number ({error}); give rows of numbers") from None
        except ValueError as error:
            raise DataError(f"X holds what is no number ({error}); give rows of numbers, all of one length") from None
    if array.dtype.kind == "c":
        raise DataError(f"X holds {array.dtype}. Complex data not supported; give real numbers")
    if array.dtype.kind not in "biuf":
        raise DataError(f"X holds {array.dtype}, which are no numbers; give rows of numbers")
    if array.ndim != 2:
        raise DataError(
            f"X has shape {array.shape}; expected rows and columns, 2-D. Reshape your data with X.reshape(1, -1) "
            "if it is one row, with X.reshape(-1, 1) if it is one column"
        )
    return array


def as_numbers(array: NDArray[Any]) -> Floats:
    """Objects, or texts, as float64, NaN for what stands for nothing; TypeError or ValueError for what is no number."""
    if array.dtype.kind == "O":
        array = np.where(_missing(array), np.nan, array)
    return array.astype(np.float64, casting="unsafe" if array.dtype.kind in "OU" else "safe")


def check_width(found: int, expected: int, name: str) -> None:
    """Raise `DataError` unless rows have as many columns as those learned from."""
    if found != expected:
        raise DataError(f"X has {found} features, but {name} is expecting {expected} features as input")


def numbers(X: Any, dtype: Any = np.float64) -> NDArray[Any]:
    """`X` as a matrix of finite numbers of `dtype`, at least one row and one column, in C order.

    Raises `DataError` that names row and column of the first NaN or infinity.
    """
    array = as_matrix(X)
    rows, columns = array.shape
    if columns < 1:
        raise DataError(f"X has 0 feature(s) (shape=({rows}, 0)) while a minimum of 1 is required: give columns")
    if rows < 1:
        raise DataError(f"X has 0 sample(s) (shape=(0, {columns})) while a minimum of 1 is required: give rows")
    with np.errstate(over="ignore"):
        matrix = np.ascontiguousarray(array, dtype=dtype)
    bad = ~np.isfinite(matrix)
    if bad.any():
        row, column = divmod(int(np.flatnonzero(bad)[0]), columns)
        if np.isfinite(array[row, column]):
            value = f"{array[row, column]:g}"
            raise DataError(f"X: row {row}, column {column} is {value}, too large for {matrix.dtype}; scale the column")
        name = "NaN" if np.isnan(matrix[row, column]) else "infinity"
        raise DataError(f"X: row {row}, column {column} is {name}; give finite numbers, or leave that row out")
    return matrix


def like_learned(model: Any, X: Any, dtype: Any = np.float64) -> NDArray[Any]:
    """`X` as finite numbers of `dtype` in as many columns as `model` has learned from; `DataError` for others."""
    model._check_fitted()
    check_width(as_matrix(X).shape[1], model.n_features_in_, type(model).__name__)
    return numbers(X, dtype)


def check_rows(rows: NDArray[Any]) -> None:
    """Raise `DataError` unless there are two rows or more."""
    if len(rows) < 2:
        raise DataError(f"there is {len(rows)} row (n_samples={len(rows)}); give two or more")


def centred(X: Any, shift: Floats, scale: NDArray[np.float32]) -> NDArray[np.float32]:
    """``(X - shift) * scale`` of a matrix of real numbers, float32.

    Numbers that float32 does not hold, such as seconds since 1970, are shifted before they are rounded.
    """
    array = as_matrix(X)
    if np.can_cast(array.dtype, np.float32):
        narrow: NDArray[np.float32] = (array.astype(np.float32) - shift.astype(np.float32)) * scale
        return narrow
    found = np.empty(array.shape, dtype=np.float32)
    for first in range(0, len(array), _BLOCK):
        rows = array[first : first + _BLOCK]
        found[first : first + _BLOCK] = (rows.astype(np.float64) - shift) * scale
    return found


def standards(values: Floats) -> tuple[Floats, Floats]:
    """Mean and standard deviation of each column, (columns,) each; the latter 1 where all that varies is rounding."""
    size = power_of_two(values)
    parts = values / size  # whose squares are neither infinite nor zero
    mean, scale = parts.mean(axis=0) * size, parts.std(axis=0) * size
    scale[(scale <= 1e-12 * np.abs(mean)) | (scale == 0)] = 1.0
    return mean, scale


def power_of_two(values: Floats) -> Floats:
    """The largest power of two in the size of each column (of all, where there is one axis); 1 for zeros."""
    largest = np.abs(values).max(axis=0, initial=0.0)
    found: Floats = np.ldexp(1.0, np.frexp(np.where(largest > 0, largest, 1.0))[1] - 1)
    return found


def column_names(X: Any) -> list[str] | None:
    """The names of the columns of a data frame; None where there are none, or not all are text."""
    names = getattr(X, "columns", None)
    if names is None:
        return None
    listed = list(names)
    return listed if listed and all(isinstance(name, str) for name in listed) else None


def class_numbers(y: Any, rows: int, name: str) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """The classes in `y`, in order, and the number of each row's class.

    Raises `DataError` for targets that name no classes, that are not as many as `rows`, or all of one class.
    """
    array = _column(y, rows, name)
    if array.dtype.kind == "f":
        check_targets_finite(array)
        if (array != np.rint(array)).any():
            raise DataError(
                f"y holds continuous numbers such as {array[array != np.rint(array)][0]}. Unknown label type: "
                f"continuous; {name} takes classes: whole numbers or texts"
            )
    elif array.dtype.kind == "O":
        _check_objects(array)
    elif array.dtype.kind not in CLASS_KINDS:
        raise DataError(f"y holds {array.dtype}. Unknown label type: give whole numbers or texts")
    try:
        classes, codes = np.unique(array, return_inverse=True)
    except TypeError:
        raise DataError("y mixes texts and numbers. Unknown label type: give one kind of classes") from None
    if len(classes) < 2:
        raise DataError(
            f"y has 1 class ({classes.tolist()[0]!r}) only; there is nothing to tell apart: give rows of another"
        )
    return classes, codes.astype(np.int64)


def _check_objects(array: NDArray[Any]) -> None:
    """Raise `DataError` unless all objects are texts."""
    missing = np.flatnonzero(_missing(array))
    if len(missing):
        raise DataError(f"y: row {missing[0]} is missing ({array[missing[0]]!r}); leave that row out")
    other = next((one for one in array if not isinstance(one, str)), None)
    if other is None:
        return
    if all(isinstance(one, type(other)) for one in array) and isinstance(other, (bool, int, float)):
        kind = type(other).__name__
        raise DataError(f"y is an array of objects ({kind}). Unknown label type: give y.astype({kind})")
    raise DataError(
        f"y mixes texts and numbers, or holds others ({other!r}). Unknown label type: give one kind of classes"
    )


def _missing(array: NDArray[Any]) -> NDArray[np.bool_]:
    """Which objects stand for nothing: None, NaN, and what pandas has for them."""

    def one(value: Any) -> bool:
        return value is None or type(value).__name__ in ("NAType", "NaTType") or (value != value) is True

    return np.asarray(np.frompyfunc(one, 1, 1)(array), dtype=np.bool_)


def targets(y: Any, rows: int, name: str) -> Floats:
    """Numbers to predict, float64 (rows,), all finite; `DataError` for others."""
    array = _column(y, rows, name)
    if array.dtype.kind not in "biuf":
        try:
            array = as_numbers(array)
        except (TypeError, ValueError):
            raise DataError(f"y holds {array.dtype}; {name} predicts numbers: give real numbers") from None
    found = array.astype(np.float64)
    check_targets_finite(found)
    return found


def check_targets_finite(array: NDArray[Any]) -> None:
    """Raise `DataError` for the first among targets that is NaN, infinite, or too large to be squared, by its row."""
    bad = ~(np.abs(array) < _SQUARABLE)
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        if np.isfinite(array[row]):
            raise DataError(f"y: row {row} is {array[row]:g}, whose square is beyond all numbers; divide the targets")
        value = "NaN" if np.isnan(array[row]) else "infinity"
        raise DataError(f"y: row {row} is {value}; give finite numbers, or leave that row out")


def fingerprint(*arrays: NDArray[Any]) -> str:
    """A hash of the values of arrays (BLAKE2b, 16 hexadecimal digits)."""
    digest = hashlib.blake2b(digest_size=8)
    for array in arrays:
        digest.update(str(array.shape).encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def _column(y: Any, rows: int, name: str) -> NDArray[Any]:
    """`y` as (rows,); a matrix of one column is taken, with scikit-learn's warning."""
    if y is None:
        raise DataError(f"{name} requires y to be passed, but the target y is None; give a value for each row")
    if hasattr(y, "tocsr"):
        raise DataError("y is a sparse matrix; give a 1-D array")
    array = np.asarray(y)
    if array.dtype.kind == "c":
        raise DataError(f"y holds {array.dtype}. Complex data not supported; give real numbers")
    if array.ndim == 2 and array.shape[1] == 1:
        warnings.warn(
            "A column-vector y was passed when a 1d array was expected; it is read as y.ravel()",
            _conversion_warning(),
            stacklevel=4,
        )
        array = array.ravel()
    if array.ndim != 1:
        raise DataError(f"y has shape {array.shape}; y should be a 1d array with a value for each row")
    if len(array) != rows:
        raise DataError(f"X has {rows:,} rows and y has {len(array):,}; give a value for each row")
    return array


def _conversion_warning() -> type[Warning]:
    """scikit-learn's class of warning where it is in use, else Python's."""
    exceptions = sys.modules.get("sklearn.exceptions")
    return UserWarning if exceptions is None else exceptions.DataConversionWarning
