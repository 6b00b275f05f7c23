"""Features of tokens and their neighbours: numba kernels; `lilliput.features.windows` says what they compute."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from lilliput.core.threads import map_ordered
from lilliput.data.packed import Packed
from lilliput.features.bags import SEGMENTS, keep_rows, longest_text, sort_by_segment
from lilliput.features.ngrams import code_point, decode
from lilliput.features.plain import BORDER, GRAM_MULTIPLIER, MIX_MULTIPLIER, STEP_MULTIPLIER
from lilliput.features.unicode import CODE_MASK, TABLE_SIZE, TAGS, tables
from lilliput.features.windows import (
    AFFIX,
    ATOM_SEED,
    ATOMS,
    CASED,
    CHARS_HIGH,
    CHARS_LOW,
    CLUSTER,
    LONGEST,
    LONGEST_SHAPE,
    MARK,
    OUTSIDE,
    PREFIX,
    SHAPE,
    SUFFIX,
    TEMPLATE_SEED,
    WORD,
    Window,
    character_class,
)

COLUMNS = len(ATOMS)
PIECE = 4096
"""Tokens a piece of work, about; a sentence is never cut."""

_STEP, _GRAM, _MIX = np.uint64(STEP_MULTIPLIER), np.uint64(GRAM_MULTIPLIER), np.uint64(MIX_MULTIPLIER)
_ATOM_SEED, _TEMPLATE_SEED = np.uint64(ATOM_SEED), np.uint64(TEMPLATE_SEED)
_BEFORE, _AFTER = np.uint64(OUTSIDE), np.uint64(OUTSIDE ^ (1 << 64) - 1)
_HALF, _ONE = np.uint64(32), np.uint64(1)
_BORDER = np.uint32(BORDER)
_CODE_MASK = np.uint32(CODE_MASK)
_OTHER = np.uint32(ord("o"))


class Tokens(NamedTuple):
    """Tokens of whole sentences as their atoms, ready for any group.

    ``atoms``: uint64 (tokens, atoms); ``chars``: uint64, those of token i are
    ``chars[char_bounds[i]:char_bounds[i + 1]]``; ``sentences``: int64 (sentences + 1,), where each begins.
    """

    atoms: NDArray[np.uint64]
    chars: NDArray[np.uint64]
    char_bounds: NDArray[np.int64]
    sentences: NDArray[np.int64]


def tokens_of(
    packed: Packed,
    sentences: NDArray[np.int64],
    clusters: NDArray[np.int32] | None = None,
    marks: NDArray[np.int32] | None = None,
) -> Tokens:
    """Atoms of packed tokens; ``sentences`` as in `Tokens`.

    `clusters`: a number a token, -1 for none; `marks`: so for each of `MARKS`, int32 (tokens, marks).
    """
    lookup = tables(packed.ascii)
    none = np.full(len(packed), -1, dtype=np.int32)
    hashes, chars, bounds = _atoms(
        packed.buffer,
        packed.offsets,
        lookup.entries,
        lookup.expansions,
        character_classes(),
        none if clusters is None else clusters,
    )
    if marks is not None:
        set_marks(hashes, marks)
    return Tokens(hashes, chars, bounds, sentences)


def set_marks(hashes: NDArray[np.uint64], marks: NDArray[np.int32]) -> None:
    """Put `marks` (tokens, marks) among the atoms of tokens (tokens, atoms)."""
    for column, numbers in enumerate(marks.T, MARK):
        seed = np.uint64((ATOM_SEED ^ column) * STEP_MULTIPLIER & (1 << 64) - 1)
        value = (seed ^ numbers.astype(np.uint64)) * _STEP
        value = (value ^ (value >> _HALF)) * _MIX
        hashes[:, column] = np.where(numbers >= 0, (value ^ (value >> _HALF)) | _ONE, np.uint64(0))


@cache
def character_classes() -> NDArray[np.uint32]:
    """`character_class` of every code point below `TABLE_SIZE`; uint32."""
    classes = np.array([character_class(chr(code)) for code in range(TABLE_SIZE)], dtype=np.uint32)
    classes.flags.writeable = False
    return classes


def count_windows(tokens: Tokens, window: Window, counts: NDArray[np.int32]) -> None:
    """Add to `counts` (int32, 2 ** bits) how often each bucket of `window` occurs."""
    _count(*tokens, window.table, np.uint64(64 - window.bits), counts)


def gather_windows(
    tokens: Tokens, window: Window, words: NDArray[np.uint64], ranks: NDArray[np.uint32], threads: int
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Bags of all tokens in one group: (bounds int64 (tokens, SEGMENTS + 1), rows int32), rows sorted by segment."""
    shift = np.uint64(64 - window.bits)
    pieces = cuts(tokens.sentences)
    made = map_ordered(lambda cut: _gather(*tokens, window.table, shift, words, ranks, *cut), pieces, threads)
    starts = np.cumsum([0, *(len(rows) for _, rows in made)])
    bounds = [part + start for (part, _), start in zip(made, starts, strict=False)]
    if not made:
        return np.zeros((0, SEGMENTS + 1), dtype=np.int64), np.zeros(0, dtype=np.int32)
    return np.concatenate(bounds), np.concatenate([rows for _, rows in made])


