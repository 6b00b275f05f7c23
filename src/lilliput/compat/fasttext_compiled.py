"""A fastText model as the kernels take it: named tuples of arrays, with hash tables for its words and n-grams.

A matrix that stays in a fastText file need not be aligned; x86-64 and 64-bit ARM read it all the same.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lilliput.compat.fasttext_kernel_words import fill_buckets, fill_slots
from lilliput.compat.fasttext_matrix import DenseMatrix, QuantMatrix
from lilliput.compat.fasttext_parts import FastTextModel
from lilliput.core.arrays import constant

OVA, SOFTMAX, HS = range(3)


class Lexicon(NamedTuple):
    """Entries as in `Dictionary`, and an open hash table of their numbers.

    ``slots``: int32 (a power of two,), -1 where free.
    """

    text: NDArray[np.uint8]
    offsets: NDArray[np.int64]
    slots: NDArray[np.int32]
    words: int


class Rules(NamedTuple):
    """`Hashing`."""

    bucket: int
    minn: int
    maxn: int
    word_ngrams: int


class Buckets(NamedTuple):
    """Of a pruned model, a hash table from buckets, ``keys`` (int32, -1 where free), to ``rows`` (int32)."""

    pruned: bool
    keys: NDArray[np.int32]
    rows: NDArray[np.int32]


class Input(NamedTuple):
    """Either matrix; ``width`` is 0 for a dense one, whose other arrays are then empty, and ``norms`` may be."""

    dim: int
    values: NDArray[np.float32]
    width: int
    codes: NDArray[np.uint8]
    centroids: NDArray[np.float32]
    norm_codes: NDArray[np.uint8]
    norms: NDArray[np.float32]


class Output(NamedTuple):
    """`FastTextModel.weights`, `lengths`, `tree` (empty without one) and `sigmoid_table`."""

    loss: int
    weights: NDArray[np.float32]
    lengths: NDArray[np.float32]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    sigmoid: NDArray[np.float32]


class Compiled(NamedTuple):
    """A model as the kernels take it."""

    lexicon: Lexicon
    rules: Rules
    buckets: Buckets
    input: Input
    output: Output


def prepare(model: FastTextModel) -> Compiled:
    """The arrays of a model, with hash tables for its words and its pruned n-grams."""
    dictionary, hashing = model.dictionary, model.hashing
    slots = np.full(_table_size(len(dictionary.counts)), -1, np.int32)
    fill_slots(dictionary.text, dictionary.offsets, slots)
    keys, rows = np.full((2, _table_size(len(dictionary.buckets))), -1, np.int32)
    fill_buckets(dictionary.buckets, dictionary.bucket_rows, keys, rows)
    none = np.empty(0, np.int32)
    left, right = model.tree if model.loss == "hs" else (none, none)
    kind = {"hs": HS, "softmax": SOFTMAX}.get(model.loss, OVA)
    weights, lengths = constant(model.weights), constant(model.lengths)
    return Compiled(
        Lexicon(constant(dictionary.text), constant(dictionary.offsets), constant(slots), dictionary.words),
        Rules(hashing.bucket, hashing.minn, hashing.maxn, hashing.word_ngrams),
        Buckets(dictionary.pruned, constant(keys), constant(rows)),
        _input(model),
        Output(kind, weights, lengths, constant(left), constant(right), constant(model.sigmoid_table)),
    )


def _input(model: FastTextModel) -> Input:
    no_bytes, no_floats = np.empty(0, np.uint8), np.empty(0, np.float32)
    if isinstance(model.input, DenseMatrix):
        values = model.input.values
        codes = QuantMatrix(no_bytes.reshape(0, 0), no_floats, 0, no_bytes, no_floats)
    else:
        values, codes = no_floats.reshape(0, 0), model.input
    return Input(
        dim=model.dim,
        values=constant(values),
        width=codes.width,
        codes=constant(codes.codes),
        centroids=constant(codes.centroids),
        norm_codes=constant(codes.norm_codes),
        norms=constant(codes.norms),
    )


def _table_size(entries: int) -> int:
    """A power of two that leaves half of the table free."""
    return 1 << (2 * entries).bit_length()
