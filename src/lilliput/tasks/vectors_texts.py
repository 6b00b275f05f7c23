"""The texts that word vectors are learned from, as a stream that is read once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from lilliput.core.errors import DataError
from lilliput.data.inputs import is_table, texts_of
from lilliput.data.packed import Packed, normalise, pack
from lilliput.data.source import Source

BATCH = 1000
"""Texts of a list that are packed at a time."""

LONG = 1_000_000
"""Characters after which a text is cut at a space: a line of hundreds of megabytes is not to be copied as a whole."""


class Texts:
    """Texts as `WordVectors.fit` takes them.

    Known after the pass: ``rows``, how many there are; ``fingerprint``, a hash of them as they are learned from
    (BLAKE2b, 16 hexadecimal digits).
    """

    def __init__(self, X: Any, column: str | None, lowercase: bool) -> None:
        self._source = X if isinstance(X, Source) else None
        self._texts = [] if isinstance(X, Source) else texts_of(X, column if is_table(X) else None)
        self._lowercase = lowercase
        self.rows = 0
        self.fingerprint = ""

    def packs(self) -> Iterator[Packed]:
        """The one pass, with the case folded if so asked. Raises `DataError` if there are no texts."""
        digest = hashlib.blake2b(digest_size=8)
        for texts in self._batches():
            self.rows += len(texts)
            for part in _parted(texts):
                packed = pack([normalise(text).casefold() for text in part] if self._lowercase else part)
                digest.update(packed.buffer.data)
                yield packed
        if not self.rows:
            raise DataError("there are no texts to learn from; give at least one row")
        self.fingerprint = digest.hexdigest()

    def _batches(self) -> Iterator[list[str]]:
        if self._source is not None:
            self._source.longest = LONG
            for texts, _ in self._source.batches():
                yield texts
        for first in range(0, len(self._texts), BATCH):
            yield self._texts[first : first + BATCH]


def _parted(texts: list[str]) -> Iterator[list[str]]:
    """The texts as they are or, where some are very long, in pieces, one at a time."""
    if all(len(text) <= LONG for text in texts):
        yield texts
        return
    for text in texts:
        first = 0
        while first < len(text):
            last = first + LONG
            space = text.rfind(" ", first, last) if last < len(text) else -1
            last = last if space <= first else space + 1
            yield [text[first:last]]
            first = last
