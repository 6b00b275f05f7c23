"""Texts as rows: hashed n-grams of words by their inverse document frequency, each row of length one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from lilliput.core.errors import DataError
from lilliput.data.source import Source
from lilliput.features.counts import hashed_counts
from lilliput.features.plain import NGrams
from lilliput.spectral.rows import Block, Sparse, StreamedRows

WORDS = NGrams("word", 1, 2, bits=20)
"""The columns: words and pairs of words, hashed."""


def text_rows(source: Source, threads: int) -> StreamedRows:
    """The texts of a source as sparse float32 rows; a pass for the document frequencies comes first.

    A value is ``log(texts / texts that hold the n-gram)`` where a text holds it, over the length of the row.
    """
    holding = np.zeros(1 << WORDS.bits, dtype=np.int64)
    texts = 0
    for block in _counts(source, threads):
        texts += len(block)
        holding += np.bincount(block.columns, minlength=len(holding))
    if not texts:
        raise DataError("there are no texts to learn from; give at least two")
    weights = np.log(texts / np.maximum(holding, 1)).astype(np.float32)

    def blocks() -> Iterator[Block]:
        for block in _counts(source, threads):
            values = weights[block.columns]
            squares = np.bincount(block.rows_of_entries(), np.square(values, dtype=np.float64), len(block))
            lengths = np.sqrt(np.maximum(squares, np.finfo(np.float32).tiny)).astype(np.float32)
            yield replace(block, values=values / np.repeat(lengths, np.diff(block.starts)))

    return StreamedRows(blocks, len(holding), np.dtype(np.float32))


def _counts(source: Source, threads: int) -> Iterator[Sparse]:
    """Which n-grams each text holds, in ascending columns."""
    for texts, _ in source.batches():
        counts = hashed_counts(texts, WORDS, threads)
        found = Sparse(counts.indptr, counts.indices, counts.data)
        order = np.lexsort((found.columns, found.rows_of_entries()))
        yield Sparse(found.starts, found.columns[order], found.values[order])
