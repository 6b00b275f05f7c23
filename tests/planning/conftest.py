from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from lilliput.data.packed import Packed, pack
from lilliput.features.plain import NGrams
from lilliput.nets.kernels import Targets
from lilliput.planning.textnet import Planner, Problem, Recipe

GROUPS = (NGrams("word", 1, 2, 14), NGrams("char", 2, 3, 14))
MARKERS = ["gut", "schlecht", "naja 😀", "弱い", "très"]
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


def cut(texts, parts=1):
    """`texts` in so many parts, every n-th text in the n-th."""
    numbers = [np.arange(part, len(texts), parts) for part in range(parts)]
    return Parts([(pack([texts[number] for number in rows]), rows) for rows in numbers])


def targets_of(labels, outputs):
    """One label a text, all of weight 1; a lone output is 1 for the second label."""
    labels = np.asarray(labels, dtype=np.int32)
    ones = np.ones(len(labels), dtype=np.float32)
    if outputs == 1:
        return Targets(np.arange(len(labels) + 1), np.zeros_like(labels), labels.astype(np.float32), ones)
    return Targets(np.arange(len(labels) + 1), labels, ones, ones)


def toy_rows(count, labels=2, seed=0):
    """(texts, labels): the label is told by a word among others."""
    generator = np.random.default_rng(seed)
    chosen = generator.integers(0, labels, size=count)
    texts = []
    for label in chosen:
        words = [*generator.choice(FILLER, size=generator.integers(1, 9)), MARKERS[label]]
        texts.append(" ".join(generator.permutation(words)))
    return texts, chosen


@pytest.fixture(scope="session")
def toy():
    return toy_rows


@pytest.fixture(scope="session")
def make_corpus():
    return cut


@pytest.fixture(scope="session")
def make_targets():
    return targets_of


@pytest.fixture(scope="session")
def make_planner():
    """A planner for toy texts and labels; `options` are those of `Problem`."""

    def make(texts, labels, outputs=2, parts=1, **options):
        settings = {"single": True, "seed": 0, "threads": 1, **options}
        return Planner(Problem(cut(texts, parts), targets_of(labels, outputs), outputs, **settings))

    return make


@pytest.fixture(scope="session")
def recipe():
    return Recipe(GROUPS)


@pytest.fixture(scope="session")
def trained_net(make_planner):
    """A net for toy texts: two labels or more, linear or an embedding, in 8 bits or, in little room, in 4."""

    def make(labels=2, room=None, **shape):
        texts, chosen = toy_rows(300, labels)
        outputs = 1 if labels == 2 else labels
        return make_planner(texts, chosen, outputs, room=room).train([Recipe(GROUPS, **shape)]).fitted.net

    return make
