"""N-grams of characters of many texts at once, by NumPy alone: no compiler, and little to load.

Every step of `lilliput.features.plain` is done for all characters of all texts together; the buckets are the same to
the last one, but there are none of symbols and digits, which tell where a text was found rather than its language. It
is several times slower than the kernels of `lilliput.features.ngrams`, which cost a process 100 MB.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from threading import Lock
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lilliput.data.packed import normalise
from lilliput.features.plain import BORDER, CHAR_SEED, MIX_MULTIPLIER, STEP_MULTIPLIER, NGrams
from lilliput.features.unicode import (
    CODE_MASK,
    EXPANDS,
    IDEOGRAPH,
    IGNORED,
    KIND_SHIFT,
    LETTER,
    SEPARATOR,
    SYMBOL,
    TABLE_SIZE,
    TAGS,
    fold,
    kind_of,
)

Codes = NDArray[np.uint32]
_SEED, _STEP, _MIX = np.uint64(CHAR_SEED), np.uint64(STEP_MULTIPLIER), np.uint64(MIX_MULTIPLIER)
_HALF = np.uint64(32)
_KINDS = np.uint32(7)
_NOT_YET = np.uint32(0xFFFFFFFF)


class Found(NamedTuple):
    """N-grams: the bucket of each, uint32, and the number of the text it is in, int32; in no particular order."""

    buckets: NDArray[np.uint32]
    texts: NDArray[np.int32]


class _Characters:
    """The entries of `unicode.tables`, each made when it is first needed."""

    def __init__(self) -> None:
        self.entries = np.full(TABLE_SIZE, _NOT_YET, dtype=np.uint32)
        self.expansions: list[list[int]] = []
        self._lock = Lock()

    def of(self, codes: Codes) -> Codes:
        """The entry of each code point."""
        inside = np.minimum(codes, TABLE_SIZE - 1)
        entries = self.entries[inside]
        missing = entries == _NOT_YET
        if missing.any():
            with self._lock:
                for code in np.unique(inside[missing]).tolist():
                    if self.entries[code] == _NOT_YET:
                        self.entries[code] = self._made(chr(code))
            entries = self.entries[inside]
        beyond = codes >= TABLE_SIZE
        if beyond.any():
            kinds = np.where(codes < TAGS, np.uint32(IDEOGRAPH << KIND_SHIFT), np.uint32(IGNORED << KIND_SHIFT))
            entries = np.where(beyond, codes | kinds, entries)
        return entries

    def _made(self, character: str) -> int:
        kind, folded = _kind(character) << KIND_SHIFT, fold(character)
        if len(folded) == 1:
            return ord(folded) | kind
        self.expansions.append([ord(piece) for piece in folded])
        return EXPANDS | kind | (len(self.expansions) - 1)


_CHARACTERS = _Characters()


def _kind(character: str) -> int:
    """`kind_of` the character; digits and symbols part words."""
    kind = kind_of(character)
    digit = kind == LETTER and unicodedata.category(character)[0] == "N"
    return SEPARATOR if digit or kind == SYMBOL else kind


def letters_alone(text: str) -> str:
    """`text` in NFC with a space for every symbol, digit and lone surrogate."""
    whole = normalise(text).encode("utf-8", "replace").decode()
    return "".join(" " if _kind(character) == SEPARATOR else character for character in whole)


def find_ngrams(texts: Sequence[str], group: NGrams) -> Found:
    """All n-grams of characters of `texts`, repeats included; `plain.buckets` has them for `letters_alone` of each."""
    items, places = _streams(texts)
    shift = np.uint64(64 - group.bits)
    buckets: list[NDArray[np.uint64]] = []
    found = []
    first = np.arange(max(0, len(items) - 1))  # where the n-grams begin that have not met a border yet
    wide = items.astype(np.uint64)
    values = (_SEED ^ wide[first]) * _STEP
    if group.low == 1:
        letters = items[first] != BORDER
        buckets.append(_mixed(values[letters]) >> shift)
        found.append(first[letters])
    for size in range(2, group.high + 1):
        inside = first + size - 1 < len(items)
        if size > 2:
            inside &= items[np.minimum(first + size - 2, len(items) - 1)] != BORDER
        first, values = first[inside], values[inside]
        values = (values ^ wide[first + size - 1]) * _STEP
        if size >= group.low:
            buckets.append(_mixed(values) >> shift)
            found.append(first)
    joined = np.concatenate([*buckets, np.zeros(0, dtype=np.uint64)]).astype(np.uint32)
    return Found(joined, places[np.concatenate([*found, np.zeros(0, dtype=np.int64)])])


def _streams(texts: Sequence[str]) -> tuple[Codes, NDArray[np.int32]]:
    """The streams of all texts in one, neighbours sharing a border, and the text of each item; see `plain.stream`.

    A border is of the text whose run follows it.
    """
    whole = [normalise(text) for text in texts]
    codes = np.frombuffer(" ".join([*whole, ""]).encode("utf-32-le", "replace"), dtype="<u4")
    sizes = np.fromiter((len(text) + 1 for text in whole), dtype=np.int64, count=len(whole))
    places = np.repeat(np.arange(len(whole), dtype=np.int32), sizes)
    entries = _CHARACTERS.of(codes)
    kinds = (entries >> KIND_SHIFT) & _KINDS
    kept = kinds != IGNORED
    if not kept.all():
        entries, kinds, places = entries[kept], kinds[kept], places[kept]
    parts = kinds == SEPARATOR
    begins = np.ones(len(kinds), dtype=bool)
    begins[1:] = parts[:-1]
    inside = ~parts
    entries, places, begins = entries[inside], places[inside], begins[inside]
    if not len(entries):
        return np.zeros(0, dtype=np.uint32), np.zeros(0, dtype=np.int32)
    entries, places, begins = _expanded(entries, places, begins)
    at = np.arange(len(entries)) + np.cumsum(begins)
    items = np.full(int(at[-1]) + 2, BORDER, dtype=np.uint32)
    items[at] = entries
    texts_of = np.empty(len(items), dtype=np.int32)
    texts_of[at], texts_of[at[begins] - 1], texts_of[-1] = places, places[begins], places[-1]
    return items, texts_of


def _expanded(
    entries: Codes, places: NDArray[np.int32], begins: NDArray[np.bool_]
) -> tuple[Codes, NDArray[np.int32], NDArray[np.bool_]]:
    """Each character that folds to several in their place."""
    several = np.flatnonzero(entries >> np.uint32(31))
    if not len(several):
        return entries, places, begins
    pieces = [_CHARACTERS.expansions[row] for row in (entries[several] & np.uint32(CODE_MASK)).tolist()]
    kinds = (entries[several] >> KIND_SHIFT) & _KINDS
    sizes = np.ones(len(entries), dtype=np.int64)
    sizes[several] = [len(piece) for piece in pieces]
    starts = np.cumsum(sizes) - sizes
    entries, places = np.repeat(entries, sizes), np.repeat(places, sizes)
    opened = np.zeros(len(entries), dtype=bool)
    opened[starts] = begins
    for place, piece, kind in zip(starts[several].tolist(), pieces, kinds.tolist(), strict=True):
        for number, code in enumerate(piece):
            entries[place + number] = code | kind << KIND_SHIFT
    return entries, places, opened


def _mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    values = (values ^ (values >> _HALF)) * _MIX
    return values ^ (values >> _HALF)
