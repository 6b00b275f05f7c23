"""Prediction of lines: a few by the plain implementation, many by the kernels, with the same results."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lilliput.compat.fasttext_parts import NO_ROWS, NOT_NUMBERS, FastTextModel, check_numbers
from lilliput.compat.fasttext_text import END
from lilliput.core.threads import available_threads, map_ordered

if TYPE_CHECKING:
    from lilliput.compat.fasttext_compiled import Compiled

_MANY = 1000
"""From so many lines on, loading the kernels pays, which takes half a second; later they do single lines too."""
_SHARD = 256


class Found(NamedTuple):
    """The best labels of each line: ``labels`` int32 and ``probabilities`` float32, both (lines, k), best first.

    ``number``: int32 (lines,), how many of them there are; `NO_ROWS` for a line without any input row.
    """

    labels: NDArray[np.int32]
    probabilities: NDArray[np.float32]
    number: NDArray[np.int32]


class Predictor:
    """Predicts lines, which are bytes with the newline at their end, if they have one."""

    def __init__(self, model: FastTextModel) -> None:
        self.model = model
        self._compiled: Compiled | None = None

    def predict(self, lines: Sequence[bytes], k: int, threshold: float) -> Found:
        """The `k` best labels of each line, of those at least as probable as `threshold`.

        Raises `ModelFileError` when weights are not numbers.
        """
        k = min(k, self.model.dictionary.labels)
        if self._compiled is None and len(lines) < _MANY:
            return self.predict_plain(lines, k, threshold)
        return self.predict_compiled(lines, k, threshold)

    def predict_plain(self, lines: Sequence[bytes], k: int, threshold: float) -> Found:
        """As `predict`, with NumPy alone."""
        found = _empty(len(lines), k)
        for i, line in enumerate(lines):
            rows = self.model.features.of_line(line)
            if not rows:
                found.number[i] = NO_ROWS
                continue
            labels, logs = self.model.best(rows, k, threshold)
            found.number[i] = len(labels)
            found.labels[i, : len(labels)] = labels
            found.probabilities[i, : len(labels)] = _exponential(np.array(logs))
        return found

    def predict_compiled(self, lines: Sequence[bytes], k: int, threshold: float) -> Found:
        """As `predict`, with the kernels, which are loaded once."""
        if self._compiled is None:
            from lilliput.compat.fasttext_compiled import prepare

            self._compiled = prepare(self.model)
        compiled = self._compiled
        shards = [lines[i : i + _SHARD] for i in range(0, len(lines), _SHARD)] or [lines]
        parts = map_ordered(lambda shard: _shard(compiled, shard, k, threshold), shards, available_threads())
        found = Found(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))
        check_numbers(NOT_NUMBERS not in found.number)
        return found


def _empty(lines: int, k: int) -> Found:
    return Found(np.zeros((lines, k), np.int32), np.zeros((lines, k), np.float32), np.empty(lines, np.int32))


def _exponential(logs: NDArray[np.floating]) -> NDArray[np.float32]:
    return np.exp(logs.astype(np.float64)).astype(np.float32)


def _shard(compiled: Compiled, lines: Sequence[bytes], k: int, threshold: float) -> Found:
    from lilliput.compat.fasttext_kernels import predict_lines

    found = _empty(len(lines), k)
    data = np.frombuffer(b"".join([*lines, END]), np.uint8)
    offsets = np.cumsum([0, *map(len, lines)], dtype=np.int64)
    predict_lines(compiled, data, offsets, np.float32(threshold), found.labels, found.probabilities, found.number)
    np.exp(found.probabilities, out=found.probabilities)
    return found
