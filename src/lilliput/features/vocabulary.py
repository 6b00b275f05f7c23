"""The words of a corpus between its spaces, counted and numbered in one pass over texts that need not fit into memory.

Words are what stands between spaces, as in word2vec, gensim and fastText: a corpus comes with its tokens. Counting
takes about 40 bytes for each distinct word; when there are more than fit, the rarest are forgotten on the way, as
word2vec's ReduceVocab does it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lilliput.data.packed import Packed
from lilliput.features.numberstream import NumberStream
from lilliput.features.vocabulary_kernels import FREE, count, kept, refill, renumber

MOST_WORDS = 8_000_000
"""Distinct words that are counted at a time: 300 MB."""
LONGEST_WORD = 255
"""Bytes; what is longer is no word."""
LONGEST_TEXT = 1000
"""Words after which a text is cut, so that one line of 200 MB is many texts."""
_CHUNK = 1 << 17
"""Numbers at a time."""


@dataclass(frozen=True)
class Vocabulary:
    """Words as bytes, the most frequent first, and their counts (int64); of equally frequent ones the first met."""

    words: list[bytes]
    counts: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.words)

    def first(self, words: int) -> Vocabulary:
        """So many of the most frequent words."""
        return Vocabulary(self.words[:words], self.counts[:words])

    def at_least(self, least: int) -> Vocabulary:
        """The words that occur so often or more."""
        return self.first(int(np.searchsorted(-self.counts, -least, side="right")))


class WordCounter:
    """Counts the words of texts as they come, and keeps their numbers.

    ``words``: how many there were in all; ``forgotten``: words that were rarer than this when memory was short, 0 if it
    never was.
    """

    def __init__(self, most_words: int = MOST_WORDS, stream: NumberStream | None = None) -> None:
        self.words = self.forgotten = 0
        self._most = most_words
        self._stream = NumberStream() if stream is None else stream
        self._used, size = 0, min(1 << 12, most_words)
        self._hashes, self._counts = np.empty(size, dtype=np.uint64), np.zeros(size, dtype=np.int64)
        self._letters, self._ends = np.empty(8 * size, dtype=np.uint8), np.zeros(size + 1, dtype=np.int64)
        self._slots = _slots(size)
        self._names: NDArray[np.int32] | None = None  # of words in the stream, once some were forgotten
        self._issued = 0
        self._chunk = np.empty(_CHUNK, dtype=np.int32)

    @property
    def distinct(self) -> int:
        """Words that are known now."""
        return self._used

    def add(self, packed: Packed) -> None:
        """Count the words of some texts."""
        at, text = int(packed.offsets[0]), 0
        while text < len(packed):
            if at < packed.offsets[text]:
                at = int(packed.offsets[text])
            at, text, filled, used = count(
                packed.buffer,
                packed.offsets,
                at,
                text,
                self._slots,
                self._hashes,
                self._counts,
                self._letters,
                self._ends,
                self._used,
                LONGEST_WORD,
                self._chunk,
            )
            self._used = used
            numbers = self._chunk[:filled]
            self.words += int((numbers >= 0).sum())
            self._stream.append(self._named(numbers))
            if text < len(packed) and (
                used >= len(self._counts) or self._ends[used] + LONGEST_WORD > len(self._letters)
            ):
                self._make_room()

    def vocabulary(self) -> tuple[Vocabulary, NDArray[np.int32]]:
        """The words, and for each of them its number in the stream."""
        order = np.argsort(-self._counts[: self._used], kind="stable")
        text = self._letters[: self._ends[self._used]].tobytes()
        borders = zip(self._ends[order].tolist(), self._ends[order + 1].tolist(), strict=True)
        names = order.astype(np.int32) if self._names is None else self._named(order.astype(np.int32))
        return Vocabulary([text[first:last] for first, last in borders], self._counts[order]), names

    def numbered(self, names: NDArray[np.int32]) -> tuple[NumberStream, int]:
        """The texts as rows of the words with these `names`, -1 after each text, and how many words these are.

        The counter cannot be used any more.
        """
        row_of = np.full(max(self._issued, self._used, 1), -1, dtype=np.int32)
        row_of[names] = np.arange(len(names), dtype=np.int32)
        out = np.empty(2 * _CHUNK, dtype=np.int32)
        stream, words, length = NumberStream(), 0, 0
        for first in range(0, len(self._stream), _CHUNK):
            part = self._stream.read(first, _CHUNK)
            filled, found, length = renumber(part, row_of, LONGEST_TEXT, length, out)
            stream.append(out[:filled])
            words += found
        self._stream.close()
        return stream, words

    def _named(self, numbers: NDArray[np.int32]) -> NDArray[np.int32]:
        """The names of words in the stream: their numbers, until some are forgotten; those of new ones are issued."""
        if self._names is None:
            self._issued = self._used
            return numbers
        fresh = self._used - len(self._names)
        if fresh:
            self._names = np.concatenate([self._names, self._issued + np.arange(fresh, dtype=np.int32)])
            self._issued += fresh
        return np.where(numbers >= 0, self._names[numbers], np.int32(-1)).astype(np.int32)

    def _make_room(self) -> None:
        if self._used >= self._most:
            self._forget()
        size = len(self._counts)
        if self._used > size // 2 and size < self._most:
            size = min(2 * size, self._most)
            self._hashes, self._counts = _wider(self._hashes, size), _wider(self._counts, size)
            self._ends = _wider(self._ends, size + 1)
            self._slots = _slots(size)
            refill(self._slots, self._hashes, self._used)
        if self._ends[self._used] + LONGEST_WORD > len(self._letters) // 2:
            self._letters = _wider(self._letters, 2 * len(self._letters) + LONGEST_WORD)

    def _forget(self) -> None:
        """Forget the rarest words, until half of the room is free."""
        if self._names is None:
            self._names = np.arange(self._used, dtype=np.int32)
        while self._used > self._most // 2:
            self.forgotten += 1
            keep = self._counts[: self._used] > self.forgotten
            self._names = self._names[keep]
            self._used = kept(self._letters, self._ends, self._hashes, self._counts, self._used, self.forgotten + 1)
        self._slots[:] = FREE
        refill(self._slots, self._hashes, self._used)


def _slots(words: int) -> NDArray[np.int32]:
    """An empty hash table for so many words, half full at most."""
    return np.full(1 << max(4, (2 * words - 1).bit_length()), FREE, dtype=np.int32)


def _wider(array: NDArray[Any], size: int) -> NDArray[Any]:
    """`array` with room for `size` items."""
    larger = np.empty(size, dtype=array.dtype)
    larger[: len(array)] = array
    return larger
