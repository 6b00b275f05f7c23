from __future__ import annotations

import numpy as np
import pytest

from lilliput.data.packed import pack
from lilliput.features.buckets import BucketMap
from lilliput.features.plain import NGrams
from lilliput.nets import pooling
from lilliput.nets.feedforward import FeedForward
from lilliput.nets.kernels import SIGMOID, SOFTMAX, forward
from lilliput.training.examples import gather
from lilliput.training.learner import Learner, Shape
from lilliput.training.passes import Passes, Schedule

FORMS = {
    "linear": {"outputs": 3},
    "linear, one output": {"outputs": 1},
    "linear, wide": {"outputs": 9},
    "embedding": {"dim": 4},
    "embedding, wide": {"dim": 9},
    "hidden": {"dim": 5, "hidden": 6},
    "hidden, wide": {"dim": 8, "hidden": 6},
}
every_form = pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
both_widths = pytest.mark.parametrize("code_bits", [4, 8])


def kernel_logits(learner, texts):
    """What training sees: the forward pass over gathered bags."""
    bags = gather(pack(texts), learner.shape.groups, learner.maps, 1)
    scratch = learner.scratch(len(texts))
    order = np.arange(len(texts))
    forward(order, bags, learner.tables, learner.read, learner.head, scratch)
    return scratch.logits.copy()


@pytest.fixture
def trained(toy, make_learner, make_source):
    def train(form, code_bits):
        outputs = form.get("outputs", 2)
        texts, labels = toy(150, min(3, max(2, outputs)))
        learner = make_learner(texts[:100], code_bits=code_bits, **form)
        loss = SIGMOID if outputs == 1 else SOFTMAX
        Passes(learner, loss, 1, 0).run(make_source(learner, texts, labels), Schedule(0.2, 4))
        return learner, [*texts, "", "?", "nie gesehen", "schön 😀 " * 30]

    return train


@every_form
@both_widths
def test_the_frozen_net_says_what_training_saw(trained, form, code_bits):
    learner, texts = trained(form, code_bits)
    seen = kernel_logits(learner, texts)
    assert np.abs(seen).max() > 0.1
    net = learner.freeze()
    np.testing.assert_allclose(net.logits(texts), seen, rtol=2e-6, atol=1e-5)
    np.testing.assert_allclose(pooling.logits(net, texts, 2), seen, rtol=2e-6, atol=1e-5)
    again = FeedForward.build(net.shape(), net.arrays())
    np.testing.assert_array_equal(again.logits(texts), net.logits(texts))
    np.testing.assert_array_equal(pooling.logits(again, texts, 1), pooling.logits(net, texts, 1))


@every_form
@both_widths
def test_frozen_tables_are_the_stored_weights_and_take_the_bytes_foretold(trained, form, code_bits):
    learner, _ = trained(form, code_bits)
    net = learner.freeze()
    for group, table in enumerate(net.tables):
        rows = slice(learner.first[group], learner.first[group + 1])
        stored = learner.tables.stored[rows]
        np.testing.assert_allclose(table.weights(np.arange(len(stored))), stored, rtol=1e-6)
        foretold = len(stored) * learner.shape.row_bytes() + (0 if learner.shape.row_scaled else 2)
        assert table.codes.nbytes + table.scales.nbytes == np.ceil(foretold)
    assert 4 * net.layers.parameters() == learner.shape.layer_bytes()


@pytest.mark.parametrize("dim", [3, 16])
@both_widths
def test_freezing_a_large_table_loses_nothing_not_even_at_ties(dim, code_bits):
    group = NGrams("word", 1, 1, 14)
    bucket_map = BucketMap.of(np.arange(1 << 14), 14)
    shape = Shape((group,), dim, 0, dim, code_bits, linear=True)
    learner = Learner(shape, [bucket_map], [np.ones(1 << 14, np.float32)], 0)
    grid = np.random.default_rng(0).integers(-254, 255, size=learner.tables.weights.shape)
    learner.tables.weights[:] = grid / np.float32(254)  # half of them between two linear levels
    learner.start_coding()
    np.testing.assert_allclose(learner.freeze().tables[0].all_weights(), learner.tables.stored, atol=1e-6)


@every_form
def test_before_coding_the_float_weights_are_read_and_after_it_the_stored_ones(toy, make_learner, form):
    texts, _ = toy(20)
    learner = make_learner(texts, **form)
    assert not learner.coded
    assert learner.read is learner.tables.weights
    learner.start_coding()
    assert learner.coded
    assert learner.read is learner.tables.stored


def test_eight_bits_change_little_and_four_bits_more(trained):
    errors = []
    for bits in (8, 4):
        learner, _ = trained(FORMS["embedding, wide"], bits)
        errors.append(
            np.abs(learner.tables.stored - learner.tables.weights).max() / np.abs(learner.tables.weights).max()
        )
    assert errors[0] <= 0.5 / 127 * 1.01
    assert errors[0] < errors[1] <= 0.5 / 7 * 1.01


@every_form
def test_the_seed_alone_sets_the_first_weights(toy, make_learner, form):
    texts, _ = toy(20)
    learners = [make_learner(texts, **form, seed=seed) for seed in (1, 1, 2)]
    same, again, other = [[array.tobytes() for array in (*one.tables, *one.head)] for one in learners]
    assert same == again
    assert (same == other) == ("dim" not in form)  # a linear model starts from zero


def test_rows_keep_their_learning_rates_in_the_order_of_the_groups(toy, make_learner):
    texts, _ = toy(20)
    learner = make_learner(texts, dim=4)
    rates = [np.linspace(0.5, 1.5, bucket_map.rows, dtype=np.float32) for bucket_map in learner.maps]
    np.testing.assert_array_equal(learner.tables.rates, np.concatenate(rates))
    assert learner.tables.columns.tolist() == [0, 4]
    assert [len(learner.weights(group)) for group in (0, 1)] == [bucket_map.rows for bucket_map in learner.maps]


def test_a_learner_without_rows_has_nothing_but_its_bias(make_learner):
    learner = make_learner([""], outputs=3)
    learner.head.bias[:] = [1, 2, 3]
    learner.start_coding()
    net = learner.freeze()
    np.testing.assert_array_equal(net.logits(["a", ""]), [[1, 2, 3]] * 2)
    np.testing.assert_array_equal(pooling.logits(net, ["a", ""], 1), [[1, 2, 3]] * 2)