def cuts(sentences: NDArray[np.int64]) -> list[tuple[int, int]]:
    """(first, last) sentence of runs of sentences with about `PIECE` tokens."""
    if len(sentences) < 2:
        return []
    wanted = np.arange(PIECE, sentences[-1], PIECE)
    edges = np.unique(np.concatenate([[0], np.searchsorted(sentences, wanted), [len(sentences) - 1]])).tolist()
    return list(pairwise(edges))


@njit(nogil=True, cache=True)
def _hash(atom, items, first, last):
    value = (_ATOM_SEED ^ np.uint64(atom)) * _STEP
    for at in range(first, last):
        value = (value ^ np.uint64(items[at])) * _STEP
    value = (value ^ (value >> _HALF)) * _MIX
    return (value ^ (value >> _HALF)) | _ONE


@njit(nogil=True, cache=True)
def _atoms(buffer, offsets, entries, expansions, classes, clusters):
    """Atoms and n-grams of characters of each token; see `Tokens`."""
    count = len(offsets) - 1
    longest = longest_text(offsets)
    stream = np.empty(6 * longest + 2, dtype=np.uint32)
    framed = np.empty(6 * longest + 2, dtype=np.uint32)
    raw = np.empty(longest + 1, dtype=np.uint32)
    shape = np.empty(LONGEST_SHAPE, dtype=np.uint32)
    number = np.empty(1, dtype=np.int64)
    hashes = np.zeros((count, COLUMNS), dtype=np.uint64)
    bounds = np.zeros(count + 1, dtype=np.int64)
    chars = np.empty(max(64, 4 * (offsets[count] - offsets[0])), dtype=np.uint64)
    used = 0
    for token in range(count):
        start, end = offsets[token], offsets[token + 1] - 1  # without the NUL
        length = decode(buffer, start, end, entries, expansions, stream)
        letters = 0
        framed[0] = _BORDER
        for at in range(length):
            if stream[at] != _BORDER:
                letters += 1
                framed[letters] = stream[at]
        framed[letters + 1] = _BORDER
        points = _raw(buffer, start, end, raw)
        row = hashes[token]
        row[WORD] = _hash(WORD, framed, 1, letters + 1)
        if not _same(framed, letters, raw, points):
            row[CASED] = _hash(CASED, raw, 0, points)
        row[SHAPE] = _hash(SHAPE, shape, 0, _shape(raw, points, classes, shape))
        for size in range(1, min(AFFIX, letters) + 1):
            row[PREFIX + size - 1] = _hash(PREFIX + size - 1, framed, 1, size + 1)
            row[SUFFIX + size - 1] = _hash(SUFFIX + size - 1, framed, letters + 1 - size, letters + 1)
        if clusters[token] >= 0:
            number[0] = clusters[token]
            row[CLUSTER] = _hash(CLUSTER, number, 0, 1)
        most = (letters + 2) * (CHARS_HIGH - CHARS_LOW + 1)
        if used + most > len(chars):
            larger = np.empty(2 * (used + most), dtype=np.uint64)
            larger[:used] = chars[:used]
            chars = larger
        for first in range(letters + 2):
            for size in range(CHARS_LOW, min(CHARS_HIGH, letters + 2 - first) + 1):
                chars[used] = _hash(COLUMNS, framed, first, first + size)
                used += 1
        bounds[token + 1] = used
    return hashes, chars[:used].copy(), bounds


