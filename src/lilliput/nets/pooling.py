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

from lilliput.compress.valuemap import Lookup
from lilliput.core.arrays import constant
from lilliput.core.threads import map_ordered
from lilliput.data.packed import Packed, pack
from lilliput.features.bags import cluster_tokens, keep_rows, longest_text, lookup_of, text_scratch
from lilliput.features.ngrams import CHAR, CLUSTER, UNITS, char_ngrams, decode, is_new, scan, word_ngrams
from lilliput.features.unicode import tables
from lilliput.nets.feedforward import FeedForward
from lilliput.nets.lanes import add_row
from lilliput.nets.stored_rows import add_rows, padded

Floats = NDArray[np.float32]
Finish = Callable[[Floats], Floats]
CHUNK = 1024
"""Texts a piece of work."""
BLOCK = 64
"""Texts that go through each step together."""
CACHE_BYTES = 6_000_000
"""The most that a thread's cache of words may take; it is kept with the net for the next call."""
SPARE = 16
"""Rows of a cache for words whose slot is taken."""

_ONE, _HALF = np.uint64(1), np.uint64(32)


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
    lookup: Lookup


class Cache(NamedTuple):
    """Sums of the character n-grams of words, kept from text to text; zeros when fresh.

    A word is kept in one of two neighbouring slots, the one that was used longer ago. With one slot a word twice as
    many are summed anew, which costs some ten times a look-up.

    ``heads``: uint64 (slots, 4), a slot's key, the visit that last used it, and the number of its rows; ``sums``:
    float32 (slots + SPARE, width); ``clock``: uint64 (1,), counts every text in every group, so that one visit is not
    taken for another.
    """

    heads: NDArray[np.uint64]
    sums: Floats
    clock: NDArray[np.uint64]


def logits(net: FeedForward, texts: Sequence[str], threads: int, finish: Finish | None = None) -> Floats:
    """Logits (texts, outputs) of `texts`, or what `finish` makes of them, by compiled kernels on `threads` threads."""
    return _by_chunks(net, len(texts), lambda start: pack(texts[start : start + CHUNK]), threads, finish)


def packed_logits(net: FeedForward, packed: Packed, threads: int) -> Floats:
    """Logits (texts, outputs) of packed texts, by compiled kernels on `threads` threads."""

    def cut(start: int) -> Packed:
        return Packed(packed.buffer, packed.offsets[start : start + CHUNK + 1], packed.ascii)

    return _by_chunks(net, len(packed), cut, threads, None)


def _by_chunks(
    net: FeedForward, texts: int, chunk: Callable[[int], Packed], threads: int, finish: Finish | None
) -> Floats:
    """Each thread takes the next chunk when it is done with one, and has a cache to itself, which changes no result."""
    starts = range(0, texts, CHUNK)
    waiting = iter(starts)
    done: dict[int, Floats] = {}
    groups = kernel_groups(net)

    def answer(packed: Packed, cache: Cache) -> Floats:
        found = net.layers(pooled(net, groups, packed, cache))
        return found if finish is None else finish(found)

    def work(_: int) -> None:
        try:
            cache = net.caches.pop()
        except IndexError:  # others have them all
            cache = fresh_cache(net)
        for start in waiting:
            done[start] = answer(chunk(start), cache)
        net.caches.append(cache)

    if not starts:
        return answer(pack([]), fresh_cache(net))
    workers = max(1, min(threads, len(starts)))
    map_ordered(work, range(workers), workers)
    return done[0] if len(done) == 1 else np.concatenate([done[start] for start in starts])


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
            UNITS[ngrams.unit],
            ngrams.low,
            ngrams.high,
            ngrams.bits,
            column,
            table.dim,
            constant(bucket_map.words),
            bucket_map.ranks,
            constant(table.codes),
            table.bits,
            table.levels,
            table.scales.astype(np.float32),
            lookup_of(ngrams),
        )
        for ngrams, bucket_map, table, column in zip(net.groups, net.maps, net.tables, net.columns, strict=True)
    )


