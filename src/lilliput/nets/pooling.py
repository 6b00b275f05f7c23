"""The feed-forward network over many texts: hashing, look-up, decoding and pooling fused in one kernel.

What the characters of a word bring is the same in every text, so each worker keeps these sums in a cache: most words of
most texts are then one look-up instead of some twenty.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from lilliput.core.threads import map_ordered
from lilliput.data.packed import Packed, pack
from lilliput.features.bags import keep_rows, key_set
from lilliput.features.ngrams import CHAR, WORD, char_ngrams, decode, is_new, run_end, word_ngrams, word_tokens
from lilliput.features.unicode import tables
from lilliput.nets.feedforward import FeedForward

Floats = NDArray[np.float32]
CHUNK = 2048
"""Texts a piece of work."""
CACHE_BYTES = 500_000
"""The most that a worker's cache of words may take."""


class Group(NamedTuple):
    """What the kernel needs of one group of the net; see `Table` and `BucketMap`."""

    unit: int
    low: int
    high: int
    bits: int
    column: int
    dim: int
    words: NDArray[np.uint64]
    ranks: NDArray[np.uint32]
    codes: NDArray[np.uint8]
    code_bits: int
    levels: Floats
    scales: Floats


class Cache(NamedTuple):
    """Sums of the character n-grams of words: slot of a word is its hash modulo their number; sizes -1: empty."""

    keys: NDArray[np.uint64]
    sizes: NDArray[np.int32]
    sums: Floats


def logits(net: FeedForward, texts: Sequence[str], threads: int) -> Floats:
    """Logits (texts, outputs) of `texts`, by compiled kernels on `threads` threads."""
    return _by_chunks(net, len(texts), lambda start: pack(texts[start : start + CHUNK]), threads)


def packed_logits(net: FeedForward, packed: Packed, threads: int) -> Floats:
    """Logits (texts, outputs) of packed texts, by compiled kernels on `threads` threads."""

    def cut(start: int) -> Packed:
        return Packed(packed.buffer, packed.offsets[start : start + CHUNK + 1], packed.ascii)

    return _by_chunks(net, len(packed), cut, threads)


def _by_chunks(net: FeedForward, texts: int, chunk: Callable[[int], Packed], threads: int) -> Floats:
    """Each of the threads takes every so many-th chunk and keeps a cache for them; the cache changes no result."""
    result = np.zeros((texts, net.outputs), dtype=np.float32)
    starts = range(0, texts, CHUNK)
    workers = max(1, min(threads, len(starts)))
    groups = kernel_groups(net)

    def work(worker: int) -> None:
        cache = fresh_cache(net, CHUNK * 64 if len(starts) > 1 else 64 * texts)
        for start in starts[worker::workers]:
            packed = chunk(start)
            result[start : start + CHUNK] = net.layers(pooled(net, groups, packed, cache))

    map_ordered(work, range(workers), workers)
    return result


def pooled(net: FeedForward, groups: tuple[Group, ...], packed: Packed, cache: Cache) -> Floats:
    """Pooled vectors (texts, width) of packed texts, by one thread."""
    lookup = tables(packed.ascii)
    result = np.zeros((len(packed), net.width), dtype=np.float32)
    pool(packed.buffer, packed.offsets, lookup.entries, lookup.expansions, groups, cache, result)
    return result


def kernel_groups(net: FeedForward) -> tuple[Group, ...]:
    """The groups of `net` in the form that the kernel takes."""
    return tuple(
        Group(
            WORD if ngrams.unit == "word" else CHAR,
            ngrams.low,
            ngrams.high,
            ngrams.bits,
            column,
            table.dim,
            bucket_map.words,
            bucket_map.ranks,
            table.codes,
            table.bits,
            table.levels,
            table.scales.astype(np.float32),
        )
        for ngrams, bucket_map, table, column in zip(net.groups, net.maps, net.tables, net.columns, strict=True)
    )


def fresh_cache(net: FeedForward, words: int) -> Cache:
    """An empty cache of a size that suits so many words."""
    dim: int = max(table.dim for table in net.tables)
    most = CACHE_BYTES // (12 + 4 * dim)
    slots = 1 << max(4, min(most, words).bit_length() - 1)
    sums = np.empty((slots, dim), dtype=np.float32)
    return Cache(np.zeros(slots, dtype=np.uint64), np.full(slots, -1, dtype=np.int32), sums)


