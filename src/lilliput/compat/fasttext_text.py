"""From a line of text to rows of the input matrix, byte for byte as fastText does it.

Tokens are what stands between spaces, tabs, line ends and NUL bytes; a newline is the token ``</s>``, which ends a
line, also where it stands in the text. A line gives a row for each known word, hashed rows for the character n-grams of
each word between ``<`` and ``>``, then hashed rows for the word n-grams (Bojanowski et al. 2017, "Enriching Word
Vectors with Subword Information"; Joulin et al. 2017, "Bag of Tricks for Efficient Text Classification").
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

END = b"</s>"
LABEL = b"__label__"
"""The prefix of labels. A model file does not tell which one it was trained with, and fastText then takes this one."""

FNV_OFFSET = 2166136261
FNV_PRIME = 16777619
NGRAM_FACTOR = 116049371
_MASK32 = (1 << 32) - 1
_MASK64 = (1 << 64) - 1
_SIGNED = tuple(byte if byte < 128 else byte | 0xFFFFFF00 for byte in range(256))


@dataclass(frozen=True)
class Dictionary:
    """Words, then labels, in one buffer: entry i is ``text[offsets[i]:offsets[i + 1]]``.

    ``text``: uint8 (bytes,); ``offsets``: int64 (entries + 1,); ``counts``: int64 (entries,). In a ``pruned`` model
    only the n-grams of ``buckets`` (int32) have a row: that of ``bucket_rows`` (int32), after the rows of the words.
    """

    text: NDArray[np.uint8]
    offsets: NDArray[np.int64]
    counts: NDArray[np.int64]
    words: int
    pruned: bool
    buckets: NDArray[np.int32]
    bucket_rows: NDArray[np.int32]

    @property
    def labels(self) -> int:
        """Number of labels."""
        return len(self.counts) - self.words

    def entry(self, index: int) -> bytes:
        """Word or label `index`."""
        return self.text[self.offsets[index] : self.offsets[index + 1]].tobytes()

    @cached_property
    def index(self) -> dict[bytes, int]:
        """Entry -> its number; of equal entries the last, as in fastText."""
        text, ends = self.text.tobytes(), self.offsets.tolist()
        return {text[ends[i] : ends[i + 1]]: i for i in range(len(self.counts))}

    @cached_property
    def row_of_bucket(self) -> dict[int, int]:
        """Bucket -> its row; of equal buckets the last."""
        return dict(zip(self.buckets.tolist(), self.bucket_rows.tolist(), strict=True))


@dataclass(frozen=True)
class Hashing:
    """How n-grams become rows: ``minn`` to ``maxn`` characters, up to ``word_ngrams`` words, into ``bucket`` rows."""

    bucket: int
    minn: int
    maxn: int
    word_ngrams: int

    @property
    def used(self) -> bool:
        """Whether there are n-grams at all."""
        return self.maxn > 0 or self.word_ngrams > 1


def tokens(line: bytes) -> list[bytes]:
    """The tokens of a line up to the first ``</s>``; only a line that ends in a newline is sure to have one."""
    found = line.replace(b"\0", b" ").split()
    if line.endswith(b"\n"):
        found.append(END)
    return found[: found.index(END) + 1] if END in found else found


def lines(stream: Iterable[bytes]) -> Iterator[bytes]:
    """The lines that fastText makes of a file's lines: a ``</s>`` within a line ends it, and another begins."""
    for line in stream:
        rest = line.replace(b"\0", b" ").split()
        while END in rest:
            after = rest.index(END) + 1
            yield b" ".join(rest[:after])
            rest = rest[after:]
        yield b" ".join(rest) + (b"\n" if line.endswith(b"\n") else b"")


def fnv1a(data: bytes) -> int:
    """32-bit FNV-1a hash, but bytes from 128 on are extended as if signed, which fastText cannot change any more."""
    value = FNV_OFFSET
    for byte in data:
        value = (value ^ _SIGNED[byte]) * FNV_PRIME & _MASK32
    return value


def character_ngrams(word: bytes, hashing: Hashing) -> Iterator[tuple[bytes, int]]:
    """N-grams of ``<word>`` with their hashes; ``<`` and ``>`` alone are none."""
    marked = b"<" + word + b">"
    starts = [i for i, byte in enumerate(marked) if byte & 0xC0 != 0x80]
    starts.append(len(marked))
    last = len(starts) - 1
    for first in range(last):
        value = FNV_OFFSET
        for end in range(first + 1, min(first + hashing.maxn, last) + 1):
            for byte in marked[starts[end - 1] : starts[end]]:
                value = (value ^ _SIGNED[byte]) * FNV_PRIME & _MASK32
            single = end == first + 1
            if end - first >= hashing.minn and not (single and (first == 0 or end == last)):
                yield marked[starts[first] : starts[end]], value


class Features:
    """Rows of the input matrix for words and lines."""

    def __init__(self, dictionary: Dictionary, hashing: Hashing) -> None:
        self.dictionary = dictionary
        self.hashing = hashing

    def of_word(self, word: bytes) -> list[int]:
        """Row of the word, if it is known, and rows of its character n-grams."""
        known = self.dictionary.index.get(word, -1)
        return [known] * (known >= 0) + self._hashed(value for _, value in self._characters(word))

    def of_line(self, line: bytes) -> list[int]:
        """Rows of a line."""
        rows: list[int] = []
        hashes: list[int] = []
        for token in tokens(line):
            known = self.dictionary.index.get(token, -1)
            if known < self.dictionary.words if known >= 0 else not token.startswith(LABEL):
                rows += self.of_word(token)
                hashes.append(fnv1a(token))
        return rows + self._hashed(self._word_ngrams(hashes))

    def labels(self, line: bytes) -> list[int]:
        """Labels (0 to labels - 1) that stand in a line."""
        words = self.dictionary.words
        known = (self.dictionary.index.get(token, -1) for token in tokens(line))
        return [entry - words for entry in known if entry >= words]

    def subwords(self, word: bytes) -> tuple[list[bytes], list[int]]:
        """The word, if it is known, and its character n-grams; and the rows of those that have one."""
        names = [word] if word in self.dictionary.index else []
        return names + [name for name, _ in self._characters(word)], self.of_word(word)

    def _characters(self, word: bytes) -> Iterator[tuple[bytes, int]]:
        return character_ngrams(word, self.hashing) if word != END else iter(())

    def _word_ngrams(self, hashes: list[int]) -> Iterator[int]:
        signed = [value - (value >> 31 << 32) for value in hashes]
        for first, value in enumerate(signed):
            for other in signed[first + 1 : first + max(self.hashing.word_ngrams, 1)]:
                value = (value * NGRAM_FACTOR + other) & _MASK64
                yield value

    def _hashed(self, hashes: Iterator[int]) -> list[int]:
        """Rows of n-grams, less those that were pruned away."""
        words, bucket = self.dictionary.words, self.hashing.bucket
        if not self.dictionary.pruned:
            return [words + value % bucket for value in hashes]
        row_of = self.dictionary.row_of_bucket
        found = (row_of.get(value % bucket) for value in hashes)
        return [words + row for row in found if row is not None]
