"""Reading fastText's binary models: ``.bin``, and ``.ftz``, which is quantised; supervised ones and word vectors.

The layout, little-endian, as written by fastText 0.9 (version 12; version 11 is older and differs in one meaning):

    magic number, version                                          2 int32
    dim, ws, epoch, minCount, neg, wordNgrams, loss, model,
    bucket, minn, maxn, lrUpdateRate, t                            12 int32, 1 float64
    entries, words, labels, tokens, pruned buckets (-1: not pruned) 3 int32, 2 int64
    each entry: its bytes, NUL, count, kind (0 word, 1 label)      ..., int64, int8
    each pruned bucket: bucket, row                                2 int32
    is the input quantised, the input matrix                       1 byte, ...
    is the output quantised (if the input is), the output matrix   1 byte, ...

    a dense matrix: rows, columns, values                          2 int64, float32
    a quantised one: are lengths apart, rows, columns, size of codes, codes, quantiser
        and, if lengths are apart, their codes and quantiser       1 byte, 2 int64, 1 int32, bytes, ...
    a quantiser: columns, parts, width, width of the last part, centroids  4 int32, 256 * columns float32

Matrices stay in the file, as views into a memory map. Every count is checked against the size of the file before it is
believed.
"""

from __future__ import annotations

import math
import mmap
import os
import struct
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

from lilliput.compat.fasttext_matrix import CENTROIDS, DenseMatrix, Matrix, QuantMatrix, check_quantiser
from lilliput.compat.fasttext_parts import LONGEST_NGRAM, FastTextModel, checked
from lilliput.compat.fasttext_text import Dictionary, Hashing
from lilliput.core.errors import ModelFileError

MAGIC = 793712314
VERSIONS = (11, 12)
_LOSSES = {1: "hs", 2: "ns", 3: "softmax", 4: "ova"}
_SUPERVISED = 3
_VECTORS = {1: "cbow", 2: "skipgram"}


def read_fasttext(path: str | os.PathLike[str]) -> FastTextModel:
    """Read a supervised fastText model, dense or quantised.

    Raises `ModelFileError` when the file is missing, cut, damaged, not fastText's, or holds word vectors.
    """
    file = _File(path)
    dim, loss, model, hashing = _arguments(file)
    if model in _VECTORS:
        raise ModelFileError(f"{path}: this is a word-vector model, which labels no texts; see WordVectors.read")
    if model != _SUPERVISED or loss not in _LOSSES or dim < 1:
        raise file.damaged(f"a model of kind {model} with loss {loss} and dim {dim} does not exist")
    dictionary, inputs, output = _body(file, dim)
    return checked(FastTextModel(dim, _LOSSES[loss], hashing, dictionary, inputs, output), path)


def read_fasttext_vectors(path: str | os.PathLike[str]) -> FastTextVectors:
    """Read the word vectors of a fastText model that was trained without labels (skipgram or cbow).

    Raises `ModelFileError` when the file is missing, cut, damaged, not fastText's, or a supervised model.
    """
    file = _File(path)
    dim, _, model, hashing = _arguments(file)
    if model == _SUPERVISED:
        raise ModelFileError(f"{path}: this is a supervised model, not one of word vectors; use lilliput convert")
    if model not in _VECTORS or dim < 1:
        raise file.damaged(f"a model of kind {model} with dim {dim} does not exist")
    dictionary, inputs, _ = _body(file, dim)
    buckets = hashing.bucket if hashing.maxn > 0 else 0
    if isinstance(inputs, QuantMatrix) or dictionary.pruned or dictionary.labels:
        raise file.damaged("it has labels, or is quantised, which models of word vectors are not")
    if buckets < 0 or inputs.shape[0] < dictionary.words + buckets or hashing.maxn > LONGEST_NGRAM:
        raise file.damaged(
            f"the input matrix has {inputs.shape[0]} rows for {dictionary.words} words and {buckets} buckets of n-grams"
        )
    return FastTextVectors(_VECTORS[model], hashing, dictionary, inputs.values)


def holds_vectors(path: str | os.PathLike[str]) -> bool:
    """Whether a fastText model was trained without labels; raises `ModelFileError` for a file that is none."""
    return _arguments(_File(path))[2] in _VECTORS


class FastTextVectors(NamedTuple):
    """``method``: "skipgram" or "cbow"; ``input``: float32, a row a word, then a row a bucket of n-grams."""

    method: str
    hashing: Hashing
    dictionary: Dictionary
    input: NDArray[np.float32]


def _arguments(file: _File) -> tuple[int, int, int, Hashing]:
    """Dimension, loss, kind of model, and hashing, of the beginning of the file."""
    version = _version(file)
    dim, _, _, _, _, word_ngrams, loss, model, bucket, minn, maxn, _, _ = file.numbers("<12id", "arguments")
    old = version == 11 and model == _SUPERVISED
    return dim, loss, model, Hashing(bucket, minn, 0 if old else maxn, word_ngrams)


def _body(file: _File, dim: int) -> tuple[Dictionary, Matrix, Matrix]:
    """Dictionary, input and output matrix: the rest of the file."""
    dictionary = _dictionary(file)
    quantised = file.flag("the mark of a quantised input matrix")
    inputs = _matrix(file, quantised, dim, "input matrix")
    output = _matrix(file, file.flag("the mark of a quantised output matrix") and quantised, dim, "output matrix")
    if file.at != len(file.data):
        raise file.damaged(f"the model ends at byte {file.at}, the file at byte {len(file.data)}")
    return dictionary, inputs, output


