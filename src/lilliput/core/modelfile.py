"""A model file: one ``.safetensors`` file with arrays and, in its metadata, a JSON manifest and a checksum.

Layout (https://huggingface.co/docs/safetensors): an unsigned 64-bit little-endian header length, the header, the
arrays. The header is JSON padded with spaces to 8 bytes and starts, in every file and in every format to come, with

    {"__metadata__":{"checksum":"xxxxxxxx","lilliput":"<the manifest as JSON>"},

where the eight hex digits are the CRC-32 of the whole file with these digits as zeros. So any cut and any flipped bit
is found before anything else is believed, and a damaged file can be told from a newer one.

The header is written here and not by the safetensors library, whose order of metadata keys changes from process to
process (version 0.8.0): the same inputs must give the same bytes. Arrays stand by falling item size, then name, which
keeps every array aligned in the memory map.
"""

from __future__ import annotations

import math
import mmap
import os
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import orjson
from numpy.typing import DTypeLike, NDArray

from lilliput.core.atomic import write_atomically
from lilliput.core.errors import LilliputError, ModelFileError

FORMAT = 1
"""The newest format that this program reads, and the one that it writes."""

StrPath: TypeAlias = "str | os.PathLike[str]"

_DTYPES: dict[str, np.dtype[Any]] = {
    "F64": np.dtype("<f8"),
    "F32": np.dtype("<f4"),
    "F16": np.dtype("<f2"),
    "I64": np.dtype("<i8"),
    "U64": np.dtype("<u8"),
    "I32": np.dtype("<i4"),
    "U32": np.dtype("<u4"),
    "I16": np.dtype("<i2"),
    "U16": np.dtype("<u2"),
    "I8": np.dtype("i1"),
    "U8": np.dtype("u1"),
    "BOOL": np.dtype("?"),
}
_CODES = {dtype: code for code, dtype in _DTYPES.items()}
_START = b'{"__metadata__":{"checksum":"'
_CHECKSUM = slice(8 + len(_START), 8 + len(_START) + 8)
_NO_CHECKSUM = b"00000000"


