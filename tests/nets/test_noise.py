"""Noise on values in training."""

from __future__ import annotations

import torch

from lilliput.nets.mlp import MLP
from lilliput.nets.noise import Noise


def test_it_has_the_deviation_asked_for_and_only_in_training():
    torch.manual_seed(0)
    layer, values = Noise(0.3), torch.ones(200, 500, requires_grad=True)
    noisy = layer(values)
    added = (noisy - values).detach()
    assert abs(float(added.std()) - 0.3) < 0.005
    assert abs(float(added.mean())) < 0.005
    noisy.sum().backward()
    assert torch.equal(values.grad, torch.ones_like(values))
    assert torch.equal(layer.eval()(values), values)
    assert torch.equal(Noise(0.0)(values), values)


def test_a_network_with_noise_predicts_without():
    torch.manual_seed(0)
    net = MLP(5, (8, 8), 2, input_noise=0.5, noise=0.5, normalise=True)
    torch.nn.init.normal_(net.output.weight)
    rows = torch.randn(16, 5)
    assert not torch.equal(net(rows), net(rows))
    net.eval()
    torch.testing.assert_close(torch.from_numpy(net.freeze().forward(rows.numpy())), net(rows), rtol=1e-4, atol=1e-5)
