"""From segments to the text that they make up, and whether spaces stand between them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import NamedTuple

from lilliput.features.tokenise import Span
from lilliput.features.unicode import IDEOGRAPH, LETTER, kind_of


class Joined(NamedTuple):
    """A text and where its segments stand in it."""

    text: str
    spans: list[Span]


def join(segments: Sequence[str], spaces: Sequence[bool]) -> Joined:
    """The text of `segments`, with a single space after each for which `spaces` is true, but for the last."""
    spans: list[Span] = []
    parts: list[str] = []
    at = 0
    for segment, space in zip(segments, spaces, strict=True):
        spans.append(Span(at, at + len(segment)))
        parts += [segment, " "] if space else [segment]
        at += len(segment) + space
    return Joined("".join(parts).rstrip(" ") if spans else "", spans)


def takes_spaces(texts: Iterable[str]) -> bool:
    """Whether most letters of the texts are of scripts that write spaces between words, or there are none."""
    spaced = unspaced = 0
    for text in texts:
        for character in text:
            kind = _kind(character)
            spaced += kind == LETTER
            unspaced += kind == IDEOGRAPH
    return spaced >= unspaced


_kind = cache(kind_of)