def encode(manifest: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """The bytes of a model file; equal inputs give equal bytes, whatever the order of their keys.

    ``manifest`` is plain JSON data (tuples come back as lists; NumPy numbers as numbers) and gains the key ``format``.
    Arrays are booleans, integers or floats of 16 to 64 bits. Raises `LilliputError` on anything a file cannot hold.
    """
    return b"".join(_chunks(manifest, arrays))


def encoded_size(manifest: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> int:
    """The number of bytes that `encode` gives, which need not be made for it."""
    return sum(len(chunk) for chunk in _chunks(manifest, arrays, checked=False))


def write_model(path: StrPath, manifest: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> int:
    """Write a model file as a whole or not at all (see `write_atomically`) and return its size in bytes."""
    return write_atomically(path, _chunks(manifest, arrays))


def read_model(path: StrPath) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Read manifest and arrays; the arrays are read-only views into a memory map of the file.

    Raises `ModelFileError` when the file is missing, cut, changed, not a model file, or of a newer format.
    """
    data = _map(path)
    if data[8 : 8 + len(_START)] == _START and data[_CHECKSUM] != _checksum(memoryview(data)):
        raise ModelFileError(f"{path} is damaged: its checksum does not match; copy it again or fit the model again")
    header, start = _header(data, path)
    manifest = _manifest(header.pop("__metadata__", None), path)
    if data[8 : 8 + len(_START)] != _START:
        raise ModelFileError(f"{path} was changed by another program and cannot be checked; use the original file")
    return manifest, _arrays(header, data, start, path)


def require(
    arrays: Mapping[str, NDArray[Any]],
    expected: Mapping[str, tuple[DTypeLike, tuple[int | None, ...]]],
    path: StrPath,
) -> None:
    """Raise `ModelFileError` unless each expected array is there with its dtype and shape (``None``: any length)."""
    for name, (dtype, shape) in expected.items():
        array = arrays.get(name)
        if array is None:
            raise ModelFileError(f"{path}: the array {name!r} is missing; this file does not fit its task")
        fits = len(shape) == array.ndim and all(n in (None, m) for n, m in zip(shape, array.shape, strict=True))
        if array.dtype != np.dtype(dtype) or not fits:
            raise ModelFileError(
                f"{path}: the array {name!r} is {array.dtype} of shape {_shape(array.shape)}, "
                f"expected {np.dtype(dtype)} of shape {_shape(shape)}; this file does not fit its task"
            )


def _shape(shape: tuple[int | None, ...]) -> str:
    return f"({', '.join('any' if n is None else str(n) for n in shape)})"


# Writing


def _chunks(manifest: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], *, checked: bool = True) -> list[Any]:
    """Length, header and arrays, in the order of the file; `checked`: with the checksum, else with zeros."""
    ordered = sorted(
        ((name, _little_endian(name, array)) for name, array in arrays.items()),
        key=lambda item: (-item[1].itemsize, item[0]),
    )
    text = _json({**manifest, "format": FORMAT}).decode()
    header: dict[str, Any] = {"__metadata__": {"checksum": _NO_CHECKSUM.decode(), "lilliput": text}}
    end = 0
    for name, array in ordered:
        start, end = end, end + array.nbytes
        header[name] = {"dtype": _CODES[array.dtype], "shape": array.shape, "data_offsets": (start, end)}
    head = orjson.dumps(header)
    head += b" " * (-len(head) % 8)
    head = len(head).to_bytes(8, "little") + head
    body = [array.reshape(-1).view(np.uint8).data for _, array in ordered]
    checksum = zlib.crc32(head)
    for chunk in body if checked else ():
        checksum = zlib.crc32(chunk, checksum)
    return [head[: _CHECKSUM.start], _hex(checksum), head[_CHECKSUM.stop :], *body]


def _little_endian(name: str, array: NDArray[Any]) -> NDArray[Any]:
    if not name or name == "__metadata__":
        raise LilliputError(f"an array cannot be called {name!r} in a model file")
    dtype = array.dtype.newbyteorder("<")
    if dtype not in _CODES:
        raise LilliputError(f"the array {name!r} is {array.dtype}; a model file holds {', '.join(map(str, _CODES))}")
    return np.asarray(array, dtype=dtype, order="C")


def _json(value: dict[str, Any]) -> bytes:
    _check_finite(value, "the manifest")
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS | orjson.OPT_SERIALIZE_NUMPY)
    except orjson.JSONEncodeError as error:
        raise LilliputError(f"the manifest cannot be saved as JSON: {error}") from error


def _check_finite(value: object, where: str) -> None:
    """JSON knows no NaN, and orjson would write null in its place."""
    if isinstance(value, float | np.floating) and not math.isfinite(value):
        raise LilliputError(f"{where} is {float(value)}; a model file holds finite numbers only")
    if isinstance(value, Mapping):
        for key, item in value.items():
            _check_finite(item, f"{where}: {key}")
    elif isinstance(value, list | tuple):
        for item in value:
            _check_finite(item, where)


# Reading


def _map(path: StrPath) -> mmap.mmap:
    file = Path(path)
    try:
        if file.exists() and not file.is_file():
            kind = "a directory" if file.is_dir() else "not a regular file"
            raise ModelFileError(f"{path} is {kind}; give a model file")
        with file.open("rb") as opened:
            size = os.fstat(opened.fileno()).st_size
            if size < 8:
                found = "is empty" if size == 0 else f"has {size} bytes, too few for a model file"
                raise ModelFileError(f"{path} {found}; was it cut short?")
            return mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ)
    except FileNotFoundError:
        raise ModelFileError(f"{path} does not exist; check the path of the model file") from None
    except OSError as error:
        raise ModelFileError(f"{path} cannot be read: {error.strerror or error}") from error


def _checksum(data: memoryview) -> bytes:
    before = zlib.crc32(_NO_CHECKSUM, zlib.crc32(data[: _CHECKSUM.start]))
    return _hex(zlib.crc32(data[_CHECKSUM.stop :], before))


def _hex(checksum: int) -> bytes:
    return f"{checksum:08x}".encode()


def _header(data: mmap.mmap, path: StrPath) -> tuple[dict[str, Any], int]:
    """The parsed header and where the arrays start."""
    length = int.from_bytes(data[:8], "little")
    try:
        header = orjson.loads(data[8 : 8 + length]) if length <= len(data) - 8 else None
    except orjson.JSONDecodeError:
        header = None
    if not isinstance(header, dict):
        raise ModelFileError(f"{path} is not a safetensors file, or is damaged; give a model that lilliput saved")
    return header, 8 + length


def _manifest(metadata: object, path: StrPath) -> dict[str, Any]:
    text = metadata.get("lilliput") if isinstance(metadata, dict) else None
    if not isinstance(text, str):
        raise ModelFileError(f"{path} is a safetensors file, but not one of lilliput's: it has no lilliput manifest")
    try:
        manifest = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise ModelFileError(f"{path}: the manifest is not JSON ({error})") from error
    version = manifest.get("format") if isinstance(manifest, dict) else None
    if type(version) is not int or version < 1:
        raise ModelFileError(f"{path}: the manifest names no format")
    if version > FORMAT:
        raise ModelFileError(
            f"{path} was written by a newer lilliput (format {version}, this program reads up to {FORMAT}): upgrade"
        )
    return manifest


def _arrays(header: dict[str, Any], data: mmap.mmap, start: int, path: StrPath) -> dict[str, NDArray[Any]]:
    """Views of the arrays, which must fill the rest of the file without a gap."""
    arrays: dict[str, NDArray[Any]] = {}
    end = start
    try:
        for name, entry in sorted(header.items(), key=lambda item: tuple(item[1]["data_offsets"])):
            first, last = entry["data_offsets"]
            shape = tuple(entry["shape"])
            dtype: np.dtype[Any] = _DTYPES[entry["dtype"]]
            if start + first != end or last - first != math.prod(shape) * dtype.itemsize:
                raise ValueError(name)
            arrays[name] = np.ndarray(shape, dtype, buffer=data, offset=end)
            end = start + last
    except (ValueError, TypeError, KeyError, OverflowError) as error:
        raise ModelFileError(f"{path}: the header describes its arrays wrongly (at {error})") from error
    if end != len(data):
        raise ModelFileError(f"{path}: the arrays end at byte {end} of {len(data)}")
    return arrays
