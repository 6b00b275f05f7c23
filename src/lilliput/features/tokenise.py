"""Raw text to tokens and sentences, by rules and without training.

Words, numbers, URLs, abbreviations and symbols are parted as most treebanks of Universal Dependencies do; what differs
from language to language (apostrophes, hyphens) only where the language is given. The rules read the `shape` of a text,
in which every grapheme is one letter, so that none is ever cut.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import NamedTuple

from lilliput.features.abbreviations import keeps_stop
from lilliput.features.graphemes import shape


class Span(NamedTuple):
    """A part of a text: ``text[start:end]``."""

    start: int
    end: int


@dataclass(frozen=True)
class _Language:
    """What differs between languages.

    hyphens : whether they stay inside words.
    clitics : a pattern that matches where a word is cut.
    article : whether there are words of an apostrophe and one letter.
    words : capital letters that are words and no initials.
    """

    hyphens: bool = True
    clitics: re.Pattern[str] | None = None
    article: bool = False
    words: tuple[str, ...] = ()


_OTHER = _Language()
_LANGUAGES = {
    "en": _Language(
        hyphens=False,
        clitics=re.compile(r"(?i)(?<=[a-zÀ-ɏ\u0300-\u036f])(?=(?:n['’]t|['’](?:s|re|ve|ll|d|m))$)"),
        words=("I",),
    ),
    "fr": _Language(clitics=re.compile(r"(?i)^(?:[cdjlmnst]|(?:jus|lors|puis|quoi)?qu)['’](?=[a-zà-ÿœ])")),
    "af": _Language(article=True),
}

# Bounded repeats keep the time linear in the length of any text.
_URL_REST = r"""(?:[^ ()<>"]|\([^ ()<>"]*\))*(?<![].,;:!?'…}»”])"""
_PATTERN = r"""
  (?P<plain> [aAo]+ (?! [aAo0_.@:+'&·-] ) )                       # most words
| [aA] [aA0+.-]{{1,20}} :// {url}                                 # https://example.org/a_(b)
| [aAo0_] (?: [aAo0_.+-]{{0,62}} [aAo0_] )? @ [aAo0] (?: [aAo0.-]{{0,250}} [aAo0] )?   # an e-mail address
| [@\#] (?= [0_]{{0,99}} [aAoi] ) [aAo0_i]+                       # @name, #tag
| (?: [aAo]{{1,2}} \. ){{2,}} (?: [aAo] (?! [aAo0_] ) )?          # U.S., e.g., Ph.D.
| [aAo] \. [aAo] (?! [aAo0_.] )                                   # U.S
| (?: [aA0] [aA0-]{{0,62}} \. ){{1,8}} a{{2,24}} (?! [aAo0_] ) (?: / {url} )?          # www.example.org/path, notes.txt
| (?P<word> [aAo0_]+ (?: {joiner} [aAo0_]+ )* {suspended} )       # don't, AT&T, 3.14, 12:30, 1/2
{article}| (?<! [^ ] ) [:;=] -? (?: [()|/\\]+ | [aA0] ) (?= [ .,!?] | \Z )  # :-) ;D
| (?<! [aAo0_.] ) \. 0+                                           # .5
| [.!?]+
| [][(){{}}ie]
| (?P<run> [^ ] ) (?P=run)*                                       # --, $$, and all that is left
"""
_JOINERS = r"""(?: ' | (?<=[a0]) \. (?=a) | (?<=0) [.,:/-] (?=0) | (?<=A) & (?=A) | (?<=[aA]) · (?=[aA]) {hyphen} )"""


def tokenise(text: str, language: str | None = None) -> list[Span]:
    """The tokens of a text, in order: they do not overlap, hold all that is no space, and cut no grapheme.

    `language`, as an ISO 639-1 code, adds the rules of English (do|n't, it|'s, well|-|known), French (l'|eau) or
    Afrikaans ('n); other codes add none. Scripts without spaces (Chinese, Japanese, Thai, ...) give a token a grapheme.
    """
    rules = _LANGUAGES.get(language or "", _OTHER)
    clitics = rules.clitics
    shaped = shape(text)
    spans: list[Span] = []
    for match in _pattern(rules.hyphens, rules.article).finditer(shaped.letters):
        span = Span(shaped.starts[match.start()], shaped.starts[match.end()])
        before = spans[-1] if spans else Span(0, 0)
        word = text[before.start : before.end] if match[0] == "." and before.end == span.start else ""
        if word and word not in rules.words and keeps_stop(word, shaped.letters, match.start()):
            spans[-1] = Span(before.start, span.end)
        elif clitics is not None and match.lastgroup == "word":
            spans += _cut(text, span, clitics)
        else:
            spans.append(span)
    return spans


def _cut(text: str, span: Span, clitics: re.Pattern[str]) -> list[Span]:
    """The parts of a word between the ends of all matches of `clitics`."""
    ends = [span.start + match.end() for match in clitics.finditer(text[span.start : span.end])]
    borders = [span.start, *ends, span.end]
    return [Span(start, end) for start, end in pairwise(borders)]


@cache
def _pattern(hyphens: bool, article: bool) -> re.Pattern[str]:
    return re.compile(
        _PATTERN.format(
            url=_URL_REST,
            joiner=_JOINERS.format(hyphen="| -" if hyphens else ""),
            suspended="(?: (?<=[aAo]) - (?= [ ,;)] | \\Z ) )?" if hyphens else "",  # pre- and postwar
            article="| (?<! [^ ] ) ' a (?= [ ] | \\Z )\n" if article else "",
        ),
        re.VERBOSE,
    )
