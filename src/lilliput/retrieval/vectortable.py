"""Word vectors in eight bits: a row of int8 codes and one scale a word, and rows for n-grams of unknown words.

A row is ``codes[i] * scales[i]``, the scale such that the largest code is 127 or -127: a vector of 100 numbers takes
102 bytes and keeps its direction to about half a degree. The float matrix of a large table is never made as a whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lilliput.core.errors import DataError, ModelFileError
from lilliput.core.modelfile import StrPath, require
from lilliput.features.subwords import LONGEST, Subwords
from lilliput.retrieval.nearest import inverse_lengths
from lilliput.retrieval.wordlist import WordList, encode

LARGEST = 127
SHORT = 2.0**-14, 65504.0
"""The least and the largest number that 16 bits hold with all their places."""
MOST = 1e30
"""Numbers above it are refused: sums of a few of them would not fit into 32 bits."""
BLOCK = 4096
"""Rows that are made floats at a time."""

Floats = NDArray[np.float32]


class Codes(NamedTuple):
    """Vectors in eight bits: ``codes`` int8 (rows, dim) and ``scales`` float32 (rows,)."""

    codes: NDArray[np.int8]
    scales: Floats

    @classmethod
    def of(cls, matrix: NDArray[Any]) -> Codes:
        """The nearest codes to a matrix (rows, dim) of finite numbers. Raises `DataError` for others."""
        codes = np.empty(matrix.shape, dtype=np.int8)
        scales = np.empty(len(matrix), dtype=np.float32)
        for first in range(0, len(matrix), BLOCK):
            rows = slice(first, first + BLOCK)
            codes[rows], scales[rows] = quantised(np.asarray(matrix[rows], dtype=np.float32), first)
        return cls(codes, scales)

    def floats(self, rows: Any) -> Floats:
        """Some rows as float32 (rows, dim), or one as (dim,)."""
        return self.codes[rows].astype(np.float32) * np.asarray(self.scales[rows])[..., None]

    def blocks(self, rows: int) -> Iterator[tuple[slice, Floats]]:
        """The first `rows` rows as floats, some thousand at a time."""
        for first in range(0, rows, BLOCK):
            part = slice(first, min(first + BLOCK, rows))
            yield part, self.floats(part)


def quantised(block: Floats, first: int = 0) -> tuple[NDArray[np.int8], Floats]:
    """Codes (rows, dim) and scales (rows,) of some vectors; `first`: the number of the first one, for messages."""
    largest = np.abs(block).max(axis=1, initial=0)
    bad = ~(largest <= MOST)  # not a number is not below it either
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise DataError(f"vector {first + row + 1:,} is not made of finite numbers below {MOST:g}")
    scales = _short((largest / LARGEST).astype(np.float32))
    divisors = np.where(scales > 0, scales, 1).astype(np.float64)
    return np.clip(np.rint(block / divisors[:, None]), -LARGEST, LARGEST).astype(np.int8), scales


def _short(scales: Floats) -> Floats:
    """The nearest numbers of 16 bits where these hold 11 binary places; a scale's error changes no direction."""
    fits = (scales == 0) | ((scales >= SHORT[0]) & (scales <= SHORT[1]))
    return np.where(fits, np.where(fits, scales, 0).astype(np.float16), scales).astype(np.float32)


def _stored(scales: Floats) -> NDArray[Any]:
    """Scales as a file has them: in 16 bits if that loses nothing."""
    short = np.where(scales <= SHORT[1], scales, 0).astype(np.float16)
    return short if (short == scales).all() else scales


