"""The words of a corpus, found and numbered in a stream of texts that need not fit into memory.

Words are the tokens of `lilliput.features.plain`: runs of letters, single ideographs and symbols, case-folded or, if
`cased`, as written. A word is known by its 64-bit hash, so that two among ten million words are taken for one with a
chance of one in 400,000. Counting takes about 50 bytes for each distinct word.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, TypeAlias

import numpy as np
from numba import njit
from numpy.typing import NDArray

from lilliput.data.packed import Packed
from lilliput.features.bags import longest_text
from lilliput.features.ngrams import decode, scan
from lilliput.features.plain import BORDER
from lilliput.features.unicode import CODE_MASK, KIND_SHIFT, LETTER, Tables, tables

_FREE = np.int32(-1)
_BORDER, _CODE_MASK, _KIND_SHIFT = np.uint32(BORDER), np.uint32(CODE_MASK), np.uint32(KIND_SHIFT)
_KIND_BITS = np.uint32(7 << KIND_SHIFT)

Scratch: TypeAlias = tuple[NDArray[np.uint64], NDArray[np.uint64], NDArray[np.int64], NDArray[np.uint32]]


@dataclass(frozen=True)
class Lexicon:
    """Words, the most frequent first, with their counts (int64) and hashes (uint64); as written if `cased`."""

    words: list[str]
    counts: NDArray[np.int64]
    hashes: NDArray[np.uint64]
    cased: bool

    def __len__(self) -> int:
        return len(self.words)

    def at_least(self, count: int) -> Lexicon:
        """The words that occur `count` times or more."""
        return self.first(int(np.searchsorted(-self.counts, -count, side="right")))

    def first(self, words: int) -> Lexicon:
        """So many of the most frequent words."""
        return Lexicon(self.words[:words], self.counts[:words], self.hashes[:words], self.cased)

    @cached_property
    def slots(self) -> NDArray[np.int32]:
        """A hash table of the words' numbers, half full at most."""
        slots = _slots(2 * len(self))
        _fill(slots, self.hashes, len(self))
        return slots


def count_words(packs: Iterable[Packed], cased: bool = False) -> Lexicon:
    """Every word of the texts with its count; of words equally frequent, the one met first comes first."""
    found = _Found(1 << 11, 1 << 14)
    for packed in packs:
        lookup, scratch = _tables(packed.ascii, cased), _scratch(packed)
        text = words = points = 0
        while text < len(packed):
            found.make_room(words, points)
            text, found.used, words, points = _count(
                packed.buffer,
                packed.offsets,
                text,
                lookup.entries,
                lookup.expansions,
                *scratch,
                found.slots,
                found.hashes,
                found.counts,
                found.ends,
                found.points,
                found.used,
            )
    return found.lexicon(cased)


def numbered(packed: Packed, lexicon: Lexicon) -> NDArray[np.uint32]:
    """The texts as numbers of words: uint32, n for an unknown word, n + 1 before, between and after the texts."""
    lookup = _tables(packed.ascii, lexicon.cased)
    scratch = _scratch(packed)[:-1]
    return _numbers(
        packed.buffer, packed.offsets, lookup.entries, lookup.expansions, *scratch, lexicon.slots, lexicon.hashes
    )


class _Found:
    """The words found so far: `used` of them, with a hash table, and their code points one after the other."""

    def __init__(self, words: int, points: int) -> None:
        self.used = 0
        self.hashes, self.counts = np.empty(words, dtype=np.uint64), np.empty(words, dtype=np.int64)
        self.ends, self.points = np.zeros(words + 1, dtype=np.int64), np.empty(points, dtype=np.uint32)
        self.slots = _slots(2 * words)

    def make_room(self, words: int, points: int) -> None:
        """Have room for so many words and code points more."""
        words, points = self.used + words, int(self.ends[self.used]) + points
        if points > len(self.points):
            self.points = _wider(self.points, 2 * points)
        if words > len(self.hashes):
            self.hashes, self.counts = _wider(self.hashes, 2 * words), _wider(self.counts, 2 * words)
            self.ends, self.slots = _wider(self.ends, 2 * words + 1), _slots(4 * words)
            _fill(self.slots, self.hashes, self.used)

    def lexicon(self, cased: bool) -> Lexicon:
        """The words, the most frequent first."""
        order = np.argsort(-self.counts[: self.used], kind="stable")
        letters = self.points[: self.ends[self.used]].astype("<u4").tobytes().decode("utf-32-le")
        borders = zip(self.ends[order].tolist(), self.ends[order + 1].tolist(), strict=True)
        return Lexicon([letters[first:last] for first, last in borders], self.counts[order], self.hashes[order], cased)


