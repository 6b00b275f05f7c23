"""Chains against brute force over all their paths, in float64."""

from __future__ import annotations

from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lilliput.nets.barrier import fresh_barrier
from lilliput.nets.chain import Transitions, chain_losses, chain_scratch, fresh_transitions, train_chains
from lilliput.nets.kernels import forward
from lilliput.nets.sequence import likeliest
from lilliput.nets.tagging import likeliest_tags

CHAINS = np.array([0, 0, 0, 1, 2, 2, 3, 3])
TAGS = 3
HUGE = 1e12


def path_scores(logits, transitions):
    """Every path through one chain, and its score."""
    tags = logits.shape[1]
    paths = np.array(list(product(range(tags), repeat=len(logits))))
    before = np.concatenate([np.full((len(paths), 1), tags), paths[:, :-1]], axis=1)
    steps = transitions[before, paths] + logits[np.arange(len(logits)), paths]
    return paths, steps.sum(axis=1)


def marginals(logits, transitions):
    """Chances of each tag of each token of one chain."""
    paths, scores = path_scores(logits.astype(np.float64), transitions.astype(np.float64))
    chances = np.exp(scores - np.logaddexp.reduce(scores))
    found = np.zeros(logits.shape)
    for place in range(len(logits)):
        np.add.at(found[place], paths[:, place], chances)
    return found


def loss_of(logits, transitions, wanted, texts, weights):
    total = 0.0
    for chain in np.unique(CHAINS[texts]):
        slots = np.flatnonzero(CHAINS[texts] == chain)
        paths, scores = path_scores(logits[slots], transitions)
        right = (paths == wanted[texts[slots]]).all(axis=1)
        total += weights[texts[slots[0]]] * (np.logaddexp.reduce(scores) - scores[right][0])
    return total


def differences(function, *arrays, step=1e-6):
    """Central differences of `function` of some float64 arrays."""
    found = []
    for array in arrays:
        slopes = np.empty_like(array)
        for place in np.ndindex(array.shape):
            kept = array[place]
            array[place] = kept + step
            above = function(*arrays)
            array[place] = kept - step
            slopes[place] = (above - function(*arrays)) / (2 * step)
            array[place] = kept
        found.append(slopes)
    return found


@pytest.fixture
def net(make_net):
    return make_net(TAGS, shared=True, output=False, outputs=TAGS)


def random_transitions(seed=0, tags=TAGS):
    weights = np.random.default_rng(seed).normal(size=(tags + 1, tags)).astype(np.float32)
    return Transitions(weights, np.full_like(weights, HUGE))


@pytest.mark.parametrize("texts", [np.arange(8), np.array([4, 5, 6, 7, 0, 1, 2]), np.array([3])])
def test_loss_and_gradients(net, texts):
    transitions, space = random_transitions(), chain_scratch(len(texts), TAGS)
    forward(texts, net.bags, net.tables, net.tables.weights, net.head, net.scratch)
    arrays = net.scratch.logits[: len(texts)].astype(np.float64), transitions.weights.astype(np.float64)
    wanted, weights = net.targets.labels, net.targets.weights.astype(np.float64)

    def loss(logits, steps):
        return loss_of(logits, steps, wanted, texts, weights)

    slopes, step_slopes = differences(loss, *arrays)
    net.head.bias_sums[:] = net.tables.sums[:] = HUGE
    before = transitions.weights.copy()
    rates = np.float32([np.sqrt(HUGE)])
    edges = np.array([0, len(texts)])
    model = net.bags, net.tables, net.tables.weights, net.head, net.targets, CHAINS, transitions, space
    found = train_chains(texts, edges, *model, net.coding, rates, net.scratch, 0, 1, fresh_barrier())
    assert found == pytest.approx(loss(*arrays), rel=1e-6)
    np.testing.assert_allclose(net.scratch.d_logits[: len(texts)], slopes, atol=1e-5)
    np.testing.assert_allclose(before - transitions.weights, step_slopes, atol=1e-4)


def test_losses_add_up_over_whole_chains(net):
    texts, transitions, space = np.arange(8), random_transitions(), chain_scratch(8, TAGS)
    forward(texts, net.bags, net.tables, net.tables.weights, net.head, net.scratch)

    def loss(begin, end):
        return chain_losses(texts, begin, end, net.targets, CHAINS, transitions, space, net.head, net.scratch)

    whole = loss(0, 8)
    slopes = net.scratch.d_pooled.copy()
    assert loss(0, 3) + loss(3, 6) + loss(6, 8) == pytest.approx(whole, rel=1e-12)
    np.testing.assert_array_equal(net.scratch.d_pooled, slopes)


@pytest.mark.parametrize("size", [1e3, 1e30])
def test_extreme_logits_and_transitions_give_finite_losses_and_slopes(net, size):
    generator, space = np.random.default_rng(0), chain_scratch(8, TAGS)
    net.scratch.logits[:] = size * np.sign(generator.normal(size=(8, TAGS)))
    weights = (size * np.sign(generator.normal(size=(TAGS + 1, TAGS)))).astype(np.float32)
    transitions = Transitions(weights, np.zeros_like(weights))
    assert np.isfinite(chain_losses(np.arange(8), 0, 8, net.targets, CHAINS, transitions, space, net.head, net.scratch))
    assert np.isfinite(net.scratch.d_logits).all()
    assert (np.abs(net.scratch.d_logits) <= net.targets.weights[:, None] * 2).all()


def test_transitions_say_nothing_at_first():
    assert not fresh_transitions(4).weights.any()


chains_of = st.lists(st.integers(1, 4), max_size=5)


@given(sizes=chains_of, tags=st.integers(2, 4), seed=st.integers(0, 99), spread=st.sampled_from([0.1, 2.0, 30.0]))
def test_chances_are_those_of_all_paths(sizes, tags, seed, spread):
    generator = np.random.default_rng(seed)
    borders = np.cumsum([0, *sizes])
    logits = generator.normal(size=(borders[-1], tags), scale=spread).astype(np.float32)
    transitions = generator.normal(size=(tags + 1, tags), scale=spread).astype(np.float32)
    found, sure = likeliest_tags(logits, transitions, borders, 2.0, 2)
    for first, last in pairwise(borders):
        expected = marginals(logits[first:last] / 2, transitions / 2)
        plain, plain_sure = likeliest(logits[first:last], transitions, 2.0)
        for place, (tag, chance) in enumerate(zip(found[first:last], sure[first:last], strict=True)):
            assert chance == pytest.approx(expected[place].max(), abs=1e-5)
            assert chance == pytest.approx(expected[place, tag], abs=1e-5)
            assert expected[place, plain[place]] == pytest.approx(expected[place].max(), abs=1e-5)
        np.testing.assert_allclose(plain_sure, sure[first:last], atol=1e-5)


@pytest.mark.parametrize("size", [1e3, 1e30])
def test_extreme_chains_have_likeliest_tags(size):
    generator = np.random.default_rng(1)
    logits = (size * np.sign(generator.normal(size=(40, 3)))).astype(np.float32)
    transitions = (size * np.sign(generator.normal(size=(4, 3)))).astype(np.float32)
    for _, sure in (
        likeliest(logits, transitions, 0.3),
        likeliest_tags(logits, transitions, np.array([0, 40]), 0.3, 1),
    ):
        assert np.isfinite(sure).all()
        assert (np.asarray(sure) <= 1 + 1e-6).all()
