"""A feed-forward rectifier network in PyTorch, with dropout on inputs and on hidden layers."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from lilliput.nets.dense import DenseNet
from lilliput.nets.dropout import Dropout
from lilliput.nets.noise import Noise
from lilliput.nets.sparse_linear import SparseLinear


class MLP(nn.Module):
    """Linear layers with rectifiers between them: (rows, inputs) to (rows, outputs).

    Parameters
    ----------
    inputs, hidden, outputs : widths.
    input_dropout, dropout : shares of inputs and of hidden units that are left out at a step of training.
    input_noise, noise : standard deviations of normal noise on the inputs, and on the hidden units before their
        rectifiers; the latter makes sense with `normalise`, which gives the units a scale.
    normalise : batch normalisation before each rectifier (Ioffe and Szegedy 2015); `freeze` folds it away.
    sparse : whether rows come as a `SparseBatch`; there must be a hidden layer then.

    Weights begin as in He et al. 2015, "Delving Deep into Rectifiers" (normal, variance 2 / inputs), those of the last
    layer at zero, so that the first outputs are the biases; PyTorch's random numbers give them.
    """

    def __init__(
        self,
        inputs: int,
        hidden: Sequence[int],
        outputs: int,
        *,
        input_dropout: float = 0.0,
        dropout: float = 0.0,
        input_noise: float = 0.0,
        noise: float = 0.0,
        normalise: bool = False,
        sparse: bool = False,
    ) -> None:
        super().__init__()
        widths = [inputs, *hidden]
        self.input_dropout = Dropout(0.0 if sparse else input_dropout)
        self.input_noise, self.noise = Noise(0.0 if sparse else input_noise), Noise(noise)
        self.hidden = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(widths[sparse:]))
        self.norms = nn.ModuleList(nn.BatchNorm1d(width) if normalise else nn.Identity() for width in hidden)
        self.dropout = Dropout(dropout)
        self.output = nn.Linear(widths[-1], outputs)
        for layer in self.hidden:
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            nn.init.zeros_(layer.bias)
        if sparse:
            self.hidden.insert(0, SparseLinear(inputs, hidden[0], input_dropout))
        nn.init.zeros_(self.output.weight)
        nn.init.zeros_(self.output.bias)

    def forward(self, rows: Any) -> Tensor:
        """The outputs of rows."""
        values: Any = self.input_dropout(rows) if self.input_dropout.p else rows
        if self.input_noise.deviation:
            values = self.input_noise(values)
        for layer, norm in zip(self.hidden, self.norms, strict=True):
            values = torch.relu(self.noise(norm(layer(values))))
            if self.dropout.p:
                values = self.dropout(values)
        return self.output(values)

    @torch.no_grad()
    def freeze(self) -> DenseNet:
        """The network as it predicts, in NumPy; batch normalisation becomes part of the layers."""
        weights, biases = [], []
        for layer, norm in zip(self.hidden, self.norms, strict=True):
            weight, bias = layer.weight.double().cpu(), layer.bias.double().cpu()
            weight = weight.T if isinstance(layer, SparseLinear) else weight
            if isinstance(norm, nn.BatchNorm1d):
                factor = norm.weight.double().cpu() / (norm.running_var.double().cpu() + norm.eps).sqrt()
                weight = weight * factor[:, None]
                bias = (bias - norm.running_mean.double().cpu()) * factor + norm.bias.double().cpu()
            weights.append(weight)
            biases.append(bias)
        weights.append(self.output.weight.cpu())
        biases.append(self.output.bias.cpu())
        return DenseNet(
            tuple(np.ascontiguousarray(weight.numpy().T, dtype=np.float32) for weight in weights),
            tuple(bias.numpy().astype(np.float32) for bias in biases),
        )
