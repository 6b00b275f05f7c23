from __future__ import annotations

import numpy as np
import pytest

from lilliput.nets.basket_kernels import forward, hide
from lilliput.nets.baskets import BasketNet, Plan, Rows, Trainer


def made(items=7, dim=3, seed=0):
    random = np.random.default_rng(seed)
    dense = random.random((items, items)) < 0.5
    np.fill_diagonal(dense, False)
    offsets = np.concatenate([[0], np.cumsum(dense.sum(axis=1))]).astype(np.int64)
    rows = Rows(offsets, np.nonzero(dense)[1].astype(np.int32), random.standard_normal(dense.sum()).astype(np.float32))
    net = BasketNet.fresh(np.arange(items, 0, -1), rows, dim, 0.5, seed)
    net.inputs *= 5
    net.outputs *= 5
    return net


def loss_of(net, shown, hidden):
    """In NumPy and double precision: cross-entropy of the softmax over what is not shown."""
    scores = net.scores(np.array(shown, dtype=np.int32)).astype(np.float64)
    scores[shown] = -np.inf
    logs = scores - np.log(np.exp(scores).sum())
    return -logs[hidden].mean()


def test_the_loss_and_its_gradients_are_those_of_numpy():
    net = made()
    shown, hidden = [1, 4, 6], [0, 3]
    everything = np.arange(7, dtype=np.int32)
    state, back, errors = np.zeros((1, 3), np.float32), np.zeros((1, 3), np.float32), np.zeros((1, 7), np.float32)
    ends = np.array([0, 3]), np.array([0, 2])
    loss = forward(
        0, 1, np.array(shown, np.int32), ends[0], np.array(hidden, np.int32), ends[1],
        np.array([3**-0.5], np.float32), everything, everything, np.zeros(7, np.float32), net.inputs, net.outputs,
        net.bias, net.rows.offsets, net.rows.items, net.rows.values, state, errors, back,
    )  # fmt: skip
    assert loss == pytest.approx(loss_of(net, shown, hidden), rel=1e-5)
    step = 1e-3
    for item in range(7):  # the error of an item is the slope by its bias
        net.bias[item] += step
        above = loss_of(net, shown, hidden)
        net.bias[item] -= 2 * step
        below = loss_of(net, shown, hidden)
        net.bias[item] += step
        assert errors[0, item] == pytest.approx((above - below) / (2 * step), abs=2e-3)
    for d in range(3):  # the gradient of the state is the slope by an input, but for the scale
        net.inputs[4, d] += step
        above = loss_of(net, shown, hidden)
        net.inputs[4, d] -= 2 * step
        below = loss_of(net, shown, hidden)
        net.inputs[4, d] += step
        assert back[0, d] * 3**-0.5 == pytest.approx((above - below) / (2 * step), abs=2e-3)


def test_some_items_are_shown_and_some_hidden():
    offsets, items = np.array([0, 2, 7]), np.arange(7, dtype=np.int32)
    shown, hidden = np.empty((2, 7), np.int32)
    ends = np.empty((2, 3), np.int64)
    for seed in range(50):
        hide(np.array([1, 0]), offsets, items, 0.7, np.uint64(seed), shown, ends[0], hidden, ends[1])
        assert (np.diff(ends) > 0).all()
        together = np.concatenate([shown[: ends[0, 2]], hidden[: ends[1, 2]]])
        assert sorted(together.tolist()) == list(range(7))


def trained(threads, candidates=8192, subsample=0.0, passes=6):
    random = np.random.default_rng(1)
    groups = [np.sort(random.permutation(5)[:3]) + 5 * (row % 4) for row in range(400)]
    net = made(20, 4)
    net.rows.values[:] = 0
    plan = Plan(passes=passes, batch=64, candidates=candidates, subsample=subsample)
    offsets = np.arange(0, 1203, 3).astype(np.int64)
    trainer = Trainer(net, offsets, np.concatenate(groups).astype(np.int32), plan, 3, threads)
    losses = [loss for _, loss in trainer.steps()]
    return net, losses


@pytest.mark.parametrize("candidates", [8192, 10])
def test_what_goes_together_is_learned(candidates):
    net, losses = trained(2, candidates, passes=15)
    if candidates > 20:
        assert np.mean(losses[-7:]) < 0.7 * losses[0]
    scores = net.scores(np.array([5, 6], dtype=np.int32))
    scores[[5, 6]] = -np.inf
    assert set(np.argsort(-scores)[:3].tolist()) == {7, 8, 9}


@pytest.mark.parametrize("subsample", [0.0, 0.1])
def test_threads_change_no_bit(subsample):
    nets = [trained(threads, subsample=subsample, passes=2)[0] for threads in (1, 2, 3)]
    for net in nets[1:]:
        for one, other in zip(
            (net.inputs, net.outputs, net.bias, net.rows.values),
            (nets[0].inputs, nets[0].outputs, nets[0].bias, nets[0].rows.values),
            strict=True,
        ):
            assert one.tobytes() == other.tobytes()


def test_training_ends_with_the_time():
    net = made(20, 4)
    trainer = Trainer(net, np.array([0, 3]), np.arange(3, dtype=np.int32), Plan(passes=5), 0, 1)
    assert len(list(trainer.steps(lambda: 1.0))) == 0
