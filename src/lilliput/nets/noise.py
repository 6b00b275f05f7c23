"""Gaussian noise on values in training, which keeps a network from leaning on any one of them."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Noise(nn.Module):
    """Adds normal noise of a standard deviation, in training only.

    On inputs and on normalised hidden units as in Rasmus et al. 2015, "Semi-Supervised Learning with Ladder Networks".
    PyTorch's random numbers give it.
    """

    def __init__(self, deviation: float) -> None:
        super().__init__()
        self.deviation = deviation

    def forward(self, values: Tensor) -> Tensor:
        """The values with noise on them; of the same shape."""
        if not self.training or not self.deviation:
            return values
        return torch.randn_like(values).mul_(self.deviation).add_(values)
