"""What health is told by: curves, dead units, curvature, baselines, and the data."""

import math
from contextlib import nullcontext

import pytest
import torch
from torch import nn
from torch.nn import functional

from lilliput.training.batches import DenseRows
from lilliput.training.health_baselines import fit_baseline, neighbours_agree
from lilliput.training.health_curvature import lowest_curvature
from lilliput.training.health_curve import LossCurve
from lilliput.training.health_data import signs_of_data
from lilliput.training.health_signs import as_evaluated, dead_shares, layers_of, look_at, update_share

CPU = torch.device("cpu")


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(0)


def test_blocks_of_a_curve_are_passes_where_these_are_short():
    assert [LossCurve.of(rows, 64).block for rows in (64, 640, 2048, 6400, 64_000)] == [4, 10, 32, 25, 31]


def test_a_curve_that_falls_is_told_from_one_that_stands(generator):
    noise = torch.randn(4000, generator=generator).tolist()
    for fall in (0.0, 0.3):
        curve = LossCurve.of(640, 64)
        for step, value in enumerate(noise):
            curve.add(1 - fall * step / 4000 + 0.05 * value)
        trend = curve.trend(2000)
        assert trend.fall == pytest.approx(fall / 2, abs=4 * trend.error)
        assert (trend.most < 0.02) == (fall == 0)
    assert curve.trend(8000) is None


def test_a_long_curve_stays_short_and_survives_a_checkpoint():
    curve = LossCurve.of(64, 64)
    for step in range(20_000):
        curve.add(float(step))
    assert len(curve.means) < 512
    assert sum(curve.means) / len(curve.means) == pytest.approx(curve.block * len(curve.means) / 2, abs=1)
    assert LossCurve.from_dict(curve.to_dict()) == curve
    fresh = LossCurve.of(64, 64)
    assert LossCurve.from_dict(fresh.to_dict()) == fresh


class Called(nn.Module):
    """Rectifiers as functions and as methods, a convolution, and a layer without."""

    def __init__(self):
        super().__init__()
        self.picture = nn.Conv2d(1, 4, 3)
        self.hidden = nn.Linear(4, 6)
        self.output = nn.Linear(6, 2)

    def forward(self, inputs):
        pooled = functional.relu(self.picture(inputs)).mean((2, 3))
        return self.output(self.hidden(pooled).relu())


def test_dead_units_are_counted_however_rectifiers_are_called(generator):
    torch.manual_seed(0)
    module = Called()
    with torch.no_grad():
        module.picture.bias[1] = -100.0
        module.hidden.weight.zero_()
        module.hidden.bias.copy_(torch.tensor([1.0, -1.0, 0.0, 2.0, -3.0, 1.0]))
        module.picture.bias[[0, 2, 3]] = 5.0
    found = dead_shares(module, torch.rand(9, 1, 5, 5, generator=generator), nullcontext)
    assert found["picture"][0] == 0.25
    assert found["picture"][1].tolist() == [False, True, False, False]
    assert found["hidden"][1].tolist() == [False, True, True, False, True, False]
    assert list(found) == ["picture", "hidden"]
    assert not any(layer._forward_hooks for layer in module.modules())


def test_norms_are_those_of_torch(generator):
    module = nn.Sequential(nn.Linear(5, 4), nn.Linear(4, 3))
    module(torch.randn(7, 5, generator=generator)).square().sum().backward()
    weights = list(layers_of(module).values())
    assert list(layers_of(module)) == ["0", "1"]
    look = look_at(layers_of(module), 3)
    expected = [float(weight.grad.norm() / weight.detach().norm()) for weight in weights]
    assert list(look.shares.values()) == pytest.approx(expected, rel=1e-5)
    before = [weight.detach().clone() for weight in weights]
    with torch.no_grad():
        for weight in weights:
            weight.mul_(1.01)
    assert update_share(before, weights) == pytest.approx(0.01, rel=1e-3)


def test_modes_of_layers_are_put_back():
    module = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    module.train()
    module[1].eval()
    with as_evaluated(module):
        assert not module[0].training
    assert module.training
    assert module[0].training
    assert not module[1].training


def test_curvature_is_that_of_the_hessian(generator):
    matrix = torch.randn(8, 8, generator=generator, dtype=torch.float64)
    matrix = matrix + matrix.T
    weights = [torch.randn(3, generator=generator, dtype=torch.float64, requires_grad=True)]
    weights.append(torch.randn(5, generator=generator, dtype=torch.float64, requires_grad=True))

    def loss():
        flat = torch.cat(weights)
        return flat @ matrix @ flat / 2

    lowest, highest, direction = lowest_curvature(loss, weights)
    values, vectors = torch.linalg.eigh(matrix)
    assert (lowest, highest) == pytest.approx((float(values[0]), float(values[-1])), rel=1e-9)
    assert abs(float(direction @ vectors[:, 0])) == pytest.approx(1, rel=1e-9)
    assert lowest_curvature(lambda: torch.cat(weights).sum(), weights) is None


