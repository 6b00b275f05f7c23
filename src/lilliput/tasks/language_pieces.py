"""Texts cut into words, and into pieces to tune by: single words, pairs, a few words, and whole texts.

What was tuned by sentences alone is too sure about a word, and by words alone not sure enough about sentences. The
pieces of a text are disjoint.
"""

from __future__ import annotations

import re
from random import Random
from typing import NamedTuple

from lilliput.features.graphemes import shape

LENGTHS = (1, 1, 1, 1, 2, 2, 3, 3, 5, 8, 14)
"""Words of a piece, each as probable as the others."""
WHOLE = 0.25
"""The share of the texts that stay whole."""
MARKS = "!\"#%&()*+,-./:;<=>?@[\\]^_{|}~«»‹›„“”‚‘’'…–—¿¡،؛؟।。、「」『』・！？，：；（）"
"""Taken from both ends of a piece."""

LETTER = re.compile(r"[^\W\d_]")
"""A letter, or a sign like one."""

_SIMPLE = "\u0e00"
"""Below it, scripts have spaces, and graphemes none."""
_CHUNK = re.compile(r"\S+")
_WORD = re.compile("i{1,2}[^ iaAo0]*|[^ i]+")  # of a `Shape`


class Word(NamedTuple):
    """A part of a text, ``text[start:end]``, and whether there is a letter in it."""

    start: int
    end: int
    letters: bool


def words(text: str) -> list[Word]:
    """What stands between spaces; in scripts without spaces two characters at a time, with the marks behind.

    No grapheme is cut.
    """
    if text.isascii() or max(text) < _SIMPLE:
        edges = [match.span() for match in _CHUNK.finditer(text)]
    else:
        letters, starts = shape(text)
        edges = [(starts[match.start()], starts[match.end()]) for match in _WORD.finditer(letters)]
    return [Word(start, end, LETTER.search(text, start, end) is not None) for start, end in edges]


def cut_text(text: str, random: Random) -> list[str]:
    """Disjoint pieces of a text, or the text as it is; nothing that has no letter."""
    found = words(text)
    if len(found) < 2 or random.random() < WHOLE:
        return [text] if any(word.letters for word in found) else []
    parts: list[str] = []
    at = 0
    while at < len(found):
        some = found[at : at + random.choice(LENGTHS)]
        if any(word.letters for word in some):
            parts.append(text[some[0].start : some[-1].end].strip(MARKS))
        at += len(some)
    return parts
