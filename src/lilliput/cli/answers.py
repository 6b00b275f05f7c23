"""What a labelling model answers, as the columns of a row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from lilliput.cli.labeller import Labeller

DECIMALS = 6
"""Of a probability; a float32 holds no more."""


def answer_columns(model: Labeller, top: int | None) -> list[str]:
    """Names of the columns that `answers` fills: one a label for soft targets, else `noun` and ``probability``."""
    if model.labels_.mode == "soft" and top is None:
        return [str(name) for name in model.labels_.names]
    return [noun(model), "probability"]


def noun(model: Labeller) -> str:
    """What the model's labels are called."""
    return "language" if model.task == "language" else "label"


def answers(model: Labeller, chances: NDArray[np.float32], top: int | None) -> list[list[Any]]:
    """The cells of each row of probabilities (texts, labels).

    One label a text: the label (None if it is not sure enough) and the best probability. Several labels, or the `top`
    most probable ones: two lists, the most probable first. Soft targets: a value a label.
    """
    values: list[list[float]] = chances.astype(np.float64).round(DECIMALS).tolist()
    if top is not None:
        best = np.argsort(-chances, axis=1, kind="stable")[:, :top].tolist()
        return [_pairs(model, row, places) for row, places in zip(values, best, strict=True)]
    if model.labels_.mode == "soft":
        return list(values)
    decided = model.decide(chances)
    if model.labels_.mode == "single":
        return [[label, max(row)] for label, row in zip(list(decided), values, strict=True)]
    place = {name: number for number, name in enumerate(model.labels_.names)}
    chosen = [
        sorted((place[label] for label in labels), key=lambda at: -chances[row, at])
        for row, labels in enumerate(decided)
    ]
    return [_pairs(model, row, places) for row, places in zip(values, chosen, strict=True)]


def _pairs(model: Labeller, values: list[float], places: list[int]) -> list[Any]:
    return [[model.labels_.names[place] for place in places], [values[place] for place in places]]