def test_baselines_are_the_best_constants(generator):
    targets = torch.randint(0, 3, (500,), generator=generator).clamp_max(1)
    inputs = torch.randn(500, 4, generator=generator)
    shares = targets.bincount(minlength=2).double() / 500
    entropy = float(-(shares * shares.log()).sum())
    scores = torch.randn(500, 2, generator=generator)
    cases = [
        (functional.cross_entropy, targets, scores),
        (functional.nll_loss, targets, scores.log_softmax(1)),
        (functional.binary_cross_entropy, targets[:, None].float(), scores[:, :1].sigmoid()),
        (functional.binary_cross_entropy_with_logits, targets[:, None].float(), scores[:, :1]),
    ]
    for loss, wanted, outputs in cases:
        constant = fit_baseline(loss, inputs, wanted, outputs, linear=False)
        assert loss(constant(inputs, 500), wanted).item() == pytest.approx(entropy, rel=1e-3)
    wanted = 100 + 7 * torch.randn(500, 1, generator=generator)
    constant = fit_baseline(functional.mse_loss, inputs, wanted, scores[:, :1], linear=False)
    assert functional.mse_loss(constant(inputs, 500), wanted).item() == pytest.approx(float(wanted.var()), rel=1e-2)


def test_the_linear_baseline_is_least_squares(generator):
    inputs = torch.randn(200, 5, generator=generator)
    targets = inputs @ torch.randn(5, 1, generator=generator) + 0.3 * torch.randn(200, 1, generator=generator)
    baseline = fit_baseline(functional.mse_loss, inputs, targets, torch.zeros(200, 1), linear=True)
    padded = torch.cat([inputs, torch.ones(200, 1)], 1)
    best = padded @ torch.linalg.lstsq(padded, targets).solution
    reached = functional.mse_loss(baseline(inputs, 200), targets).item()
    assert reached == pytest.approx(functional.mse_loss(best, targets).item(), rel=0.01)


def test_a_loss_that_wants_other_outputs_has_no_baseline():
    def refuse(outputs, targets):
        raise ValueError("no")

    assert fit_baseline(refuse, torch.zeros(5, 1), torch.zeros(5, 1), torch.zeros(5, 1), linear=False) is None


def test_neighbours_see_what_a_line_does_not(generator):
    inputs = torch.randn(400, 2, generator=generator)
    crossed = (inputs[:, 0] * inputs[:, 1] > 0).long()
    assert neighbours_agree(inputs, crossed)
    assert neighbours_agree(inputs, inputs[:, :1].square())
    order = torch.randperm(400, generator=generator)
    assert not neighbours_agree(inputs, crossed[order])
    assert not neighbours_agree(inputs, inputs[order, :1].square())


def kinds(inputs, targets, held_out=None):
    return {sign.kind: sign.where for sign in signs_of_data(DenseRows(inputs, targets), held_out, CPU)}


def test_columns_that_tell_a_class_or_a_monotone_function_of_it_leak(generator):
    inputs = torch.randn(300, 6, generator=generator)
    targets = torch.randint(0, 4, (300,), generator=generator)
    assert kinds(inputs, targets) == {}
    inputs[:, 2] = (targets == 3).float() * 5
    assert kinds(inputs, targets) == {"leaking labels": "column 2"}
    wanted = torch.randn(300, 1, generator=generator)
    inputs[:, 2] = (2 * wanted[:, 0]).exp()
    assert kinds(inputs, wanted) == {"leaking labels": "column 2"}


def test_zeros_are_usual_in_pictures_and_counts(generator):
    dense = torch.randn(100, 30, generator=generator)
    targets = torch.randn(100, generator=generator)
    counts = (dense > 1).float()
    dense[:, 3] = 0.0
    counts[:, 3] = 0.0
    assert kinds(dense, targets) == {"constant column": "column 3"}
    assert kinds(counts, targets) == {}


def test_data_that_are_no_table_are_looked_at_as_far_as_they_go(generator):
    targets = torch.cat([torch.zeros(190), torch.ones(10)]).long()
    pictures = torch.zeros(200, 1, 3, 3)
    assert set(kinds(pictures, targets)) == {"imbalanced labels"}
    assert set(kinds(torch.zeros(200, 4, dtype=torch.int64), targets)) == {"imbalanced labels"}
    assert kinds(torch.randn(200, 3, generator=generator), torch.full((200, 2), math.nan)) == {}
    assert kinds(torch.full((200, 3), math.nan), torch.randn(200, generator=generator)) == {}
