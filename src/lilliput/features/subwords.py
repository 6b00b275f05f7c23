"""The character n-grams of a word, hashed to buckets exactly as fastText does it, so that its files can be read.

The n-grams are those of the word between ``<`` and ``>``, in characters; ``<`` and ``>`` alone are none. The hash is
32-bit FNV-1a over the bytes of UTF-8, those from 128 on extended as if signed (Bojanowski et al. 2017, "Enriching Word
Vectors with Subword Information", section 3.2, and fastText's dictionary.cc). Plain Python: what a cold process uses,
and the oracle of kernels.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

FNV_OFFSET, FNV_PRIME = 2166136261, 16777619
LONGEST = 64
"""Characters of the longest n-gram that is taken; a damaged length would take time with the square of the word."""
_MASK = (1 << 32) - 1
_SIGNED = tuple(byte if byte < 128 else byte | 0xFFFFFF00 for byte in range(256))


class Subwords(NamedTuple):
    """N-grams of `shortest` to `longest` characters, hashed to `buckets`."""

    shortest: int
    longest: int
    buckets: int

    def of(self, word: bytes) -> NDArray[np.int64]:
        """The buckets of a word's n-grams, int64 (n-grams,), in the order of fastText, repeats included."""
        return np.array([value % self.buckets for value in ngram_hashes(word, self.shortest, self.longest)], np.int64)


def ngram_hashes(word: bytes, shortest: int, longest: int) -> list[int]:
    """The 32-bit hashes of the n-grams of a word in UTF-8."""
    marked = b"<" + word + b">"
    starts = [place for place, byte in enumerate(marked) if byte & 0xC0 != 0x80]
    last = len(starts)
    starts.append(len(marked))
    found = []
    for first in range(last):
        value = FNV_OFFSET
        for end in range(first + 1, min(first + longest, last) + 1):
            for byte in marked[starts[end - 1] : starts[end]]:
                value = (value ^ _SIGNED[byte]) * FNV_PRIME & _MASK
            alone = end == first + 1 and (first == 0 or end == last)
            if end - first >= shortest and not alone:
                found.append(value)
    return found
