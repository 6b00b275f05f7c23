"""Nesterov's accelerated gradient and RMSProp together: the correction is divided by the gradient's size."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch

from lilliput.training.optimiser_nesterov import LookAhead, Tensors


class NesterovRMSProp(LookAhead):
    """Jump along the velocity, take the gradient g there, correct by ``lr * g / sqrt(mean square of g + eps)``.

    Both parts stand in Hinton, Srivastava and Swersky 2012, "Neural Networks for Machine Learning", lecture 6, which
    proposes to divide the correction and not the jump. The mean square fades by `decay` a step and, as Adam's, is
    divided by the weight that it has gathered, so that the first steps are not too long. `eps` stands under the root
    (torch's RMSprop and Adam add theirs to the root): it is in units of squared gradients.
    """

    def __init__(
        self,
        parameters: Iterable[Any],
        lr: float,
        *,
        momentum: float = 0.9,
        decay: float = 0.99,
        eps: float = 1e-10,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(parameters, lr=lr, momentum=momentum, decay=decay, eps=eps, weight_decay=weight_decay)

    def correct(self, group: dict[str, Any], parameters: Tensors, gradients: Tensors) -> Callable[[Tensors], None]:
        """By the rate times the gradient over the root of its mean square."""
        decay = group["decay"]
        squares = [self._square(parameter) for parameter in parameters]
        torch._foreach_mul_(squares, decay)
        torch._foreach_addcmul_(squares, gradients, gradients, value=1 - decay)
        # lr g / sqrt(square / weight + eps), with the weight taken out of the root
        weights = [1 - decay**steps for steps in self._steps(parameters)]
        divisors = torch._foreach_add(squares, [group["eps"] * weight for weight in weights])
        torch._foreach_sqrt_(divisors)
        rates = [-group["lr"] * weight**0.5 for weight in weights]
        return lambda tensors: torch._foreach_addcdiv_(tensors, gradients, divisors, rates)

    def _square(self, parameter: torch.Tensor) -> torch.Tensor:
        state = self.state[parameter]
        if "square" not in state:
            state["square"] = torch.zeros_like(parameter, memory_format=torch.preserve_format)
            state["step"] = torch.zeros(())
        return state["square"]

    def _steps(self, parameters: Tensors) -> list[float]:
        """Steps that each parameter has seen, this one included; kept on the CPU, as torch does."""
        counts = [self.state[parameter]["step"] for parameter in parameters]
        torch._foreach_add_(counts, 1)
        return [count.item() for count in counts]
