"""Vectors in word2vec's binary format: a line of how many and how long, then words, each with a space and its numbers.

The numbers are little-endian float32; a newline may follow them, as word2vec's own program writes it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

import numpy as np

from lilliput.core.errors import DataError
from lilliput.core.progress import Progress
from lilliput.retrieval.vectorbuilder import Builder, VectorsRead
from lilliput.retrieval.vectortable import VectorTable
from lilliput.retrieval.vectortext import HEADER
from lilliput.retrieval.wordlist import decode

BLOCK = 1 << 22
"""Bytes that are read at a time."""
TOGETHER = 4096
"""Vectors that are turned into codes at a time."""
LONGEST = 10_000
"""Bytes of the longest word; where no space comes, the file is another."""
KIND = "word2vec's binary format"


def read_binary(stream: BinaryIO, name: str, progress: Progress) -> VectorsRead:
    """The vectors of a stream of bytes; `name`: of the file. Raises `DataError`, which names the word."""
    header = HEADER.fullmatch(stream.readline())
    if header is None:
        raise DataError(f"{name}: its first line is not how many words there are and how long their vectors")
    promised, dim = int(header[1]), int(header[2])
    if dim < 1:
        raise DataError(f"{name}: its first line promises vectors of {dim} numbers")
    builder = Builder(name, KIND)
    buffer = _Buffer(stream)
    for first in range(0, promised, TOGETHER):
        words, numbers = [], []
        for number in range(first, min(first + TOGETHER, promised)):
            found = buffer.word_and_bytes(4 * dim)
            if found is None:
                raise DataError(
                    f"{name} ends within word {number + 1:,} of {promised:,}, or is not {KIND}: no space ends the word "
                    f"or fewer than {4 * dim:,} bytes follow it; was it cut short?"
                )
            words.append(found[0])
            numbers.append(found[1])
        block = np.frombuffer(b"".join(numbers), dtype="<f4").reshape(len(words), dim)
        builder.add(words, block.astype(np.float32, copy=False), "vector")
        progress.advance(len(words))
    if buffer.rest().strip(b"\n"):
        raise DataError(f"{name}: its first line promises {promised:,} words, but more follow; mend that line")
    return builder.read()


def write_binary(table: VectorTable) -> Iterator[bytes]:
    """The bytes of word2vec's binary format. Raises `DataError` for a word that holds a space or a line end."""
    yield f"{len(table)} {table.dim}\n".encode()
    for rows, block in table.rows.blocks(len(table)):
        parts = []
        for row, values in zip(range(rows.start, rows.stop), block.astype("<f4"), strict=True):
            word = table.words.encoded(row)
            if b" " in word or b"\n" in word:
                raise DataError(
                    f"the word {decode(word)!r} holds a space or a line end, which {KIND} cannot hold; write text "
                    "(.vec) instead"
                )
            parts += [word, b" ", values.tobytes(), b"\n"]
        yield b"".join(parts)


class _Buffer:
    """A stream with some bytes read ahead."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._data = b""
        self._at = 0

    def word_and_bytes(self, size: int) -> tuple[bytes, bytes] | None:
        """A word, without the newline that may precede it, and so many bytes after its space; None if there are not."""
        if len(self._data) - self._at < LONGEST + size + 2:
            self._data = self._data[self._at :] + self._stream.read(max(BLOCK, LONGEST + size + 2))
            self._at = 0
        end = self._data.find(b" ", self._at, self._at + LONGEST)
        if end < 0 or end + 1 + size > len(self._data):
            return None
        word = self._data[self._at : end].lstrip(b"\n")
        self._at = end + 1 + size
        return word, self._data[end + 1 : self._at]

    def rest(self) -> bytes:
        """A few of the bytes that were not asked for."""
        return self._data[self._at :] + self._stream.read(1)
