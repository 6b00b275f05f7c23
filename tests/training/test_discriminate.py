"""One pass that makes naive Bayes discriminate: its derivatives, and what it brings."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import numpy as np
import pytest

from lilliput.features.frequencies import Counter
from lilliput.features.plain import NGrams
from lilliput.nets.naive_bayes import Counted
from lilliput.training.discriminate import POWER, SCALE, _slopes, _without_one, discriminating

GROUP = NGrams("char", 1, 3, 14)


@pytest.fixture(scope="module")
def rows():
    """Texts of two classes that share most of their letters."""
    random = Random(0)
    words = (["aba", "abc", "bca", "cab", "abb"], ["aba", "abc", "bca", "cba", "baa"])
    texts = [(" ".join(random.choices(words[label], k=4)), label) for _ in range(300) for label in (0, 1)]
    return [text for text, _ in texts], np.array([label for _, label in texts])


@pytest.fixture(scope="module")
def counted(rows):
    counter = Counter(GROUP)
    counter.add(*rows)
    return Counted.of(counter.result(2), GROUP)


def loss(evidence, texts, classes, without, balance):
    """The summed cross-entropy, by its definition."""
    reading = evidence.read(texts)
    logits = evidence.sums(reading)
    for pair, text in zip(reading.pairs, reading.texts, strict=True):
        if evidence.classes[pair] == classes[text]:
            logits[text, classes[text]] -= without[pair]
    logits *= (SCALE / np.maximum(1, reading.sizes) ** POWER)[:, None]
    logs = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    return float(-(balance * logs[np.arange(len(texts)), classes]).sum())


def test_slopes_are_the_derivatives(rows, counted):
    texts, classes = rows[0][:6], rows[1][:6]
    balance, without = np.linspace(0.5, 2, 6), _without_one(counted)
    evidence = replace(counted.evidence, weights=counted.evidence.weights.astype(np.float64))
    pairs, slopes, bias_slopes = _slopes(evidence, texts, classes, without, balance)
    step = 1e-5
    for pair, slope in list(zip(pairs, slopes, strict=True))[:10]:
        moved = evidence.weights.copy()
        moved[pair] += step
        more = loss(replace(evidence, weights=moved), texts, classes, without, balance)
        assert (more - loss(evidence, texts, classes, without, balance)) / step == pytest.approx(slope, abs=1e-3)
    moved = evidence.biases + np.array([step, 0])
    more = loss(replace(evidence, biases=moved), texts, classes, without, balance)
    assert (more - loss(evidence, texts, classes, without, balance)) / step == pytest.approx(bias_slopes[0], abs=1e-3)


def test_a_pass_lowers_the_loss_and_leaves_the_original_as_it_was(rows, counted):
    before, weights = counted.evidence, counted.evidence.weights.copy()
    seen = []
    after = discriminating(counted, *rows, seed=0, advance=seen.append).evidence
    ones, without = np.ones(len(rows[0])), _without_one(counted)
    assert loss(after, *rows, without, ones) < loss(before, *rows, without, ones)
    assert sum(seen) == len(rows[0])
    np.testing.assert_array_equal(before.weights, weights)
    again = discriminating(counted, *rows, seed=0).evidence
    np.testing.assert_array_equal(again.weights, after.weights)


def test_a_deadline_that_is_over_changes_nothing(rows, counted):
    found = discriminating(counted, *rows, seed=0, deadline=0.0)
    np.testing.assert_array_equal(found.evidence.weights, counted.evidence.weights)
