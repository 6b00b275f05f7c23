"""What training runs on: texts in random order, packed, in shards that may lie on disk."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lilliput.core.arrays import constant
from lilliput.core.errors import DataError
from lilliput.data.buckets import BUCKETS, Bucket, Buckets, gathered
from lilliput.data.packed import Packed


class Shard(NamedTuple):
    """Some texts of a corpus; ``texts[i]`` was given as number ``rows[i]`` (int64 (texts,), from 0)."""

    texts: Packed
    rows: NDArray[np.int64]

    def save(self, path: Path) -> None:
        """Write the shard to a file, as it lies in memory."""
        head = np.array([len(self.rows), self.texts.ascii], dtype=np.int64)
        with path.open("wb") as file:
            for part in (head, self.rows, self.texts.offsets, self.texts.buffer):
                file.write(part.data)

    @classmethod
    def load(cls, path: Path) -> Shard:
        """Read back what `save` wrote."""
        with path.open("rb") as file:
            count, is_ascii = np.fromfile(file, np.int64, 2).tolist()
            rows = np.fromfile(file, np.int64, count)
            offsets = np.fromfile(file, np.int64, count + 1)
            return cls(Packed(constant(np.fromfile(file, np.uint8)), offsets, bool(is_ascii)), rows)


class Corpus:
    """Texts in random order, cut into `shards`, which lie on disk if they need more memory than allowed.

    The order and the shards depend on the texts, the seed and the size of a shard, not on the memory nor on how the
    texts came in batches. Each text falls at random into one of 64 buckets; a shard is the same number of neighbouring
    buckets, shuffled.

    ``rows`` and ``bytes`` are the numbers of texts and of their packed bytes, ``fingerprint`` is a hash of the texts
    in the order they came (BLAKE2b, 16 hexadecimal digits).
    """

    def __init__(self, buckets: Buckets, fingerprint: str, seed: int, shard_bytes: int) -> None:
        self.rows, self.bytes, self.fingerprint = buckets.rows, buckets.bytes, fingerprint
        self.shards = _power_of_two(buckets.bytes, shard_bytes)
        self._seed, self._buckets = seed, buckets
        self._shards = [self._stored(k) for k in range(self.shards)]

    @classmethod
    def build(
        cls,
        batches: Iterable[Sequence[str]],
        seed: int,
        memory: int = 256_000_000,
        shard_bytes: int = 16_000_000,
    ) -> Corpus:
        """Read all batches of texts, in about `memory` bytes; texts of more than half of that go to temporary files.

        Shards have about half to all of `shard_bytes`, and more than that beyond 64 shards. The caller keeps the
        targets, by the number of the text. Raises `DataError` if there is no text, or no room on disk.
        """
        buckets = Buckets(seed, memory)
        digest = hashlib.blake2b(digest_size=8)
        for texts in batches:
            digest.update(buckets.add(texts).buffer.data)
        if not buckets.rows:
            raise DataError("there are no texts to learn from; give at least one row")
        return cls(buckets, digest.hexdigest(), seed, shard_bytes)

    def shard(self, k: int) -> Shard:
        """Shard `k`, read from disk each time if it lies there."""
        shard = self._shards[k]
        return Shard.load(shard) if isinstance(shard, Path) else shard

    def close(self) -> None:
        """Remove the temporary files, if there are any; also done when the corpus is garbage."""
        self._buckets.close()

    def _stored(self, k: int) -> Shard | Path:
        share = BUCKETS // self.shards
        bucket = Bucket()
        for i in range(k * share, (k + 1) * share):
            bucket.extend(self._buckets.take(i))
        shard = _shuffled(bucket, np.random.Generator(np.random.PCG64([self._seed, k])))
        if self._buckets.folder is None:
            return shard
        path = self._buckets.folder / f"shard-{k:02}"
        with self._buckets.writing():
            shard.save(path)
        return path


def _shuffled(bucket: Bucket, random: np.random.Generator) -> Shard:
    sizes, rows = bucket.sizes_array(), bucket.rows_array()
    order = random.permutation(len(rows))
    ends = np.cumsum(sizes)
    buffer = np.frombuffer(gathered(memoryview(bucket.texts), ends - sizes, ends, order), dtype=np.uint8)
    offsets = np.concatenate([[0], np.cumsum(sizes[order])]).astype(np.int64)
    return Shard(Packed(buffer, offsets, not len(buffer) or bool(buffer.max() < 128)), rows[order])


def _power_of_two(total: int, shard_bytes: int) -> int:
    """The least power of two of shards, up to `BUCKETS`, that have at most `shard_bytes` each on average."""
    shards = 1
    while shards < BUCKETS and total > shards * shard_bytes:
        shards *= 2
    return shards
