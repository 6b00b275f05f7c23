"""What a character is to a tokeniser: its folded form and its kind.

One table entry a code point, packed into 32 bits for the kernels: the folded code point in the low 21 bits, the kind in
bits 24 to 26. A character that folds to several (ß to ss) has bit 31 set and a row of `Tables.expansions` in its low
bits. The tables follow from Python's own Unicode data, so nothing has to be shipped.

Text is brought to NFC before it comes here (`lilliput.data.packed`); each character is then case-folded on its own.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

SEPARATOR, LETTER, IDEOGRAPH, SYMBOL, IGNORED = range(5)
KIND_SHIFT = 24
CODE_MASK = (1 << 21) - 1
EXPANDS = 1 << 31
TABLE_SIZE = 0x20000
"""Code points from here on are rare ideographs (planes 2 and 3) and take no table entry."""
TAGS = 0xE0000
"""From here on there are only tags, variation selectors and private characters, which are as if not there."""

# Scripts written without spaces between words: every character is a token of its own.
_UNSPACED = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Myanmar
    (0x1780, 0x17FF),  # Khmer
    (0x2E80, 0x2FDF),  # CJK radicals
    (0x3005, 0x3007),
    (0x3040, 0x30FF),  # Hiragana, Katakana
    (0x31F0, 0x31FF),
    (0x3400, 0x9FFF),  # CJK
    (0xF900, 0xFAFF),
    (0xFF66, 0xFF9F),  # halfwidth Katakana
    (0x1B000, 0x1B16F),
)
_KIND_OF_CATEGORY = {"L": LETTER, "N": LETTER, "M": LETTER, "P": SYMBOL, "S": SYMBOL}


@dataclass(frozen=True)
class Tables:
    """`entries`: uint32 (code points,), see the module; `expansions`: uint32 (n, 3), padded with zeros."""

    entries: NDArray[np.uint32]
    expansions: NDArray[np.uint32]


def kind_of(character: str) -> int:
    """Kind of one character: letters, digits and marks make words; ideographs and symbols stand alone."""
    code = ord(character)
    if code >= TABLE_SIZE:
        return IDEOGRAPH if code < TAGS else IGNORED
    category = unicodedata.category(character)
    if category == "Pc":  # the underscore and its like join words
        return LETTER
    if category == "Cf" or 0xFE00 <= code <= 0xFE0F:  # joiners, soft hyphens, variation selectors: as if not there
        return SEPARATOR if code == 0x200B else IGNORED  # but the zero-width space parts words
    kind = _KIND_OF_CATEGORY.get(category[0], SEPARATOR)
    if kind == LETTER and code >= 0xE00 and any(first <= code <= last for first, last in _UNSPACED):
        return IDEOGRAPH
    return kind


def fold(character: str) -> str:
    """Case-folded form of one character, in NFC; one to three characters."""
    return unicodedata.normalize("NFC", character.casefold())


@cache
def tables(ascii_only: bool = False) -> Tables:
    """Tables for the kernels; those for ASCII are instant, the full ones take a tenth of a second, once."""
    size = 128 if ascii_only else TABLE_SIZE
    entries = np.arange(size, dtype=np.uint32)
    expansions: list[list[int]] = []
    for code in range(size):
        character = chr(code)
        kind = kind_of(character) << KIND_SHIFT
        folded = character.casefold()
        if folded == character and code < 0xF900:
            entries[code] = code | kind
            continue
        folded = fold(character)
        if len(folded) == 1:
            entries[code] = ord(folded) | kind
        else:
            entries[code] = EXPANDS | kind | len(expansions)
            expansions.append([ord(piece) for piece in folded] + [0] * (3 - len(folded)))
    return Tables(entries, np.array(expansions or [[0, 0, 0]], dtype=np.uint32))
