"""Unpacking compressed streams, with cut and damaged data told as what it is."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol, cast

from lilliput.core.errors import DataError
from lilliput.core.extras import require_extra

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

COMPRESSIONS = (".gz", ".bz2", ".xz", ".zst")

_BLOCK = 1 << 18


def unpacked(raw: BinaryIO, compression: str, name: str) -> BinaryIO:
    """The content of `raw`, packed as one of `COMPRESSIONS` says; closing it closes `raw`.

    Reading on where the data is cut or damaged raises `DataError`, which names the file as `name`. ``.zst`` needs
    Python 3.14 or the extra ``zstd``.
    """
    stream, errors = _opened(raw, compression)
    return cast(BinaryIO, io.BufferedReader(_Unpacked(raw, stream, errors, name, compression[1:]), _BLOCK))


class _Readable(Protocol):
    def read1(self, size: int, /) -> bytes: ...
    def close(self) -> None: ...


def _opened(raw: BinaryIO, compression: str) -> tuple[_Readable, tuple[type[Exception], ...]]:
    """The unpacked stream and the errors by which it reports damage."""
    if compression == ".gz":
        import gzip
        import zlib

        return gzip.GzipFile(fileobj=raw, mode="rb"), (zlib.error,)
    if compression == ".bz2":
        import bz2

        return bz2.BZ2File(raw), ()
    if compression == ".xz":
        import lzma

        return lzma.LZMAFile(raw), (lzma.LZMAError,)
    if sys.version_info >= (3, 14):
        from compression import zstd

        return zstd.ZstdFile(raw), (zstd.ZstdError,)
    zstandard: Any = require_extra("zstandard", "zstd", "reading .zst files")
    return _ZstdStream(raw, zstandard.ZstdDecompressor()), (zstandard.ZstdError,)


class _Unpacked(io.RawIOBase):
    """Unpacked bytes; cut or damaged data raises `DataError` with the place it was readable to."""

    def __init__(
        self, raw: BinaryIO, stream: _Readable, errors: tuple[type[Exception], ...], name: str, kind: str
    ) -> None:
        self._raw, self._stream = raw, stream
        self._errors: tuple[type[Exception], ...] = (EOFError, OSError, *errors)
        self._name, self._kind, self._read = name, kind, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        out = memoryview(buffer).cast("B")
        try:
            data = self._stream.read1(len(out))
        except self._errors as error:
            what = "is cut short" if isinstance(error, EOFError) else f"is damaged or no {self._kind} data"
            raise DataError(
                f"{self._name} {what}: {self._read:,} bytes of its content were readable, then: {error}; "
                "copy or download it again"
            ) from error
        out[: len(data)] = data
        self._read += len(data)
        return len(data)

    def close(self) -> None:
        self._stream.close()
        self._raw.close()
        super().close()


class _ZstdStream:
    """What `zstandard.stream_reader` does, but a frame that is cut raises `EOFError` instead of ending quietly."""

    _INPUT = 1 << 13  # small: one call may unpack to many times as much

    def __init__(self, raw: BinaryIO, decompressor: Any) -> None:
        self._raw, self._decompressor = raw, decompressor
        self._frame: Any = None
        self._packed = b""
        self._plain = b""

    def read1(self, size: int, /) -> bytes:
        while not self._plain:
            if not self._fill():
                return b""
        data, self._plain = self._plain[:size], self._plain[size:]
        return data

    def _fill(self) -> bool:
        """Unpack one more piece, which may be empty; false at the end of the file."""
        packed = self._packed or self._raw.read(self._INPUT)
        if not packed:
            if self._frame is not None:
                raise EOFError("the last zstd frame has no end")
            return False
        self._frame = self._frame or self._decompressor.decompressobj()
        self._plain = self._frame.decompress(packed)
        self._packed = self._frame.unused_data
        if self._frame.eof:
            self._frame = None
        return True

    def close(self) -> None:
        self._plain = b""
