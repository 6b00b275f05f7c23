"""Models that label texts, whichever task made them, as the verbs see them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from lilliput.core.errors import LilliputError

if TYPE_CHECKING:
    from lilliput.compat.fasttext_model import FastTextClassifier
    from lilliput.tasks.explanation import Explanation
    from lilliput.tasks.labels import Labels

Floats = NDArray[np.float32]


class Labeller(Protocol):
    """What `predict` and `score` ask of a model; see `lilliput.tasks.label.TextClassifier`."""

    task: str
    labels_: Labels
    threshold_: float

    def predict_proba(self, X: Any) -> Floats:
        """Probabilities, float32 (texts, labels)."""

    def decide(self, chances: Floats) -> Any:
        """Labels by their probabilities."""

    def explain(self, text: str, label: Any = None) -> Explanation:
        """The n-grams that spoke for and against a label."""


def as_labeller(model: Any, path: str) -> Labeller:
    """The `model` of the file at `path` as one that labels texts. Raises `LilliputError` for one that does not."""
    if model.task == "fasttext":
        return ConvertedLabeller(model)
    if model.task not in ("label", "language", "text-regressor"):
        raise LilliputError(f"{path} holds a model of task {model.task!r}, which labels no texts")
    found: Labeller = model
    return found


class ConvertedLabeller:
    """A model that `convert` made of a fastText file; its labels without fastText's prefix."""

    task = "fasttext"
    threshold_ = 0.5

    def __init__(self, model: FastTextClassifier) -> None:
        from lilliput.data.files import LABEL_PREFIX
        from lilliput.tasks.labels import Labels

        self.model = model
        self._place = {label: place for place, label in enumerate(model.get_labels())}
        mode = "multi" if model.model_.loss == "ova" else "single"
        self.labels_ = Labels(tuple(label.removeprefix(LABEL_PREFIX) for label in self._place), mode)

    def predict_proba(self, X: Sequence[str]) -> Floats:
        """Probabilities, float32 (texts, labels); zeros for a text without a word or n-gram of the model."""
        chances = np.zeros((len(X), len(self._place)), dtype=np.float32)
        labels, probabilities = self.model.predict([" ".join(text.split("\n")) for text in X], k=-1)
        for row, (names, values) in enumerate(zip(labels, probabilities, strict=True)):
            chances[row, [self._place[name] for name in names]] = values
        return chances

    def decide(self, chances: Floats) -> list[Any]:
        """The most probable label, or None where nothing is known; with one-versus-all all that reach a half."""
        names = self.labels_.names
        if self.labels_.mode == "multi":
            return [[names[place] for place in np.flatnonzero(row >= self.threshold_)] for row in chances]
        best = chances.argmax(axis=1)
        return [names[place] if row[place] > 0 else None for place, row in zip(best, chances, strict=True)]

    def explain(self, text: str, label: Any = None) -> Explanation:
        """Not to be had: raises `LilliputError`."""
        raise LilliputError("a converted fastText model does not explain itself; fit one with: lilliput fit label")
