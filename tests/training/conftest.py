from __future__ import annotations

from dataclasses import dataclass
from random import Random

import numpy as np
import pytest

from lilliput.data.packed import Packed, pack
from lilliput.features.buckets import BucketMap
from lilliput.features.plain import NGrams, buckets
from lilliput.nets.kernels import Targets
from lilliput.training.examples import BagSource, TextSet
from lilliput.training.learner import Learner, Shape

GROUPS = (NGrams("word", 1, 2, 12), NGrams("char", 2, 3, 11))
MARKERS = (["gut", "fein", "schön 😀"], ["schlecht", "übel", "弱い"], ["egal", "naja", "so lala"])
FILLER = ["der", "die", "das", "und", "oder", "auch", "nur", "noch", "immer", "wieder"]


@dataclass
class Parts:
    """Packed texts in parts, as `lilliput.data.corpus.Corpus` hands them out."""

    parts: list[tuple[Packed, np.ndarray]]

    @property
    def shards(self):
        return len(self.parts)

    def shard(self, number):
        return self.parts[number]


def cut(texts, parts):
    """`texts` in so many parts, every n-th text in the n-th."""
    numbers = [np.arange(part, len(texts), parts) for part in range(parts)]
    return Parts([(pack([texts[number] for number in rows]), rows) for rows in numbers])


def targets_of_labels(labels, outputs):
    """One label a text, all of weight 1; a lone output is 1 for the second label."""
    labels = np.asarray(labels, dtype=np.int32)
    ones = np.ones(len(labels), dtype=np.float32)
    if outputs == 1:
        return Targets(np.arange(len(labels) + 1), np.zeros_like(labels), labels.astype(np.float32), ones)
    return Targets(np.arange(len(labels) + 1), labels, ones, ones)


@pytest.fixture
def make_corpus():
    return cut


@pytest.fixture
def toy():
    """(texts, labels): the label is told by a word among others."""

    def make(count, outputs=2, seed=0):
        draw = Random(seed)
        labels = np.random.default_rng(seed).integers(0, outputs, size=count)
        texts = []
        for label in labels.tolist():
            words = [*draw.choices(FILLER, k=draw.randrange(9)), draw.choice(MARKERS[label])]
            draw.shuffle(words)
            texts.append(" ".join(words))
        return texts, labels

    return make


@pytest.fixture
def make_learner():
    """A learner with a row for every n-gram of the texts."""

    def make(texts, dim=0, hidden=0, outputs=2, code_bits=8, seed=0):
        found = [{bucket for text in texts for bucket, _ in buckets(text, group)} for group in GROUPS]
        kept = [np.array(sorted(buckets_found), dtype=np.int64) for buckets_found in found]
        maps = [BucketMap.of(places, group.bits) for places, group in zip(kept, GROUPS, strict=True)]
        rates = [np.linspace(0.5, 1.5, bucket_map.rows, dtype=np.float32) for bucket_map in maps]
        shape = Shape(GROUPS, dim or outputs, hidden, outputs, code_bits, linear=not dim)
        return Learner(shape, maps, rates, seed)

    return make


@pytest.fixture
def make_source():
    """The examples of texts and their labels for a learner, cut into parts."""

    def make(learner, texts, labels, parts=1, learn=None):
        learn = np.ones(len(texts), dtype=bool) if learn is None else learn
        text_set = TextSet(cut(texts, parts), targets_of_labels(labels, learner.shape.outputs), learn)
        return BagSource(text_set, learner.shape.groups, learner.maps, 1)

    return make
