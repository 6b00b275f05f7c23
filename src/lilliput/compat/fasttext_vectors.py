"""The word vectors of fastText's own models, ``.bin``, in eight bits, with their n-grams for unknown words."""

from __future__ import annotations

import numpy as np

from lilliput.compat.fasttext_file import FastTextVectors, read_fasttext_vectors
from lilliput.core.modelfile import StrPath
from lilliput.core.progress import Progress
from lilliput.features.subwords import LONGEST, Subwords
from lilliput.retrieval.vectorbuilder import VectorsRead
from lilliput.retrieval.vectortable import Codes, Floats, VectorTable, quantised
from lilliput.retrieval.wordlist import WordList

TOGETHER = 4096
"""Words whose vectors are floats at a time."""


def read_vectors(path: StrPath, progress: Progress) -> VectorsRead:
    """The vectors of a fastText model: of each word the mean of its own row and those of its n-grams, as fastText has.

    Raises `ModelFileError` for a file that is none, `DataError` for numbers that are not finite.
    """
    model = read_fasttext_vectors(path)
    dictionary, hashing = model.dictionary, model.hashing
    words = WordList.of([dictionary.entry(number) for number in range(dictionary.words)])
    codes = np.empty((len(words), model.input.shape[1]), dtype=np.int8)
    scales = np.empty(len(words), dtype=np.float32)
    for first in range(0, len(words), TOGETHER):
        part = slice(first, min(first + TOGETHER, len(words)))
        codes[part], scales[part] = quantised(_vectors(model, part.start, part.stop), first)
        progress.advance(part.stop - part.start)
    table = VectorTable(words, dictionary.counts, Codes(codes, scales))
    if hashing.maxn <= 0 or hashing.minn > hashing.maxn:
        return VectorsRead(table, "a fastText model", [])
    if hashing.maxn > LONGEST:
        note = f"n-grams of up to {hashing.maxn} characters are not kept; unknown words have no vector"
        return VectorsRead(table, "a fastText model", [note])
    grams = Codes.of(model.input[len(words) : len(words) + hashing.bucket])
    subwords = Subwords(max(1, hashing.minn), hashing.maxn, hashing.bucket)
    return VectorsRead(
        VectorTable(words, dictionary.counts, table.rows, grams, subwords), f"a fastText model ({model.method})", []
    )


def _vectors(model: FastTextVectors, first: int, last: int) -> Floats:
    """The vectors of some words, float32 (words, dim)."""
    from lilliput.compat.fasttext_vector_kernels import mean_rows

    found = np.empty((last - first, model.input.shape[1]), dtype=np.float32)
    dictionary, hashing = model.dictionary, model.hashing
    shortest, longest = max(1, hashing.minn), hashing.maxn
    mean_rows(
        dictionary.text, dictionary.offsets, model.input, dictionary.words, max(1, hashing.bucket), shortest, longest,
        first, found,
    )  # fmt: skip
    return found
