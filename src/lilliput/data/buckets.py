"""Spreading texts at random over buckets, in memory and, when that is full, in a file for each bucket."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lilliput.core.errors import DataError
from lilliput.data.packed import Packed, pack

BUCKETS = 64

_BYTES_PER_ROW = 16  # of row number and size


@dataclass
class Bucket:
    """Packed texts, the size of each in bytes and its row number (both int64)."""

    texts: bytearray = field(default_factory=bytearray)
    sizes: bytearray = field(default_factory=bytearray)
    rows: bytearray = field(default_factory=bytearray)

    def extend(self, other: Bucket) -> None:
        """Append the texts of another bucket."""
        self.texts += other.texts
        self.sizes += other.sizes
        self.rows += other.rows

    def sizes_array(self) -> NDArray[np.int64]:
        """Sizes: int64 (texts,)."""
        return np.frombuffer(self.sizes, dtype=np.int64)

    def rows_array(self) -> NDArray[np.int64]:
        """Row numbers: int64 (texts,)."""
        return np.frombuffer(self.rows, dtype=np.int64)

    def append_to(self, path: Path) -> None:
        """Append the bucket to a file."""
        head = np.array([len(self.sizes), len(self.texts)], dtype=np.int64)
        with path.open("ab") as file:
            for part in (head.tobytes(), self.sizes, self.rows, self.texts):
                file.write(part)

    @classmethod
    def read_from(cls, path: Path) -> Bucket:
        """All that was appended to a file."""
        bucket = cls()
        with path.open("rb") as file:
            while head := file.read(16):
                sizes, texts = np.frombuffer(head, dtype=np.int64).tolist()
                bucket.sizes += file.read(sizes)
                bucket.rows += file.read(sizes)
                bucket.texts += file.read(texts)
        return bucket


class Buckets:
    """The buckets that texts fall into at random, as the seed says and whatever the batches are."""

    def __init__(self, seed: int, memory: int) -> None:
        self.rows = self.bytes = 0
        self._random = np.random.Generator(np.random.PCG64(seed))
        self._limit, self._held = memory // 2, 0  # what is held is copied once, into its final order
        self._buckets = [Bucket() for _ in range(BUCKETS)]
        self.folder: Path | None = None  # where the buckets lie if there is no room in memory
        self._remove: weakref.finalize[..., Buckets] | None = None

    def add(self, texts: Sequence[str]) -> Packed:
        """Let texts fall into buckets; returns them packed, in the order given."""
        packed = pack(texts)
        # A draw of 64 bits for each row, so that batches make no difference.
        fallen = (self._random.random(len(texts)) * BUCKETS).astype(np.int64)
        order = np.argsort(fallen, kind="stable")
        starts, ends = packed.offsets[:-1], packed.offsets[1:]
        data = gathered(packed.buffer.data, starts, ends, order)
        sizes, rows = (ends - starts)[order], order + self.rows
        places = np.concatenate([[0], np.cumsum(sizes)]).tolist()
        cuts = np.searchsorted(fallen[order], np.arange(BUCKETS + 1)).tolist()
        for bucket, first, last in zip(self._buckets, cuts, cuts[1:], strict=False):
            bucket.texts += data[places[first] : places[last]]
            bucket.sizes += sizes[first:last].tobytes()
            bucket.rows += rows[first:last].tobytes()
        self.rows += len(texts)
        self.bytes += len(data)
        self._held += len(data) + _BYTES_PER_ROW * len(texts)
        if self._held > self._limit:
            self._spill()
        return packed

    def take(self, i: int) -> Bucket:
        """Bucket `i`, which is empty from then on."""
        bucket, self._buckets[i] = self._buckets[i], Bucket()
        if self.folder is None:
            return bucket
        path = self.folder / f"{i:02}"
        whole = Bucket.read_from(path)
        whole.extend(bucket)
        path.unlink()
        return whole

    def close(self) -> None:
        """Remove the files."""
        if self._remove is not None:
            self._remove()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Around writing to `folder`: an `OSError` becomes a `DataError` that says what to do."""
        try:
            yield
        except OSError as error:
            raise DataError(
                f"{self.bytes:,} bytes of text do not fit in memory and could not be written to "
                f"{self.folder or 'a temporary folder'} ({error.strerror}); make room, or set TMPDIR to another folder"
            ) from error

    def _spill(self) -> None:
        with self.writing():
            if self.folder is None:
                self.folder = Path(tempfile.mkdtemp(prefix="lilliput-corpus-"))
                self._remove = weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)
            for i, bucket in enumerate(self._buckets):
                bucket.append_to(self.folder / f"{i:02}")
                self._buckets[i] = Bucket()
        self._held = 0


def gathered(buffer: memoryview, starts: NDArray[np.int64], ends: NDArray[np.int64], order: NDArray[np.int64]) -> bytes:
    """``buffer[starts[i]:ends[i]]`` for each i of `order`, one after the other."""
    return b"".join(
        [buffer[start:end] for start, end in zip(starts[order].tolist(), ends[order].tolist(), strict=True)]
    )
