"""The kernels' losses and gradients against a plain NumPy account of the formula, in float64."""

from __future__ import annotations

import numpy as np
import pytest

from lilliput.nets.barrier import fresh_barrier
from lilliput.nets.kernels import SIGMOID, SOFTMAX, forward, losses, train_texts

FORMS = {
    "linear": {"dim": 3, "shared": True, "output": False},
    "linear, one group": {"dim": 3, "groups": 1, "shared": True, "output": False},
    "linear, one output": {"dim": 1, "shared": True, "output": False, "outputs": 1},
    "embedding alone": {"dim": 2, "output": False, "outputs": 4},
    "embedding": {"dim": 4},
    "embedding, wide": {"dim": 9, "outputs": 2},
    "linear, wide": {"dim": 28, "shared": True, "output": False, "outputs": 28},
    "hidden": {"dim": 4, "hidden": 6},
    "hidden alone": {"dim": 4, "hidden": 3, "output": False},
}
LOSSES = [(SOFTMAX, "single"), (SOFTMAX, "shares"), (SIGMOID, "single"), (SIGMOID, "multi"), (SIGMOID, "soft")]
HUGE = 1e12
every_form = pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
every_loss = pytest.mark.parametrize(("loss", "kind"), LOSSES, ids=["softmax", "softmax-soft", "one", "multi", "soft"])


def parameters(net, table):
    """The weights in float64: a table (rows, dim), then the dense layers."""
    layers = (net.head.hidden, net.head.hidden_bias, net.head.output, net.head.bias)
    return [weights.astype(np.float64) for weights in (table, *layers)]


def oracle_logits(net, weights):
    table, hidden, hidden_bias, output, bias = weights
    pooled = np.zeros_like(net.scratch.pooled, dtype=np.float64)
    for rows, start, bags in zip(net.groups, net.tables.columns, net.bag_rows, strict=True):
        for text, bag in enumerate(bags):
            if len(bag):
                pooled[text, start : start + net.dim] += table[rows][bag].sum(axis=0) / np.sqrt(len(bag))
    units = np.maximum(pooled @ hidden + hidden_bias, 0) if len(hidden) else pooled
    return (units @ output if len(output) else units) + bias


def oracle_loss(net, weights, loss):
    logits, wanted = oracle_logits(net, weights), net.dense_targets()
    if loss == SOFTMAX:
        text_losses = -(wanted * (logits - np.logaddexp.reduce(logits, axis=1, keepdims=True))).sum(axis=1)
    else:
        chances = 1 / (1 + np.exp(-logits))
        text_losses = -(wanted * np.log(chances) + (1 - wanted) * np.log(1 - chances)).sum(axis=1)
    return (net.targets.weights * text_losses).sum()


def central_differences(net, weights, loss, step=1e-6):
    gradients = []
    for array in weights:
        gradient = np.empty_like(array)
        for place in np.ndindex(array.shape):
            kept = array[place]
            array[place] = kept + step
            above = oracle_loss(net, weights, loss)
            array[place] = kept - step
            gradient[place] = (above - oracle_loss(net, weights, loss)) / (2 * step)
            array[place] = kept
        gradients.append(gradient)
    return gradients


def kernel_loss_and_gradients(net, loss, read):
    """One batch with huge sums of squares, so that the step of Adagrad is the gradient times -1 (and a row's rate)."""
    head, tables = net.head, net.tables
    for sums in (tables.sums, head.hidden_sums, head.hidden_bias_sums, head.output_sums, head.bias_sums):
        sums[:] = HUGE
    before = parameters(net, tables.weights)
    texts = np.random.default_rng(7).permutation(len(net.targets.weights))
    rates = np.float32([np.sqrt(HUGE)])
    rest = (net.targets, loss, net.coding, rates, net.scratch, 0, 1, fresh_barrier())
    total = train_texts(texts, np.array([0, len(texts)]), net.bags, tables, read, head, *rest)
    gradients = [old - new for old, new in zip(before, parameters(net, tables.weights), strict=True)]
    gradients[0] /= tables.rates[:, None]
    return total, gradients


def assert_gradients(found, expected):
    for gradient, reference in zip(found, expected, strict=True):
        assert np.linalg.norm(gradient - reference) <= 1e-4 * np.linalg.norm(reference) + 1e-6


@every_form
@every_loss
def test_loss_and_gradients(make_net, form, loss, kind):
    net = make_net(**form, kind=kind)
    weights = parameters(net, net.tables.weights)
    expected = central_differences(net, weights, loss)
    total, found = kernel_loss_and_gradients(net, loss, net.tables.weights)
    assert total == pytest.approx(oracle_loss(net, weights, loss), rel=1e-5)
    assert_gradients(found, expected)


@every_form
def test_in_the_last_phase_the_gradient_is_taken_at_the_stored_weights_and_steps_the_others(make_net, form):
    net = make_net(**form)
    expected = central_differences(net, parameters(net, net.tables.stored), SIGMOID)
    _, found = kernel_loss_and_gradients(net, SIGMOID, net.tables.stored)
    assert_gradients(found, expected)


@every_form
def test_forward_fills_a_slot_for_each_text(make_net, form):
    net = make_net(**form)
    texts = np.array([5, 2, 2])
    forward(texts, net.bags, net.tables, net.tables.stored, net.head, net.scratch)
    expected = oracle_logits(net, parameters(net, net.tables.stored))
    np.testing.assert_allclose(net.scratch.logits[:3], expected[texts], atol=1e-5)
    assert np.isnan(net.scratch.logits[3:]).all()


def test_softmax_loss_is_the_log_loss_of_scikit_learn(make_net):
    metrics = pytest.importorskip("sklearn.metrics")
    net = make_net(4)
    texts = np.arange(8)
    forward(texts, net.bags, net.tables, net.tables.weights, net.head, net.scratch)
    total = losses(texts, 0, 8, net.targets, SOFTMAX, net.head, net.scratch)
    powers = np.exp(net.scratch.logits.astype(np.float64))
    chances = powers / powers.sum(axis=1, keepdims=True)
    weights = net.targets.weights.astype(np.float64)
    expected = metrics.log_loss(net.targets.labels, chances, sample_weight=weights, normalize=False, labels=range(3))
    assert total == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("loss", [SOFTMAX, SIGMOID])
def test_losses_add_up_over_slots(make_net, loss):
    net = make_net(4)
    texts = np.arange(8)
    forward(texts, net.bags, net.tables, net.tables.weights, net.head, net.scratch)
    whole = losses(texts, 0, 8, net.targets, loss, net.head, net.scratch)
    slopes = net.scratch.d_pooled.copy()
    parts = [losses(texts, *cut, net.targets, loss, net.head, net.scratch) for cut in ((0, 3), (3, 8), (8, 8))]
    assert sum(parts) == pytest.approx(whole, rel=1e-12)
    np.testing.assert_array_equal(net.scratch.d_pooled, slopes)


@pytest.mark.parametrize("loss", [SOFTMAX, SIGMOID])
@pytest.mark.parametrize("size", [1e3, 1e30])
def test_extreme_logits_give_finite_losses_and_slopes(make_net, loss, size):
    net = make_net(3, shared=True, output=False)
    texts = np.arange(8)
    net.scratch.logits[:] = size * np.sign(np.random.default_rng(0).normal(size=(8, 3)))
    assert np.isfinite(losses(texts, 0, 8, net.targets, loss, net.head, net.scratch))
    assert np.isfinite(net.scratch.d_logits).all()
    assert (np.abs(net.scratch.d_logits) <= net.targets.weights[:, None] * 1.0001).all()
