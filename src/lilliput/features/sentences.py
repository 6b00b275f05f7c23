"""Where sentences end in raw text, by rules; and raw text as CoNLL-U sentences for a tagger."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from lilliput.data.conllu import NOTHING, Sentence, sentence_of
from lilliput.features.tokenise import Span, tokenise

_ENDS = frozenset(".!?…‼⁇⁈⁉‽。！？．｡؟۔।॥։።፧។៕᠃᠉")
_WIDE = "\u3000"  # from here on stand scripts and punctuation that no space follows
_QUOTES = "\"'’"
_BLANK_LINE = re.compile(r"\n[^\S\n]*\n|\u2029")


def sentences(text: str, language: str | None = None) -> list[list[Span]]:
    """The tokens of a text (see `tokenise`), sentence by sentence.

    A sentence ends at a blank line, and at a full stop, question mark or their like of any script, with the quotes and
    brackets that close after it, where a space and no lower-case letter follows. Abbreviations, initials, and the
    numbers that items of a list begin with, keep their full stop without ending anything.
    """
    spans = tokenise(text, language)
    found: list[list[Span]] = []
    begin, ended = 0, False
    for at in range(len(spans)):
        ended = (ended and _closes(text, spans, at)) or _ends(text, spans, at, begin)
        if at + 1 == len(spans) or _border(text, spans, at, ended):
            found.append(spans[begin : at + 1])
            begin, ended = at + 1, False
    return found


def tokenised(text: str, language: str | None = None) -> Iterator[Sentence]:
    """The sentences of a raw text as CoNLL-U, with ``# text`` (line ends as spaces) and ``SpaceAfter=No``."""
    for spans in sentences(text, language):
        whole = " ".join(text[spans[0].start : spans[-1].end].splitlines())
        touches = [text[end : end + 1].strip("\u200b").strip() for _, end in spans]
        forms = [text[start:end] for start, end in spans]
        misc = ["SpaceAfter=No" if touch else NOTHING for touch in touches]
        yield sentence_of(forms, comments=[f"# text = {whole}"], misc=misc)


def _ends(text: str, spans: list[Span], at: int, begin: int) -> bool:
    """Whether a token ends the sentence that begins with token `begin`, if what follows does not say otherwise."""
    start, end = spans[at]
    if text[start] not in _ENDS or text[end - 1].isalnum():
        return False
    item = at == begin + 1 and text[start:end] == "." and text[slice(*spans[begin])].isdecimal()
    return not item


def _closes(text: str, spans: list[Span], at: int) -> bool:
    """Whether a token is a quote or bracket that closes after the end of a sentence."""
    start = spans[at].start
    category = unicodedata.category(text[start])
    if spans[at - 1].end < start:
        return category in ("Pe", "Pf")
    return category in ("Pe", "Pf", "Pi") or text[start] in _QUOTES


def _border(text: str, spans: list[Span], at: int, ended: bool) -> bool:
    """Whether a sentence ends after token `at`; `ended` says whether it is, or closes, an end."""
    (start, end), following = spans[at], spans[at + 1].start
    space = text[end:following]
    if _BLANK_LINE.search(space):
        return True
    if not ended or text[following] in _ENDS or _closes(text, spans, at + 1):
        return False
    if space:
        return not text[_first_letter(text, spans, at + 1)].islower()
    return text[start] >= _WIDE or text[start - 1] >= _WIDE <= text[following]


def _first_letter(text: str, spans: list[Span], at: int) -> int:
    """Where token `at` begins or, if that opens a quote or bracket, the token that it touches."""
    start, end = spans[at]
    opens = unicodedata.category(text[start]) in ("Ps", "Pi") or text[start] in _QUOTES
    return end if opens and at + 1 < len(spans) and spans[at + 1].start == end else start
