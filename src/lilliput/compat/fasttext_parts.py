"""The parts of a supervised fastText model, what must hold between them, and prediction of one line."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from lilliput.compat.fasttext_loss import (
    COUNT_LIMIT,
    Best,
    Tree,
    best_labels,
    best_leaves,
    huffman_tree,
    sigmoid,
    sigmoid_table,
    softmax,
)
from lilliput.compat.fasttext_matrix import DenseMatrix, Matrix, mean_of_rows, sum_in_order
from lilliput.compat.fasttext_text import Dictionary, Features, Hashing
from lilliput.core.errors import ModelFileError

LOSSES = ("hs", "ns", "softmax", "ova")
LONGEST_NGRAM = 1000
"""Nobody trains longer ones, and a damaged length would take time and memory with the square of the text."""

# In place of the number of labels that a line got:
NO_ROWS = -1  # no word and no n-gram of it has a row
NOT_NUMBERS = -2  # its scores are not numbers


@dataclass(frozen=True)
class FastTextModel:
    """A supervised model as fastText stores it.

    ``input``: (rows, dim), a row for each word, then for each bucket of n-grams; ``output``: (labels, dim), or with
    ``loss="hs"`` a row for each inner node of the `tree`, and one that is not used.
    """

    dim: int
    loss: str
    hashing: Hashing
    dictionary: Dictionary
    input: Matrix
    output: Matrix

    @cached_property
    def features(self) -> Features:
        """From text to input rows."""
        return Features(self.dictionary, self.hashing)

    @cached_property
    def tree(self) -> Tree:
        """Huffman tree over the labels, which hierarchical softmax walks down."""
        return huffman_tree(self.dictionary.counts[self.dictionary.words :].tolist())

    @cached_property
    def weights(self) -> NDArray[np.float32]:
        """The output matrix without its `lengths`: (dim, labels), but a row a node with ``loss="hs"``."""
        rows = self.output.directions(np.arange(self.output.shape[0]))
        return rows if self.loss == "hs" else np.ascontiguousarray(rows.T)

    @cached_property
    def lengths(self) -> NDArray[np.float32]:
        """What scores are multiplied by, float32 (labels,)."""
        return self.output.lengths(np.arange(self.output.shape[0]))

    @cached_property
    def sigmoid_table(self) -> NDArray[np.float32]:
        """The sigmoid of ``loss="ova"`` and ``"ns"``."""
        return sigmoid_table()

    def mean(self, rows: list[int]) -> NDArray[np.float32]:
        """Mean of input rows as float32 (dim,); zeros when there are none."""
        with _quiet():
            return mean_of_rows(self.input, np.array(rows, dtype=np.int64))

    def best(self, rows: list[int], k: int, threshold: float) -> Best:
        """The `k` best labels (1 to all) of a line with these input rows, one at least.

        Raises `ModelFileError` when weights are not numbers.
        """
        hidden = self.mean(rows)
        if self.loss == "hs":
            return best_leaves(self.tree, lambda node: self._node_score(node, hidden), k, threshold)
        with _quiet():
            scores = sum_in_order(self.weights * hidden[:, None]) * self.lengths
        check_numbers(bool(np.isfinite(scores).all()))
        if self.loss == "softmax":
            return best_labels(softmax(scores), k, threshold)
        return best_labels(sigmoid(scores, self.sigmoid_table), k, threshold)

    def _node_score(self, node: int, hidden: NDArray[np.float32]) -> float:
        with _quiet():
            score = float(sum_in_order(self.weights[node] * hidden) * self.lengths[node])
        check_numbers(math.isfinite(score))
        return score


def _quiet() -> np.errstate:
    """Damaged weights may overflow; the scores are checked, so NumPy need not warn."""
    return np.errstate(over="ignore", invalid="ignore")


def check_numbers(numbers: bool) -> None:
    """Raise `ModelFileError` unless the scores of a prediction are numbers."""
    if not numbers:
        raise ModelFileError("this fastText model gives scores that are not numbers: its weights are damaged")


def checked(model: FastTextModel, path: str | os.PathLike[str]) -> FastTextModel:
    """`model`, or `ModelFileError` when its parts do not fit together: no row that is asked for may be missing."""
    for problem in _problems(model):
        raise ModelFileError(f"{path}: {problem}; this fastText model is damaged, copy or train it again")
    return model


def _problems(model: FastTextModel) -> Iterator[str]:
    dictionary, hashing = model.dictionary, model.hashing
    rows, needed = model.input.shape[0], dictionary.words + _bucket_rows(model)
    if dictionary.labels < 1:
        yield "it has no label"
    if model.input.shape[1] != model.dim:
        yield f"the input matrix has {model.input.shape[1]} columns, expected dim={model.dim}"
    if model.output.shape != (dictionary.labels, model.dim):
        yield f"the output matrix has shape {model.output.shape}, expected {(dictionary.labels, model.dim)}"
    if hashing.used and hashing.bucket < 1:
        yield f"it has n-grams, but bucket={hashing.bucket}"
    if max(hashing.maxn, hashing.word_ngrams) > LONGEST_NGRAM:
        yield f"its n-grams have up to {hashing.maxn} characters and {hashing.word_ngrams} words"
    if dictionary.pruned and isinstance(model.input, DenseMatrix):
        yield "its n-grams are pruned, but its input matrix is not quantised"
    if rows < needed:
        yield f"the input matrix has {rows} rows, expected {needed}, for {dictionary.words} words and their n-grams"
    if len(dictionary.bucket_rows) and dictionary.bucket_rows.min() < 0:
        yield f"an n-gram has row {dictionary.bucket_rows.min()}"
    if len(dictionary.counts) and not 0 <= dictionary.counts.min() <= dictionary.counts.max() < COUNT_LIMIT:
        yield "a word or label has a count that cannot be"


def _bucket_rows(model: FastTextModel) -> int:
    """Rows that n-grams may ask for, after those of the words."""
    dictionary = model.dictionary
    if dictionary.pruned:
        return int(dictionary.bucket_rows.max()) + 1 if len(dictionary.bucket_rows) else 0
    return model.hashing.bucket if model.hashing.used else 0
