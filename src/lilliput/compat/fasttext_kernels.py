"""Bulk prediction with a fastText model: the steps of `fasttext_parts.FastTextModel.best`, compiled.

The arithmetic is that of the plain implementation, operation by operation, and so are the results.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from lilliput.compat import fasttext_heap
from lilliput.compat.fasttext_compiled import HS, SOFTMAX, Compiled, Output
from lilliput.compat.fasttext_kernel_rows import line_rows, sum_dense, sum_quantised, without_pruned
from lilliput.compat.fasttext_kernel_words import Bytes, Ints
from lilliput.compat.fasttext_loss import LOG_OFFSET, SIGMOID_RANGE, SIGMOID_STEPS
from lilliput.compat.fasttext_parts import NO_ROWS, NOT_NUMBERS

_ZERO, _ONE = np.float32(0), np.float32(1)
_EDGE = np.float32(SIGMOID_RANGE)
_SCALE = np.float32(SIGMOID_STEPS / SIGMOID_RANGE / 2)

push = njit(nogil=True, cache=True)(fasttext_heap.push)
pop = njit(nogil=True, cache=True)(fasttext_heap.pop)


@njit(nogil=True, cache=True)
def predict_lines(
    model: Compiled,
    data: Bytes,
    offsets: NDArray[np.int64],
    threshold: np.float32,
    labels: Ints,
    logs: NDArray[np.float32],
    found: Ints,
) -> None:
    """The best labels of each line ``data[offsets[i]:offsets[i + 1]]``, best first, and ``log(p + 1e-5)`` of each.

    Behind the lines, `data` ends in ``</s>``.

    Fills `labels` and `logs`, both (lines, k), and `found`: how many labels a line got, `NO_ROWS` when it has no input
    row, or `NOT_NUMBERS` when its scores are none.
    """
    k = labels.shape[1]
    longest = 0
    for i in range(offsets.size - 1):
        longest = max(longest, offsets[i + 1] - offsets[i])
    marked = np.empty(longest + 2, np.uint8)
    hashes = np.empty(longest // 2 + 2, np.uint64)
    rows = np.empty(256, np.int64)
    hidden = np.empty(model.input.dim, np.float32)
    scores = np.empty(model.output.lengths.size, np.float32)
    best, ids = np.empty(k + 1, np.float32), np.empty(k + 1, np.int32)
    for i in range(offsets.size - 1):
        number, rows = line_rows(model.lexicon, model.rules, data, offsets[i], offsets[i + 1], marked, hashes, rows)
        if model.buckets.pruned:
            number = without_pruned(model.buckets, model.lexicon.words, rows, number)
        if number == 0:
            found[i] = NO_ROWS
            continue
        if model.input.width == 0:
            sum_dense(model.input.values, rows, number, hidden)
        else:
            sum_quantised(model.input, rows, number, hidden)
        share = np.float32(1.0 / number)
        for column in range(hidden.size):
            hidden[column] *= share
        if model.output.loss == HS:
            size = best_leaves(model.output, hidden, threshold, best, ids)
        else:
            size = best_labels(model.output, hidden, scores, threshold, best, ids)
        found[i] = size
        rest = size
        while rest > 1:
            rest = pop(best, ids, rest)
        for j in range(size):
            labels[i, j], logs[i, j] = ids[j], best[j]


@njit(nogil=True, cache=True)
def keep_best(score: np.float32, label: int, best: NDArray[np.float32], ids: Ints, size: int) -> int:
    """Take a label among the best, of which there is room for one more than asked; the new number of them."""
    k = best.size - 1
    if size == k and score < best[0]:
        return size
    size = push(best, ids, size, score, label)
    return pop(best, ids, size) if size > k else size


@njit(nogil=True, cache=True)
def log_of(probability: np.float32) -> np.float32:
    """What labels are ranked by."""
    return np.float32(math.log(np.float64(probability) + LOG_OFFSET))


# Softmax and sigmoid


@njit(nogil=True, cache=True)
def best_labels(
    output: Output,
    hidden: NDArray[np.float32],
    scores: NDArray[np.float32],
    threshold: np.float32,
    best: NDArray[np.float32],
    ids: Ints,
) -> int:
    """Fill the heap `best` and `ids` and return its size."""
    scores.fill(_ZERO)
    for row in range(hidden.size):
        for label in range(scores.size):
            scores[label] += output.weights[row, label] * hidden[row]
    for label in range(scores.size):
        scores[label] *= output.lengths[label]
        if not math.isfinite(scores[label]):
            return NOT_NUMBERS
    if output.loss == SOFTMAX:
        softmax(scores)
    else:
        sigmoid(scores, output.sigmoid)
    size = np.int64(0)
    for label in range(scores.size):
        if scores[label] >= threshold:
            size = keep_best(log_of(scores[label]), label, best, ids, size)
    return int(size)


@njit(nogil=True, cache=True)
def softmax(scores: NDArray[np.float32]) -> None:
    """Softmax in place."""
    highest = scores[0]
    for label in range(1, scores.size):
        highest = max(highest, scores[label])
    total = _ZERO
    for label in range(scores.size):
        scores[label] = np.float32(math.exp(np.float64(scores[label] - highest)))
        total += scores[label]
    for label in range(scores.size):
        scores[label] /= total


@njit(nogil=True, cache=True)
def sigmoid(scores: NDArray[np.float32], table: NDArray[np.float32]) -> None:
    """Sigmoid in place, by the table."""
    for label in range(scores.size):
        score = scores[label]
        if score < -_EDGE:
            scores[label] = _ZERO
        elif score > _EDGE:
            scores[label] = _ONE
        else:
            scores[label] = table[np.int64((score + _EDGE) * _SCALE)]


# Hierarchical softmax


@njit(nogil=True, cache=True)
def best_leaves(
    output: Output, hidden: NDArray[np.float32], threshold: np.float32, best: NDArray[np.float32], ids: Ints
) -> int:
    """As `fasttext_loss.best_leaves`; fills the heap `best` and `ids` and returns its size."""
    labels = output.lengths.size
    floor = log_of(threshold) if threshold + LOG_OFFSET > 0 else np.float32(-np.inf)
    nodes, scores = np.empty(labels + 1, np.int64), np.empty(labels + 1, np.float32)
    nodes[0], scores[0] = output.left.size - 1, _ZERO
    waiting = 1
    size = np.int64(0)
    while waiting > 0:
        waiting -= 1
        node, score = nodes[waiting], scores[waiting]
        if score < floor or (size == best.size - 1 and score < best[0]):
            continue
        if node < labels:
            size = keep_best(score, node, best, ids, size)
            continue
        right = node_probability(output, node - labels, hidden)
        if right < 0:
            return NOT_NUMBERS
        nodes[waiting], scores[waiting] = output.right[node], score + log_of(right)
        left = np.float32(1.0 - np.float64(right))
        nodes[waiting + 1], scores[waiting + 1] = output.left[node], score + log_of(left)
        waiting += 2
    return int(size)


@njit(nogil=True, cache=True)
def node_probability(output: Output, node: int, hidden: NDArray[np.float32]) -> np.float32:
    """Probability of the right branch, or -1 when its score is not finite."""
    score = _ZERO
    for column in range(hidden.size):
        score += output.weights[node, column] * hidden[column]
    score *= output.lengths[node]
    if not math.isfinite(score):
        return np.float32(-1)
    power = np.float32(math.exp(-np.float64(score)))
    return np.float32(1.0 / np.float64(_ONE + power))