@njit(nogil=True, cache=True, error_model="numpy")
def pool(buffer, offsets, entries, expansions, groups, cache, pooled):
    """Add the bags of each text, divided by the root of their size, to `pooled` (texts, width)."""
    longest = 0
    for text in range(len(offsets) - 1):
        longest = max(longest, offsets[text + 1] - offsets[text])
    stream = np.empty(6 * longest + 2, dtype=np.uint32)
    tokens = np.empty(6 * longest + 2, dtype=np.uint64)
    keys, key_visits = key_set(longest)
    most = 0
    for number in range(len(groups)):
        most = max(most, (groups[number].high - groups[number].low + 1) * len(stream))
    buckets = np.empty(most, dtype=np.uint32)
    for number in range(len(groups)):
        group = groups[number]
        last_text = np.full(group.ranks[-1], -1, dtype=np.int32)
        for text in range(len(offsets) - 1):
            length = decode(buffer, offsets[text], offsets[text + 1], entries, expansions, stream)
            total = pooled[text, group.column : group.column + group.dim]
            if group.unit == WORD:
                count = word_tokens(stream, length, tokens)
                _pool_words(group, tokens, count, text, last_text, buckets, total)
            else:
                visit = number * (len(offsets) - 1) + text
                _pool_characters(group, number, stream, length, visit, keys, key_visits, cache, buckets, total)


@njit(nogil=True, cache=True, error_model="numpy")
def _pool_words(group, tokens, count, text, last_text, buckets, pooled):
    """The bag of a text's word n-grams, each row once."""
    words, ranks, codes, levels, scales = group.words, group.ranks, group.codes, group.levels, group.scales
    code_bits, dim = group.code_bits, group.dim
    total = np.zeros(dim, dtype=np.float32)
    size = 0
    shift = np.uint64(64 - group.bits)
    made = word_ngrams(tokens, count, group.low, group.high, shift, buckets)
    for item in range(keep_rows(buckets, made, words, ranks)):
        row = np.int64(buckets[item])
        if last_text[row] != text:
            last_text[row] = text
            size += 1
            _add_row(codes, code_bits, levels, scales, row, dim, total)
    if size > 0:
        for k in range(dim):
            pooled[k] += total[k] / np.float32(np.sqrt(size))


@njit(nogil=True, cache=True, error_model="numpy")
def _pool_characters(group, number, stream, length, visit, keys, key_visits, cache, buckets, pooled):
    """The bag of the character n-grams of a text's distinct runs, summed run by run."""
    cached_keys, cached_sizes, cached_sums = cache.keys, cache.sizes, cache.sums
    dim = group.dim
    total = np.zeros(dim, dtype=np.float32)
    size = 0
    shift = np.uint64(64 - group.bits)
    mask = np.uint64(len(cached_keys) - 1)
    start = 0
    while start < length - 1:
        key, end = run_end(stream, start)
        if is_new(key, visit, keys, key_visits):
            key += np.uint64(number)  # the groups share the cache
            slot = key & mask
            if cached_sizes[slot] < 0 or cached_keys[slot] != key:
                run = stream[start : end + 1]
                made = char_ngrams(run, end + 1 - start, group.low, group.high, shift, buckets)
                cached_keys[slot] = key
                cached_sizes[slot] = _sum_rows(group, buckets, made, cached_sums[slot])
            size += cached_sizes[slot]
            for k in range(dim):
                total[k] += cached_sums[slot, k]
        start = end
    if size > 0:
        for k in range(dim):
            pooled[k] += total[k] / np.float32(np.sqrt(size))


@njit(nogil=True, cache=True, error_model="numpy")
def _sum_rows(group, buckets, made, total):
    """Sum of the rows of some buckets into `total`; returns how many there are."""
    words, ranks, codes, levels, scales = group.words, group.ranks, group.codes, group.levels, group.scales
    code_bits, dim = group.code_bits, group.dim
    total[:dim] = 0
    size = keep_rows(buckets, made, words, ranks)
    for item in range(size):
        _add_row(codes, code_bits, levels, scales, np.int64(buckets[item]), dim, total)
    return size


@njit(inline="always")
def _add_row(codes, code_bits, levels, scales, row, dim, total):
    """Add a decoded row to `total`; `dim` as a number, for with len(total) these loops are three times as slow."""
    first = row * dim
    row_scaled = len(scales) > 1  # then the levels are linear
    scale = scales[row] if row_scaled else scales[0]
    if code_bits == 8 and row_scaled:  # arithmetic, which the compiler turns into vector instructions
        half = np.float32(127)
        for k in range(dim):
            total[k] += (np.float32(codes[first + k]) - half) * (scale / half)
    elif code_bits == 8:
        for k in range(dim):
            total[k] += levels[codes[first + k]] * scale
    else:
        for k in range(first, first + dim):
            code = codes[k >> 1] >> np.uint8((k & 1) << 2) & np.uint8(15)
            total[k - first] += levels[code] * scale
