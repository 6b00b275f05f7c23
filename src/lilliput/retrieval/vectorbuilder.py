"""Putting a table together from vectors that come some at a time, so that their floats are never all in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from lilliput.core.errors import DataError
from lilliput.retrieval.vectortable import MOST, Codes, Floats, VectorTable, quantised
from lilliput.retrieval.wordlist import WordList, decode


@dataclass(frozen=True)
class VectorsRead:
    """The table of a file, what kind of file it was, and what a reader should know about it, a sentence each."""

    table: VectorTable
    kind: str
    notes: list[str]


@dataclass
class Builder:
    """Words and vectors of a file so far; of words that come again the first is kept."""

    name: str
    kind: str
    words: list[bytes] = field(default_factory=list)
    _seen: set[bytes] = field(default_factory=set)
    _codes: list[NDArray[np.int8]] = field(default_factory=list)
    _scales: list[Floats] = field(default_factory=list)
    _again: list[bytes] = field(default_factory=list)

    def add(self, words: Sequence[bytes], block: Floats, where: str) -> None:
        """Some words and their vectors, float32 (words, dim); `where`: what the places of the file are called.

        Raises `DataError`, which names the word, for numbers that are not finite.
        """
        finite = np.abs(block).max(axis=1, initial=0) <= MOST
        if not finite.all():
            at = int(np.flatnonzero(~finite)[0])
            place = len(self.words) + len(self._again) + at + 1
            shown = decode(words[at])
            raise DataError(
                f"{self.name}, {where} {place:,}: the vector of {shown!r} holds a number that is not finite, or above "
                f"{MOST:g}"
            )
        fresh = np.ones(len(words), dtype=bool)
        for place, word in enumerate(words):
            if word in self._seen:
                fresh[place] = False
                self._again.append(word)
            self._seen.add(word)
        if not fresh.all():
            words, block = [word for word, new in zip(words, fresh, strict=True) if new], block[fresh]
        codes, scales = quantised(block)
        self.words.extend(words)
        self._codes.append(codes)
        self._scales.append(scales)

    @property
    def rows(self) -> int:
        """Vectors of the file so far, with those that came again."""
        return len(self.words) + len(self._again)

    def read(self) -> VectorsRead:
        """What was read."""
        if not self.words:
            raise DataError(f"{self.name} holds no vectors; expected a word and its numbers a line")
        notes = []
        if self._again:
            some = ", ".join(repr(decode(word)) for word in self._again[:3])
            notes.append(f"{len(self._again):,} words come again ({some}); the first vector of each was kept")
        rows = Codes(np.concatenate(self._codes), np.concatenate(self._scales))
        words = WordList.of(self.words)
        return VectorsRead(VectorTable(words, np.zeros(len(words), dtype=np.int64), rows), self.kind, notes)