@njit(nogil=True, cache=True)
def _raw(buffer, start, end, raw):
    """Code points of valid UTF-8; returns their number."""
    count = 0
    at = start
    while at < end:
        if buffer[at] < 0x80:
            raw[count] = buffer[at]
            at += 1
        else:
            code, step = code_point(buffer, at)
            raw[count] = code
            at += step
        count += 1
    return count


@njit(nogil=True, cache=True)
def _same(framed, letters, raw, points):
    """Whether the framed, folded letters are the code points of `raw`."""
    same = letters == points
    at = 0
    while same and at < points:
        same = framed[at + 1] & _CODE_MASK == raw[at]
        at += 1
    return same


@njit(nogil=True, cache=True)
def _shape(raw, points, classes, shape):
    """Classes of the characters without repeats; returns how many."""
    count = 0
    for at in range(points):
        code = raw[at]
        kind = classes[code] if code < len(classes) else (_OTHER if code < TAGS else code)
        if count == 0 or shape[count - 1] != kind:
            shape[count] = kind
            count += 1
            if count == LONGEST_SHAPE:
                break
    return count


@njit(nogil=True, cache=True)
def window_buckets(atoms, chars, char_bounds, begin, end, token, table, shift, buckets):
    """Buckets (uint32) of a token of the sentence ``[begin, end)`` by the templates of `table`; returns how many."""
    made = 0
    for number in range(len(table)):
        seed = (_TEMPLATE_SEED ^ np.uint64(number)) * _STEP
        if table[number, 0, 0] < 0:
            for at in range(char_bounds[token], char_bounds[token + 1]):
                value = (seed ^ chars[at]) * _GRAM
                value ^= value >> _HALF
                buckets[made] = (value * _MIX) >> shift
                made += 1
            continue
        value = seed
        there = True
        for part in range(LONGEST):
            atom = table[number, part, 0]
            if atom < 0:
                break
            place = token + table[number, part, 1]
            if place < begin:
                piece = _BEFORE
            elif place >= end:
                piece = _AFTER
            else:
                piece = atoms[place, atom]
            there = there and piece != 0
            value = (value ^ piece) * _GRAM
            value ^= value >> _HALF
        if there:
            buckets[made] = (value * _MIX) >> shift
            made += 1
    return made


@njit(nogil=True, cache=True)
def most_chars(char_bounds, first, last):
    """The largest number of n-grams of characters in one of the tokens [first, last)."""
    most = 0
    for token in range(first, last):
        most = max(most, char_bounds[token + 1] - char_bounds[token])
    return most


@njit(nogil=True, cache=True)
def _count(atoms, chars, char_bounds, sentences, table, shift, counts):
    buckets = np.empty(len(table) + most_chars(char_bounds, 0, len(atoms)), dtype=np.uint32)
    for sentence in range(len(sentences) - 1):
        begin, end = sentences[sentence], sentences[sentence + 1]
        for token in range(begin, end):
            made = window_buckets(atoms, chars, char_bounds, begin, end, token, table, shift, buckets)
            for bucket in buckets[:made]:
                counts[bucket] += 1


@njit(nogil=True, cache=True)
def _gather(atoms, chars, char_bounds, sentences, table, shift, words, ranks, first, last):
    """`gather_windows` for the sentences [first, last)."""
    start, stop = sentences[first], sentences[last]
    buckets = np.empty(len(table) + most_chars(char_bounds, start, stop), dtype=np.uint32)
    bounds = np.zeros((stop - start, SEGMENTS + 1), dtype=np.int64)
    gathered = np.empty(max(64, 16 * (stop - start)), dtype=np.int32)
    rows = np.int64(ranks[-1])
    used = 0
    for sentence in range(first, last):
        begin, end = sentences[sentence], sentences[sentence + 1]
        for token in range(begin, end):
            made = window_buckets(atoms, chars, char_bounds, begin, end, token, table, shift, buckets)
            size = keep_rows(buckets, made, words, ranks)
            if used + size > len(gathered):
                larger = np.empty(2 * (used + size), dtype=np.int32)
                larger[:used] = gathered[:used]
                gathered = larger
            sort_by_segment(buckets, size, rows, gathered, used, bounds[token - start])
            used += size
    return bounds, gathered[:used].copy()
