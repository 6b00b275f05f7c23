"""Numbers of words, one after the other, in memory or, when they are many, in a temporary file."""

from __future__ import annotations

import os
import tempfile
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from lilliput.core.errors import DataError

IN_MEMORY = 16_000_000
"""Bytes that are kept in memory; more go to a file, which costs no memory and is read as fast as it is learned from."""

Numbers = NDArray[np.int32]


class NumberStream:
    """Append-only int32 numbers; ``len(stream)`` of them."""

    def __init__(self, in_memory: int = IN_MEMORY) -> None:
        self._limit = in_memory
        self._parts: list[Numbers] = []
        self._whole: Numbers | None = None
        self._file: BinaryIO | None = None
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def append(self, numbers: Numbers) -> None:
        """Append a copy of these numbers. Raises `DataError` if there is no room on disk."""
        self._length += len(numbers)
        if self._file is None and 4 * self._length > self._limit:
            self._file = tempfile.TemporaryFile(prefix="lilliput-numbers-")  # noqa: SIM115 (closed with the stream)
            for part in self._parts:
                self._write(part)
            self._parts = []
        if self._file is None:
            self._parts.append(numbers.copy())
        else:
            self._write(numbers)

    def read(self, first: int, count: int) -> Numbers:
        """So many numbers from place `first` on, or as many as there are; not to be written to."""
        count = max(0, min(count, self._length - first))
        if self._file is None:
            if self._whole is None or len(self._whole) != self._length:
                self._whole = np.concatenate([np.zeros(0, dtype=np.int32), *self._parts])
                self._parts = [self._whole]
            return self._whole[first : first + count]
        numbers = np.empty(count, dtype=np.int32)
        self._file.seek(4 * first)
        self._file.readinto(numbers.view(np.uint8).data)  # type: ignore[attr-defined]
        return numbers

    def close(self) -> None:
        """Forget the numbers, and remove the file if there is one."""
        self._parts, self._whole, self._length = [], None, 0
        if self._file is not None:
            self._file.close()

    def _write(self, numbers: Numbers) -> None:
        file = self._file
        assert file is not None
        try:
            file.seek(0, os.SEEK_END)
            file.write(np.ascontiguousarray(numbers).data)
        except OSError as error:
            raise DataError(
                f"{4 * self._length:,} bytes of numbered words do not fit in memory and could not be written to "
                f"{tempfile.gettempdir()} ({error.strerror}); make room, or set TMPDIR to another folder"
            ) from error
