"""A restricted Boltzmann machine in PyTorch: binary hidden units, binary or Gaussian visible ones.

The energy of visible v and hidden h is ``-b v - c h - v W h``, for Gaussian units of variance one (Welling and others
2004) with ``|v - b|^2 / 2`` in place of ``-b v``. Smolensky 1986; Hinton 2002, "Training products of experts by
minimizing contrastive divergence".
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Generator, Tensor
from torch.nn.functional import softplus


@dataclass
class BoltzmannMachine:
    """`weights` (visible, hidden), `visible` (visible,) and `hidden` (hidden,) biases, float32."""

    weights: Tensor
    visible: Tensor
    hidden: Tensor
    gaussian: bool = False

    @classmethod
    def begun(cls, mean: Tensor, hidden: int, gaussian: bool, random: Generator) -> BoltzmannMachine:
        """Small weights; visible biases that give rows of mean `mean` (Hinton 2010, "A practical guide", section 8)."""
        weights = 0.01 * torch.randn(len(mean), hidden, generator=random)
        likely = mean.clamp(0.001, 0.999)
        visible = mean.clone() if gaussian else torch.log(likely / (1 - likely))
        return cls(weights, visible, torch.zeros(hidden), gaussian)

    def hidden_chances(self, rows: Tensor) -> Tensor:
        """Probabilities (n, hidden) of the hidden units, given visible ones (n, visible)."""
        return torch.addmm(self.hidden, rows, self.weights).sigmoid_()

    def visible_means(self, hidden: Tensor) -> Tensor:
        """Means (n, visible) of the visible units, given hidden ones (n, hidden)."""
        means = torch.addmm(self.visible, hidden, self.weights.T)
        return means if self.gaussian else means.sigmoid_()

    def draw_visible(self, hidden: Tensor, random: Generator) -> Tensor:
        """Visible units drawn, given hidden ones."""
        means = self.visible_means(hidden)
        return means + noise(means, random) if self.gaussian else drawn(means, random)

    def free_energy(self, rows: Tensor) -> Tensor:
        """``-log sum over h of exp(-energy)``, (n,), in the dtype of `rows`: -log probability up to a constant."""
        weights, visible, hidden = (part.to(rows.dtype) for part in (self.weights, self.visible, self.hidden))
        inside = softplus(torch.addmm(hidden, rows, weights)).sum(dim=1)
        outside = -0.5 * ((rows - visible) ** 2).sum(dim=1) if self.gaussian else rows @ visible
        return -inside - outside


def drawn(chances: Tensor, random: Generator) -> Tensor:
    """Ones with these probabilities, else zeros."""
    count = -(-chances.numel() // 4)
    bits = torch.empty(count, dtype=torch.int64).random_(-(2**63), None, generator=random)
    levels = bits.view(torch.int16)[: chances.numel()].view(chances.shape)  # four draws of 16 bits from one of 64
    return (levels < chances * 65536 - 32768).to(chances.dtype)


def noise(like: Tensor, random: Generator) -> Tensor:
    """Normal numbers of variance one, in the shape of `like`."""
    return torch.randn(like.shape, generator=random)
