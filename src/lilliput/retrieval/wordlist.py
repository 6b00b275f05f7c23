"""A list of words in one buffer, with a look-up that needs no dictionary: binary search in their alphabetic order.

In a model file the letters are deflated in alphabetic order, 3 bytes a word in place of 8. Then each word takes eight
bytes beside its letters. Words are bytes of UTF-8; what is not UTF-8 in a file of another program is kept as it is
(Python's "surrogateescape").
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from lilliput.core.errors import DataError, ModelFileError
from lilliput.core.modelfile import StrPath, require

_HEAD = 6
"""Bytes at the beginning of words by which their order in a file is checked."""
_NEAR = 400
"""Words on either side in the alphabet among which a misspelt one is looked for."""


@dataclass(frozen=True, eq=False)
class WordList:
    """Word i is ``text[offsets[i]:offsets[i + 1]]``.

    ``text``: uint8 (bytes,); ``offsets``: int64 (words + 1,); ``order``: unsigned integers (words,), the rows in the
    order of the words' bytes. No word is there twice.
    """

    text: NDArray[np.uint8]
    offsets: NDArray[np.int64]
    order: NDArray[Any]

    @classmethod
    def of(cls, words: Sequence[str] | Sequence[bytes]) -> WordList:
        """The list of these words, in this order. Raises `DataError` for one that comes twice."""
        encoded = [word if isinstance(word, bytes) else encode(word) for word in words]
        order = sorted(range(len(encoded)), key=encoded.__getitem__)
        for first, second in pairwise(order):
            if encoded[first] == encoded[second]:
                raise DataError(
                    f"the word {decode(encoded[first])!r} is there twice, as number {first + 1:,} and number "
                    f"{second + 1:,}; give each word once"
                )
        text = np.frombuffer(b"".join(encoded), dtype=np.uint8)
        offsets = np.zeros(len(encoded) + 1, dtype=np.int64)
        np.cumsum(np.fromiter(map(len, encoded), np.int64, len(encoded)), out=offsets[1:])
        return cls(text, offsets, np.array(order, dtype=smallest_type(len(encoded))))

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, row: int) -> str:
        return decode(self.encoded(row))

    def __iter__(self) -> Iterator[str]:
        return iter(self.all())

    def encoded(self, row: int) -> bytes:
        """The bytes of a word."""
        return self.text[self.offsets[row] : self.offsets[row + 1]].tobytes()

    def all(self) -> list[str]:
        """All words as str, in order."""
        text, ends = self.text.tobytes(), self.offsets.tolist()
        return [decode(text[first:last]) for first, last in pairwise(ends)]

    def row(self, word: str | bytes) -> int:
        """The row of a word, -1 for one that is not in the list."""
        key = word if isinstance(word, bytes) else encode(word)
        place = self._place(key)
        if place < len(self):
            row = int(self.order[place])
            if self.encoded(row) == key:
                return row
        return -1

    def rows(self, words: Sequence[str]) -> NDArray[np.int64]:
        """The rows of many words, int64 (words,); -1 for those that are not in the list."""
        known: dict[str, int] = {}
        for word in words:
            if word not in known:
                known[word] = self.row(word)
        return np.fromiter(map(known.__getitem__, words), np.int64, len(words))

    def near(self, word: str, most: int = 3) -> list[str]:
        """Words of the list that look like `word`: spelt in other letters of case, or with a letter or two changed."""
        import difflib

        place = self._place(encode(word))
        around = self.order[max(0, place - _NEAR) : place + _NEAR]
        candidates = [self[int(row)] for row in around] + self.first(2 * _NEAR)
        cased = [form for form in (word.lower(), word.capitalize(), word.upper()) if form != word]
        found = [form for form in cased if self.row(form) >= 0]
        found += difflib.get_close_matches(word, candidates, n=most, cutoff=0.7)
        return list(dict.fromkeys(found))[:most]

    def first(self, most: int) -> list[str]:
        """The first words of the list."""
        return [self[row] for row in range(min(most, len(self)))]

    def _place(self, key: bytes) -> int:
        """Where in the alphabet a word is, or would be."""
        low, high = 0, len(self)
        text, offsets, order = self.text, self.offsets, self.order
        while low < high:
            middle = (low + high) // 2
            row = order[middle]
            if text[offsets[row] : offsets[int(row) + 1]].tobytes() < key:
                low = middle + 1
            else:
                high = middle
        return low

    # Model files

    def arrays(self) -> dict[str, NDArray[Any]]:
        """What a model file holds of it: letters and lengths in alphabetic order, deflated, and that order."""
        lengths = np.diff(self.offsets)
        rows = self.order.astype(np.int64)
        text = self.text[_places(self.offsets[rows], lengths[rows])]
        width = smallest_type(int(lengths.max(initial=0)))
        return {
            "packed_words": _deflated(text),
            "packed_lengths": _deflated(lengths[rows].astype(width.newbyteorder("<"))),
            "word_order": self.order,
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], path: StrPath) -> WordList:
        """The list that these arrays hold, among others. Raises `ModelFileError` where they do not fit together."""
        if "words" in arrays and "packed_words" not in arrays:
            raise ModelFileError(f"{path} is of an early version, whose words were not packed; fit or convert it again")
        require(arrays, {"packed_words": (np.uint8, (None,)), "packed_lengths": (np.uint8, (None,))}, path)
        order = _unsigned(arrays, "word_order", None, path)
        rows = order.astype(np.int64)
        count = len(rows)
        lengths = _lengths(_inflated(arrays["packed_lengths"], path), count, path)
        text = np.frombuffer(_inflated(arrays["packed_words"], path), dtype=np.uint8)
        if lengths.sum() != len(text):
            raise ModelFileError(
                f"{path}: the words have {lengths.sum():,} bytes by their lengths, but there are {len(text):,}"
            )
        seen = np.zeros(count, dtype=bool)
        seen[rows[rows < count]] = True
        if not seen.all() or (np.diff(_heads(text, lengths)) < 0).any():
            raise ModelFileError(f"{path}: the alphabetic order of the words is none; the file is damaged")
        offsets = np.zeros(count + 1, dtype=np.int64)
        offsets[rows + 1] = lengths
        np.cumsum(offsets, out=offsets)
        letters = np.empty(len(text), dtype=np.uint8)
        letters[_places(offsets[rows], lengths)] = text
        return cls(letters, offsets, order)


def encode(word: str) -> bytes:
    """A word as bytes; what `decode` gave goes back as it was, and other lone surrogates become question marks."""
    try:
        return word.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return word.encode("utf-8", "replace")


def decode(word: bytes) -> str:
    """Bytes as a word; what is not UTF-8 becomes lone surrogates, from which `encode` makes the same bytes again."""
    return word.decode("utf-8", "surrogateescape")


def smallest_type(largest: int) -> np.dtype[Any]:
    """The smallest unsigned integers for numbers up to `largest`."""
    return np.dtype(next(kind for kind in (np.uint8, np.uint16, np.uint32, np.uint64) if largest <= np.iinfo(kind).max))


def _places(starts: NDArray[np.int64], lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where the letters of words are that begin at `starts`, one word after the other."""
    ends = np.cumsum(lengths)
    return np.arange(ends[-1] if len(ends) else 0) + np.repeat(starts - (ends - lengths), lengths)