def fresh_cache(net: FeedForward) -> Cache:
    """An empty cache; memory is only taken for the slots that come to be used."""
    width = max(padded(table.dim) if table.row_scaled else table.dim for table in net.tables)
    slots = 1 << max(2, CACHE_BYTES // (32 + 4 * width)).bit_length() - 1
    heads, sums = np.zeros((slots, 4), dtype=np.uint64), np.zeros((slots + SPARE, width), dtype=np.float32)
    return Cache(heads, sums, np.zeros(1, dtype=np.uint64))


class Scanned(NamedTuple):
    """A block of texts cut into tokens and runs; see `lilliput.features.ngrams.scan`.

    Text t has ``tokens[token_bounds[t]:token_bounds[t + 1]]``, likewise the keys of its runs; run r of the block is
    made of the bytes from ``spans[r + t]`` to ``spans[r + t + 1]``.
    """

    tokens: NDArray[np.uint64]
    token_bounds: NDArray[np.int64]
    keys: NDArray[np.uint64]
    spans: NDArray[np.int64]
    run_bounds: NDArray[np.int64]


class Source(NamedTuple):
    """Bytes of texts and the tables of characters that they are decoded by."""

    buffer: NDArray[np.uint8]
    entries: NDArray[np.uint32]
    expansions: NDArray[np.uint32]


@njit(nogil=True, cache=True, error_model="numpy")
def pool(buffer, offsets, entries, expansions, groups, cache, pooled):
    """Add the bags of each text, divided by the root of their size, to `pooled` (texts, width)."""
    texts = len(offsets) - 1
    largest = 0
    for text in range(0, texts, BLOCK):
        largest = max(largest, int(offsets[min(texts, text + BLOCK)] - offsets[text]))
    scanned = Scanned(
        np.empty(3 * largest + 1, dtype=np.uint64),
        np.zeros(BLOCK + 1, dtype=np.int64),
        np.empty(3 * largest + 1, dtype=np.uint64),
        np.empty(largest + BLOCK + 1, dtype=np.int64),
        np.zeros(BLOCK + 1, dtype=np.int64),
    )
    highest, rows = 1, 0
    for number in range(len(groups)):
        highest = max(highest, int(groups[number].high))
        rows = max(rows, int(groups[number].ranks[-1]))
    scratch = text_scratch(longest_text(offsets), 1, highest)
    last_visits = np.zeros(rows, dtype=np.uint64)
    source = Source(buffer, entries, expansions)
    clusters = np.empty_like(scanned.tokens)
    for first in range(0, texts, BLOCK):
        last = min(texts, first + BLOCK)
        _scan_texts(source, offsets[first : last + 1], scanned)
        for number in range(len(groups)):
            group = groups[number]
            target = pooled[first:last, group.column : group.column + group.dim]
            if group.unit == CHAR:
                _pool_characters(group, number, source, scanned, cache, scratch, target)
                continue
            tokens = scanned.tokens
            if group.unit == CLUSTER:
                tokens = clusters
                cluster_tokens(scanned.tokens[: scanned.token_bounds[last - first]], group.lookup, clusters)
            _pool_words(group, tokens, scanned.token_bounds, cache.clock, last_visits, scratch.buckets, target)


@njit(nogil=True, cache=True)
def _scan_texts(source, offsets, scanned):
    """Cut the texts of a block."""
    buffer, entries, expansions = source.buffer, source.entries, source.expansions
    tokens, keys, spans = scanned.tokens, scanned.keys, scanned.spans
    count = runs = 0
    for text in range(len(offsets) - 1):
        more_tokens, more_runs = scan(
            buffer,
            offsets[text],
            offsets[text + 1],
            entries,
            expansions,
            tokens[count:],
            keys[runs:],
            spans[runs + text :],
        )
        count, runs = count + more_tokens, runs + more_runs
        scanned.token_bounds[text + 1], scanned.run_bounds[text + 1] = count, runs


@njit(nogil=True, cache=True, error_model="numpy")
def _pool_words(group, tokens, bounds, clock, last_visits, buckets, pooled):
    """The bags of n-grams of words, or of their clusters, of a block of texts, each row once in a text."""
    words, ranks = group.words, group.ranks
    shift = np.uint64(64 - group.bits)
    total = np.empty(padded(group.dim), dtype=np.float32)
    for text in range(len(pooled)):
        clock[0] += _ONE
        visit = clock[0]
        count = bounds[text + 1] - bounds[text]
        made = word_ngrams(tokens[bounds[text] :], count, group.low, group.high, shift, buckets)
        size = 0
        for item in range(keep_rows(buckets, made, words, ranks)):
            row = buckets[item]
            buckets[size] = row
            size += last_visits[row] != visit
            last_visits[row] = visit
        if size > 0:
            total[:] = 0
            add_rows(group.codes, group.code_bits, group.levels, group.scales, buckets, size, group.dim, total)
            root = np.float32(np.sqrt(size))
            for k in range(group.dim):
                pooled[text, k] += total[k] / root


@njit(nogil=True, cache=True, error_model="numpy")
def _pool_characters(group, number, source, scanned, cache, scratch, pooled):
    """The bags of character n-grams of the distinct runs of each text of a block, summed run by run.

    A run whose two slots were used for other runs of the same text is summed in one of the spare rows behind the slots.
    """
    heads, clock, dim = cache.heads, cache.clock, group.dim
    keys, spans, bounds = scanned.keys, scanned.spans, scanned.run_bounds
    mask = np.uint64(len(heads) - 2)
    for run in range(bounds[len(pooled)]):
        keys[run] = (keys[run] + np.uint64(number)) | _ONE  # the groups share the cache; 0 is the key of an empty slot
    slots = np.empty(bounds[len(pooled)], dtype=np.int64)
    total = np.empty(dim, dtype=np.float32)
    for text in range(len(pooled)):
        clock[0] += _ONE
        visit = clock[0]
        total[:] = 0
        size = found = spare = 0
        for run in range(bounds[text], bounds[text + 1]):
            slot = np.int64((keys[run] >> _HALF) & mask)
            slot += heads[slot + 1, 0] == keys[run]
            if heads[slot, 0] != keys[run]:
                slot += heads[slot + 1, 1] < heads[slot, 1]
                begin, end = spans[run + text], spans[run + text + 1]
                if heads[slot, 1] == visit:
                    if is_new(keys[run], visit, scratch.seen, scratch.seen_in):
                        if spare == SPARE:
                            _add_slots(cache.sums, slots, found, dim, total)
                            found = spare = 0
                        slots[found] = len(heads) + spare
                        size += _sum_run(group, source, begin, end, scratch, cache.sums[slots[found]])
                        found, spare = found + 1, spare + 1
                    continue
                heads[slot, 0] = keys[run]
                heads[slot, 2] = _sum_run(group, source, begin, end, scratch, cache.sums[slot])
            elif heads[slot, 1] == visit:
                continue
            heads[slot, 1] = visit
            size += int(heads[slot, 2])
            slots[found] = slot
            found += 1
        _add_slots(cache.sums, slots, found, dim, total)
        if size > 0:
            root = np.float32(np.sqrt(size))
            for k in range(dim):
                pooled[text, k] += total[k] / root


@njit(nogil=True, cache=True)
def _add_slots(sums, slots, count, dim, total):
    """A loop of its own, for among branches the handling of the arrays' references would cost more than the sums."""
    flat, width = sums.reshape(sums.size), sums.shape[1]
    for item in range(count):
        add_row(total, 0, flat, slots[item] * width, dim)


@njit(nogil=True, cache=True, error_model="numpy")
def _sum_run(group, source, begin, end, scratch, total):
    """Sum of the rows of a run's n-grams into `total`; returns how many there are."""
    stream, buckets = scratch.stream, scratch.buckets
    length = decode(source.buffer, begin, end, source.entries, source.expansions, stream)
    made = char_ngrams(stream, length, group.low, group.high, np.uint64(64 - group.bits), buckets)
    size = keep_rows(buckets, made, group.words, group.ranks)
    total[:] = 0
    add_rows(group.codes, group.code_bits, group.levels, group.scales, buckets, size, group.dim, total)
    return size
