"""The cluster of each word."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from lilliput.web.forms import MOST_TEXTS, Form, Text
from lilliput.web.served import Served, Verb


class ClustersAsked(Form):
    """Words."""

    words: Annotated[list[Text], Field(min_length=1, max_length=MOST_TEXTS)]


class ClustersTold(Form):
    """The number of each word's cluster, in their order; -1 for one that is not known."""

    predictions: list[int]


def predict(model: Any, asked: ClustersAsked) -> dict[str, Any]:
    """Tell the clusters of words."""
    return {"predictions": model.predict(asked.words).tolist()}


def about(model: Any) -> dict[str, Any]:
    """How many words and clusters."""
    return {"words": len(model.words_), "clusters": int(model.clusters_.max()) + 1}


PREDICT = Verb(
    "predict", "Tell the cluster of each word.", ClustersAsked, ClustersTold, predict, {"words": ["dog", "cat"]}
)

SERVED = [Served(("clusters",), None, (PREDICT,), about)]
