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


class NoNumbersError(DataError, TypeError):
    """Cells of an array are of a type that is no number; scikit-learn asks for a TypeError."""


def as_matrix(X: Any) -> NDArray[Any]:
    """`X` as a 2-D array of real numbers, without a copy where it is one."""
    if hasattr(X, "tocsr"):
        raise NoNumbersError("X is a sparse matrix; this task takes dense rows: give X.toarray()")
    try:
        array = X if isinstance(X, np.ndarray) else np.asarray(X)
    except ValueError as error:
        raise DataError(f"X is no matrix ({error}); give rows of numbers, all of one length") from None
    if array.dtype.kind == "O":
        try:
            array = array.astype(np.float64)
        except TypeError as error:
            raise NoNumbersError(f"X holds what is no number ({error}); give rows of numbers") from None
        except ValueError as error:
            raise DataError(f"X holds what is no number ({error}); give rows of numbers, all of one length") from None
    if array.dtype.kind not in "biuf":
        raise DataError(f"X holds {array.dtype}. Complex data not supported; give real numbers")
    if array.ndim != 2:
        raise DataError(
            f"X has shape {array.shape}; expected rows and columns, 2-D. Reshape your data with X.reshape(1, -1) "
            "if it is one row, with X.reshape(-1, 1) if it is one column"
        )
    return array


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


def standards(values: Floats) -> tuple[Floats, Floats]:
    """Mean and standard deviation of each column, (columns,) each; the latter 1 where all that varies is rounding."""
    mean, scale = values.mean(axis=0), values.std(axis=0)
    scale[(scale <= 1e-12 * np.abs(mean)) | (scale == 0)] = 1.0
    return mean, scale


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
    elif array.dtype.kind not in CLASS_KINDS:
        raise DataError(f"y holds {array.dtype}. Unknown label type: give whole numbers or texts")
    try:
        classes, codes = np.unique(array, return_inverse=True)
    except TypeError:
        raise DataError("y mixes texts and numbers. Unknown label type: give one kind of classes") from None
    if len(classes) < 2:
        raise DataError(f"y has 1 class ({classes[0]!r}) only; there is nothing to tell apart: give rows of another")
    if classes.dtype.kind == "O" and not all(isinstance(label, str) for label in classes):
        raise DataError(f"y holds {type(classes[0]).__name__}. Unknown label type: give whole numbers or texts")
    return classes, codes.astype(np.int64)


def targets(y: Any, rows: int, name: str) -> Floats:
    """Numbers to predict, float64 (rows,), all finite; `DataError` for others."""
    array = _column(y, rows, name)
    if array.dtype.kind not in "biuf":
        try:
            array = array.astype(np.float64)
        except (TypeError, ValueError):
            raise DataError(f"y holds {array.dtype}; {name} predicts numbers: give real numbers") from None
    found = array.astype(np.float64)
    check_targets_finite(found)
    return found


def check_targets_finite(array: NDArray[Any]) -> None:
    """Raise `DataError` for the first NaN or infinity among targets, by its row."""
    bad = ~np.isfinite(array)
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
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
