"""From packed texts to bags of rows: numba kernels over the n-gram buckets and their maps.

A bag holds the n-grams of words once, however often they occur, and the n-grams of characters once for each distinct
word (run) that they occur in, so that the sum over a word's characters can be kept from text to text. The rows of a bag
stand sorted by segment, a fixed division of the table into `SEGMENTS` ranges of rows, so that in training each thread
can own some segments of every table.
"""

from __future__ import annotations

import numpy as np
from numba import njit, types
from numba.extending import intrinsic

from lilliput.features.ngrams import WORD, bag_buckets, decode

SEGMENTS = 8


@intrinsic
def _ones(typingctx, value):
    """Number of set bits of a 64-bit word, by the processor's own instruction."""

    def codegen(context, builder, signature, args):
        return builder.ctpop(args[0])

    return types.uint64(types.uint64), codegen


_ONE = np.uint64(1)
_WORD_SHIFT = np.uint32(6)
_IN_WORD = np.uint32(63)


@njit(nogil=True, cache=True)
def keep_rows(buckets, count, words, ranks):
    """Replace ``buckets[:count]`` by the rows of those that have one, in order; returns how many there are.

    There is no branch, so that the processor works on many look-ups at a time.
    """
    kept = 0
    for item in range(count):
        bucket = buckets[item]
        at = bucket >> _WORD_SHIFT
        word = words[at]
        bit = np.uint64(bucket & _IN_WORD)
        buckets[kept] = ranks[at] + np.uint32(_ones(word & ((_ONE << bit) - _ONE)))
        kept += int((word >> bit) & _ONE)
    return kept


@njit(nogil=True, cache=True)
def document_frequencies(buffer, offsets, entries, expansions, unit, low, high, bits, frequencies):
    """Add to `frequencies` (int32, 2 ** bits) the number of texts in which each bucket occurs."""
    texts = len(offsets) - 1
    stream, tokens = _scratch(offsets)
    shift = np.uint64(64 - bits)
    last_text = np.full(1 << bits, -1, dtype=np.int32)
    keys, key_texts = key_set(len(stream) // 6)
    buckets = np.empty(1024, dtype=np.uint32)
    for text in range(texts):
        length = decode(buffer, offsets[text], offsets[text + 1], entries, expansions, stream)
        if len(buckets) < length * (high - low + 1):
            buckets = np.empty(2 * length * (high - low + 1), dtype=np.uint32)
        made = bag_buckets(stream, length, unit, low, high, shift, tokens, keys, key_texts, text, buckets)
        for item in range(made):
            bucket = buckets[item]
            if last_text[bucket] != text:
                last_text[bucket] = text
                frequencies[bucket] += 1


@njit(nogil=True, cache=True)
def gather_bags(buffer, offsets, entries, expansions, unit, low, high, bits, words, ranks, rows):
    """Bags of packed texts in one group: (bounds int64 (texts, SEGMENTS + 1), rows int32), rows sorted by segment."""
    texts = len(offsets) - 1
    stream, tokens = _scratch(offsets)
    shift = np.uint64(64 - bits)
    last_text = np.full(rows, -1, dtype=np.int32)
    keys, key_texts = key_set(len(stream) // 6)
    bounds = np.zeros((texts, SEGMENTS + 1), dtype=np.int64)
    buckets = np.empty(1024, dtype=np.uint32)
    bag = np.empty(1024, dtype=np.int32)
    gathered = np.empty(max(1024, (offsets[texts] - offsets[0]) // 2), dtype=np.int32)
    used = 0
    for text in range(texts):
        length = decode(buffer, offsets[text], offsets[text + 1], entries, expansions, stream)
        if len(buckets) < length * (high - low + 1):
            buckets = np.empty(2 * length * (high - low + 1), dtype=np.uint32)
            bag = np.empty(len(buckets), dtype=np.int32)
        made = bag_buckets(stream, length, unit, low, high, shift, tokens, keys, key_texts, text, buckets)
        size = 0
        for item in range(keep_rows(buckets, made, words, ranks)):
            row = buckets[item]
            if unit == WORD and last_text[row] == text:
                continue
            last_text[row] = text
            bag[size] = row
            size += 1
        if used + size > len(gathered):
            larger = np.empty(2 * (used + size), dtype=np.int32)
            larger[:used] = gathered[:used]
            gathered = larger
        _sort_by_segment(bag, size, rows, gathered, used, bounds[text])
        used += size
    return bounds, gathered[:used].copy()


@njit(nogil=True, cache=True)
def _sort_by_segment(bag, size, rows, gathered, start, bounds):
    """Counting sort of ``bag[:size]`` by segment into ``gathered[start:]``; fills `bounds` (SEGMENTS + 1,)."""
    for item in range(size):
        bounds[np.int64(bag[item]) * SEGMENTS // rows + 1] += 1
    bounds[0] = start
    for segment in range(SEGMENTS):
        bounds[segment + 1] += bounds[segment]
    place = bounds[:SEGMENTS].copy()
    for item in range(size):
        segment = np.int64(bag[item]) * SEGMENTS // rows
        gathered[place[segment]] = bag[item]
        place[segment] += 1


@njit(nogil=True, cache=True)
def _scratch(offsets):
    longest = 0
    for text in range(len(offsets) - 1):
        longest = max(longest, offsets[text + 1] - offsets[text])
    return np.empty(6 * longest + 2, dtype=np.uint32), np.empty(6 * longest + 2, dtype=np.uint64)


@njit(nogil=True, cache=True)
def key_set(longest):
    """An empty set for `is_new` over texts of up to `longest` bytes, less than half full at worst."""
    size = 16
    while size < 2 * longest:
        size *= 2
    return np.empty(size, dtype=np.uint64), np.full(size, -1, dtype=np.int64)
