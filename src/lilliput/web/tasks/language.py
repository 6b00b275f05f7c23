"""Telling languages: of whole texts as labels, and of the parts of a text."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from lilliput.web.forms import NO_NUL, SHOWN, Form
from lilliput.web.served import Served, Verb
from lilliput.web.tasks.label import EXPLAIN, PREDICT, about

LONGEST = 100_000
"""Characters of a text whose parts are told: each word is compared with each language."""


class SpansAsked(Form):
    """A text whose parts are to be told."""

    text: Annotated[str, Field(max_length=LONGEST), NO_NUL, SHOWN]


class LanguageSpan(Form):
    """A part of a text; places are in characters (code points) from 0, the end is not in it."""

    start: int
    end: int
    text: str
    language: Annotated[str | None, Field(description="null: unknown")]
    probability: float
    share: Annotated[float, Field(description="of the words with letters of the text")]


class LanguageShare(Form):
    """How much of a text is in a language."""

    language: str | None
    share: float


class SpansTold(Form):
    """The parts of a text without a gap, neighbours in different languages, and the shares, the largest first."""

    spans: list[LanguageSpan]
    shares: list[LanguageShare]


def spans(model: Any, asked: SpansAsked) -> dict[str, Any]:
    """Say which part of a text is in which language."""
    from lilliput.tasks.language_spans import shares

    found = model.spans(asked.text)
    told = [
        {**span._asdict(), "text": asked.text[span.start : span.end], "probability": round(span.probability, 6)}
        for span in found
    ]
    return {
        "spans": told,
        "shares": [{"language": name, "share": round(share, 6)} for name, share in shares(found).items()],
    }


SPANS = Verb(
    "spans", "Say which part of a text is in which language.", SpansAsked, SpansTold, spans, {"text": "a text"}
)

SERVED = [Served(("language",), "language", (PREDICT, EXPLAIN, SPANS), about, reads_files=True)]
