"""Mixup: a network learns from weighted means of pairs of rows, and is to give the weighted mean of their targets.

Zhang, Cisse, Dauphin and Lopez-Paz 2018, "mixup: Beyond Empirical Risk Minimization" (ICLR), section 2 and appendix: as
there, a batch is mixed with itself in another order, with one weight for all of it. There are as many rows as pairs, so
that a network can hardly learn them by heart, and longer trainings go on to pay.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from lilliput.core.errors import DataError

Loss = Callable[[Tensor, Tensor], Tensor]


class Mixup:
    """Mixes the rows of a batch; `alpha` of the Beta distribution from which the weight of the first row is drawn.

    1: any weight is as likely; small: mostly near 0 or 1; 0: rows are left as they are. PyTorch's random numbers.
    """

    def __init__(self, alpha: float) -> None:
        self.alpha = alpha
        self._weights = torch.distributions.Beta(alpha, alpha) if alpha else None

    def __bool__(self) -> bool:
        return bool(self.alpha)

    def __call__(self, forward: Callable[[Tensor], Tensor], loss: Loss, inputs: Any, targets: Tensor) -> Tensor:
        """The loss of a mixed batch: the weighted mean of the losses against the targets of both rows of each pair.

        For the cross-entropy, and for the gradients of the squared error, that is the loss against mixed targets.
        """
        if self._weights is None:
            return loss(forward(inputs), targets)
        if not (isinstance(inputs, Tensor) and inputs.is_floating_point()):
            raise DataError("mixup takes rows of a dense matrix of floats, as the mean of two rows is to be a row")
        weight = float(self._weights.sample())
        others = torch.randperm(len(targets), device=inputs.device)
        outputs = forward(torch.lerp(inputs[others], inputs, weight))
        return weight * loss(outputs, targets) + (1 - weight) * loss(outputs, targets[others])
