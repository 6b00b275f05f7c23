from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy, mse_loss, one_hot

from lilliput.core.errors import DataError
from lilliput.nets.sparse_linear import SparseBatch
from lilliput.training.allowance import Allowance
from lilliput.training.loop import Loop
from lilliput.training.mixup import Mixup

sys.path.insert(0, str(Path(__file__).parent))
from nets_of_tests import momentum, network, problem

sys.path.pop(0)


def drawn(alpha, rows):
    """The weight and the partners that the next mixture takes."""
    state = torch.get_rng_state()
    weight = float(torch.distributions.Beta(alpha, alpha).sample())
    others = torch.randperm(rows)
    torch.set_rng_state(state)
    return weight, others


@pytest.mark.parametrize("alpha", [0.2, 1.0])
def test_the_loss_is_that_of_mixed_rows_against_mixed_targets(alpha):
    torch.manual_seed(1)
    net, inputs, targets = nn.Linear(5, 3), torch.randn(8, 5), torch.randint(3, (8,))
    weight, others = drawn(alpha, 8)
    found = Mixup(alpha)(net, cross_entropy, inputs, targets)
    shares = one_hot(targets, 3).float()
    mixed = weight * shares + (1 - weight) * shares[others]
    wanted = cross_entropy(net(weight * inputs + (1 - weight) * inputs[others]), mixed)
    torch.testing.assert_close(found, wanted)


def test_gradients_of_a_squared_error_are_those_against_mixed_targets():
    torch.manual_seed(2)
    net, inputs, targets = nn.Linear(5, 2), torch.randn(8, 5), torch.randn(8, 2)
    weight, others = drawn(1.0, 8)
    Mixup(1.0)(net, mse_loss, inputs, targets).backward()
    found = net.weight.grad.clone()
    net.zero_grad()
    mixed = weight * targets + (1 - weight) * targets[others]
    mse_loss(net(weight * inputs + (1 - weight) * inputs[others]), mixed).backward()
    torch.testing.assert_close(found, net.weight.grad)


def test_weights_of_pairs_follow_the_distribution():
    torch.manual_seed(3)
    inputs, seen = torch.arange(4.0)[:, None], []
    for _ in range(2000):
        Mixup(0.5)(lambda rows: seen.append(rows) or rows, mse_loss, inputs, inputs)
    shares = torch.stack(seen).flatten(1)
    assert shares.min() >= 0
    assert shares.max() <= 3
    assert float((shares - shares.round()).abs().lt(0.05).float().mean()) > 0.4  # most weights are near 0 or 1
    assert float(shares.mean()) == pytest.approx(1.5)


def test_none_leaves_rows_and_random_numbers_alone():
    state, net, rows = torch.get_rng_state(), nn.Linear(2, 2), torch.randn(3, 2)
    torch.set_rng_state(state)
    assert Mixup(0)(net, mse_loss, rows, rows).item() == mse_loss(net(rows), rows).item()
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize(
    "inputs", [torch.zeros(3, 2, dtype=torch.int64), SparseBatch(torch.ones(1), *torch.zeros(2, 1).long(), 3)]
)
def test_what_has_no_mean_is_refused(inputs):
    with pytest.raises(DataError, match="mixup takes rows of a dense matrix of floats"):
        Mixup(1)(lambda rows: rows, mse_loss, inputs, torch.zeros(3))


def looped(mixup):
    train, held_out = problem()
    module = network()
    loop = Loop(module, cross_entropy, momentum(module), batch=10, mixup=mixup)
    return loop.run(train, Allowance(60), held_out, progress=False).records


def test_it_learns_less_by_heart():
    plain, mixed = looped(0.0), looped(1.0)
    assert mixed[-1].loss > 1.5 * plain[-1].loss
    assert min(record.score for record in mixed) < mixed[0].score
