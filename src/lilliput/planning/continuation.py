"""Training a stored net further on new texts: old weights stay where they are, new n-grams and outputs join them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lilliput.features.buckets import BucketMap
from lilliput.nets.feedforward import FeedForward
from lilliput.nets.kernels import SIGMOID, SOFTMAX, Targets
from lilliput.planning.rows import layout_of
from lilliput.planning.textnet import LEAST_ROWS
from lilliput.training.examples import BagSource, Shards, TextSet, count_texts
from lilliput.training.learner import Learner, Shape
from lilliput.training.passes import Passes, Schedule

Floats = NDArray[np.float32]
RATE = 0.1
PASSES = 3
OLD_SUM = 0.02
"""Adagrad's sum of squares that a stored weight starts from: about what it had after some dozen steps, so that a new
n-gram learns quickly and an old one is only adjusted."""


@dataclass
class Continuation:
    """New texts for a stored net; `outputs` of the net may have grown. ``room``: bytes for tables and layers."""

    corpus: Shards
    targets: Targets
    learn: NDArray[np.bool_]
    outputs: int
    single: bool
    seed: int
    threads: int
    room: float | None = None
    advance: Callable[[int], None] = lambda texts: None


def train_on(net: FeedForward, more: Continuation) -> FeedForward:
    """`net` after some passes over new texts, coded as before and no larger than the room."""
    learner = _resume(net, more)
    source = BagSource(TextSet(more.corpus, more.targets, more.learn), net.groups, learner.maps, more.threads)
    loss = SIGMOID if net.shared or not more.single or more.outputs == 1 else SOFTMAX
    Passes(learner, loss, more.threads, more.seed).run(source, Schedule(RATE, PASSES), more.advance)
    return _within(learner, more.room).freeze()


def least_room(net: FeedForward, outputs: int) -> float:
    """Bytes that `net` needs with so many outputs: for its layers, its maps and a few rows."""
    shape = _shape(net, outputs)
    maps = sum(bucket_map.words.nbytes for bucket_map in net.maps)
    return maps + shape.layer_bytes() + LEAST_ROWS * len(net.groups) * shape.row_bytes()


def _shape(net: FeedForward, outputs: int) -> Shape:
    table = net.tables[0]
    dim = outputs if net.shared else table.dim
    return Shape(net.groups, dim, net.layers.hidden.shape[1], outputs, table.bits, net.shared)


def _resume(net: FeedForward, more: Continuation) -> Learner:
    """A learner that holds what `net` knows, with fresh rows for n-grams that occur twice in the new texts."""
    parts = [more.corpus.shard(number) for number in range(more.corpus.shards)]
    counts = [count_texts(iter(parts), group, more.threads) for group in net.groups]
    old = [bucket_map.buckets() for bucket_map in net.maps]
    kept = [np.union1d(known, np.flatnonzero(count >= 2)) for known, count in zip(old, counts, strict=True)]
    layout = layout_of(net.groups, counts, kept, [group.bits for group in net.groups], len(more.learn))
    learner = Learner(_shape(net, more.outputs), layout.maps, layout.rates, more.seed)
    for group, known in enumerate(old):
        rows = learner.first[group] + np.searchsorted(kept[group], known)
        weights = net.tables[group].all_weights()[: len(known)]  # in 4 bits there may be one more
        learner.tables.weights[rows] = _widened(weights, more.outputs) if net.shared else weights
        learner.tables.sums[rows] = OLD_SUM
    _resume_head(learner, net, more.outputs)
    return learner


def _resume_head(learner: Learner, net: FeedForward, outputs: int) -> None:
    head, layers = learner.head, net.layers
    head.hidden[:], head.hidden_bias[:] = layers.hidden, layers.hidden_bias
    if len(layers.output):
        head.output[:] = _widened(layers.output, outputs)
    head.bias[:] = _widened(layers.bias[None], outputs, fresh=float(layers.bias.min()))[0]
    for sums in (head.hidden_sums, head.hidden_bias_sums, head.output_sums, head.bias_sums):
        sums[:] = 1


def _widened(weights: Floats, outputs: int, fresh: float | None = None) -> Floats:
    """Weights (rows, old outputs) for more outputs; a lone output becomes the difference of the first two.

    A new output starts from `fresh`, or from the mean of the old ones: most texts speak against most labels, and one
    without any weights would win them all.
    """
    if weights.shape[1] == outputs:
        return weights
    old = weights if weights.shape[1] > 1 else np.concatenate([-weights / 2, weights / 2], axis=1)
    start = old.mean(axis=1, keepdims=True) if fresh is None else np.full((len(old), 1), fresh, dtype=np.float32)
    return np.concatenate([old, np.repeat(start, outputs - old.shape[1], axis=1)], axis=1)


def _within(learner: Learner, room: float | None) -> Learner:
    """`learner`, or one with only the strongest rows if not all of them fit into `room` bytes."""
    if room is None:
        return learner
    maps = sum(bucket_map.words.nbytes for bucket_map in learner.maps)
    most = max(1, int((room - maps - learner.shape.layer_bytes()) / learner.shape.row_bytes()))
    weights = learner.tables.weights
    if len(weights) <= most:
        return learner
    centred = weights - weights.mean(axis=1, keepdims=True) if weights.shape[1] > 1 else weights
    strongest = np.argsort(-np.abs(centred).sum(axis=1), kind="stable")[:most]
    keep = np.zeros(len(weights), dtype=bool)
    keep[strongest] = True
    parts = np.split(keep, learner.first[1:-1])
    pairs = zip(learner.maps, parts, strict=True)
    smaller_maps = [BucketMap.of(bucket_map.buckets()[part], bucket_map.bits) for bucket_map, part in pairs]
    rates = np.split(learner.tables.rates[keep], np.cumsum([part.sum() for part in parts])[:-1])
    smaller = Learner(learner.shape, smaller_maps, rates, seed=0)
    smaller.tables.weights[:] = weights[keep]
    smaller.head = learner.head
    smaller.start_coding()
    return smaller
