"""A fastText model as the manifest and the arrays of a model file. Nothing is rounded: quantised parts stay codes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lilliput.compat.fasttext_matrix import CENTROIDS, DenseMatrix, Matrix, QuantMatrix, check_quantiser
from lilliput.compat.fasttext_parts import LOSSES, FastTextModel, checked
from lilliput.compat.fasttext_text import Dictionary, Hashing
from lilliput.core.errors import ModelFileError
from lilliput.core.modelfile import StrPath, require

Arrays = Mapping[str, NDArray[Any]]

_NUMBERS = ("dim", "words", "bucket", "minn", "maxn", "word_ngrams", "input_width", "output_width")


def manifest_of(model: FastTextModel) -> dict[str, Any]:
    """What is not an array; a width of 0 stands for a dense matrix."""
    return {
        "dim": model.dim,
        "loss": model.loss,
        "words": model.dictionary.words,
        "pruned": model.dictionary.pruned,
        "bucket": model.hashing.bucket,
        "minn": model.hashing.minn,
        "maxn": model.hashing.maxn,
        "word_ngrams": model.hashing.word_ngrams,
        "input_width": _width(model.input),
        "output_width": _width(model.output),
    }


def arrays_of(model: FastTextModel) -> dict[str, NDArray[Any]]:
    """``text``: words, then labels, in one buffer; ``lengths`` and ``counts`` in the smallest type that holds them."""
    dictionary = model.dictionary
    return {
        "text": dictionary.text,
        "lengths": _smallest(np.diff(dictionary.offsets)),
        "counts": _smallest(dictionary.counts),
        "buckets": dictionary.buckets,
        "bucket_rows": dictionary.bucket_rows,
        **model.input.arrays("input"),
        **model.output.arrays("output"),
    }


def model_from(manifest: Mapping[str, Any], arrays: Arrays, path: StrPath) -> FastTextModel:
    """The model of a file. Raises `ModelFileError` when something is missing or does not fit."""
    numbers: dict[str, Any] = {name: manifest.get(name) for name in _NUMBERS}
    loss, pruned = manifest.get("loss"), manifest.get("pruned")
    if any(type(number) is not int for number in numbers.values()) or loss not in LOSSES or type(pruned) is not bool:
        raise ModelFileError(f"{path}: the manifest does not describe a fastText model: {dict(manifest)}")
    dim = numbers["dim"]
    model = FastTextModel(
        dim=dim,
        loss=loss,
        hashing=Hashing(*(numbers[name] for name in ("bucket", "minn", "maxn", "word_ngrams"))),
        dictionary=_dictionary(arrays, numbers["words"], pruned, path),
        input=_matrix(arrays, "input", dim, numbers["input_width"], path),
        output=_matrix(arrays, "output", dim, numbers["output_width"], path),
    )
    return checked(model, path)


def _width(matrix: Matrix) -> int:
    return matrix.width if isinstance(matrix, QuantMatrix) else 0


def _smallest(values: NDArray[np.int64]) -> NDArray[Any]:
    return values.astype(np.min_scalar_type(int(values.max(initial=0))))


def _dictionary(arrays: Arrays, words: int, pruned: bool, path: StrPath) -> Dictionary:
    require(arrays, {"text": (np.uint8, (None,)), "buckets": (np.int32, (None,))}, path)
    require(arrays, {"bucket_rows": (np.int32, arrays["buckets"].shape)}, path)
    lengths, counts = (_unsigned(arrays, name, path) for name in ("lengths", "counts"))
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    if offsets[-1] != len(arrays["text"]) or len(lengths) != len(counts) or not 0 <= words <= len(counts):
        raise ModelFileError(f"{path}: lengths and counts of the words do not fit the words")
    return Dictionary(arrays["text"], offsets, counts, words, pruned, arrays["buckets"], arrays["bucket_rows"])


def _unsigned(arrays: Arrays, name: str, path: StrPath) -> NDArray[np.int64]:
    array = arrays.get(name)
    if array is None or array.dtype.kind != "u" or array.ndim != 1:
        raise ModelFileError(f"{path}: the array {name!r} is missing, or is no list of unsigned integers")
    return array.astype(np.int64)


def _matrix(arrays: Arrays, name: str, dim: int, width: int, path: StrPath) -> Matrix:
    if width == 0:
        require(arrays, {name: (np.float32, (None, dim))}, path)
        return DenseMatrix(arrays[name])
    codes, centroids, norm_codes, norms = (f"{name}_{part}" for part in ("codes", "centroids", "norm_codes", "norms"))
    require(arrays, {codes: (np.uint8, (None, None)), centroids: (np.float32, (CENTROIDS * dim,))}, path)
    check_quantiser(dim, arrays[codes].shape[1], width, f"{path}: the {name} matrix")
    if norms not in arrays:
        none = np.empty(0, np.uint8), np.empty(0, np.float32)
        return QuantMatrix(arrays[codes], arrays[centroids], width, *none)
    require(arrays, {norm_codes: (np.uint8, arrays[codes].shape[:1]), norms: (np.float32, (CENTROIDS,))}, path)
    return QuantMatrix(arrays[codes], arrays[centroids], width, arrays[norm_codes], arrays[norms])
