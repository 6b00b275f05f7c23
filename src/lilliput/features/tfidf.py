"""Texts as sparse rows: hashed n-grams, term frequency times inverse document frequency, each row of length one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from lilliput.data.matrix import Compressed
from lilliput.features.buckets import BucketMap
from lilliput.features.counts import Counts, hashed_counts
from lilliput.features.plain import NGrams

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class TfIdf:
    """Columns that are n-grams, and the weight of each.

    A value is ``(1 + log count) * log((1 + texts) / (1 + texts that hold it)) + 1)`` over the length of the row, as in
    scikit-learn's `TfidfVectorizer` with ``sublinear_tf``; columns that did not occur in training are left out.

    groups : of n-grams, each hashed to buckets of its own.
    maps : for each group the buckets that are columns; the columns of a group follow those of the group before.
    weights : inverse document frequencies, float32 (columns,).
    """

    groups: tuple[NGrams, ...]
    maps: tuple[BucketMap, ...]
    weights: Floats

    @cached_property
    def first(self) -> list[int]:
        """Where the columns of each group begin, and their end."""
        return [0, *np.cumsum([bucket_map.rows for bucket_map in self.maps]).tolist()]

    @cached_property
    def _known(self) -> list[NDArray[np.int32]]:
        """For each group the column of each bucket, or -1: four bytes a bucket in memory."""
        tables = []
        for bucket_map, start in zip(self.maps, self.first, strict=False):
            table = np.full(1 << bucket_map.bits, -1, dtype=np.int32)
            buckets = bucket_map.buckets()
            table[buckets] = np.arange(start, start + len(buckets))
            tables.append(table)
        return tables

    def rows(self, texts: Sequence[str], threads: int | None = None) -> Compressed:
        """The texts as rows, float32 values and int32 columns, ascending in a row."""
        parts = [
            _columns(hashed_counts(texts, group, threads), known)
            for group, known in zip(self.groups, self._known, strict=True)
        ]
        row, column, count = (np.concatenate(items) for items in zip(*parts, strict=True))
        order = np.lexsort((column, row))
        row, column = row[order], column[order]
        values = (1 + np.log(count[order])) * self.weights[column]
        squares = np.bincount(row, np.square(values, dtype=np.float64), len(texts))
        values /= np.sqrt(squares)[row]
        indptr = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=len(texts)))]).astype(np.int64)
        return Compressed(values.astype(np.float32), column.astype(np.int32), indptr, (len(texts), self.first[-1]))

    @classmethod
    def of(
        cls,
        texts: Sequence[str],
        groups: Sequence[NGrams],
        columns: int,
        least: int = 2,
        threads: int | None = None,
    ) -> TfIdf:
        """For `texts`: the `columns` n-grams that occur in most of them, and in `least` texts or more."""
        holding = [_holding(hashed_counts(texts, group, threads), group.bits) for group in groups]
        everything = np.concatenate(holding)
        found = np.flatnonzero(everything >= min(least, int(everything.max(initial=0))))
        found = found[everything[found] > 0]
        if len(found) > columns:
            # By falling frequency; of equal ones the first bucket, so that the choice is one.
            found = np.sort(found[np.argsort(-everything[found], kind="stable")[:columns]])
        edges = np.cumsum([0, *(len(counts) for counts in holding)])
        maps = [
            BucketMap.of(found[(found >= low) & (found < high)] - low, group.bits)
            for group, low, high in zip(groups, edges, edges[1:], strict=False)
        ]
        weights = np.log((1 + len(texts)) / (1 + everything[found])) + 1
        return cls(tuple(groups), tuple(maps), weights.astype(np.float32))


def _holding(counts: Counts, bits: int) -> NDArray[np.int64]:
    """In how many texts each bucket occurs."""
    return np.bincount(counts.indices, minlength=1 << bits)


def _columns(
    counts: Counts, known: NDArray[np.int32]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Row, column and count of each entry whose bucket is a column."""
    rows = np.repeat(np.arange(len(counts.indptr) - 1), np.diff(counts.indptr))
    columns = known[counts.indices]
    kept = columns >= 0
    return rows[kept], columns[kept].astype(np.int64), counts.data[kept].astype(np.float64)
