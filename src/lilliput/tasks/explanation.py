"""Why a text got a label: what each of its n-grams brought."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lilliput.core.errors import LilliputError

if TYPE_CHECKING:
    from lilliput.tasks.label import TextClassifier


class Explanation(NamedTuple):
    """Why a text got a label: the n-grams that spoke for it and against it, with the log-odds they brought."""

    label: Any
    probability: float
    speaks_for: list[tuple[str, float]]
    speaks_against: list[tuple[str, float]]


def explanation(model: TextClassifier, text: str, label: Any, most: int) -> Explanation:
    """The `most` n-grams of `text` that spoke most for and against `label`; see `TextClassifier.explain`."""
    if not isinstance(text, str):
        raise LilliputError(f"explain takes one text, a str, and was given {text!r:.60}; call it for each text")
    chances = model.predict_proba([text])[0]
    names = list(model.labels_.names)
    if label is None:
        label = names[int(chances.argmax())]
    elif label not in names:
        raise LilliputError(f"{label!r} is none of the labels; there are {', '.join(map(str, names[:20]))}")
    number = names.index(label)
    said: dict[str, float] = {}
    for ngram, logits in model.net_.contributions(text):
        said[ngram] = said.get(ngram, 0.0) + _share(model, logits, number)
    ranked = sorted(said.items(), key=lambda item: (-item[1], item[0]))
    return Explanation(
        label,
        float(chances[number]),
        [(ngram, says) for ngram, says in ranked[:most] if says > 0],
        [(ngram, says) for ngram, says in ranked[::-1][:most] if says < 0],
    )


def _share(model: TextClassifier, logits: NDArray[np.float32], number: int) -> float:
    """Log-odds that one n-gram's part of the logits brings to a label."""
    if model.labels_.mode != "single":
        part = logits[number]
    elif model.labels_.outputs == 1:
        part = logits[0] if number == 1 else -logits[0]
    else:
        part = logits[number] - logits.mean()
    return float(part) / model.calibration_.temperature
