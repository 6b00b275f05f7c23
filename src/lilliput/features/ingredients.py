"""Names of ingredients in a normal form: "2 cups finely chopped roma tomatoes" is "tomato".

Amounts, units, preparations, sizes and plurals go by rules; the words are in `lilliput.features.ingredients_rules`. A
name that no rule fits stays as it is, in small letters and in the singular.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from lilliput.features.ingredients_rules import (
    ALIASES,
    ENDS,
    GROUND,
    KINDS,
    LEAVES,
    MANNER,
    PLURALS,
    SINGULAR,
    TAILS,
    UNITS,
)

_ASIDE = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
_AMOUNT = re.compile(
    r"(?<![\w%])\d+(?:[.,]\d+)?(?:\s*[/⁄]\s*\d+)?(?:\s*(?:-|–|—|to|x|×)\s*\d+(?:[.,]\d+)?(?:\s*[/⁄]\s*\d+)?)*"
    r"\s*(?:(?:g|kg|mg|ml|cl|dl|l|oz|lb|lbs|cm|mm|in|inch|°[cf]|%)(?![\w]))?"
)
_GLUED = re.compile(r"[-–—](?:ounces?|oz|inch|pounds?|lbs?|grams?|g|ml|cups?)\b\.?")
_MARKS = re.compile(r"[^\w%'’&\s-]+")
_NUMBERS = frozenset(
    ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "twelve", "half", "dozen", "couple"]
)
_FRACTIONS = re.compile("[\u00bc-\u00be\u2150-\u215e]")


@lru_cache(maxsize=1 << 16)
def normalise_ingredient(text: str) -> str:
    """The ingredient that a line of a recipe names, in small letters and in the singular; "" for nothing but marks."""
    line = _FRACTIONS.sub(lambda mark: f" {unicodedata.normalize('NFKC', mark[0])}", text)
    line = _AMOUNT.sub(" ", f" {_ASIDE.sub(' ', unicodedata.normalize('NFC', line).lower())} ")
    line = _GLUED.sub(" ", line)
    for part in line.split(","):  # "onion, chopped", but "chopped, peeled tomatoes" has its name after the comma
        name = _named(part)
        if name:
            return name
    return " ".join(_words(line.replace(",", " ")))


def _named(part: str) -> str:
    """The name in a part of a line; "" where there are only amounts and preparations."""
    part = f" {part.strip()} "
    for end in ENDS:
        head, _, _ = part.partition(end)
        if any(word not in MANNER and word not in UNITS for word in _words(head)):
            part = head
    words = [singular(word) for word in _bare(_words(part))]
    return _renamed(words) if words else ""


def _words(part: str) -> list[str]:
    cleaned = _MARKS.sub(" ", part).replace("’", "'").replace("'s", "").replace("'", "")
    return [word.strip("-–—_") for word in cleaned.split() if word.strip("-–—_")]


def _bare(words: list[str]) -> list[str]:
    """Words without those of amount and preparation, as long as a name remains."""
    while words and words[0] in _NUMBERS:
        words = words[1:]
    kept = [
        word
        for place, word in enumerate(words)
        if word not in MANNER or (word == "ground" and GROUND & set(words[place + 1 :]))
    ]
    named = [word for place, word in enumerate(kept) if word not in UNITS or _names(kept, place)]
    if named:
        return named
    # amounts alone: "cloves" is the spice
    return [word for word in kept if len(word) > 2][-1:]


def _names(words: list[str], place: int) -> bool:
    """Whether a word of amount is part of a name here: "bay leaf" is, "basil leaf" and "2 cans" not."""
    before = words[:place]
    return bool(before) and words[place] in ("leaf", "leaves") and before[-1] in LEAVES


def _renamed(words: list[str]) -> str:
    """The name without kinds and tails, by the table."""
    while len(words) > 1 and words[-2] in TAILS.get(words[-1], ()):
        words = words[:-1]
    for length in (2, 1):
        head = " ".join(words[-length:])
        if len(words) > length and head in KINDS:
            before = [word for word in words[:-length] if word not in KINDS[head]]
            words = before + words[-length:]
            break
    name = " ".join(words)
    if name in ALIASES:
        return ALIASES[name]
    return " ".join([*words[:-1], ALIASES.get(words[-1], words[-1])]) if len(words) > 1 else name


def singular(word: str) -> str:
    """A word in the singular, by the table or by its ending; what is too short to tell stays."""
    if word in PLURALS:
        return PLURALS[word]
    if len(word) < 4 or word in SINGULAR or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies"):
        return f"{word[:-3]}y"
    if word.endswith(("ches", "shes", "sses", "xes", "zzes", "oes")):
        return word[:-2]
    return word[:-1]
