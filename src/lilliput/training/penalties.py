"""Penalties on weights, applied after each step of the optimiser: L1 with true zeros, L2, and a bound on norms."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from lilliput.core.errors import LilliputError


@dataclass(frozen=True)
class Penalties:
    """What is added to the loss, or asked of the weights; biases and the scales of normalisation are left alone.

    l1 : ``l1 * sum |w|`` is added. Applied as a proximal step, soft thresholding, so that weights become zero and stay
        there until a gradient is worth it. Parikh and Boyd 2014, "Proximal Algorithms", section 6.5.2.
    l2 : ``l2 / 2 * sum w^2`` is added. Applied by shrinking weights, apart from what the optimiser makes of gradients.
        Loshchilov and Hutter 2019, "Decoupled Weight Decay Regularization".
    max_norm : weights into a unit have at most this Euclidean norm; 0: no bound. Srivastava et al. 2014, "Dropout",
        section 5.1.
    """

    l1: float = 0.0
    l2: float = 0.0
    max_norm: float = 0.0

    def __post_init__(self) -> None:
        if not all(0 <= value < math.inf for value in (self.l1, self.l2, self.max_norm)):
            raise LilliputError(f"{self}: give 0 or more, and finite numbers")

    def __bool__(self) -> bool:
        return bool(self.l1 or self.l2 or self.max_norm)

    @torch.no_grad()
    def apply(self, weights: Sequence[Tensor], rate: float) -> None:
        """Change `weights` in place after a step of learning rate `rate`."""
        if self.l2:
            torch._foreach_mul_(weights, 1 - rate * self.l2)
        if self.l1:
            for weight in weights:
                torch.nn.functional.softshrink(weight, rate * self.l1, out=weight)
        if self.max_norm:
            for weight in weights:
                weight.copy_(torch.renorm(weight, 2, 0, self.max_norm))


def penalised(module: nn.Module) -> list[Tensor]:
    """The weights that penalties are for: parameters with two or more axes."""
    return [parameter for parameter in module.parameters() if parameter.requires_grad and parameter.ndim > 1]


def zeros(module: nn.Module) -> tuple[int, int]:
    """How many of the weights that penalties are for are exactly zero, and how many there are."""
    weights = penalised(module)
    return sum(int((weight == 0).sum()) for weight in weights), sum(weight.numel() for weight in weights)


class DropoutSites:
    """All dropout layers of a network, with the rates it was built with, to be scaled together."""

    def __init__(self, module: nn.Module) -> None:
        kinds = (nn.modules.dropout._DropoutNd,)
        self._sites = [(site, float(site.p)) for site in module.modules() if isinstance(site, kinds)]
        self._factor = 1.0

    @property
    def rates(self) -> list[float]:
        """Those that the network was built with."""
        return [rate for _, rate in self._sites]

    def scale(self, factor: float) -> None:
        """From now on dropout is `factor` times what the network was built with."""
        if factor != self._factor:
            self._factor = factor
            for site, rate in self._sites:
                site.p = rate * factor
