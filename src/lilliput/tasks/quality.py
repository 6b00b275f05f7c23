"""How good a text classifier is on labelled rows: every metric of the report and of `lilliput score`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lilliput.core.bootstrap import Statistic, Sums, bootstrap
from lilliput.core.errors import DataError
from lilliput.core.report import Measure

if TYPE_CHECKING:
    from lilliput.tasks.label import TextClassifier

Floats = NDArray[np.float32]
Flags = NDArray[np.bool_]
SEED = 0
BINS = 15
"""Of confidence, for the calibration error."""
MEASURES = {
    "single": ("accuracy", "macro_f1", "calibration_error", "log_loss"),
    "multi": ("micro_f1", "macro_f1", "accuracy", "calibration_error", "log_loss"),
    "soft": ("rmse",),
}
"""What is measured for each kind of targets, the main measure first."""


def quality(chances: Floats, wanted: Floats, mode: str, threshold: float) -> dict[str, Measure]:
    """All measures of probabilities (texts, labels) against wanted outputs of the same shape; the first is the main.

    They are those of `MEASURES`. Raises `DataError` when there are no rows.
    """
    if mode == "soft":
        return bootstrap({"rmse": _root_mean_square(wanted, chances)}, SEED)
    rows = np.arange(len(wanted))
    if mode == "single":
        best = chances.argmax(axis=1)
        flags, chosen = wanted > 0, np.zeros(wanted.shape, dtype=bool)
        chosen[rows, best] = True
        correct = flags[rows, best]
        confidences, hits = chances[rows, best][:, None], correct[:, None]
    else:
        flags, chosen = wanted >= 0.5, chances >= threshold
        correct = (flags == chosen).all(axis=1)
        confidences, hits = chances, flags
    statistics = {
        "micro_f1": _micro_f1(flags, chosen),
        "macro_f1": _macro_f1(flags, chosen),
        "calibration_error": _calibration_error(confidences, hits),
        "log_loss": _log_loss(wanted, chances, single=mode == "single"),
    }
    wished = MEASURES[mode]
    found = bootstrap({name: statistics[name] for name in wished if name in statistics}, SEED)
    found["accuracy"] = Measure.proportion(int(correct.sum()), len(rows))
    return {name: found[name] for name in wished}


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


def _micro_f1(wanted: Flags, chosen: Flags) -> Statistic:
    """F1 over all (text, label) pairs."""
    both = (wanted & chosen).sum(axis=1)
    either = wanted.sum(axis=1) + chosen.sum(axis=1)
    return Statistic(np.stack([both, either], axis=1), lambda sums: _share(2 * sums[..., 0], sums[..., 1]))


def _macro_f1(wanted: Flags, chosen: Flags) -> Statistic:
    """Mean over the labels that occur, wanted or chosen, of F1."""
    labels = wanted.shape[1]

    def mean(sums: Sums) -> Sums:
        both, either = sums[..., :labels], sums[..., labels:]
        return _share(_share(2 * both, either).sum(axis=-1), (either > 0).sum(axis=-1))

    parts = np.concatenate([wanted & chosen, wanted.astype(np.int8) + chosen], axis=1, dtype=np.int8)
    return Statistic(parts, mean)


def _calibration_error(confidences: Floats, correct: Flags) -> Statistic:
    """Mean distance of confidence and share correct, over equal bins of confidence; both inputs (texts, choices).

    Naeini et al. 2015; Guo et al. 2017, "On Calibration of Modern Neural Networks", section 2.
    """
    rows, choices = confidences.shape
    bins = np.minimum((confidences * BINS).astype(np.int64), BINS - 1)
    cells = (np.arange(rows)[:, None] * BINS + bins).ravel()
    gaps = np.bincount(cells, (confidences.astype(np.float64) - correct).ravel(), minlength=rows * BINS)
    parts = np.column_stack([gaps.reshape(rows, BINS), np.full(rows, choices)])
    return Statistic(parts, lambda sums: np.abs(sums[..., :BINS]).sum(axis=-1) / sums[..., BINS])


def _log_loss(wanted: Floats, chances: Floats, single: bool) -> Statistic:
    """Mean negative log-likelihood a text (nats): of the label if `single`, else summed over independent labels."""
    safe = np.clip(chances.astype(np.float64), 1e-12, 1 - 1e-12)
    losses = -wanted * np.log(safe)
    if not single:
        losses -= (1 - wanted) * np.log1p(-safe)
    return _mean(losses.sum(axis=1), 1)


def _root_mean_square(wanted: Floats, chances: Floats) -> Statistic:
    """Root of the mean squared error over all texts and labels."""
    squares = _mean(((wanted.astype(np.float64) - chances) ** 2).sum(axis=1), wanted.shape[1])
    return squares._replace(of=lambda sums: np.sqrt(squares.of(sums)))


def _mean(totals: NDArray[np.float64], items: int) -> Statistic:
    """Mean over the items of all rows, `items` each, of which the totals a row are given."""
    parts = np.stack([totals, np.full(len(totals), items)], axis=1)
    return Statistic(parts, lambda sums: sums[..., 0] / sums[..., 1])


def _share(part: Sums, whole: Sums) -> Sums:
    """`part` of `whole`, nothing of nothing being 0."""
    return part / np.maximum(whole, 1e-9)