def _heads(text: NDArray[np.uint8], lengths: NDArray[np.int64]) -> NDArray[np.float64]:
    """The beginnings of words, one after the other in `text`, as numbers; rounded, which keeps them from falling."""
    starts = np.cumsum(lengths) - lengths
    padded = np.concatenate([text, np.zeros(_HEAD, dtype=np.uint8)])
    heads = np.zeros(len(lengths), dtype=np.float64)
    for place in range(_HEAD):
        heads += np.where(place < lengths, padded[starts + place] + 1.0, 0) * 257.0 ** -(place + 1)
    return heads


def _deflated(array: NDArray[Any]) -> NDArray[np.uint8]:
    return np.frombuffer(zlib.compress(array.tobytes(), 6), dtype=np.uint8)


def _inflated(array: NDArray[np.uint8], path: StrPath) -> bytes:
    try:
        return zlib.decompress(array.tobytes())
    except zlib.error as error:
        raise ModelFileError(f"{path}: the words are damaged ({error})") from error


def _lengths(found: bytes, count: int, path: StrPath) -> NDArray[np.int64]:
    """The lengths of words, of which each takes as many bytes as the longest needs."""
    width, rest = divmod(len(found), max(1, count))
    if rest or (count and width not in (1, 2, 4, 8)):
        raise ModelFileError(f"{path}: {len(found):,} bytes of lengths for {count:,} words; the file is damaged")
    lengths = np.frombuffer(found, dtype=f"<u{width or 1}").astype(np.int64)
    if lengths.min(initial=0) < 0 or lengths.max(initial=0) > 1 << 40:
        raise ModelFileError(f"{path}: a word has {lengths.max():,} bytes; the file is damaged")
    return lengths


def _unsigned(arrays: Mapping[str, NDArray[Any]], name: str, length: int | None, path: StrPath) -> NDArray[Any]:
    """A row of unsigned integers of any width."""
    kinds: tuple[DTypeLike, ...] = (np.uint8, np.uint16, np.uint32)
    found = arrays.get(name)
    kind = found.dtype if found is not None and found.dtype in kinds else np.dtype(np.uint32)
    require(arrays, {name: (kind, (length,))}, path)
    return arrays[name]
