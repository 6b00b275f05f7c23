"""Which buckets of a group of n-grams have a row in the model, and which row: a bitmap with ranks.

One bit a bucket in the file; in memory also a 32-bit count every 512 buckets. A bucket without a row is left out of
the text's bag, so that n-grams that were never worth a row do no harm.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

BLOCK = 8
"""64-bit words between two ranks."""


@dataclass(frozen=True)
class BucketMap:
    """The set of buckets with a row; ``words`` is uint64 (2 ** bits / 64,), bit b of word w for bucket 64 w + b."""

    words: NDArray[np.uint64]

    @classmethod
    def of(cls, buckets: NDArray[Any], bits: int) -> BucketMap:
        """The map that holds exactly `buckets` (integers below ``2 ** bits``; bits >= 9)."""
        flags = np.zeros(1 << bits, dtype=np.uint8)
        flags[buckets] = 1
        return cls(np.packbits(flags, bitorder="little").view(np.dtype("<u8")))

    @cached_property
    def ranks(self) -> NDArray[np.uint32]:
        """Rows before each block of 512 buckets; uint32 (2 ** bits / 512 + 1,)."""
        bytes_set = np.unpackbits(self.words.view(np.uint8)).reshape(-1, 64 * BLOCK).sum(axis=1, dtype=np.uint32)
        return np.concatenate([[0], np.cumsum(bytes_set)]).astype(np.uint32)

    @property
    def rows(self) -> int:
        """Number of buckets with a row."""
        return int(self.ranks[-1])

    @property
    def bits(self) -> int:
        """Binary logarithm of the number of buckets."""
        return int(len(self.words) * 64).bit_length() - 1

    def row(self, bucket: int) -> int:
        """Row of `bucket`, or -1; the plain form of `lilliput.features.bags.row_of`."""
        word = bucket >> 6
        if not int(self.words[word]) >> (bucket & 63) & 1:
            return -1
        start = word // BLOCK * BLOCK
        before = sum(int(self.words[at]).bit_count() for at in range(start, word))
        within = int(self.words[word]) & (1 << (bucket & 63)) - 1
        return int(self.ranks[word // BLOCK]) + before + within.bit_count()

    def buckets(self) -> NDArray[np.int64]:
        """The buckets that have a row, in row order."""
        return np.flatnonzero(np.unpackbits(self.words.view(np.uint8), bitorder="little"))
