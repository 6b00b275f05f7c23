"""Texts as the kernels want them: one buffer of UTF-8 in Unicode's composed form (NFC), and offsets."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lilliput.core.arrays import constant


class Packed(NamedTuple):
    """Text i is ``buffer[offsets[i]:offsets[i + 1]]``; each ends in a NUL byte, which no tokeniser minds.

    ``buffer``: uint8 (bytes,); ``offsets``: int64 (texts + 1,); ``ascii``: no byte is above 127.
    """

    buffer: NDArray[np.uint8]
    offsets: NDArray[np.int64]
    ascii: bool

    def __len__(self) -> int:
        return len(self.offsets) - 1


def normalise(text: str) -> str:
    """`text` in NFC; free for ASCII, nearly so for text that is composed already."""
    if text.isascii() or unicodedata.is_normalized("NFC", text):
        return text
    return unicodedata.normalize("NFC", text)


def pack(texts: Sequence[str]) -> Packed:
    """Pack texts into one buffer; NUL becomes a space and lone surrogates a question mark."""
    joined = "\0".join([*texts, ""])
    encoded = _encoded(joined)
    buffer = np.frombuffer(encoded, dtype=np.uint8)
    ends = np.flatnonzero(buffer == 0)
    if len(ends) != len(texts):
        return pack([text.replace("\0", " ") for text in texts])
    offsets = np.zeros(len(texts) + 1, dtype=np.int64)
    np.add(ends, 1, out=offsets[1:])
    return Packed(buffer, offsets, encoded.isascii())


def _encoded(text: str) -> bytes:
    """`text` in NFC as UTF-8, with question marks for lone surrogates."""
    if text.isascii():
        return text.encode()
    from lilliput.data.utf8 import encode_composed  # numba, which a process that sees ASCII only can do without

    composed = encode_composed(text)
    if composed is None:  # one by one, for most texts have no marks
        composed = "\0".join(map(normalise, text.split("\0"))).encode("utf-8", "replace")
    return composed


def subset(packed: Packed, texts: NDArray[np.int64]) -> Packed:
    """The given texts, in the given order."""
    sizes = np.diff(packed.offsets)[texts]
    offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    places = np.repeat(packed.offsets[texts] - offsets[:-1], sizes) + np.arange(offsets[-1])
    return Packed(constant(packed.buffer[places]), offsets, packed.ascii)


def concatenate(parts: Sequence[Packed]) -> Packed:
    """All texts of `parts`, one after the other."""
    offsets = [np.zeros(1, dtype=np.int64)]
    end = 0
    for part in parts:
        offsets.append(part.offsets[1:] - part.offsets[0] + end)
        end = int(offsets[-1][-1]) if len(part) else end
    buffers = [part.buffer[part.offsets[0] : part.offsets[-1]] for part in parts]
    buffer = np.concatenate(buffers) if buffers else np.zeros(0, dtype=np.uint8)
    return Packed(constant(buffer), np.concatenate(offsets), all(part.ascii for part in parts))
