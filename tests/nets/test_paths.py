"""The best path is the best of all paths, by the kernel and in plain NumPy."""

from __future__ import annotations

from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lilliput.nets.sequence import best_path, sentence_chances
from lilliput.nets.tagging import best_paths, tag_chances


def score(path, logits, transitions):
    steps = pairwise([-1, *path])
    says = sum(row[tag] for row, tag in zip(logits, path, strict=True))
    return says + sum(transitions[last, tag] for last, tag in steps)


@given(st.lists(st.integers(0, 5), max_size=4), st.integers(1, 3), st.integers(0, 99))
def test_no_path_is_better(sizes, tags, seed):
    generator = np.random.default_rng(seed)
    logits = generator.integers(-4, 4, size=(sum(sizes), tags)).astype(np.float32)
    transitions = generator.integers(-4, 4, size=(tags + 1, tags)).astype(np.float32)
    borders = np.cumsum([0, *sizes]).astype(np.int64)
    found = best_paths(logits, transitions, borders, 2)
    for first, last in pairwise(borders.tolist()):
        some, path = logits[first:last], found[first:last]
        best = max((score(one, some, transitions) for one in product(range(tags), repeat=len(some))), default=0)
        assert score(path.tolist(), some, transitions) == best
        np.testing.assert_array_equal(best_path(some, transitions), path)


def test_no_sentence_has_no_path():
    nothing = np.zeros((0, 3), dtype=np.float32)
    assert len(best_paths(nothing, np.zeros((4, 3), dtype=np.float32), np.zeros(1, dtype=np.int64), 1)) == 0
    assert len(best_path(nothing, np.zeros((4, 3), dtype=np.float32))) == 0


@pytest.mark.parametrize("temperature", [0.5, 2.0])
def test_chances_of_tags_are_those_of_all_paths(temperature):
    generator = np.random.default_rng(0)
    logits = generator.normal(size=(5, 3)).astype(np.float32)
    transitions = generator.normal(size=(4, 3)).astype(np.float32)
    chances = np.zeros((5, 3))
    for path in product(range(3), repeat=5):
        weight = np.exp(score(path, logits, transitions) / temperature)
        chances[np.arange(5), path] += weight
    chances /= chances.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(sentence_chances(logits, transitions, temperature), chances, rtol=1e-5)
    borders = np.array([0, 5], dtype=np.int64)
    np.testing.assert_allclose(tag_chances(logits, transitions, borders, temperature, 1), chances, rtol=1e-5)
