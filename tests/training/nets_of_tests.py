"""A small network and rows, for the tests of the loop."""

from __future__ import annotations

import torch
from torch import nn

from lilliput.training.batches import DenseRows


def problem(rows: int = 300, seed: int = 0, outputs: int = 3) -> tuple[DenseRows, DenseRows]:
    """Rows of three classes that a small network can tell apart, and held-out ones."""
    generator = torch.Generator().manual_seed(seed)
    X = torch.randn(rows + 100, 6, generator=generator)
    rule = torch.randn(6, outputs, generator=generator)
    y = (X @ rule + 0.3 * X.square() @ rule).argmax(dim=1)
    return DenseRows(X[:rows], y[:rows]), DenseRows(X[rows:], y[rows:])


def network(seed: int = 0, dropout: float = 0.2, hidden: int = 16) -> nn.Module:
    """Two layers and dropout, with weights of a seed."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return nn.Sequential(nn.Linear(6, hidden), nn.ReLU(), nn.Dropout(dropout), nn.Linear(hidden, 3))


def momentum(module: nn.Module, rate: float = 0.1) -> torch.optim.Optimizer:
    return torch.optim.SGD(module.parameters(), lr=rate, momentum=0.9, nesterov=True)


def weights_of(module: nn.Module) -> bytes:
    return b"".join(tensor.numpy().tobytes() for tensor in module.state_dict().values())
