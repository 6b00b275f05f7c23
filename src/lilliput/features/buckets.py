"""Which buckets of a group of n-grams have a row in the model, and which row: a bitmap with ranks.

One bit a bucket in the file; in memory also a 32-bit count every 64 buckets. A bucket without a row is left out of
the text's bag, so that n-grams that were never worth a row do no harm.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lilliput.core.arrays import constant


@dataclass(frozen=True)
class BucketMap:
    """The set of buckets with a row; ``words`` is uint64 (2 ** bits / 64,), bit b of word w for bucket 64 w + b."""

    words: NDArray[np.uint64]

    @classmethod
    def of(cls, buckets: NDArray[Any], bits: int) -> BucketMap:
        """The map that holds exactly `buckets` (integers below ``2 ** bits``; bits >= 9)."""
        flags = np.zeros(1 << bits, dtype=np.uint8)
        flags[buckets] = 1
        words = np.packbits(flags, bitorder="little").view(np.dtype("<u8"))
        return cls(constant(words))

    @cached_property
    def ranks(self) -> NDArray[np.uint32]:
        """Rows before each word, and in all of them; uint32 (2 ** bits / 64 + 1,)."""
        ones = np.unpackbits(self.words.view(np.uint8)).reshape(-1, 64).sum(axis=1, dtype=np.uint32)
        return np.concatenate([[0], np.cumsum(ones)]).astype(np.uint32)

    @property
    def rows(self) -> int:
        """Number of buckets with a row."""
        return int(self.ranks[-1])

    @property
    def bits(self) -> int:
        """Binary logarithm of the number of buckets."""
        return int(len(self.words) * 64).bit_length() - 1

    def row(self, bucket: int) -> int:
        """Row of `bucket`, or -1; the plain form of `lilliput.features.bags.keep_rows`."""
        word, bit = bucket >> 6, bucket & 63
        if not int(self.words[word]) >> bit & 1:
            return -1
        return int(self.ranks[word]) + (int(self.words[word]) & (1 << bit) - 1).bit_count()

    def buckets(self) -> NDArray[np.int64]:
        """The buckets that have a row, in row order."""
        return np.flatnonzero(np.unpackbits(self.words.view(np.uint8), bitorder="little"))
