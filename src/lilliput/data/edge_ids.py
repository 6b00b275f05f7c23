"""Texts as ids, numbered in order of first appearance."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lilliput.data import edge_kernels as kernels
from lilliput.data.edge_blocks import Block
from lilliput.data.ids import Texts

DIGITS = 10


class Interner:
    """A hash table of texts, open addressing, at most half full."""

    def __init__(self) -> None:
        self._table = np.zeros(1 << 16, dtype=np.uint64)
        self._starts = np.zeros(1 << 15, dtype=np.int64)
        self._arena = np.zeros(1 << 18, dtype=np.uint8)
        self._count = self._used = 0

    def numbered(self, block: Block) -> NDArray[np.uint32]:
        """The numbers of a block's ids, uint32 (2, edges)."""
        assert block.data is not None
        assert block.spans is not None
        assert block.hashed is not None
        return self._numbered(block.data, block.spans, block.hashed, block.kept, 2)

    def numbered_pairs(self, ends: NDArray[np.uint32]) -> NDArray[np.uint32]:
        """The numbers of ids that are numbers themselves: uint32 (2, n), of both."""
        values = np.ascontiguousarray(ends.T).reshape(-1)  # in the order of the edges
        data = np.empty(DIGITS * len(values), dtype=np.uint8)
        spans = np.empty((len(values), 1, 2), dtype=np.int32)
        kernels.digits(values, data, spans)
        hashed = np.empty((len(values), 1), dtype=np.uint64)
        kernels.hashes(data, spans, len(values), 1, hashed)
        numbers = self._numbered(data, spans, hashed, np.arange(len(values)), 1)
        return np.ascontiguousarray(numbers.reshape(-1, 2).T)

    def _numbered(
        self,
        data: NDArray[np.uint8],
        spans: NDArray[np.int32],
        hashed: NDArray[np.uint64],
        kept: NDArray[np.int64],
        columns: int,
    ) -> NDArray[np.uint32]:
        out = np.empty((columns, len(kept)), dtype=np.uint32)
        step = 1 << 14  # rows at a time, so that little room is kept for texts that may all be new
        for first in range(0, len(kept), step):
            part = kept[first : first + step]
            room = int((spans[part, :columns, 1] - spans[part, :columns, 0]).sum())
            self._make_room(columns * len(part), room)
            numbers = np.empty((columns, len(part)), dtype=np.uint32)
            self._count, self._used = kernels.intern(
                data, spans, hashed, part, self._table, self._starts, self._arena, self._count, self._used, numbers
            )
            out[:, first : first + step] = numbers
        return out

    def _make_room(self, texts: int, used: int) -> None:
        self._starts = _grown(self._starts, self._count + texts + 1)
        self._arena = _grown(self._arena, self._used + used)
        if 2 * (self._count + texts) > len(self._table):
            self._table = np.zeros(2 * len(self._table), dtype=np.uint64)
            kernels.rebuild(self._table, self._starts, self._arena, self._count)

    def ids(self) -> Texts:
        """All texts so far."""
        return Texts(self._arena[: self._used].copy(), self._starts[: self._count + 1].copy())


def _grown(array: NDArray[Any], size: int) -> NDArray[Any]:
    """The array, or a copy of it half as large again, with zeros, that has `size` places."""
    if size <= len(array):
        return array
    larger = np.zeros(max(size, len(array) * 3 // 2), dtype=array.dtype)
    larger[: len(array)] = array
    return larger
