"""From code points to UTF-8 without Python's lock: a numba kernel that also sees whether a text may need composing."""

from __future__ import annotations

import sys
import unicodedata
from functools import cache

import numpy as np
from numba import njit
from numpy.typing import NDArray

TABLE_SIZE = 0x20000
"""Code points from here on are rare and take no table entry."""

_PIECE = 1 << 14
"""Characters encoded at a time: so few that their buffers stay in the cache, and malloc asks the system for none."""
_UTF32 = f"utf-32-{sys.byteorder[0]}e"
_HANGUL = ((0x1161, 0x1176), (0x11A8, 0x11C3))  # vowels and final consonants, which compose by arithmetic


def encode_composed(text: str) -> bytes | None:
    """``text.encode("utf-8", "replace")``, or None unless it is plain to see that `text` is in NFC.

    None too for some texts that are in NFC, as all with marks that stay marks: one has to ask `unicodedata` then.
    """
    stops = composing()
    out = np.empty(4 * _PIECE + 1, dtype=np.uint8)
    pieces = []
    for start in range(0, len(text), _PIECE):
        points = np.frombuffer(text[start : start + _PIECE].encode(_UTF32, "surrogatepass"), dtype=np.uint32)
        size = _encode(points, stops, out)
        if size < 0:
            return None
        pieces.append(out[:size].tobytes())
    return b"".join(pieces)


@cache
def composing() -> NDArray[np.bool_]:
    """Which code points may change in NFC, by themselves or with what is before them: bool (TABLE_SIZE,).

    Wider than Unicode's quick check (Unicode Standard Annex 15, section 9) asks for: every mark is among them, so that
    the order of marks need not be looked at.
    """
    table = np.zeros(TABLE_SIZE, dtype=np.bool_)
    for first, last in _HANGUL:
        table[first:last] = True
    for code in range(0x300, TABLE_SIZE):
        character = chr(code)
        table[code] |= unicodedata.combining(character) > 0
        parts = unicodedata.decomposition(character)
        if parts and not parts.startswith("<"):
            table[code] |= not unicodedata.is_normalized("NFC", character)
            for part in parts.split()[1:]:
                table[int(part, 16)] = True
    return table


@njit(nogil=True, cache=True)
def _encode(points: NDArray[np.uint32], stops: NDArray[np.bool_], out: NDArray[np.uint8]) -> int:
    """Write `points` to `out` and return the number of bytes, or -1 at a point among `stops` or beyond the table."""
    at = 0
    for item in points:
        point = int(item)
        if point < 0x800:
            if stops[point]:
                return -1
            wide = point >= 0x80
            out[at] = (0xC0 | point >> 6) if wide else point
            out[at + 1] = 0x80 | point & 0x3F  # written over after ASCII: no branch is mispredicted at every space
            at += 1 + wide
            continue
        if point >= TABLE_SIZE or stops[point]:
            return -1
        if 0xD800 <= point < 0xE000:
            out[at] = ord("?")
            at += 1
        elif point < 0x10000:
            out[at] = 0xE0 | point >> 12
            out[at + 1] = 0x80 | point >> 6 & 0x3F
            out[at + 2] = 0x80 | point & 0x3F
            at += 3
        else:
            out[at] = 0xF0 | point >> 18
            out[at + 1] = 0x80 | point >> 12 & 0x3F
            out[at + 2] = 0x80 | point >> 6 & 0x3F
            out[at + 3] = 0x80 | point & 0x3F
            at += 4
    return at
