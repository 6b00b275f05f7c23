"""Precision and recall on a file of labelled lines, counted as fastText counts them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lilliput.compat.fasttext_parts import NO_ROWS
from lilliput.compat.fasttext_predict import Predictor
from lilliput.compat.fasttext_text import lines
from lilliput.core.errors import DataError
from lilliput.core.modelfile import StrPath

_BLOCK = 8192


@dataclass(frozen=True)
class Counts:
    """``examples``: lines with a label and an input row.

    For each label, int64 (labels,): how often it was given (``gold``), ``predicted``, and both (``hits``).
    """

    examples: int
    gold: NDArray[np.int64]
    predicted: NDArray[np.int64]
    hits: NDArray[np.int64]

    def precision_recall_f1(self, label: int | None = None) -> tuple[float, float, float]:
        """Of one label, or of all together; NaN where there was nothing to count."""
        numbers = (self.gold, self.predicted, self.hits)
        gold, predicted, hits = (int(n.sum() if label is None else n[label]) for n in numbers)
        return _ratio(hits, predicted), _ratio(hits, gold), _ratio(2 * hits, predicted + gold)


def count(predictor: Predictor, path: StrPath, k: int, threshold: float) -> Counts:
    """Predict every line of a file and compare with the labels in it. Raises `DataError` when it cannot be read."""
    labels = predictor.model.dictionary.labels
    examples = 0
    gold, predicted, hits = np.zeros((3, labels), dtype=np.int64)
    for block in _blocks(path):
        found = predictor.predict(block, k, threshold)
        for line, guesses, number in zip(block, found.labels.tolist(), found.number.tolist(), strict=True):
            true = predictor.model.features.labels(line)
            if number == NO_ROWS or not true:
                continue
            examples += 1
            np.add.at(gold, true, 1)
            for guess in guesses[:number]:
                predicted[guess] += 1
                hits[guess] += guess in true
    return Counts(examples, gold, predicted, hits)


def _blocks(path: StrPath) -> Iterator[list[bytes]]:
    try:
        with Path(path).open("rb") as stream:
            found = lines(stream)
            while block := list(islice(found, _BLOCK)):
                yield block
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}") from error


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")
