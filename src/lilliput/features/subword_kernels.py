"""The buckets of the character n-grams of many words, as `lilliput.features.subwords` finds those of one."""

from __future__ import annotations

import numpy as np
from numba import njit

from lilliput.features.subwords import FNV_OFFSET, FNV_PRIME

_OFFSET, _PRIME, _MASK = np.uint64(FNV_OFFSET), np.uint64(FNV_PRIME), np.uint64(0xFFFFFFFF)
_SIGN = np.uint64(0xFFFFFF00)


@njit(nogil=True, cache=True)
def gram_rows(text, offsets, shortest, longest, buckets, rows, ends):
    """To `rows`, where it is not empty, each word's own row, then those of its n-grams, which follow the words' rows.

    Word w is ``text[offsets[w]:offsets[w + 1]]``; its rows end at ``ends[w + 1]``. Returns how many rows there are.
    """
    words = len(offsets) - 1
    filled = 0
    for word in range(words):
        if len(rows):
            rows[filled] = word
        filled += 1
        size = offsets[word + 1] - offsets[word]
        last = size + 2  # with "<" before it and ">" behind
        for first in range(last):
            if first and first <= size and text[offsets[word] + first - 1] & 0xC0 == 0x80:
                continue
            value, length, end = _OFFSET, 0, first
            while end < last:
                byte = np.uint64(60 if end == 0 else 62 if end == last - 1 else text[offsets[word] + end - 1])
                if byte >= np.uint64(128):
                    byte |= _SIGN
                value = ((value ^ byte) * _PRIME) & _MASK
                end += 1
                if 0 < end <= size and text[offsets[word] + end - 1] & 0xC0 == 0x80:
                    continue
                length += 1
                if length >= shortest and not (length == 1 and (first == 0 or end == last)):
                    if len(rows):
                        rows[filled] = words + np.int64(value % np.uint64(buckets))
                    filled += 1
                if length == longest:
                    break
        ends[word + 1] = filled
    return filled
