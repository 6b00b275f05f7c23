"""What readers see as one character: a letter with its marks, an emoji with its modifiers, a flag.

Unicode Standard Annex 29, section 3, by what `unicodedata` knows. Where the annex would part, this may join (format
characters hang on what is before them). What the annex joins is not parted, but for spaces, which stand alone as does a
mark that follows one, and for strings that no language has (stacked letters of two scripts, doubled archaic Hangul).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

from lilliput.features.unicode import IDEOGRAPH, IGNORED, LETTER, kind_of

_PREPENDED = frozenset(
    "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\u0d4e\U000110bd\U000110cd\U000111c2\U000111c3"
    "\U0001193f\U00011941\U000113d1\U00011a3a\U00011a84\U00011a85\U00011a86\U00011a87\U00011a88\U00011a89\U00011d46"
    "\U00011f02"
)
_LINKERS = frozenset(  # they stack the next letter
    "\u094d\u09cd\u0acd\u0b4d\u0c4d\u0d4d\u1039\u17d2\u1a60\u1b44\u1bab\ua9c0\uaaf6\U00010a3f\U00011133\U000113d0"
    "\U0001193e\U00011a47\U00011a99\U00011f42"
)
_HANGING = frozenset("\u0e33\u0eb3\uff9e\uff9f\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff")  # no marks by name
_VOWELS = re.compile("[\u1160-\u11ff\ud7b0-\ud7ff]")  # Hangul vowels and finals, which follow a first consonant
_PICTURES = frozenset("\u203c\u2049\u3030\u303d")  # emoji that are punctuation by name
_SAME = {"\u2019": "'", "\uff07": "'", "\u2010": "-", "\u2011": "-", "\u066b": ".", "\u066c": ",", "\u200b": " "}

_EXTENDED = re.compile("[mjvpr]")
_TAIL = "(?:m|je?|v[mjv]*[eio]?)"
_GRAPHEME = re.compile(rf" |p*(?:(?P<base>rr?|[^ pmjvr]){_TAIL}*|{_TAIL}+)|p+")


class Shape(NamedTuple):
    """A text with its graphemes as `letters`, one each; grapheme i is ``text[starts[i]:starts[i + 1]]``.

    A grapheme is ``a`` lower case, ``A`` upper case, ``o`` another letter, ``0`` a digit, ``i`` an ideograph or a
    letter of another script without spaces, ``e`` an emoji or other picture, a space; all others are as they stand in
    the text, but apostrophes, hyphens and decimal separators of all forms are the ASCII ones.
    """

    letters: str
    starts: Sequence[int]


def shape(text: str) -> Shape:
    """The graphemes of a text."""
    letters = text.translate(_SHAPES)
    if not _EXTENDED.search(letters):
        return Shape(letters, range(len(text) + 1))
    starts: list[int] = []
    bases: list[str] = []
    for match in _GRAPHEME.finditer(letters):
        starts.append(match.start())
        base = match["base"]
        bases.append((base or ("o" if match[0] != " " else " "))[0])
    return Shape("".join(bases).replace("r", "e"), [*starts, len(text)])


def _shape_of(character: str) -> str:
    """The letter of a character: those of `Shape`, and what those of several characters are made of.

    ``m`` hangs on the character before, ``p`` on the one after; ``j`` joins emoji, ``v`` letters; ``r`` twice is a
    flag.
    """
    if character.isspace():
        return " "
    if character == "\u200d":
        return "j"
    if character in _PREPENDED:
        return "p"
    if character in _LINKERS:
        return "v"
    if "\U0001f1e6" <= character <= "\U0001f1ff":
        return "r"
    category = unicodedata.category(character)
    kind = kind_of(character)
    if (
        category[0] == "M"
        or character in _HANGING
        or _VOWELS.match(character)
        or (kind == IGNORED and category != "Co")
    ):
        return "m"
    if kind == IDEOGRAPH:
        return "i"
    if kind == LETTER and category != "Pc":
        return _letter(character)
    if character > "\x7f" and (category in ("So", "Sm", "Cn", "Co") or character in _PICTURES):
        return "e"
    return character


def _letter(character: str) -> str:
    if character.isdecimal():
        return "0"
    if character.islower():
        return "a"
    return "A" if character.isupper() or character.istitle() else "o"


class _Shapes(dict[int, str]):
    """`_shape_of` for `str.translate`, each character asked once."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        found = self[code] = _SAME.get(character) or _shape_of(character)
        return found


_SHAPES = _Shapes()
