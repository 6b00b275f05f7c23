"""What the borders of segments stand between: the graphemes of a text for words, its tokens for sentences.

A word border may stand between any two graphemes, so none is ever cut; a run of spaces is one piece, at both sides of
which a border always stands. A sentence may begin with any token of `tokenise`.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from lilliput.features.graphemes import shape
from lilliput.features.tokenise import Span, tokenise

UNITS = ("word", "sentence")
SPACE = " "
EMPTY_LINE = 2
_SPACE = ord(SPACE)

_BLANK_LINE = re.compile(r"\n\s*\n|\u2029")
_NUMERALS = frozenset("〇零一二三四五六七八九十百千万萬億亿兩两廿卅")
_KANA = ((0x3041, 0x309F, "g"), (0x30A0, 0x30FF, "k"), (0x31F0, 0x31FF, "k"), (0xFF66, 0xFF9D, "k"))


class Pieces(NamedTuple):
    """Pieces of a text: where each stands, and a number that says what kind it is.

    ``kinds``: of graphemes the code point of their letter in `Shape`, with numerals (n), hiragana (g) and katakana (k)
    apart from other ideographs; of tokens what stands before them: 0 nothing, 1 a space, 2 an empty line.
    """

    spans: list[Span]
    kinds: list[int]

    def spaces(self, unit: str) -> list[bool]:
        """Which pieces are runs of spaces."""
        return [unit == "word" and kind == _SPACE for kind in self.kinds]


def pieces(text: str, unit: str) -> Pieces:
    """The pieces of a text, in order; without the spaces at its ends."""
    return _graphemes(text) if unit == "word" else _tokens(text)


def strings(text: str, spans: list[Span]) -> list[str]:
    """The pieces as a tagger is given them; a run of spaces is one space."""
    return [SPACE if text[start].isspace() else text[start:end] for start, end in spans]


def _graphemes(text: str) -> Pieces:
    shaped = shape(text)
    spans: list[Span] = []
    kinds: list[int] = []
    last = len(text.rstrip())
    for place, letter in enumerate(shaped.letters):
        start, end = shaped.starts[place], shaped.starts[place + 1]
        if start >= last:
            break
        if letter != SPACE:
            spans.append(Span(start, end))
            kinds.append(_ideograph(text[start]) if letter == "i" else ord(letter))
        elif spans and kinds[-1] == _SPACE:
            spans[-1] = Span(spans[-1].start, end)
        elif spans:
            spans.append(Span(start, end))
            kinds.append(_SPACE)
    return Pieces(spans, kinds)


@cache
def _ideograph(character: str) -> int:
    if character in _NUMERALS:
        return ord("n")
    return ord(next((kind for first, last, kind in _KANA if first <= ord(character) <= last), "i"))


def _tokens(text: str) -> Pieces:
    spans = tokenise(text)
    ends = [0, *(span.end for span in spans)]
    return Pieces(spans, [_gap(text[end : span.start]) for end, span in zip(ends, spans, strict=False)])


def _gap(space: str) -> int:
    return EMPTY_LINE if _BLANK_LINE.search(space) else int(bool(space))
