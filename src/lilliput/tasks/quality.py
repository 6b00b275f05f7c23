"""How good a text classifier is on labelled rows: every metric of the report and of `lilliput score`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lilliput.core.errors import DataError
from lilliput.core.report import Measure
from lilliput.training.metrics import calibration_error, cross_entropy, macro_f1, micro_f1, root_mean_square

if TYPE_CHECKING:
    from lilliput.tasks.label import TextClassifier

Floats = NDArray[np.float32]
SEED = 0


def quality(chances: Floats, wanted: Floats, mode: str, threshold: float) -> dict[str, Measure]:
    """All measures of probabilities (texts, labels) against wanted outputs of the same shape; the first is the main."""
    rows = len(wanted)
    if mode == "soft":
        return {"rmse": Measure.bootstrap(lambda index: root_mean_square(wanted[index], chances[index]), rows, SEED)}
    if mode == "multi":
        flags, chosen = wanted >= 0.5, chances >= threshold
        exact = (flags == chosen).all(axis=1)
        found = {
            "micro_f1": Measure.bootstrap(lambda index: micro_f1(flags[index], chosen[index]), rows, SEED),
            "macro_f1": Measure.bootstrap(lambda index: macro_f1(flags[index], chosen[index]), rows, SEED),
            "accuracy": Measure.proportion(int(exact.sum()), rows),
        }
        return {**found, **_calibration(chances, flags), **_loss(chances, wanted, single=False)}
    best = chances.argmax(axis=1)
    correct = wanted[np.arange(rows), best] > 0
    chosen = np.zeros(wanted.shape, dtype=bool)
    chosen[np.arange(rows), best] = True
    flags = wanted > 0
    return {
        "accuracy": Measure.proportion(int(correct.sum()), rows),
        "macro_f1": Measure.bootstrap(lambda index: macro_f1(flags[index], chosen[index]), rows, SEED),
        **_calibration(chances[np.arange(rows), best][:, None], correct[:, None]),
        **_loss(chances, wanted, single=True),
    }


def score_batches(
    model: TextClassifier, batches: Iterable[tuple[list[str], list[Any]]]
) -> tuple[dict[str, Measure], list[str]]:
    """Measures of a model on labelled rows, and what should be said of them (labels that the model does not know)."""
    chances: list[Floats] = []
    wanted: list[Floats] = []
    unknown: dict[Any, int] = {}
    row = 0
    for texts, targets in batches:
        chances.append(model.predict_proba(texts))
        wanted.append(_wanted(model, targets, unknown, row))
        row += len(texts)
    if not row:
        raise DataError("there are no rows to score")
    chances_found, wanted_found = np.concatenate(chances), np.concatenate(wanted)
    if unknown:  # a label to which the model gives no chance
        chances_found = np.pad(chances_found, ((0, 0), (0, 1)))
    else:
        wanted_found = wanted_found[:, :-1]
    found = quality(chances_found, wanted_found, model.labels_.mode, model.threshold_)
    notes = []
    if unknown:
        shown = ", ".join(f"{label!r} ({count:,})" for label, count in list(unknown.items())[:10])
        notes.append(
            f"{sum(unknown.values()):,} labels in the data are not known to the model, counted as wrong: {shown}"
        )
    return found, notes


def main_score(model: TextClassifier, batches: Iterable[tuple[list[str], list[Any]]]) -> float:
    """The main measure, the larger the better, as scikit-learn wants it."""
    found, _ = score_batches(model, batches)
    return -found["rmse"].value if "rmse" in found else next(iter(found.values())).value


def _wanted(model: TextClassifier, targets: list[Any], unknown: dict[Any, int], before: int) -> Floats:
    """Targets of a batch as a matrix (rows, labels + 1); unknown labels are counted and share the last column."""
    place = {name: number for number, name in enumerate(model.labels_.names)}
    as_text = {str(name): number for number, name in enumerate(model.labels_.names)}
    matrix = np.zeros((len(targets), len(place) + 1), dtype=np.float32)
    for row, target in enumerate(targets):
        for label, value in _items(target, model.labels_.mode, before + row + 1):
            number = place.get(label, as_text.get(str(label)))  # a CSV file holds only text
            if number is None:
                unknown[label] = unknown.get(label, 0) + 1
            matrix[row, -1 if number is None else number] = value
    return matrix


def _items(target: Any, mode: str, row: int) -> list[tuple[Any, float]]:
    if isinstance(target, dict):
        return [(label, float(value)) for label, value in target.items()]
    if mode == "soft":
        raise DataError(f"row {row}: found {target!r}, expected a mapping of label to value")
    labels = target if isinstance(target, (list, tuple, set)) else [target]
    if mode == "single" and len(labels) != 1:
        raise DataError(f"row {row}: found {target!r}, but this model gives exactly one label a text")
    return [(label, 1.0) for label in labels]


def _calibration(confidences: Floats, correct: NDArray[np.bool_]) -> dict[str, Measure]:
    def error(index: NDArray[np.int64]) -> float:
        return calibration_error(confidences[index].ravel(), correct[index].ravel())

    return {"calibration_error": Measure.bootstrap(error, len(confidences), SEED)}


def _loss(chances: Floats, wanted: Floats, single: bool) -> dict[str, Measure]:
    def loss(index: NDArray[np.int64]) -> float:
        return cross_entropy(wanted[index], chances[index], single)

    return {"log_loss": Measure.bootstrap(loss, len(chances), SEED)}
