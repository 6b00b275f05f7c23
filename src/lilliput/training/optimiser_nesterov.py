"""Nesterov's accelerated gradient in the form that jumps first and corrects after.

With momentum m, rate r, iterate w and velocity v a step is

    jump       u = w + m v
    correct    w <- u - r g(u),    v <- m v - r g(u)

(Sutskever, Martens, Dahl and Hinton 2013, "On the importance of initialization and momentum in deep learning", section
2). The parameters are held at u, where gradients are taken; `LookAhead.land` moves them to w, for evaluation, and
`LookAhead.jump` back. torch's own form shifts the variables by a velocity and is the same only while m and r stay.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch.optim import Optimizer

Tensors = list[torch.Tensor]


class LookAhead(Optimizer):
    """Parameters held at the look-ahead point; subclasses say by how much a gradient corrects them.

    ``group["lr"]`` and ``group["momentum"]`` may change from step to step. A momentum that is set takes effect at the
    next jump, which is the end of a step or a call of `jump`, and stays until the jump after: each velocity is damped
    by the momentum that its gradient was taken with. ``group["ahead"]`` holds that momentum, ``group["landed"]`` says
    whether the parameters are at the iterate; both go with ``state_dict``.

    While landed the state keeps the point that was left, so that looking at the iterate, at whatever moments, changes
    no bit of what follows, nor does a checkpoint that is written and read while landed.
    """

    def __init__(self, parameters: Iterable[Any], **defaults: Any) -> None:
        super().__init__(parameters, {**defaults, "ahead": defaults["momentum"], "landed": False})

    def correct(self, group: dict[str, Any], parameters: Tensors, gradients: Tensors) -> Callable[[Tensors], None]:
        """Take in the gradients; returns what subtracts the correction by them from each of some tensors."""
        raise NotImplementedError

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Correct by the gradients, then jump. Raises RuntimeError if the parameters have landed."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            if group["landed"]:
                raise RuntimeError("step() after land(): call jump() before gradients are taken")
            parameters = [parameter for parameter in group["params"] if parameter.grad is not None]
            if parameters:
                self._correct(group, parameters)
            self._ahead(group, group["momentum"], resting=set(parameters))
        return loss

    def _correct(self, group: dict[str, Any], parameters: Tensors) -> None:
        gradients = [parameter.grad for parameter in parameters]
        if group["weight_decay"]:
            gradients = list(torch._foreach_add(gradients, parameters, alpha=group["weight_decay"]))
        for parameter in parameters:
            if "velocity" not in self.state[parameter]:
                self.state[parameter]["velocity"] = torch.zeros_like(parameter, memory_format=torch.preserve_format)
        velocities = [self.state[parameter]["velocity"] for parameter in parameters]
        correct = self.correct(group, parameters, gradients)
        torch._foreach_mul_(velocities, group["ahead"])
        correct(velocities)
        correct(parameters)
        torch._foreach_add_(parameters, velocities, alpha=group["momentum"])

    def _ahead(self, group: dict[str, Any], momentum: float, resting: set[torch.Tensor]) -> None:
        """Go from the look-ahead point of one momentum to that of another, but for parameters that are there."""
        if momentum != group["ahead"]:
            for parameter in self._moving(group):
                if parameter not in resting:
                    parameter.add_(self.state[parameter]["velocity"], alpha=momentum - group["ahead"])
            group["ahead"] = momentum

    def _moving(self, group: dict[str, Any]) -> Tensors:
        return [parameter for parameter in group["params"] if "velocity" in self.state.get(parameter, ())]

    @torch.no_grad()
    def land(self) -> None:
        """Move the parameters to the iterate, for evaluation or a checkpoint; nothing if they are there."""
        for group in self.param_groups:
            if not group["landed"]:
                for parameter in self._moving(group):
                    state = self.state[parameter]
                    state["left"] = parameter.clone()
                    parameter.sub_(state["velocity"], alpha=group["ahead"])
                group["landed"] = True

    @torch.no_grad()
    def jump(self) -> None:
        """Move the parameters to the look-ahead point of the momentum that is set; nothing if they are there."""
        for group in self.param_groups:
            if group["landed"]:
                for parameter in self._moving(group):
                    parameter.copy_(self.state[parameter].pop("left"))
                group["landed"] = False
            self._ahead(group, group["momentum"], resting=set())


class Nesterov(LookAhead):
    """Nesterov's accelerated gradient; ``weight_decay`` adds that times the parameters to the gradients."""

    def __init__(
        self, parameters: Iterable[Any], lr: float, *, momentum: float = 0.9, weight_decay: float = 0.0
    ) -> None:
        super().__init__(parameters, lr=lr, momentum=momentum, weight_decay=weight_decay)

    def correct(self, group: dict[str, Any], parameters: Tensors, gradients: Tensors) -> Callable[[Tensors], None]:
        """By the rate times the gradient."""
        return lambda tensors: torch._foreach_add_(tensors, gradients, alpha=-group["lr"])
