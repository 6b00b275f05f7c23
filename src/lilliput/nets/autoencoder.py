"""Autoencoders in PyTorch: one layer that undoes noise, and a deep one unrolled from a stack of layers.

Vincent and others 2010, "Stacked denoising autoencoders", JMLR 11; Hinton and Salakhutdinov 2006, "Reducing the
dimensionality of data with neural networks", Science 313.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional


class Layer(NamedTuple):
    """What a layer learned of what is below: `weights` (below, units), biases of the units and of what is below."""

    weights: Tensor
    hidden: Tensor
    visible: Tensor


class DenoisingAutoencoder(nn.Module):
    """Rows with a share of their entries set to zero in, the whole rows out; the decoder has the encoder's weights.

    Parameters
    ----------
    inputs, units : widths.
    corruption : the share of the entries.
    rectified : rectifiers as hidden units, else sigmoids.
    probabilities : rows are within [0, 1], and the loss is their cross-entropy, else the squared error.
    """

    def __init__(self, inputs: int, units: int, corruption: float, *, rectified: bool, probabilities: bool) -> None:
        super().__init__()
        self.corruption, self.rectified, self.probabilities = corruption, rectified, probabilities
        self.weights = nn.Parameter(torch.empty(inputs, units))
        self.hidden, self.visible = nn.Parameter(torch.zeros(units)), nn.Parameter(torch.zeros(inputs))

    def begin(self, random: torch.Generator) -> None:
        """Uniform weights, as in Glorot and Bengio 2010."""
        bound = (6 / sum(self.weights.shape)) ** 0.5
        with torch.no_grad():
            self.weights.uniform_(-bound, bound, generator=random)

    def encode(self, rows: Tensor) -> Tensor:
        """Hidden units (n, units) of rows (n, inputs)."""
        values = torch.addmm(self.hidden, rows, self.weights)
        return torch.relu(values) if self.rectified else torch.sigmoid(values)

    def loss(self, rows: Tensor, random: torch.Generator) -> Tensor:
        """The loss a row of undoing new noise."""
        kept = torch.rand(rows.shape, generator=random) >= self.corruption
        found = torch.addmm(self.visible, self.encode(rows * kept), self.weights.T)
        if self.probabilities:
            total = functional.binary_cross_entropy_with_logits(found, rows, reduction="sum")
        else:
            total = 0.5 * functional.mse_loss(found, rows, reduction="sum")
        return total / len(rows)

    def layer(self) -> Layer:
        """What was learned."""
        return Layer(self.weights.detach(), self.hidden.detach(), self.visible.detach())


class Autoencoder(nn.Module):
    """A stack of layers unrolled: up through all of them, down again by their transposes, which then learn apart.

    `rectified` and `probabilities` are as in `DenoisingAutoencoder`; codes are what the last layer gives before its
    sigmoid or rectifier.
    """

    def __init__(self, layers: Sequence[Layer], *, rectified: bool, probabilities: bool) -> None:
        super().__init__()
        self.rectified, self.probabilities = rectified, probabilities
        self.up = nn.ModuleList(linear(layer.weights.T, layer.hidden) for layer in layers)
        self.down = nn.ModuleList(linear(layer.weights, layer.visible) for layer in reversed(layers))

    def encode(self, rows: Tensor) -> Tensor:
        """The codes of rows: (n, units of the last layer)."""
        for layer in self.up[:-1]:
            rows = self._unit(layer(rows))
        return self.up[-1](rows)

    def logits(self, rows: Tensor) -> Tensor:
        """Rows again, before the sigmoid of `probabilities`."""
        values = self._unit(self.encode(rows))
        for layer in self.down[:-1]:
            values = self._unit(layer(values))
        return self.down[-1](values)

    def forward(self, rows: Tensor) -> Tensor:
        """Rows again: (n, columns)."""
        return torch.sigmoid(self.logits(rows)) if self.probabilities else self.logits(rows)

    def loss(self, rows: Tensor) -> Tensor:
        """The loss a row of getting the rows again."""
        found = self.logits(rows)
        if self.probabilities:
            return functional.binary_cross_entropy_with_logits(found, rows, reduction="sum") / len(rows)
        return 0.5 * functional.mse_loss(found, rows, reduction="sum") / len(rows)

    def _unit(self, values: Tensor) -> Tensor:
        return torch.relu(values) if self.rectified else torch.sigmoid(values)


def linear(weight: Tensor, bias: Tensor) -> nn.Linear:
    """A linear layer with a copy of weights (outputs, inputs) and biases."""
    layer = nn.Linear(weight.shape[1], weight.shape[0])
    with torch.no_grad():
        layer.weight.copy_(weight)
        layer.bias.copy_(bias)
    return layer
