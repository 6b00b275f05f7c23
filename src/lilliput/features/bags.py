"""From packed texts to bags of rows: numba kernels over the n-gram buckets and their maps.

A bag holds the n-grams of words once, however often they occur, and the n-grams of characters once for each distinct
word (run) that they occur in, so that the sum over a word's characters can be kept from text to text. The rows of a bag
stand sorted by segment, a fixed division of the table into `SEGMENTS` ranges of rows, so that in training each thread
can own some segments of every table.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit, types
from numba.extending import intrinsic
from numpy.typing import NDArray

from lilliput.compress.valuemap import Lookup, no_lookup
from lilliput.compress.valuemap_kernels import look_up
from lilliput.features.ngrams import CHAR, CLUSTER, char_ngrams, decode, is_new, mixed, scan, word_ngrams
from lilliput.features.plain import CLUSTER_SEED, STEP_MULTIPLIER, NGrams

SEGMENTS = 8


@intrinsic
def _ones(typingctx, value):
    """Number of set bits of a 64-bit word, by the processor's own instruction."""

    def codegen(context, builder, signature, args):
        return builder.ctpop(args[0])

    return types.uint64(types.uint64), codegen


_CLUSTER_SEED, _STEP = np.uint64(CLUSTER_SEED), np.uint64(STEP_MULTIPLIER)
_ONE = np.uint64(1)
_NEVER = np.uint64(2**64 - 1)
_WORD_SHIFT = np.uint32(6)
_IN_WORD = np.uint32(63)


def lookup_of(group: NGrams) -> Lookup:
    """Where the kernels look up the clusters of words for `group`."""
    return no_lookup() if group.clusters is None else group.clusters.lookup


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
def document_frequencies(buffer, offsets, entries, expansions, unit, low, high, bits, lookup, frequencies):
    """Add to `frequencies` (int32, 2 ** bits) the number of texts in which each bucket occurs."""
    scratch = text_scratch(longest_text(offsets), low, high)
    shift = np.uint64(64 - bits)
    last_text = np.full(1 << bits, -1, dtype=np.int32)
    for text in range(len(offsets) - 1):
        start, end = offsets[text], offsets[text + 1]
        made = bag_buckets(buffer, start, end, entries, expansions, unit, low, high, shift, lookup, text, scratch)
        for bucket in scratch.buckets[:made]:
            if last_text[bucket] != text:
                last_text[bucket] = text
                frequencies[bucket] += 1


@njit(nogil=True, cache=True)
def gather_bags(buffer, offsets, entries, expansions, unit, low, high, bits, lookup, words, ranks, rows):
    """Bags of packed texts in one group: (bounds int64 (texts, SEGMENTS + 1), rows int32), rows sorted by segment."""
    texts = len(offsets) - 1
    scratch = text_scratch(longest_text(offsets), low, high)
    buckets = scratch.buckets
    shift = np.uint64(64 - bits)
    last_text = np.full(rows, -1, dtype=np.int32)
    bounds = np.zeros((texts, SEGMENTS + 1), dtype=np.int64)
    gathered = np.empty(max(1024, (offsets[texts] - offsets[0]) // 2), dtype=np.int32)
    used = 0
    for text in range(texts):
        start, end = offsets[text], offsets[text + 1]
        made = bag_buckets(buffer, start, end, entries, expansions, unit, low, high, shift, lookup, text, scratch)
        size = 0
        for item in range(keep_rows(buckets, made, words, ranks)):
            row = buckets[item]
            if unit != CHAR and last_text[row] == text:
                continue
            last_text[row] = text
            buckets[size] = row
            size += 1
        if used + size > len(gathered):
            larger = np.empty(2 * (used + size), dtype=np.int32)
            larger[:used] = gathered[:used]
            gathered = larger
        sort_by_segment(buckets, size, rows, gathered, used, bounds[text])
        used += size
    return bounds, gathered[:used].copy()


@njit(nogil=True, cache=True)
def bag_buckets(buffer, start, end, entries, expansions, unit, low, high, shift, lookup, text, scratch):
    """Buckets of one text's n-grams for its bag: of words, their clusters, or the characters of each distinct run.

    They are left in ``scratch.buckets``; `text` is another number for each text. Returns how many there are.
    """
    tokens, keys, spans, stream = scratch.tokens, scratch.keys, scratch.spans, scratch.stream
    buckets, seen, seen_in = scratch.buckets, scratch.seen, scratch.seen_in
    count, runs = scan(buffer, start, end, entries, expansions, tokens, keys, spans)
    if unit != CHAR:
        if unit == CLUSTER:
            cluster_tokens(tokens[:count], lookup, tokens)
        return word_ngrams(tokens, count, low, high, shift, buckets)
    made = 0
    for run in range(runs):
        if is_new(keys[run], np.uint64(text), seen, seen_in):
            length = decode(buffer, spans[run], spans[run + 1], entries, expansions, stream)
            made += char_ngrams(stream, length, low, high, shift, buckets[made:])
    return made


@njit(nogil=True, cache=True)
def cluster_tokens(tokens, lookup, clusters):
    """Write what stands for the cluster of each of `tokens`, 0 for none, to `clusters` (uint64), perhaps `tokens`."""
    found = np.empty(len(tokens), dtype=np.int64)
    look_up(tokens, lookup, found)
    for at in range(len(tokens)):
        clusters[at] = mixed((_CLUSTER_SEED ^ np.uint64(found[at])) * _STEP) if found[at] >= 0 else np.uint64(0)


class TextScratch(NamedTuple):
    """Working space for one text at a time; memory that is not needed is not touched."""

    tokens: NDArray[np.uint64]
    keys: NDArray[np.uint64]
    spans: NDArray[np.int64]
    stream: NDArray[np.uint32]
    buckets: NDArray[np.uint32]
    seen: NDArray[np.uint64]
    seen_in: NDArray[np.uint64]


@njit(nogil=True, cache=True)
def text_scratch(longest, low, high):
    """Room for texts of up to `longest` bytes and their n-grams of `low` to `high`."""
    stream = 6 * longest + 2
    seen, seen_in = key_set(longest)
    return TextScratch(
        np.empty(3 * longest + 1, dtype=np.uint64),
        np.empty(3 * longest + 1, dtype=np.uint64),
        np.empty(longest + 2, dtype=np.int64),
        np.empty(stream, dtype=np.uint32),
        np.empty(stream * (high - low + 1), dtype=np.uint32),
        seen,
        seen_in,
    )


@njit(nogil=True, cache=True)
def longest_text(offsets):
    """Bytes of the longest text."""
    longest = 0
    for text in range(len(offsets) - 1):
        longest = max(longest, offsets[text + 1] - offsets[text])
    return longest


@njit(nogil=True, cache=True)
def sort_by_segment(bag, size, rows, gathered, start, bounds):
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
def key_set(longest):
    """An empty set for `is_new` over texts of up to `longest` bytes, less than half full at worst."""
    size = 16
    while size < 2 * longest:
        size *= 2
    return np.empty(size, dtype=np.uint64), np.full(size, _NEVER, dtype=np.uint64)