class _File:
    """A memory map that is read from front to back, and never past its end."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = path
        self.data = _map(path)
        self.at = 0

    def numbers(self, layout: str, what: str) -> tuple[Any, ...]:
        """Numbers as `struct` lays them out."""
        return struct.unpack_from(layout, self.data, self._advance(struct.calcsize(layout), what))

    def array(self, dtype: DTypeLike, shape: tuple[int, ...], what: str) -> NDArray[Any]:
        """A read-only view; the shape is made sure to be in the file first."""
        if min(shape) < 0:
            raise self.damaged(f"the {what} has shape {shape}")
        size = math.prod(shape)
        start = self._advance(size * np.dtype(dtype).itemsize, what)
        return np.frombuffer(self.data, dtype, size, start).reshape(shape) if size else np.empty(shape, dtype)

    def flag(self, what: str) -> bool:
        (value,) = self.numbers("<B", what)
        if value > 1:
            raise self.damaged(f"{what} is {value}, expected 0 or 1")
        return bool(value)

    def damaged(self, found: str) -> ModelFileError:
        return ModelFileError(f"{self.path}: {found}; this fastText model is damaged, copy or train it again")

    def _advance(self, size: int, what: str) -> int:
        start, self.at = self.at, self.at + size
        if self.at > len(self.data):
            left = len(self.data) - start
            raise self.damaged(f"the {what} needs {size} bytes from byte {start}, but {left} are left: cut short")
        return start


def _map(path: str | os.PathLike[str]) -> mmap.mmap:
    try:
        with Path(path).open("rb") as file:
            if os.fstat(file.fileno()).st_size == 0:
                raise ModelFileError(f"{path} is empty, expected a fastText model; was it cut short?")
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except FileNotFoundError:
        raise ModelFileError(f"{path} does not exist; check the path of the fastText model") from None
    except OSError as error:
        raise ModelFileError(f"{path} cannot be read: {error.strerror or error}") from error


def _version(file: _File) -> int:
    magic, version = file.numbers("<2i", "magic number")
    if magic != MAGIC:
        raise ModelFileError(f"{file.path} is not a fastText model: it begins with {magic}, expected {MAGIC}")
    if version not in VERSIONS:
        raise ModelFileError(f"{file.path} is a fastText model of version {version}; versions 11 and 12 can be read")
    return int(version)


def _dictionary(file: _File) -> Dictionary:
    entries, words, labels, _, pruned = file.numbers("<3i2q", "dictionary")
    if min(words, labels) < 0 or entries != words + labels:
        raise file.damaged(f"the dictionary has {entries} entries, but {words} words and {labels} labels")
    names, counts = _entries(file, entries, words)
    buckets = file.array("<i4", (max(pruned, 0), 2), "list of pruned n-grams")
    return Dictionary(
        text=np.frombuffer(b"".join(names), np.uint8),
        offsets=np.cumsum([0, *map(len, names)], dtype=np.int64),
        counts=np.array(counts, dtype=np.int64),
        words=words,
        pruned=pruned >= 0,
        buckets=buckets[:, 0].copy(),
        bucket_rows=buckets[:, 1].copy(),
    )


def _entries(file: _File, entries: int, words: int) -> tuple[list[bytes], list[int]]:
    """Names and counts; nothing is set aside for entries that the file may not hold."""
    data, at, size = file.data, file.at, len(file.data)
    unpack = struct.Struct("<qb").unpack_from
    names: list[bytes] = []
    counts: list[int] = []
    for i in range(entries):
        end = data.find(b"\0", at)
        if end < 0 or end + 10 > size:
            raise file.damaged(f"entry {i} of {entries} of the dictionary (byte {at}) has no end: cut short")
        count, kind = unpack(data, end + 1)
        if kind != (i >= words):
            raise file.damaged(f"entry {i} of the dictionary (byte {at}) is of kind {kind}, expected {int(i >= words)}")
        names.append(data[at:end])
        counts.append(count)
        at = end + 10
    file.at = at
    return names, counts


def _matrix(file: _File, quantised: bool, dim: int, what: str) -> Matrix:
    apart = quantised and file.flag(f"the mark of separate lengths in the {what}")
    rows, columns = file.numbers("<2q", f"shape of the {what}")
    if columns != dim:
        raise file.damaged(f"the {what} has {columns} columns, expected dim={dim}")
    if quantised:
        return _quantised(file, rows, columns, apart, what)
    return DenseMatrix(file.array("<f4", (rows, columns), what))


def _quantised(file: _File, rows: int, columns: int, apart: bool, what: str) -> QuantMatrix:
    (size,) = file.numbers("<i", f"size of the codes of the {what}")
    if rows < 1 or size < 0 or size % rows:
        raise file.damaged(f"the {what} has {size} bytes of codes for {rows} rows")
    codes = file.array("u1", (rows, size // rows), f"codes of the {what}")
    width, centroids = _quantiser(file, columns, codes.shape[1], what)
    norm_codes, norms = np.empty(0, np.uint8), np.empty(0, np.float32)
    if apart:
        norm_codes = file.array("u1", (rows,), f"lengths of the {what}")
        _, norms = _quantiser(file, 1, 1, f"lengths of the {what}")
    return QuantMatrix(codes, centroids, width, norm_codes, norms)


def _quantiser(file: _File, columns: int, parts: int, what: str) -> tuple[int, NDArray[np.float32]]:
    """Width of a part, and the centroids."""
    found = file.numbers("<4i", f"quantiser of the {what}")
    width = found[2]
    check_quantiser(columns, parts, width, f"{file.path}: the {what}")
    if found != (columns, parts, width, columns - (parts - 1) * width):
        raise file.damaged(f"the quantiser of the {what} is {found}, expected {parts} parts for {columns} columns")
    return width, file.array("<f4", (CENTROIDS * columns,), f"centroids of the {what}")
