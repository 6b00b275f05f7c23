"""The texts that word clusters are learned from, as a stream that is read twice, and those that are held out."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from lilliput.core.errors import DataError
from lilliput.data.inputs import is_table, texts_of
from lilliput.data.packed import Packed, pack
from lilliput.data.source import Source

HELD = 0.02
"""The share of the texts that is held out for the report."""
HELD_MOST = 5_000_000
"""Characters after which no more text is held out."""
BATCH = 1000
"""Texts of a list that are packed at a time."""


class Texts:
    """Texts as `WordClusters.fit` takes them.

    Known after a pass: ``rows``, how many there are; ``held``, those held out, which follow from the seed and the order
    of the rows; ``fingerprint``, a hash of all texts (BLAKE2b, 16 hexadecimal digits).
    """

    def __init__(self, X: Any, column: str | None, seed: int) -> None:
        self._source = X if isinstance(X, Source) else None
        self._texts = [] if isinstance(X, Source) else texts_of(X, column if is_table(X) else None)
        self._seed = seed
        self.rows = 0
        self.held: list[str] = []
        self.fingerprint = ""

    def packs(self) -> Iterator[Packed]:
        """One pass over the texts to learn from. Raises `DataError` if there are no texts."""
        random = np.random.default_rng(self._seed)
        digest = hashlib.blake2b(digest_size=8)
        self.rows, self.held = 0, []
        room = HELD_MOST
        for texts in self._batches():
            kept = []
            for text, chance in zip(texts, random.random(len(texts)).tolist(), strict=True):
                if chance < HELD and self.rows and room > 0:
                    self.held.append(text)
                    room -= len(text)
                else:
                    kept.append(text)
                self.rows += 1
            packed = pack(kept)
            digest.update(packed.buffer.data)
            yield packed
        if not self.rows:
            raise DataError("there are no texts to learn from; give at least one row")
        digest.update(pack(self.held).buffer.data)
        self.fingerprint = digest.hexdigest()

    def _batches(self) -> Iterator[list[str]]:
        if self._source is not None:
            for texts, _ in self._source.batches():
                yield texts
        for first in range(0, len(self._texts), BATCH):
            yield self._texts[first : first + BATCH]