def _slots(least: int) -> NDArray[np.int32]:
    """An empty hash table of a power of two of slots."""
    return np.full(1 << max(4, (least - 1).bit_length()), _FREE, dtype=np.int32)


def _wider(array: NDArray[Any], size: int) -> NDArray[Any]:
    """`array` with room for `size` items."""
    larger = np.empty(size, dtype=array.dtype)
    larger[: len(array)] = array
    return larger


def _scratch(packed: Packed) -> Scratch:
    """What `scan` and `decode` write: hashes of tokens, hashes of runs, their places, a stream."""
    longest = int(longest_text(packed.offsets))
    most = 3 * longest + 1
    return (
        np.empty(most, dtype=np.uint64),
        np.empty(most, dtype=np.uint64),
        np.empty(longest + 2, dtype=np.int64),
        np.empty(6 * longest + 2, dtype=np.uint32),
    )


@cache
def _tables(ascii_only: bool, cased: bool) -> Tables:
    """The tables of `lilliput.features.unicode`, or for `cased` such that every character stands for itself."""
    folded = tables(ascii_only)
    if not cased:
        return folded
    kinds = folded.entries & _KIND_BITS
    return Tables(np.arange(len(kinds), dtype=np.uint32) | kinds, folded.expansions)


@njit(nogil=True, cache=True)
def _fill(slots, hashes, used):
    """Put the words into an empty table."""
    for number in range(used):
        slots[_find(hashes[number], slots, hashes)] = number


@njit(nogil=True, cache=True)
def _find(word, slots, hashes):
    """The slot of a word, or the free one where it would be."""
    mask = np.uint64(len(slots) - 1)
    at = word & mask
    while slots[at] >= 0 and hashes[slots[at]] != word:
        at = (at + np.uint64(1)) & mask
    return at


@njit(nogil=True, cache=True)
def _count(
    buffer, offsets, text, entries, expansions, tokens, keys, spans, stream, slots, hashes, counts, ends, points, used
):
    """Count the words of the texts from number `text` on, until one comes that there may be no room for.

    Returns the number of that text, how many words there are now, and what it may need: words and code points.
    """
    while text < len(offsets) - 1:
        start, end = offsets[text], offsets[text + 1]
        count, _ = scan(buffer, start, end, entries, expansions, tokens, keys, spans)
        if used + count > len(hashes) or ends[used] + 3 * (end - start) > len(points):
            return text, used, count, 3 * (end - start)
        fresh = 0
        for item in range(count):
            at = _find(tokens[item], slots, hashes)
            if slots[at] < 0:
                slots[at] = used + fresh
                hashes[used + fresh] = tokens[item]
                counts[used + fresh] = 0
                keys[fresh] = item
                fresh += 1
            counts[slots[at]] += 1
        if fresh:
            length = decode(buffer, start, end, entries, expansions, stream)
            _spell(stream, length, keys, fresh, ends, points, used)
            used += fresh
        text += 1
    return text, used, 0, 0


@njit(nogil=True, cache=True)
def _spell(stream, length, wanted, fresh, ends, points, used):
    """Append the code points of the tokens with the `wanted` numbers, rising, to `points`."""
    token, done = -1, 0
    inside = taken = False
    at = ends[used]
    for item in stream[:length]:
        letter = (item >> _KIND_SHIFT) == LETTER
        if item != _BORDER and not (letter and inside):
            if taken:
                done += 1
                ends[used + done] = at
                if done == fresh:
                    return
            token += 1
            taken = token == wanted[done]
        inside = letter
        if taken and item != _BORDER:
            points[at] = item & _CODE_MASK
            at += 1
    ends[used + fresh] = at


@njit(nogil=True, cache=True)
def _numbers(buffer, offsets, entries, expansions, tokens, keys, spans, slots, hashes):
    words = len(hashes)
    texts = len(offsets) - 1
    numbers = np.empty(1 + texts + (offsets[texts] - offsets[0]) // 3, dtype=np.uint32)
    numbers[0] = words + 1
    used = 1
    for text in range(texts):
        count, _ = scan(buffer, offsets[text], offsets[text + 1], entries, expansions, tokens, keys, spans)
        if used + count >= len(numbers):
            larger = np.empty(2 * (used + count), dtype=np.uint32)
            larger[:used] = numbers[:used]
            numbers = larger
        for item in range(count):
            number = slots[_find(tokens[item], slots, hashes)]
            numbers[used + item] = words if number < 0 else number
        numbers[used + count] = words + 1
        used += count + 1
    return numbers[:used].copy()
