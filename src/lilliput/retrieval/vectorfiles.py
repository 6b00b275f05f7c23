"""Files of vectors that other programs read and write, told apart by what is in them."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from lilliput.core.atomic import write_atomically
from lilliput.core.errors import DataError
from lilliput.core.progress import Progress
from lilliput.data.files import PathLike, open_bytes, split_ending
from lilliput.retrieval.vectorbinary import read_binary, write_binary
from lilliput.retrieval.vectorbuilder import VectorsRead
from lilliput.retrieval.vectortable import VectorTable
from lilliput.retrieval.vectortext import HEADER, dimension, read_text, write_text

FASTTEXT = (793712314).to_bytes(4, "little")
"""What fastText's own models begin with."""
WRITTEN = {".vec": "text", ".txt": "text", ".bin": "binary"}
"""Endings and what is written to files that have them; ``.gz`` may follow."""
Kind = Literal["text", "binary", "fasttext"]

_HEAD = 1 << 18
_CONTROLS = bytes(range(9))


def kind_of(path: PathLike) -> Kind:
    """What kind of vectors a file holds. Raises `DataError` for one that holds none."""
    with open_bytes(path) as stream:
        head = stream.read(_HEAD)
    if head.startswith(FASTTEXT):
        return "fasttext"
    line, _, rest = head.partition(b"\n")
    header = HEADER.fullmatch(line)
    if header:
        first = rest.partition(b"\n")[0]
        if dimension(first) == int(header[2]) or not rest.strip():
            return "text"
        return "binary" if any(byte in _CONTROLS for byte in rest) or not dimension(first) else "text"
    if len(head) < _HEAD or b"\n" in head:
        if dimension(line) and not any(byte in _CONTROLS for byte in line):
            return "text"
        found = repr(line[:40].decode("utf-8", "replace")) if head else "nothing"
        raise DataError(
            f"{path} holds no word vectors that can be read: it begins with {found}; expected a word and its numbers a "
            "line, a line of how many and how long, or a fastText model"
        )
    raise DataError(f"{path} holds no word vectors that can be read: its first line has no end within {_HEAD:,} bytes")


def read_vectors(path: PathLike, kind: Literal["text", "binary"], progress: Progress) -> VectorsRead:
    """The vectors of a file in text or word2vec's binary format. Raises `DataError`, which names the place."""
    with open_bytes(path) as stream:
        return (read_text if kind == "text" else read_binary)(stream, str(path), progress)


def write_vectors(path: PathLike, table: VectorTable) -> int:
    """Write a table as the ending of `path` says, and return the size of the file in bytes.

    .vec and .txt: word2vec's text format, which fastText and gensim read too; .bin: word2vec's binary format; .gz after
    them packs it. Raises `DataError` for another ending and for words that the format cannot hold.
    """
    ending, compression = split_ending(path)
    kind = WRITTEN.get(ending)
    if kind is None or compression not in ("", ".gz"):
        raise DataError(
            f"{path} ends in {ending + compression!r}; vectors are written to .vec or .txt (text) and .bin (word2vec's "
            "binary format), each plain or .gz"
        )
    chunks = write_text(table) if kind == "text" else write_binary(table)
    return write_atomically(Path(path), _packed(chunks) if compression else chunks)


def _packed(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Each chunk as a member of a gzip file."""
    for chunk in chunks:
        yield gzip.compress(chunk, mtime=0)
