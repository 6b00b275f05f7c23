"""Kernels that find words and pruned n-grams: the hash of fastText and open hash tables.

They run for every token, where a call with arrays would cost as much as the work: hence ``forceinline``.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numba import njit
from numpy.typing import NDArray

from lilliput.compat.fasttext_text import FNV_OFFSET, FNV_PRIME

Bytes: TypeAlias = NDArray[np.uint8]
Ints: TypeAlias = NDArray[np.int32]

START = np.uint64(FNV_OFFSET)
_PRIME = np.uint64(FNV_PRIME)
_MASK = np.uint64(0xFFFFFFFF)
_SIGN = np.uint64(0xFFFFFF00)
_ONE = np.uint64(1)


@njit(nogil=True, cache=True, forceinline=True)
def fnv(data: Bytes, start: int, end: int, value: np.uint64) -> np.uint64:
    """Hash of ``data[start:end]`` after `value`; see `fasttext_text.fnv1a`."""
    for i in range(start, end):
        byte = np.uint64(data[i])
        if data[i] >= 128:
            byte |= _SIGN
        value = ((value ^ byte) * _PRIME) & _MASK
    return value


@njit(nogil=True, cache=True, forceinline=True)
def same(a: Bytes, a_start: int, a_end: int, b: Bytes, b_start: int, b_end: int) -> bool:
    """Whether two stretches hold the same bytes."""
    size = a_end - a_start
    if size != b_end - b_start:
        return False
    i = 0
    while i < size and a[a_start + i] == b[b_start + i]:
        i += 1
    return i == size


@njit(nogil=True, cache=True, forceinline=True)
def find(
    text: Bytes, offsets: NDArray[np.int64], slots: Ints, data: Bytes, start: int, end: int, value: np.uint64
) -> np.uint64:
    """The slot of the word ``data[start:end]`` with hash `value`, or the free one where it would stand."""
    mask = np.uint64(slots.size - 1)
    slot = value & mask
    while slots[slot] >= 0:
        entry = slots[slot]
        if same(text, offsets[entry], offsets[entry + 1], data, start, end):
            break
        slot = (slot + _ONE) & mask
    return slot


@njit(nogil=True, cache=True)
def fill_slots(text: Bytes, offsets: NDArray[np.int64], slots: Ints) -> None:
    """Put every entry into the table `slots`; of equal entries the last stays."""
    for entry in range(offsets.size - 1):
        start, end = offsets[entry], offsets[entry + 1]
        slots[find(text, offsets, slots, text, start, end, fnv(text, start, end, START))] = entry


@njit(nogil=True, cache=True, forceinline=True)
def bucket_slot(keys: Ints, bucket: int) -> np.uint64:
    """The slot of a bucket, or the free one where it would stand."""
    mask = np.uint64(keys.size - 1)
    slot = np.uint64(bucket) & mask
    while keys[slot] >= 0 and keys[slot] != bucket:
        slot = (slot + _ONE) & mask
    return slot


@njit(nogil=True, cache=True)
def fill_buckets(buckets: Ints, bucket_rows: Ints, keys: Ints, rows: Ints) -> None:
    """Put every bucket and its row into the table `keys` and `rows`; of equal buckets the last stays."""
    for i in range(buckets.size):
        slot = bucket_slot(keys, buckets[i])
        keys[slot] = buckets[i]
        rows[slot] = bucket_rows[i]
