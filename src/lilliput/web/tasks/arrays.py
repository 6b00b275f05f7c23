"""Models of rows of numbers: classes, values and coordinates."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from lilliput.web.forms import MOST_TEXTS, Form
from lilliput.web.served import Served, Verb

Row = Annotated[list[float], Field(min_length=1)]


class RowsAsked(Form):
    """Rows of numbers, all of one length."""

    rows: Annotated[list[Row], Field(min_length=1, max_length=MOST_TEXTS)]


class RowClass(Form):
    """The class of a row."""

    label: Any
    probabilities: Annotated[dict[str, float] | None, Field(description="of all classes; null: it has none")]


class RowClasses(Form):
    """A result a row, in their order."""

    predictions: list[RowClass]


class RowValues(Form):
    """A value a row, or several."""

    predictions: list[float | list[float]]


class RowCoordinates(Form):
    """The coordinates of each row."""

    coordinates: list[list[float]]


def classify(model: Any, asked: RowsAsked) -> dict[str, Any]:
    """Tell classes."""
    rows = _matrix(asked.rows)
    labels = model.predict(rows).tolist()
    if not hasattr(model, "predict_proba"):
        return {"predictions": [{"label": label, "probabilities": None} for label in labels]}
    names, chances = list(map(str, model.classes_.tolist())), model.predict_proba(rows).astype(float).round(6).tolist()
    told = [dict(zip(names, row, strict=True)) for row in chances]
    return {"predictions": [{"label": one, "probabilities": row} for one, row in zip(labels, told, strict=True)]}


def regress(model: Any, asked: RowsAsked) -> dict[str, Any]:
    """Tell values."""
    return {"predictions": model.predict(_matrix(asked.rows)).tolist()}


def transform(model: Any, asked: RowsAsked) -> dict[str, Any]:
    """Tell coordinates."""
    return {"coordinates": model.transform(_matrix(asked.rows)).tolist()}


def about(model: Any) -> dict[str, Any]:
    """How many numbers a row has, and the classes."""
    classes = getattr(model, "classes_", None)
    return {"features": int(model.n_features_in_)} | ({} if classes is None else {"classes": classes.tolist()})


def _matrix(rows: list[list[float]]) -> Any:
    """The rows, finite and of one length, or `DataError`."""
    from lilliput.tasks.array_input import numbers

    return numbers(rows)


CLASSIFY = Verb("predict", "Tell the class of each row.", RowsAsked, RowClasses, classify, {"rows": [[0.5, 1.5]]})
REGRESS = Verb("predict", "Tell the value of each row.", RowsAsked, RowValues, regress, {"rows": [[0.5, 1.5]]})
TRANSFORM = Verb(
    "transform", "Tell the coordinates of each row.", RowsAsked, RowCoordinates, transform, {"rows": [[0.5, 1.5]]}
)

SERVED = [
    Served(("mlp-classifier", "perceptron"), None, (CLASSIFY,), about),
    Served(("mlp-regressor", "polynomial"), None, (REGRESS,), about),
    Served(("pca", "rbm"), None, (TRANSFORM,), about),
]
