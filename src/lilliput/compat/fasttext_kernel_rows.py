"""Kernels that find the input rows of a line, in the order of `fasttext_text.Features.of_line`, and add them up.

Small arguments on purpose: a whole model handed from call to call costs more than the work.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from lilliput.compat.fasttext_compiled import Buckets, Input, Lexicon, Rules
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


@njit(nogil=True, cache=True, forceinline=True)
def is_space(byte: np.uint8) -> bool:
    """Space, tab, newline, vertical tab, form feed, carriage return, NUL."""
    return bool(byte == 32 or 9 <= byte <= 13 or byte == 0)


@njit(nogil=True, cache=True, forceinline=True)
def is_end(data: Bytes, start: int, end: int) -> bool:
    """Whether a token is ``</s>``, which stands at the end of `data`."""
    return same(data, start, end, data, data.size - _END_SIZE, data.size)


@njit(nogil=True, cache=True)
def character_rows(
    words: int, rules: Rules, data: Bytes, start: int, end: int, marked: Bytes, rows: NDArray[np.int64], number: int
) -> int:
    """Append the rows of the character n-grams of a word; the new number of rows. `marked` has room for ``<word>``."""
    size = end - start + 2
    marked[0] = _OPEN
    for i in range(start, end):
        marked[i - start + 1] = data[i]
    marked[size - 1] = _CLOSE
    bucket = np.uint32(rules.bucket)
    for first in range(size):
        if marked[first] & 0xC0 == 0x80:
            continue
        value = START
        last = first
        length = 0
        while last < size and length < rules.maxn:
            after = last + 1
            while after < size and marked[after] & 0xC0 == 0x80:
                after += 1
            value = fnv(marked, last, after, value)
            last = after
            length += 1
            if length >= rules.minn and not (length == 1 and (first == 0 or last == size)):
                rows[number] = words + np.uint32(value) % bucket
                number += 1
    return number


@njit(nogil=True, cache=True)
def word_ngram_rows(
    words: int, rules: Rules, hashes: NDArray[np.uint64], tokens: int, rows: NDArray[np.int64], number: int
) -> int:
    """Append the rows of the n-grams of `tokens` words, of which there are the `hashes`; the new number of rows."""
    bucket = np.uint64(rules.bucket)
    for first in range(tokens):
        value = hashes[first]
        for other in range(first + 1, min(first + rules.word_ngrams, tokens)):
            value = value * _FACTOR + hashes[other]
            rows[number] = words + np.int64(value % bucket)
            number += 1
    return number


@njit(nogil=True, cache=True, forceinline=True)
def is_label(data: Bytes, start: int, end: int) -> bool:
    """Whether a token begins as labels do."""
    size = _LABEL.size
    return bool(end - start >= size and same(data, start, start + size, _LABEL, 0, size))


@njit(nogil=True, cache=True, forceinline=True)
def with_room(rows: NDArray[np.int64], number: int, more: int) -> NDArray[np.int64]:
    """`rows`, or a larger copy of its first `number`, with room for `more`."""
    if number + more <= rows.size:
        return rows
    larger = np.empty(2 * (number + more), np.int64)
    for i in range(number):  # a slice would double the time to compile
        larger[i] = rows[i]
    return larger


@njit(nogil=True, cache=True)
def line_rows(
    lexicon: Lexicon,
    rules: Rules,
    data: Bytes,
    start: int,
    end: int,
    marked: Bytes,
    hashes: NDArray[np.uint64],
    rows: NDArray[np.int64],
) -> tuple[int, NDArray[np.int64]]:
    """The number of rows of a line, and `rows` or a larger array that holds them. Behind all lines stands ``</s>``."""
    number, tokens = np.int64(0), np.int64(0)  # bare zeros would be types of their own, and compiled apart
    text, offsets, slots, words = lexicon  # counting references in the loop would cost more than the look-up
    at = start
    ended = False
    longest, most = int(max(rules.maxn, 0)), int(max(rules.word_ngrams, 0))
    while at < end and not ended:
        first = at
        while at < end and not is_space(data[at]):
            at += 1
        last = at
        if at == first:
            at += 1
            if data[first] != _NEWLINE:
                continue
            first, last = data.size - _END_SIZE, data.size
        ended = is_end(data, first, last)
        value = fnv(data, first, last, START)
        known = np.int64(slots[find(text, offsets, slots, data, first, last, value)])
        if known >= words or (known < 0 and is_label(data, first, last)):
            continue
        hashes[tokens] = value | _SIGN if value >> _SIGN_BIT else value  # they go on as if they were signed
        tokens += 1
        size = int(last - first + 2)
        rows = with_room(rows, number, 1 + size * min(size, longest))
        if known >= 0:
            rows[number] = known
            number += 1
        if rules.maxn > 0 and not ended:
            number = character_rows(words, rules, data, first, last, marked, rows, number)
    rows = with_room(rows, number, int(tokens) * min(int(tokens), most))
    return int(word_ngram_rows(words, rules, hashes, tokens, rows, number)), rows


@njit(nogil=True, cache=True)
def without_pruned(buckets: Buckets, words: int, rows: NDArray[np.int64], number: int) -> int:
    """Put in the rows that n-grams got when the model was pruned; drop those that got none. The rows left."""
    kept = np.int64(0)
    for i in range(number):
        row = rows[i]
        if row >= words:
            slot = bucket_slot(buckets.keys, row - words)
            if buckets.keys[slot] < 0:
                continue
            row = words + np.int64(buckets.rows[slot])
        rows[kept] = row
        kept += 1
    return int(kept)


@njit(nogil=True, cache=True)
def sum_dense(values: NDArray[np.float32], rows: NDArray[np.int64], number: int, total: NDArray[np.float32]) -> None:
    """The sum of rows of a dense matrix, from first to last."""
    total.fill(np.float32(0))
    for i in range(number):
        row = rows[i]
        for column in range(total.size):
            total[column] += values[row, column]


@njit(nogil=True, cache=True)
def sum_quantised(matrix: Input, rows: NDArray[np.int64], number: int, total: NDArray[np.float32]) -> None:
    """The sum of rows of a quantised matrix, from first to last."""
    codes, centroids, norm_codes, norms = matrix.codes, matrix.centroids, matrix.norm_codes, matrix.norms
    total.fill(np.float32(0))
    length = np.float32(1)
    for i in range(number):
        row = rows[i]
        if norms.size > 0:
            length = norms[norm_codes[row]]
        for part in range(codes.shape[1]):
            first = part * matrix.width
            width = min(matrix.width, total.size - first)
            at = CENTROIDS * first + codes[row, part] * width
            for column in range(width):
                total[first + column] += length * centroids[at + column]
