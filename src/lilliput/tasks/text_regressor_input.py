"""What a text regressor takes: texts or sparse rows, and values in [0, 1]."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lilliput.core.errors import DataError, LilliputError
from lilliput.data.matrix import Compressed, MatrixSource
from lilliput.data.source import Source
from lilliput.tasks.array_input import as_numbers, check_width
from lilliput.tasks.array_parameters import are_widths, check_seed, check_share, is_real, is_whole
from lilliput.tasks.labels import LabelReader, Labels
from lilliput.tasks.text_regressor_parts import narrowed

if TYPE_CHECKING:
    from lilliput.tasks.text_regressor import TextRegressor

Floats = NDArray[np.float32]


def is_texts(X: Any) -> bool:
    """Whether X is texts, and not a matrix."""
    return not (hasattr(X, "tocsr") or isinstance(X, (MatrixSource, Compressed)))


def rows_of(X: Any, model: TextRegressor) -> Compressed:
    """X as sparse rows of the columns that a fitted `model` has learned from."""
    if model.features_ is not None:
        if not is_texts(X):
            raise DataError("this model has learned from texts; give texts, not a matrix")
        return model.features_.rows(texts_of(X), model.threads)
    if is_texts(X):
        raise DataError("this model has learned from a sparse matrix; give rows of one, not texts")
    rows = matrix_of(X)
    check_width(rows.shape[1], model.n_features_in_, type(model).__name__)
    return rows if model.kept_ is None else narrowed(rows, model.kept_)


def texts_of(X: Any) -> list[str]:
    """X as a list of texts; `DataError` names the first row that is none."""
    if isinstance(X, str):
        raise DataError("X is one text; give a list of texts")
    if hasattr(X, "columns"):
        raise DataError("X is a table; give one column of texts, such as X['text']")
    try:
        texts = list(X)
    except TypeError:
        raise DataError(f"X is {type(X).__name__}; give a list of texts, or a sparse matrix") from None
    for row, text in enumerate(texts):
        if not isinstance(text, str):
            raise DataError(f"X: row {row} is {type(text).__name__}, not a text; give texts, or a sparse matrix")
    return texts


def matrix_of(X: Any) -> Compressed:
    """A sparse matrix of finite float32 values by rows; `DataError` names the first row that holds another."""
    if isinstance(X, MatrixSource):
        whole = X.whole()
        if not isinstance(whole, Compressed):
            raise DataError("a text regressor takes one sparse matrix (.npz) or texts")
        found = whole
    elif isinstance(X, Compressed):
        found = X
    else:
        csr = X.tocsr()
        found = Compressed(csr.data, csr.indices, csr.indptr, csr.shape)
    if found.data.dtype.kind not in "biuf":
        raise DataError(f"X is sparse with values of {found.data.dtype}; give real numbers")
    with np.errstate(over="ignore"):
        data = found.data.astype(np.float32)
    bad = ~np.isfinite(data)
    if bad.any():
        row = int(np.searchsorted(found.indptr, np.flatnonzero(bad)[0], side="right")) - 1
        raise DataError(f"X: row {row} holds what is no finite number of 32 bits; leave that row out")
    return Compressed(
        data, found.indices.astype(np.int32), found.indptr.astype(np.int64), (found.shape[0], found.shape[1])
    )


def read_source(source: Source) -> tuple[list[str], Floats, Labels]:
    """All texts of a source, their values (rows, labels), and the labels."""
    texts: list[str] = []
    reader = LabelReader("soft")
    for batch, targets in source.batches():
        texts += batch
        reader.add(targets or [])
    return texts, *_soft(reader)


def values_of(y: Any, rows: int) -> tuple[Floats, Labels]:
    """Values as float32 (rows, outputs), each in [0, 1], and their labels; `DataError` names the first row that is not.

    The labels of a matrix are the numbers of its columns.
    """
    if y is None:
        raise DataError("TextRegressor requires y to be passed, but the target y is None; give values for each row")
    if hasattr(y, "tocsr"):
        y = y.toarray()
    if not hasattr(y, "__len__"):
        raise DataError(f"y is {type(y).__name__}; give values for each row, (rows, outputs)")
    if len(y) != rows:
        raise DataError(f"X has {rows:,} rows and y has {len(y):,}; give values for each row")
    listed = None if getattr(y, "ndim", 1) > 1 else list(y)
    if listed and any(isinstance(one, Mapping) for one in listed):
        bad = next((row for row, one in enumerate(listed) if not isinstance(one, Mapping)), None)
        if bad is not None:
            raise DataError(
                f"y: row {bad} is {listed[bad]!r}, and others map labels to values; give a mapping for each"
            )
        reader = LabelReader("soft")
        reader.add(listed)
        return _soft(reader)
    array = _numbers(y)
    array = array[:, None] if array.ndim == 1 else array
    if array.ndim != 2 or array.shape[1] < 1:
        raise DataError(f"y has shape {array.shape}; give values as (rows, outputs)")
    wrong = ~((array >= 0) & (array <= 1))
    if wrong.any():
        row, column = divmod(int(np.flatnonzero(wrong)[0]), array.shape[1])
        raise DataError(f"y: row {row}, column {column} is {array[row, column]}; give values in [0, 1]")
    return array.astype(np.float32, order="C"), Labels(tuple(range(array.shape[1])), "soft")


def wanted_of(model: TextRegressor, y: Any, rows: int) -> Floats:
    """Values of rows in the order of the outputs of a fitted `model`: float32 (rows, outputs)."""
    values, labels = values_of(y, rows)
    names = model.labels_.names
    if labels.names == names:
        return values
    if labels.names == tuple(range(len(labels.names))):  # a matrix has the outputs in their order
        if len(labels.names) == len(names):
            return values
        raise DataError(
            f"y has {len(labels.names)} columns; this model has {len(names)} outputs: give a column for each"
        )
    if not set(labels.names) <= set(names):
        raise DataError(f"y has values for {list(labels.names)!r}; this model has learned {list(names)!r}")
    place = {name: number for number, name in enumerate(labels.names)}
    found = np.zeros((rows, len(names)), dtype=np.float32)  # labels that no row mentions are 0, as in learning
    for number, name in enumerate(names):
        if name in place:
            found[:, number] = values[:, place[name]]
    return found


def _numbers(y: Any) -> NDArray[Any]:
    """`y` as an array of numbers; `DataError` if it is none."""
    try:
        array = np.asarray(y)
        if array.dtype.kind == "O":
            array = as_numbers(array)
    except (TypeError, ValueError) as error:
        raise DataError(f"y holds what is no number ({error}); give values in [0, 1], (rows, outputs)") from None
    if array.dtype.kind not in "biuf":
        raise DataError(f"y holds {array.dtype}; give numbers in [0, 1], (rows, outputs)")
    return array


def _soft(reader: LabelReader) -> tuple[Floats, Labels]:
    """The values (rows, labels) that were read, and the labels."""
    labels, found = reader.finish()
    rows = np.repeat(np.arange(len(found.indptr) - 1), np.diff(found.indptr))
    values = np.zeros((len(found.indptr) - 1, len(labels.names)), dtype=np.float32)
    values[rows, found.labels] = found.values
    return values, labels


def check_groups(model: TextRegressor, values: Floats) -> None:
    """Raise `DataError` for groups that are none, or whose values do not add up to one."""
    names = model.labels_.names
    seen: set[Any] = set()
    for given in model.groups:
        listed = [] if isinstance(given, str) or not isinstance(given, Iterable) else list(given)
        if not listed or seen & set(listed) or len(set(listed)) < len(listed) or not set(listed) <= set(names):
            raise DataError(
                f"groups={model.groups!r}: give lists of labels, each in one of them at most; there are "
                f"{', '.join(map(repr, names[:30]))}"
            )
        seen |= set(listed)
    for group in model._groups():
        sums = values[:, group].sum(axis=1, dtype=np.float64)
        wrong = np.flatnonzero(np.abs(sums - 1) > 0.02)
        if len(wrong):
            raise DataError(
                f"y: row {wrong[0]} adds up to {sums[wrong[0]]:.3f} over {[names[place] for place in group]}, not to 1 "
                f"({len(wrong):,} of {len(values):,} rows do not); leave the group out"
            )


def check_parameters(model: TextRegressor) -> None:
    """Raise `LilliputError` for a parameter that cannot be used."""
    from lilliput.tasks.text_regressor import MODELS

    if model.model not in MODELS:
        raise LilliputError(f"model={model.model!r}; known are {', '.join(MODELS)}")
    check_seed(model.seed)
    if isinstance(model.groups, str) or not isinstance(model.groups, Iterable):
        raise LilliputError(f"groups={model.groups!r}; give lists of labels, such as [['yes', 'no']], or ()")
    for name in ("columns", "ridge_columns", "batch"):
        value = getattr(model, name)
        if not is_whole(value, 1):
            raise LilliputError(f"{name}={value!r}; give a whole number of at least 1")
    for name in ("words", "chars"):
        value = getattr(model, name)
        if not (isinstance(value, (tuple, list)) and len(value) == 2 and all(is_whole(one, 0) for one in value)):
            raise LilliputError(f"{name}={value!r}; give lengths from and to, such as (1, 3), or (0, 0) for none")
    if tuple(model.words) == tuple(model.chars) == (0, 0):
        raise LilliputError("words=(0, 0) and chars=(0, 0) leave nothing of a text; give lengths for one of the two")
    if not are_widths(model.hidden) or not len(model.hidden):
        raise LilliputError(f"hidden={model.hidden!r}; give the widths of one or more hidden layers, as (500, 500)")
    for name in ("input_dropout", "dropout", "held_out"):
        check_share(name, getattr(model, name))
    if not (is_real(model.rate) and model.rate > 0):
        raise LilliputError(f"rate={model.rate!r}; give a number above 0")
    if model.epochs is not None and not (is_real(model.epochs) and model.epochs > 0):
        raise LilliputError(f"epochs={model.epochs!r}; give a number above 0, or None")
    alphas = list(model.alphas) if isinstance(model.alphas, Iterable) else []
    if not alphas or not all(is_real(alpha) and alpha > 0 for alpha in alphas):
        raise LilliputError(f"alphas={model.alphas!r}; give penalties above 0")
    if not is_whole(model.folds, 2):
        raise LilliputError(f"folds={model.folds!r}; give 2 or more")