@dataclass(frozen=True, eq=False)
class VectorTable:
    """Words, the most frequent first, with their counts and vectors.

    ``counts``: int64 (words,), zeros where they are not known; ``rows``: a vector a word, with its n-grams in it;
    ``grams``: a vector a bucket of n-grams, whose mean is the vector of an unknown word, or None; ``subwords``: how
    n-grams are hashed to them, or None.
    """

    words: WordList
    counts: NDArray[np.int64]
    rows: Codes
    grams: Codes | None = None
    subwords: Subwords | None = None

    @classmethod
    def from_float(
        cls,
        words: Sequence[str] | Sequence[bytes],
        counts: NDArray[Any] | Sequence[int] | None,
        matrix: NDArray[Any],
        grams: NDArray[Any] | None = None,
        lengths: tuple[int, int] | None = None,
    ) -> VectorTable:
        """The table of vectors (words, dim), given with the most frequent word first.

        `grams` (buckets, dim) and `lengths`, the shortest and the longest n-gram, are for unknown words. Raises
        `DataError` for words that come twice, vectors that are not finite, and shapes that do not fit.
        """
        listed = WordList.of(words)
        if matrix.ndim != 2 or len(matrix) != len(listed) or matrix.shape[1] < 1:
            raise DataError(f"vectors of shape {matrix.shape} for {len(listed):,} words; expected a row for each word")
        given = np.zeros(len(listed)) if counts is None else np.asarray(counts)
        if grams is None or lengths is None:
            return cls(listed, given.astype(np.int64), Codes.of(matrix))
        if grams.ndim != 2 or grams.shape[1] != matrix.shape[1] or not len(grams):
            raise DataError(f"n-grams of shape {grams.shape} for vectors of dimension {matrix.shape[1]}")
        subwords = Subwords(*lengths, len(grams))
        return cls(listed, given.astype(np.int64), Codes.of(matrix), Codes.of(grams), subwords)

    def __len__(self) -> int:
        return len(self.words)

    @property
    def dim(self) -> int:
        """Numbers a vector has."""
        return self.rows.codes.shape[1]

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        return sum(array.nbytes for array in self.arrays().values())

    def vector(self, word: str) -> Floats | None:
        """The vector of a word, float32 (dim,): its own, or the mean of its n-grams'; None where there is neither."""
        row = self.words.row(word)
        if row >= 0:
            return self.rows.floats(row)
        if self.grams is None or self.subwords is None:
            return None
        buckets = self.subwords.of(encode(word))
        return self.grams.floats(buckets).mean(axis=0) if len(buckets) else None

    @cached_property
    def inverse(self) -> Floats:
        """One over the length of each row of codes, float32 (words,); 0 for a vector of zeros."""
        return inverse_lengths(self.rows.codes)

    # Model files

    def arrays(self) -> dict[str, NDArray[Any]]:
        """What a model file holds of it."""
        counts, runs = _runs(self.counts)
        arrays = {
            **self.words.arrays(),
            "counts": counts,
            "count_runs": runs,
            "codes": self.rows.codes,
            "scales": _stored(self.rows.scales),
        }
        if self.grams is not None and self.subwords is not None:
            arrays["gram_codes"], arrays["gram_scales"] = self.grams.codes, _stored(self.grams.scales)
            arrays["gram_lengths"] = np.array(self.subwords[:2], dtype=np.uint8)
        return arrays

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], path: StrPath = "the model file") -> VectorTable:
        """The table that these arrays hold, among others. Raises `ModelFileError` where they do not fit together."""
        words = WordList.from_arrays(arrays, path)
        require(arrays, {"counts": (np.int64, (None,)), "count_runs": (np.int64, (None,))}, path)
        counts, runs = arrays["counts"], arrays["count_runs"]
        if len(counts) != len(runs) or runs.min(initial=1) < 1 or counts.min(initial=0) < 0:
            raise ModelFileError(f"{path}: the counts of the words are damaged")
        if runs.max(initial=0) > len(words) or runs.sum() != len(words):
            raise ModelFileError(f"{path}: there are {runs.sum():,} counts for {len(words):,} words")
        rows = _codes(arrays, "codes", "scales", (len(words), None), path)
        if rows.codes.shape[1] < 1:
            raise ModelFileError(f"{path}: the vectors have dimension 0")
        table = cls(words, np.repeat(counts, runs), rows)
        return _with_grams(table, arrays, path) if "gram_codes" in arrays else table


def _with_grams(table: VectorTable, arrays: Mapping[str, NDArray[Any]], path: StrPath) -> VectorTable:
    """The table with the n-grams of these arrays."""
    grams = _codes(arrays, "gram_codes", "gram_scales", (None, table.dim), path)
    require(arrays, {"gram_lengths": (np.uint8, (2,))}, path)
    shortest, longest = arrays["gram_lengths"].tolist()
    if not len(grams.codes) or not 1 <= shortest <= longest <= LONGEST:
        raise ModelFileError(f"{path}: n-grams of {shortest} to {longest} characters in {len(grams.codes)} buckets")
    subwords = Subwords(shortest, longest, len(grams.codes))
    return VectorTable(table.words, table.counts, table.rows, grams, subwords)


def _codes(
    arrays: Mapping[str, NDArray[Any]], codes: str, scales: str, shape: tuple[int | None, int | None], path: StrPath
) -> Codes:
    require(arrays, {codes: (np.int8, shape)}, path)
    found = arrays.get(scales)
    kind = np.float16 if found is not None and found.dtype == np.float16 else np.float32
    require(arrays, {scales: (kind, (len(arrays[codes]),))}, path)
    known = arrays[scales].astype(np.float32)
    if not ((known >= 0) & (known <= MOST / LARGEST * 1.001)).all():
        raise ModelFileError(f"{path}: {scales} holds numbers that are not from 0 to {MOST:g}; the file is damaged")
    return Codes(arrays[codes], known)


def _runs(values: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Values that stand side by side and are equal as one, and how many they are; rare words share their counts."""
    starts = np.flatnonzero(np.diff(values, prepend=values[:1] - 1)) if len(values) else np.zeros(0, dtype=np.int64)
    return values[starts], np.diff(starts, append=len(values)).astype(np.int64)
