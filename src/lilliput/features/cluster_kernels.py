"""Words as their clusters, many at a time: numba kernels; `lilliput.features.clusters` says what they compute."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from lilliput.compress.valuemap import ValueMap
from lilliput.data.packed import Packed
from lilliput.features.bags import longest_text
from lilliput.features.ngrams import decode, mixed
from lilliput.features.plain import BORDER, STEP_MULTIPLIER, WORD_SEED
from lilliput.features.unicode import CODE_MASK, KIND_SHIFT, LETTER, tables

_BORDER = np.uint32(BORDER)
_CODE_MASK, _KIND_SHIFT = np.uint32(CODE_MASK), np.uint32(KIND_SHIFT)
_WORD_SEED, _STEP = np.uint64(WORD_SEED), np.uint64(STEP_MULTIPLIER)


def clusters_of(packed: Packed, clusters: ValueMap) -> NDArray[np.int32]:
    """The cluster of each packed word, -1 for none; int32 (words,)."""
    lookup = tables(packed.ascii)
    hashes = _head_hashes(packed.buffer, packed.offsets, lookup.entries, lookup.expansions)
    return clusters.look_up(hashes).astype(np.int32)


@njit(nogil=True, cache=True)
def _head_hashes(buffer, offsets, entries, expansions):
    """`head_hash` of each packed word; uint64 (words,)."""
    stream = np.empty(6 * longest_text(offsets) + 2, dtype=np.uint32)
    hashes = np.zeros(len(offsets) - 1, dtype=np.uint64)
    for word in range(len(hashes)):
        length = decode(buffer, offsets[word], offsets[word + 1], entries, expansions, stream)
        end = length
        while end > 0 and stream[end - 1] >> _KIND_SHIFT != LETTER:
            end -= 1
        first = end
        while first > 0 and stream[first - 1] >> _KIND_SHIFT == LETTER:
            first -= 1
        if end == 0:  # no letters: the last symbol, before the border
            first, end = max(0, length - 2), max(0, length - 1)
        if end > first and stream[first] != _BORDER:
            value = _WORD_SEED
            for at in range(first, end):
                value = (value ^ np.uint64(stream[at] & _CODE_MASK)) * _STEP
            hashes[word] = mixed(value)
    return hashes
