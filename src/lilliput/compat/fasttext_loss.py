"""From scores to the k best labels: the four losses of fastText at prediction time.

All of it in 32-bit floats, rounded where fastText rounds them, because its sigmoid is a table of 512 steps: a score
that falls on the other side of a step changes a probability by up to 0.008. Labels are ranked by ``log(p + 1e-5)``, and
the probabilities that fastText's Python module gives are the exponentials of that: up to 1.00001.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from lilliput.compat import fasttext_heap as heap

SIGMOID_STEPS = 512
SIGMOID_RANGE = 8
LOG_OFFSET = 1e-5
COUNT_LIMIT = 10**15
"""What fastText takes for the count of a node that is still to come; real counts are below it."""

Best: TypeAlias = "tuple[list[int], list[float]]"
"""Labels, best first, and ``log(p + 1e-5)`` of each."""


class Tree(NamedTuple):
    """Children of each node, int32 (2 * labels - 1,): first the labels, which have none (-1); the root is last."""

    left: NDArray[np.int32]
    right: NDArray[np.int32]


def huffman_tree(counts: list[int]) -> Tree:
    """Join the two rarest nodes until one is left; of equal counts an inner node goes before a label.

    ``counts`` fall, as fastText sorts its labels, and are below `COUNT_LIMIT`; labels are taken from the end.
    """
    labels = len(counts)
    known = counts + [COUNT_LIMIT] * (labels - 1)
    left, right = np.full((2, 2 * labels - 1), -1, dtype=np.int32)
    leaf, inner = labels - 1, labels
    for node in range(labels, 2 * labels - 1):
        pair = []
        for _ in range(2):
            if leaf >= 0 and known[leaf] < known[inner]:
                pair.append(leaf)
                leaf -= 1
            else:
                pair.append(inner)
                inner += 1
        left[node], right[node] = pair
        known[node] = known[pair[0]] + known[pair[1]]
    return Tree(left, right)


def sigmoid_table() -> NDArray[np.float32]:
    """Sigmoid at 513 points from -8 to 8, as float32."""
    points = np.arange(SIGMOID_STEPS + 1) * (2 * SIGMOID_RANGE / SIGMOID_STEPS) - SIGMOID_RANGE
    return (1.0 / (1.0 + np.exp(-points).astype(np.float32).astype(np.float64))).astype(np.float32)


def sigmoid(scores: NDArray[np.float32], table: NDArray[np.float32]) -> NDArray[np.float32]:
    """Sigmoid by the table; exactly 0 and 1 beyond it."""
    inside = np.clip(scores, -SIGMOID_RANGE, SIGMOID_RANGE)
    step = ((inside + np.float32(SIGMOID_RANGE)) * np.float32(SIGMOID_STEPS / SIGMOID_RANGE / 2)).astype(np.int64)
    return np.select([scores < -SIGMOID_RANGE, scores > SIGMOID_RANGE], [np.float32(0), np.float32(1)], table[step])


def softmax(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Softmax; the sum is taken from first to last, in 32 bits."""
    powers = np.exp((scores - scores.max()).astype(np.float64)).astype(np.float32)
    return powers / np.add.accumulate(powers)[-1]


def best_labels(probabilities: NDArray[np.float32], k: int, threshold: float) -> Best:
    """The `k` best of the labels whose probability is not below `threshold`."""
    logs = np.log(probabilities.astype(np.float64) + LOG_OFFSET).astype(np.float32)
    candidates = np.flatnonzero(probabilities >= np.float32(threshold))
    scores, ids, size = [0.0] * (k + 1), [0] * (k + 1), 0
    for label, score in zip(candidates.tolist(), logs[candidates].tolist(), strict=True):
        if size == k and score < scores[0]:
            continue
        size = heap.push(scores, ids, size, score, label)
        if size > k:
            size = heap.pop(scores, ids, size)
    return _sorted(scores, ids, size)


def best_leaves(tree: Tree, score_of: Callable[[int], float], k: int, threshold: float) -> Best:
    """The `k` best labels of hierarchical softmax; ``score_of(i)`` is the score of inner node i.

    Branches that cannot hold one of them any more are not entered, left branches first: the search of fastText, which
    with ``threshold=0`` too leaves out labels less probable than 1e-5.
    """
    labels = (len(tree.left) + 1) // 2
    floor = _log(float(np.float32(threshold)))
    scores, ids, size = [0.0] * (k + 1), [0] * (k + 1), 0
    waiting = [(len(tree.left) - 1, 0.0)]
    while waiting:
        node, score = waiting.pop()
        if score < floor or (size == k and score < scores[0]):
            continue
        if node < labels:
            size = heap.push(scores, ids, size, score, node)
            if size > k:
                size = heap.pop(scores, ids, size)
            continue
        right = _logistic(score_of(node - labels))
        waiting.append((int(tree.right[node]), _add(score, _log(right))))
        waiting.append((int(tree.left[node]), _add(score, _log(float(np.float32(1.0 - right))))))
    return _sorted(scores, ids, size)


def _sorted(scores: list[float], ids: list[int], size: int) -> Best:
    rest = size
    while rest > 1:
        rest = heap.pop(scores, ids, rest)
    return ids[:size], scores[:size]


def _log(probability: float) -> float:
    """``log(p + 1e-5)`` rounded to 32 bits; minus infinity where there is none."""
    shifted = probability + LOG_OFFSET
    return float(np.float32(math.log(shifted))) if shifted > 0 else -math.inf


def _logistic(score: float) -> float:
    power = np.float32(math.exp(min(-score, 88.7)))
    return float(np.float32(1.0 / float(np.float32(1) + power)))


def _add(a: float, b: float) -> float:
    return float(np.float32(a + b))
