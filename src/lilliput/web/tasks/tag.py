"""Tagging the tokens of texts, and cutting texts into words or sentences."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from lilliput.core.errors import DataError
from lilliput.web.forms import Form, Texts
from lilliput.web.served import Served, Verb

MOST_CHARACTERS = 1_000_000
"""Of all texts of a request; a file takes more."""
Place = Annotated[int, Field(description="in characters (code points), from 0; the end is not in it")]


class TextsToCut(Form):
    """Texts to tag, or to cut."""

    texts: Annotated[Texts, Field(description=f"of {MOST_CHARACTERS:,} characters in all at most")]


class TokenTagged(Form):
    """A token, its tag, how sure that is, and where it stands in its text."""

    token: str
    tag: str
    probability: float
    start: Place
    end: Place


class TextTagged(Form):
    """The tokens of a text."""

    tokens: list[TokenTagged]


class TextsTagged(Form):
    """A result a text, in the order of the texts."""

    predictions: list[TextTagged]


class SegmentFound(Form):
    """A word or sentence, where it stands, and how likely a border stands before it."""

    text: str
    start: Place
    end: Place
    probability: float


class TextCut(Form):
    """The words or sentences of a text."""

    segments: list[SegmentFound]


class TextsCut(Form):
    """A result a text, in the order of the texts."""

    predictions: list[TextCut]


def tag(model: Any, asked: TextsToCut) -> dict[str, Any]:
    """Tag the tokens of texts."""
    return {"predictions": [{"tokens": _plain(model.tag(text))} for text in _checked(asked.texts)]}


def cut(model: Any, asked: TextsToCut) -> dict[str, Any]:
    """Cut texts."""
    found = model.predict_segments(_checked(asked.texts))
    return {"predictions": [{"segments": _plain(segments)} for segments in found]}


def about_tags(model: Any) -> dict[str, Any]:
    """The tags, and the column of CoNLL-U that they are of."""
    return {"tags": list(model.labels_.names), "column": model.column, "language": model.language}


def about_segments(model: Any) -> dict[str, Any]:
    """What texts are cut into."""
    return {"unit": model.unit}


def _checked(texts: list[str]) -> list[str]:
    count = sum(map(len, texts))
    if count > MOST_CHARACTERS:
        raise DataError(f"the texts have {count:,} characters; send {MOST_CHARACTERS:,} at a time at most")
    return texts


def _plain(found: Any) -> list[dict[str, Any]]:
    return [{**one._asdict(), "probability": round(one.probability, 6)} for one in found]


TAG = Verb("predict", "Tag the tokens of texts.", TextsToCut, TextsTagged, tag, {"texts": ["a text", "another"]})
CUT = Verb("predict", "Cut texts into words or sentences.", TextsToCut, TextsCut, cut, {"texts": ["a text", "another"]})

SERVED = [
    Served(("tag",), "tag", (TAG,), about_tags, reads_files=True),
    Served(("segment",), "tag", (CUT,), about_segments, reads_files=True),
]
