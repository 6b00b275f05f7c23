"""Hashed n-gram counts of texts as a sparse matrix, for those who bring their own learner."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lilliput.core.threads import map_ordered, resolve_threads
from lilliput.data.packed import pack
from lilliput.features.ngrams import CHAR, WORD, count_ngrams
from lilliput.features.plain import NGrams
from lilliput.features.unicode import tables

CHUNK = 2048


class Counts(NamedTuple):
    """Rows in compressed form; ``scipy.sparse.csr_array((data, indices, indptr), shape=(texts, 2 ** bits))``.

    ``data``: float32 counts; ``indices``: int32 buckets, in the order in which a text first holds them; ``indptr``:
    int64 (texts + 1,).
    """

    data: NDArray[np.float32]
    indices: NDArray[np.int32]
    indptr: NDArray[np.int64]


def hashed_counts(texts: Sequence[str], group: NGrams, threads: int | None = None) -> Counts:
    """How often each bucket of `group` occurs in each text; the same for any number of threads."""
    unit = WORD if group.unit == "word" else CHAR

    def count(start: int) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float32]]:
        packed = pack(texts[start : start + CHUNK])
        lookup = tables(packed.ascii)
        return count_ngrams(
            packed.buffer,
            packed.offsets,
            lookup.entries,
            lookup.expansions,
            unit,
            group.low,
            group.high,
            group.bits,
        )

    parts = map_ordered(count, range(0, len(texts), CHUNK), resolve_threads(threads))
    if not parts:
        return Counts(np.zeros(0, np.float32), np.zeros(0, np.int32), np.zeros(1, np.int64))
    indptrs = [part[0] for part in parts]
    starts = np.cumsum([0, *(int(indptr[-1]) for indptr in indptrs)])
    joined = [indptr[1:] + start for indptr, start in zip(indptrs, starts, strict=False)]
    return Counts(
        np.concatenate([part[2] for part in parts]),
        np.concatenate([part[1] for part in parts]),
        np.concatenate([np.zeros(1, np.int64), *joined]),
    )
