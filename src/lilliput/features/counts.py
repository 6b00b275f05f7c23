"""Hashed n-gram counts of texts as a sparse matrix, for those who bring their own learner."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from lilliput.compress.valuemap import Lookup
from lilliput.core.threads import map_ordered, resolve_threads
from lilliput.data.packed import pack
from lilliput.features.bags import cluster_tokens, lookup_of
from lilliput.features.ngrams import CHAR, CLUSTER, UNITS, char_ngrams, decode, scan, word_ngrams
from lilliput.features.plain import NGrams
from lilliput.features.unicode import tables

CHUNK = 1024
"""Texts a piece of work."""


class Counts(NamedTuple):
    """Rows in compressed form; ``scipy.sparse.csr_array((data, indices, indptr), shape=(texts, 2 ** bits))``.

    ``data``: float32 counts; ``indices``: int32 buckets, in the order in which a text first holds them; ``indptr``:
    int64 (texts + 1,).
    """

    data: NDArray[np.float32]
    indices: NDArray[np.int32]
    indptr: NDArray[np.int64]


def hashed_counts(texts: Sequence[str], group: NGrams, threads: int | None = None) -> Counts:
    """How often each bucket of `group` occurs in each text; the same for any number of threads."""
    threads = resolve_threads(threads)

    def count(start: int) -> Counts:
        packed = pack(texts[start : start + CHUNK])
        lookup = tables(packed.ascii)
        indptr, indices, data = count_ngrams(
            packed.buffer,
            packed.offsets,
            lookup.entries,
            lookup.expansions,
            UNITS[group.unit],
            group.low,
            group.high,
            group.bits,
            lookup_of(group),
        )
        return Counts(data, indices, indptr)

    starts = range(0, len(texts), CHUNK)
    return _joined(map_ordered(count, starts, threads), threads)


def _joined(parts: list[Counts], threads: int) -> Counts:
    """The rows of all parts, copied to their places by `threads` threads."""
    rows = np.cumsum([0, *(len(part.indptr) - 1 for part in parts)])
    entries = np.cumsum([0, *(len(part.data) for part in parts)])
    joined = Counts(
        np.empty(entries[-1], np.float32), np.empty(entries[-1], np.int32), np.zeros(rows[-1] + 1, np.int64)
    )

    def copy(number: int) -> None:
        part, first, last = parts[number], entries[number], entries[number + 1]
        joined.data[first:last] = part.data
        joined.indices[first:last] = part.indices
        np.add(part.indptr[1:], first, out=joined.indptr[rows[number] + 1 : rows[number + 1] + 1])

    map_ordered(copy, range(len(parts)), threads)
    return joined


@njit(nogil=True, cache=True)
def count_ngrams(
    buffer: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    entries: NDArray[np.uint32],
    expansions: NDArray[np.uint32],
    unit: int,
    low: int,
    high: int,
    bits: int,
    lookup: Lookup,
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float32]]:
    """Hashed n-gram counts of packed texts as CSR rows: (indptr int64, indices int32, counts float32)."""
    texts = len(offsets) - 1
    longest = 0
    for text in range(texts):
        longest = max(longest, offsets[text + 1] - offsets[text])
    stream = np.empty(6 * longest + 2, dtype=np.uint32)
    tokens = np.empty(3 * longest + 1, dtype=np.uint64)
    keys = np.empty(3 * longest + 1, dtype=np.uint64)
    spans = np.empty(longest + 2, dtype=np.int64)
    shift = np.uint64(64 - bits)
    indptr = np.zeros(texts + 1, dtype=np.int64)
    capacity = max(1024, 2 * (offsets[texts] - offsets[0]))
    indices = np.empty(capacity, dtype=np.int32)
    counts = np.empty(capacity, dtype=np.float32)
    buckets = np.empty(1024, dtype=np.uint32)
    places = np.empty(0, dtype=np.int64)
    used = 0
    for text in range(texts):
        start, end = offsets[text], offsets[text + 1]
        if unit == CHAR:
            length = decode(buffer, start, end, entries, expansions, stream)
        else:
            length, _ = scan(buffer, start, end, entries, expansions, tokens, keys, spans)
            if unit == CLUSTER:
                cluster_tokens(tokens[:length], lookup, tokens)
        if len(buckets) < length * (high - low + 1):
            buckets = np.empty(2 * length * (high - low + 1), dtype=np.uint32)
        if unit == CHAR:
            made = char_ngrams(stream, length, low, high, shift, buckets)
        else:
            made = word_ngrams(tokens, length, low, high, shift, buckets)
        if used + made > capacity:
            capacity = 2 * (used + made)
            indices = _grown(indices, used, capacity)
            counts = _grown(counts, used, capacity)
        slots = min(_power_of_two(4 * made), 1 << bits)
        if len(places) < slots:
            places = np.full(slots, -1, dtype=np.int64)
        used = _count_row(buckets[:made], places, indices, counts, used)
        indptr[text + 1] = used
    return indptr, indices[:used], counts[:used]


@njit(nogil=True, cache=True)
def _count_row(
    buckets: NDArray[np.uint32],
    places: NDArray[np.int64],
    indices: NDArray[np.int32],
    counts: NDArray[np.float32],
    used: int,
) -> int:
    """Append a row with the count of each distinct bucket after the first `used` entries; returns how many there are.

    `places` (a power of two of them, four times the buckets or one for each there may be) is an open-addressed table
    from buckets to their entries; those before this row count as empty, so that nothing is cleared between rows.
    """
    row_start = used
    mask = np.uint32(len(places) - 1)
    for bucket in buckets:
        slot = bucket & mask
        while places[slot] >= row_start and indices[places[slot]] != bucket:
            slot = (slot + np.uint32(1)) & mask
        if places[slot] < row_start:
            places[slot] = used
            indices[used] = bucket
            counts[used] = 0
            used += 1
        counts[places[slot]] += 1
    return used


@njit(nogil=True, cache=True)
def _power_of_two(least: int) -> int:
    size = 1024
    while size < least:
        size *= 2
    return size


@njit(nogil=True, cache=True)
def _grown(array: NDArray[Any], used: int, capacity: int) -> NDArray[Any]:
    larger = np.empty(capacity, dtype=array.dtype)
    larger[:used] = array[:used]
    return larger
