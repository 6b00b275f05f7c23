"""Word vectors: neighbours, analogies, similarity, and a map of the words."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from lilliput.web.forms import MOST_ITEMS, WHOLE, Form, Name
from lilliput.web.maps import POINTS, MapDrawn, Most, drawn
from lilliput.web.served import Served, Verb

EXAMPLES = 12
Count = Annotated[int, Field(ge=1, le=1000), WHOLE]


class NeighboursAsked(Form):
    """A word, several, or a sum such as "king - man + woman", with spaces around the signs."""

    asked: Name
    k: Count = 10


class WordNear(Form):
    """A word and the cosine, -1 to 1."""

    word: str
    similarity: float


class NeighboursTold(Form):
    """The nearest first; the words asked for are not among them."""

    neighbours: list[WordNear]


class WordsAsked(Form):
    """Words, or sums of them, to find the neighbours of."""

    words: Annotated[list[Name], Field(min_length=1, max_length=MOST_ITEMS)]
    k: Count = 10


class WordsTold(Form):
    """A result a word, in their order."""

    predictions: list[NeighboursTold]


class AnalogyAsked(Form):
    """What is to c as a is to b: the words nearest to a - b + c."""

    a: Name
    b: Name
    c: Name
    k: Count = 10


class SimilarityAsked(Form):
    """Two words to compare."""

    first: Name
    second: Name


class SimilarityTold(Form):
    """The cosine of two vectors, -1 to 1."""

    similarity: float


class WordMapAsked(Form):
    """How many words."""

    most: Most = POINTS


def neighbours(model: Any, asked: NeighboursAsked) -> dict[str, Any]:
    """Find what is nearest to a word or a sum."""
    from lilliput.tasks.vectors_asked import near

    return _told(near(model, asked.asked, asked.k))


def predict(model: Any, asked: WordsAsked) -> dict[str, Any]:
    """Find what is nearest to each of many words."""
    from lilliput.tasks.vectors_asked import near

    if all(word in model for word in asked.words):
        return {"predictions": [_told(found) for found in model.neighbours(asked.words, asked.k)]}
    return {"predictions": [_told(near(model, word, asked.k)) for word in asked.words]}


def analogy(model: Any, asked: AnalogyAsked) -> dict[str, Any]:
    """Answer an analogy."""
    return _told(model.analogy(asked.a, asked.b, asked.c, asked.k))


def similarity(model: Any, asked: SimilarityAsked) -> dict[str, Any]:
    """Compare two words."""
    return {"similarity": round(float(model.similarity(asked.first, asked.second)), 6)}


def drawn_map(model: Any, asked: WordMapAsked) -> dict[str, Any]:
    """Draw the most frequent words."""
    return drawn(model, min(asked.most, len(model)))


def about(model: Any) -> dict[str, Any]:
    """How many words, how long the vectors are, and some of the words."""
    from lilliput.tasks.vectors_asked import printable

    table = model.table_
    examples = [printable(word) for word in table.words.first(10 * EXAMPLES)]
    longer = [word for word in examples if len(word) > 5] or examples
    return {"words": len(table), "dim": table.dim, "subwords": model.subwords, "examples": longer[:EXAMPLES]}


def _told(found: Any) -> dict[str, Any]:
    from lilliput.tasks.vectors_asked import printable

    told = [{"word": printable(word), "similarity": round(float(value), 6)} for word, value in found]
    return {"neighbours": told}


NEIGHBOURS = Verb(
    "neighbours",
    "Find the nearest words.",
    NeighboursAsked,
    NeighboursTold,
    neighbours,
    {"asked": "king - man + woman"},
)
PREDICT = Verb(
    "predict", "Find the words nearest to each of many.", WordsAsked, WordsTold, predict, {"words": ["king", "queen"]}
)
ANALOGY = Verb(
    "analogy",
    "Find what is to c as a is to b.",
    AnalogyAsked,
    NeighboursTold,
    analogy,
    {"a": "king", "b": "man", "c": "woman"},
)
SIMILARITY = Verb(
    "similarity",
    "Compare two words.",
    SimilarityAsked,
    SimilarityTold,
    similarity,
    {"first": "king", "second": "queen"},
)
MAP = Verb("map", "Draw a map of the most frequent words.", WordMapAsked, MapDrawn, drawn_map, {"most": 5})

SERVED = [Served(("vectors",), "vectors", (NEIGHBOURS, PREDICT, ANALOGY, SIMILARITY, MAP), about, reads_files=True)]
