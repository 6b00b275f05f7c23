"""Kernels that add up the input rows of a line, in the order of `fasttext_text.Features.of_line`."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from lilliput.compat.fasttext_compiled import Compiled, Input
from lilliput.compat.fasttext_kernel_words import START, Bytes, bucket_slot, find, fnv, same
from lilliput.compat.fasttext_matrix import CENTROIDS
from lilliput.compat.fasttext_text import END, LABEL, NGRAM_FACTOR

_FACTOR = np.uint64(NGRAM_FACTOR)
_SIGN = np.uint64(0xFFFFFFFF00000000)
_SIGN_BIT = np.uint64(31)
_END_SIZE = len(END)
_LABEL = np.frombuffer(LABEL, np.uint8)
_OPEN, _CLOSE = np.frombuffer(b"<>", np.uint8)
_NEWLINE = 10


@njit(nogil=True, cache=True)
def add_row(matrix: Input, row: int, total: NDArray[np.float32]) -> None:
    """Add one row of the input matrix to `total`."""
    if matrix.width == 0:
        for column in range(total.size):
            total[column] += matrix.values[row, column]
        return
    length = np.float32(1)
    if matrix.norms.size > 0:
        length = matrix.norms[matrix.norm_codes[row]]
    for part in range(matrix.codes.shape[1]):
        first = part * matrix.width
        width = min(matrix.width, total.size - first)
        at = CENTROIDS * first + matrix.codes[row, part] * width
        for column in range(width):
            total[first + column] += length * matrix.centroids[at + column]


@njit(nogil=True, cache=True)
def add_hashed(model: Compiled, value: np.uint64, total: NDArray[np.float32]) -> int:
    """Add the row of an n-gram with hash `value` and return 1, or 0 when it was pruned away."""
    row = np.int64(value % np.uint64(model.buckets.size))
    if model.buckets.pruned:
        slot = bucket_slot(model.buckets.keys, row)
        if model.buckets.keys[slot] < 0:
            return 0
        row = np.int64(model.buckets.rows[slot])
    add_row(model.input, model.lexicon.words + row, total)
    return 1


@njit(nogil=True, cache=True)
def add_characters(
    model: Compiled, data: Bytes, start: int, end: int, total: NDArray[np.float32], marked: Bytes
) -> int:
    """Add the character n-grams of a word and return their number; `marked` has room for ``<word>``."""
    size = end - start + 2
    marked[0] = _OPEN
    for i in range(start, end):
        marked[i - start + 1] = data[i]
    marked[size - 1] = _CLOSE
    added = 0
    for first in range(size):
        if marked[first] & 0xC0 == 0x80:
            continue
        value = START
        last = first
        length = 0
        while last < size and length < model.buckets.maxn:
            after = last + 1
            while after < size and marked[after] & 0xC0 == 0x80:
                after += 1
            value = fnv(marked, last, after, value)
            last = after
            length += 1
            if length >= model.buckets.minn and not (length == 1 and (first == 0 or last == size)):
                added += add_hashed(model, value, total)
    return added


@njit(nogil=True, cache=True)
def add_token(
    model: Compiled,
    data: Bytes,
    start: int,
    end: int,
    total: NDArray[np.float32],
    marked: Bytes,
    hashes: NDArray[np.uint64],
    tokens: int,
) -> tuple[int, int]:
    """Add the rows of a token and note its hash, unless it is a label; the rows added, and the number of hashes."""
    value = fnv(data, start, end, START)
    lexicon = model.lexicon
    known = np.int64(lexicon.slots[find(lexicon.text, lexicon.offsets, lexicon.slots, data, start, end, value)])
    if known < 0 and end - start >= _LABEL.size and same(data, start, start + _LABEL.size, _LABEL, 0, _LABEL.size):
        return 0, tokens
    if known >= lexicon.words:
        return 0, tokens
    hashes[tokens] = value | _SIGN if value >> _SIGN_BIT else value  # they go on as if they were signed
    added = 0
    if known >= 0:
        add_row(model.input, known, total)
        added = 1
    if model.buckets.maxn > 0 and not is_end(data, start, end):
        added += add_characters(model, data, start, end, total, marked)
    return added, tokens + 1


@njit(nogil=True, cache=True)
def add_word_ngrams(model: Compiled, hashes: NDArray[np.uint64], tokens: int, total: NDArray[np.float32]) -> int:
    """Add the n-grams of the first `tokens` hashes and return their number."""
    added = 0
    for first in range(tokens):
        value = hashes[first]
        for other in range(first + 1, min(first + model.buckets.word_ngrams, tokens)):
            value = value * _FACTOR + hashes[other]
            added += add_hashed(model, value, total)
    return added


@njit(nogil=True, cache=True)
def is_space(byte: np.uint8) -> bool:
    """Space, tab, newline, vertical tab, form feed, carriage return, NUL."""
    return bool(byte == 32 or 9 <= byte <= 13 or byte == 0)


@njit(nogil=True, cache=True)
def is_end(data: Bytes, start: int, end: int) -> bool:
    """Whether a token is ``</s>``, which stands at the end of `data`."""
    return same(data, start, end, data, data.size - _END_SIZE, data.size)


@njit(nogil=True, cache=True)
def add_line(
    model: Compiled,
    data: Bytes,
    start: int,
    end: int,
    total: NDArray[np.float32],
    marked: Bytes,
    hashes: NDArray[np.uint64],
) -> int:
    """Add the rows of a line and return their number. Behind all lines, `data` ends in ``</s>``."""
    added, tokens = np.int64(0), np.int64(0)  # bare zeros would be types of their own, and compiled apart
    at = start
    while at < end:
        first = at
        while at < end and not is_space(data[at]):
            at += 1
        if at > first:
            more, tokens = add_token(model, data, first, at, total, marked, hashes, tokens)
            added += more
            if is_end(data, first, at):
                break
        if at < end and data[at] == _NEWLINE:
            more, tokens = add_token(model, data, data.size - _END_SIZE, data.size, total, marked, hashes, tokens)
            added += more
            break
        at += 1
    return added + add_word_ngrams(model, hashes, tokens, total)
