"""Labelling texts: labels with probabilities, and what spoke for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import Field

from lilliput.web.forms import Form, Most, Text, Texts
from lilliput.web.served import Served, Verb

MOST_EXPLAINED = 100
"""N-grams for and against; a page colours them all."""


class Labelling(Form):
    """Texts to label."""

    texts: Texts
    top: Annotated[Most | None, Field(description="that many of the most probable labels; null: all")] = None


class Labelled(Form):
    """A text's labels."""

    label: Annotated[Any, Field(description="null: none is sure enough, or the model gives values; a list: several")]
    probability: Annotated[float, Field(description="of the most probable label")]
    probabilities: Annotated[dict[str, float], Field(description="of the labels, the most probable first")]


class Labels(Form):
    """A result a text, in the order of the texts."""

    predictions: list[Labelled]


class Explaining(Form):
    """A text to explain."""

    text: Text
    label: Annotated[Text | None, Field(description="null: the most probable one")] = None


class Say(Form):
    """An n-gram and the log-odds it brought."""

    ngram: str
    says: float


class Explained(Form):
    """Why a text has a label."""

    label: str
    probability: float
    speaks_for: list[Say]
    speaks_against: list[Say]


def predict(model: Any, asked: Labelling) -> dict[str, Any]:
    """Label the texts of one request."""
    return predict_together(model, [asked])[0]


def predict_together(model: Any, asked: Sequence[Labelling]) -> list[dict[str, Any]]:
    """Label the texts of several requests in one go."""
    texts = [text for one in asked for text in one.texts]
    chances = model.predict_proba(texts)
    mode = model.labels_.mode
    decided = [None] * len(texts) if mode == "soft" else list(model.decide(chances))
    names = [str(name) for name in model.labels_.names]
    values, orders = chances.tolist(), (-chances).argsort(axis=1, kind="stable").tolist()
    results: list[dict[str, Any]] = []
    row = 0
    for one in asked:
        predictions = []
        for _ in one.texts:
            order = orders[row][: one.top]
            predictions.append(
                {
                    "label": _plain(decided[row]),
                    "probability": round(values[row][order[0]], 6),
                    "probabilities": {names[place]: round(values[row][place], 6) for place in order},
                }
            )
            row += 1
        results.append({"predictions": predictions})
    return results


def explain(model: Any, asked: Explaining) -> dict[str, Any]:
    """Say which n-grams spoke for and against a label."""
    label = next((name for name in model.labels_.names if str(name) == asked.label), asked.label)
    found = model.explain(asked.text, label, MOST_EXPLAINED)
    return {
        "label": str(found.label),
        "probability": round(found.probability, 6),
        "speaks_for": [{"ngram": ngram, "says": round(says, 4)} for ngram, says in found.speaks_for],
        "speaks_against": [{"ngram": ngram, "says": round(says, 4)} for ngram, says in found.speaks_against],
    }


def about(model: Any) -> dict[str, Any]:
    """The labels, and how many of them a text gets."""
    return {"labels": [str(name) for name in model.labels_.names], "mode": model.labels_.mode}


def _plain(label: Any) -> Any:
    if label is None or isinstance(label, (str, int, float)):
        return label
    return [_plain(one) for one in label] if isinstance(label, list) else label.item()


PREDICT = Verb(
    "predict", "Label texts.", Labelling, Labels, predict, {"texts": ["a text", "another"], "top": 3}, predict_together
)
EXPLAIN = Verb(
    "explain",
    "Say which parts of a text spoke for and against a label.",
    Explaining,
    Explained,
    explain,
    {"text": "a text"},
)

SERVED = [
    Served(("label",), "label", (PREDICT, EXPLAIN), about, reads_files=True),
    Served(("text-regressor",), "label", (PREDICT,), about, reads_files=True),
]
