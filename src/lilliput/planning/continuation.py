"""Training a stored net further on new texts: old weights stay where they are, new n-grams and outputs join them."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lilliput.features.buckets import BucketMap
from lilliput.nets.feedforward import FeedForward
from lilliput.nets.kernels import SIGMOID, SOFTMAX, Targets
from lilliput.planning.rows import Layout, layout_of
from lilliput.planning.textnet import LEAST_ROWS, MOST_WEIGHTS
from lilliput.training.examples import BagSource, Shards, TextSet, count_texts
from lilliput.training.learner import Learner, Shape
from lilliput.training.passes import BATCH, Passes, Schedule

Floats = NDArray[np.float32]
RATE = 0.1
PASSES = 3
LEAST_STEPS = 5
"""Batches at least for a net with a dense head, whose new outputs have nothing to say after three."""
LEAST_SECONDS = 0.01
"""For the passes, however little time is left."""
OLD_SUM = 0.02
"""Adagrad's sum of squares that a stored weight starts from: about what it had after some dozen steps, so that a new
n-gram learns quickly and an old one is only adjusted."""


class Continued(NamedTuple):
    """A net after more texts; ``interrupted``: Ctrl-C ended its training early."""

    net: FeedForward
    interrupted: bool


@dataclass
class Continuation:
    """A stored net and new texts for it; `outputs` of the net may have grown. ``room``: bytes for tables and layers."""

    net: FeedForward
    corpus: Shards
    targets: Targets
    outputs: int
    single: bool
    seed: int
    threads: int
    room: float | None = None
    advance: Callable[[int], None] = lambda texts: None

    def train(self, learn: NDArray[np.bool_], seconds: float | None = None) -> Continued:
        """The net after some passes over the new texts flagged in `learn`, coded as before and within the room.

        `seconds`: what it may take if the passes would take longer. Ctrl-C ends the passes early.
        """
        ends = None if seconds is None else time.monotonic() + seconds
        source = self._source.learning_from(learn)
        learner = self._resume()
        loss = SIGMOID if self.net.shared or not self.single or self.outputs == 1 else SOFTMAX
        left = None if ends is None else max(LEAST_SECONDS, ends - time.monotonic())
        interrupted = False
        try:
            schedule = Schedule(RATE, self._passes(len(source)), left)
            Passes(learner, loss, self.threads, self.seed).run(source, schedule, self.advance)
        except KeyboardInterrupt:
            interrupted = True
            if not learner.coded:
                learner.start_coding()
        return Continued(_within(learner, self.room).freeze(), interrupted)

    def _passes(self, texts: int) -> int:
        if self.net.shared:
            return PASSES
        return max(PASSES, math.ceil(LEAST_STEPS / max(1, math.ceil(texts / BATCH))))

    @cached_property
    def _kept(self) -> list[NDArray[np.int64]]:
        """The buckets with a row: the old ones, and those of n-grams that occur twice in the new texts.

        If these are too many to train, those of n-grams that occur more often.
        """
        old = [bucket_map.buckets() for bucket_map in self.net.maps]
        most = MOST_WEIGHTS / _shape(self.net, self.outputs).dim
        least = 2
        while sum(int((count >= least).sum()) for count in self._counts) > most:
            least = max(least + 1, least * 5 // 4)
        pairs = zip(old, self._counts, strict=True)
        return [np.union1d(known, np.flatnonzero(count >= least)) for known, count in pairs]

    @cached_property
    def _counts(self) -> list[NDArray[np.int32]]:
        """In how many of the new texts each bucket occurs, group by group."""
        corpus = self.corpus
        return [
            count_texts((corpus.shard(number) for number in range(corpus.shards)), group, self.threads)
            for group in self.net.groups
        ]

    @cached_property
    def _layout(self) -> Layout:
        bits = [group.bits for group in self.net.groups]
        return layout_of(self.net.groups, self._counts, self._kept, bits, len(self.targets.weights))

    @cached_property
    def _source(self) -> BagSource:
        """Examples of all texts, made once for all that learn from them."""
        nothing = np.zeros(len(self.targets.weights), dtype=bool)
        texts = TextSet(self.corpus, self.targets, nothing)
        return BagSource(texts, self.net.groups, self._layout.maps, self.threads)

    def _resume(self) -> Learner:
        """A learner that holds what the net knows, with fresh rows for new n-grams."""
        net, layout = self.net, self._layout
        learner = Learner(_shape(net, self.outputs), layout.maps, layout.rates, self.seed)
        for group, bucket_map in enumerate(net.maps):
            known = bucket_map.buckets()
            rows = learner.first[group] + np.searchsorted(self._kept[group], known)
            weights = net.tables[group].all_weights()[: len(known)]  # in 4 bits there may be one more
            learner.tables.weights[rows] = _widened(weights, self.outputs) if net.shared else weights
            learner.tables.sums[rows] = OLD_SUM
        _resume_head(learner, net, self.outputs)
        return learner


def least_room(net: FeedForward, outputs: int) -> float:
    """Bytes that `net` needs with so many outputs: for its layers, its maps and a few rows."""
    shape = _shape(net, outputs)
    maps = sum(bucket_map.words.nbytes for bucket_map in net.maps)
    return maps + shape.layer_bytes() + LEAST_ROWS * len(net.groups) * shape.row_bytes()


def _shape(net: FeedForward, outputs: int) -> Shape:
    table = net.tables[0]
    dim = outputs if net.shared else table.dim
    return Shape(net.groups, dim, net.layers.hidden.shape[1], outputs, table.bits, net.shared)


def _resume_head(learner: Learner, net: FeedForward, outputs: int) -> None:
    head, layers = learner.head, net.layers
    head.hidden[:], head.hidden_bias[:] = layers.hidden, layers.hidden_bias
    if len(layers.output):
        head.output[:] = _widened(layers.output, outputs)
    head.bias[:] = _widened(layers.bias[None], outputs, fresh=float(layers.bias.min()))[0]
    for sums in (head.hidden_sums, head.hidden_bias_sums, head.output_sums, head.bias_sums):
        sums[:] = 1
    if len(layers.output):
        for sums in (head.output_sums, head.bias_sums):
            sums[..., net.outputs :] = OLD_SUM  # a new output has everything to learn


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
    rest = room - maps - learner.shape.layer_bytes() - len(learner.maps)  # a table ends with a whole byte
    most = max(1, int(rest / learner.shape.row_bytes()))
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
