"""Adam, RMSProp and momentum whose state has eight bits a number: a quarter of the memory, the same curve.

Each moment of a parameter is uint8 codes and a float32 scale for each 2,048 of them (`lilliput.compress.block_codes`).
Parameters of fewer than 4,096 numbers keep float32, as biases and norms cost nothing and matter. On a CPU a step is one
kernel over each contiguous float32 parameter; elsewhere, and for other parameters, it is the same in torch's terms.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any, ClassVar

import numpy as np
import torch
from torch.optim import Optimizer

from lilliput.compress.block_codes import BLOCK
from lilliput.training.block_tensors import Blocks, decode, encode_, zeros

LEAST = 4096
"""Parameters of fewer numbers keep float32."""
ALONE = 2**17
"""Parameters of fewer numbers are stepped by one thread: a millisecond's work or less."""


class EightBits(Optimizer):
    """What the three have in common; a subclass lists its moments and says what a step is, in torch and as a kernel."""

    MOMENTS: ClassVar[dict[str, bool]]
    """Names of the moments, and whether they have a sign."""

    def direction(self, group: dict[str, Any], step: float, gradient: torch.Tensor, moments: Any) -> torch.Tensor:
        """Take `gradient` into `moments` (float32, changed); returns what is to be subtracted from the parameter."""
        raise NotImplementedError

    def numbers(self, group: dict[str, Any], step: float) -> tuple[float, ...]:
        """What the kernel is told of this step."""
        raise NotImplementedError

    def kernel(self) -> Callable[..., None]:
        """Of `lilliput.compress.moment_kernels`."""
        raise NotImplementedError

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Step by the gradients."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    self._step(group, parameter)
        return loss

    def _step(self, group: dict[str, Any], parameter: torch.Tensor) -> None:
        state = self.state[parameter]
        if not state:
            self._begin(state, parameter)
        state["step"] += 1
        step = state["step"].item()
        if parameter.numel() >= LEAST and _numpy_sees(parameter) and _numpy_sees(parameter.grad):
            self._step_by_kernel(group, step, parameter, state)
            return
        gradient = parameter.grad.float()
        if group["weight_decay"]:
            gradient = gradient.add(parameter, alpha=group["weight_decay"])
        if parameter.numel() < LEAST:
            parameter.sub_(self.direction(group, step, gradient, [state[name] for name in self.MOMENTS]))
            return
        coded = [(self._blocks(state, name), signed) for name, signed in self.MOMENTS.items()]
        moments = [decode(blocks, signed) for blocks, signed in coded]
        parameter.sub_(self.direction(group, step, gradient.reshape(-1), moments).view(parameter.shape))
        for (blocks, signed), moment in zip(coded, moments, strict=True):
            encode_(blocks, moment, signed)

    def _begin(self, state: dict[str, torch.Tensor], parameter: torch.Tensor) -> None:
        state["step"] = torch.zeros(())
        for name, signed in self.MOMENTS.items():
            if parameter.numel() < LEAST:
                state[name] = torch.zeros_like(parameter, dtype=torch.float32)
            else:
                blocks = zeros(parameter.numel(), signed, parameter.device)
                state[f"{name}_codes"], state[f"{name}_scales"] = blocks

    def _blocks(self, state: dict[str, torch.Tensor], name: str) -> Blocks:
        return Blocks(state[f"{name}_codes"], state[f"{name}_scales"])

    def _step_by_kernel(
        self, group: dict[str, Any], step: float, parameter: torch.Tensor, state: dict[str, torch.Tensor]
    ) -> None:
        """By shares of whole blocks, one a thread; blocks do not touch, so that no bit depends on the threads."""
        kernel, numbers = self.kernel(), tuple(map(np.float32, self.numbers(group, step)))
        flat = [tensor.detach().view(-1).numpy() for tensor in (parameter, parameter.grad)]
        coded = [[tensor.numpy() for tensor in self._blocks(state, name)] for name in self.MOMENTS]

        def share(first: int, last: int) -> None:
            begin, end = first * BLOCK, last * BLOCK
            moments = [array for codes, scales in coded for array in (codes[begin:end], scales[first:last])]
            kernel(*(array[begin:end] for array in flat), *moments, numbers)

        count, threads = len(coded[0][1]), torch.get_num_threads()
        if threads == 1 or parameter.numel() < ALONE:
            share(0, count)
            return
        edges = [count * number // threads for number in range(threads + 1)]
        list(_pool(os.getpid(), threads).map(share, edges[:-1], edges[1:]))

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """As torch does, but types stay: torch would give all state the type of its parameter, codes too."""
        super().load_state_dict(state_dict)
        saved = [number for group in state_dict["param_groups"] for number in group["params"]]
        here = [parameter for group in self.param_groups for parameter in group["params"]]
        for number, parameter in zip(saved, here, strict=True):
            for name, value in state_dict["state"].get(number, {}).items():
                device = value.device if name == "step" else parameter.device
                self.state[parameter][name] = value.to(device, copy=True)


class EightBitAdam(EightBits):
    """Adam; a weight decay is added to the gradients."""

    MOMENTS: ClassVar[dict[str, bool]] = {"mean": True, "square": False}

    def __init__(
        self,
        parameters: Iterable[Any],
        lr: float,
        *,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(parameters, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay})

    def numbers(self, group: dict[str, Any], step: float) -> tuple[float, ...]:
        """Rate and root corrected for the weights of the means, both betas, eps and weight decay."""
        beta, beta_square = group["betas"]
        rate, root = group["lr"] / (1 - beta**step), (1 - beta_square**step) ** -0.5
        return rate, beta, beta_square, group["eps"], root, group["weight_decay"]

    def direction(self, group: dict[str, Any], step: float, gradient: torch.Tensor, moments: Any) -> torch.Tensor:
        """The mean gradient over the root of the mean square."""
        rate, beta, beta_square, eps, root, _ = self.numbers(group, step)
        mean, square = moments
        mean.lerp_(gradient, 1 - beta)
        square.mul_(beta_square).addcmul_(gradient, gradient, value=1 - beta_square)
        return mean / square.sqrt().mul_(root).add_(eps) * rate

    def kernel(self) -> Callable[..., None]:
        """The step of one parameter."""
        from lilliput.compress.moment_kernels import adam

        return adam


class EightBitRMSProp(EightBits):
    """RMSProp, with eps beside the root as in torch; a weight decay is added to the gradients."""

    MOMENTS: ClassVar[dict[str, bool]] = {"square": False}

    def __init__(
        self,
        parameters: Iterable[Any],
        lr: float,
        *,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(parameters, {"lr": lr, "alpha": alpha, "eps": eps, "weight_decay": weight_decay})

    def numbers(self, group: dict[str, Any], step: float) -> tuple[float, ...]:
        """Rate, what the mean square keeps, eps and weight decay."""
        return group["lr"], group["alpha"], group["eps"], group["weight_decay"]

    def direction(self, group: dict[str, Any], step: float, gradient: torch.Tensor, moments: Any) -> torch.Tensor:
        """The gradient over the root of its mean square."""
        (square,) = moments
        square.mul_(group["alpha"]).addcmul_(gradient, gradient, value=1 - group["alpha"])
        return gradient / square.sqrt().add_(group["eps"]) * group["lr"]

    def kernel(self) -> Callable[..., None]:
        """The step of one parameter."""
        from lilliput.compress.moment_kernels import rmsprop

        return rmsprop


class EightBitMomentum(EightBits):
    """Polyak's momentum as torch's SGD has it; a weight decay is added to the gradients."""

    MOMENTS: ClassVar[dict[str, bool]] = {"velocity": True}

    def __init__(
        self, parameters: Iterable[Any], lr: float, *, momentum: float = 0.9, weight_decay: float = 0.0
    ) -> None:
        super().__init__(parameters, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    def numbers(self, group: dict[str, Any], step: float) -> tuple[float, ...]:
        """Rate, momentum and weight decay."""
        return group["lr"], group["momentum"], group["weight_decay"]

    def direction(self, group: dict[str, Any], step: float, gradient: torch.Tensor, moments: Any) -> torch.Tensor:
        """The velocity times the rate."""
        (velocity,) = moments
        return velocity.mul_(group["momentum"]).add_(gradient) * group["lr"]

    def kernel(self) -> Callable[..., None]:
        """The step of one parameter."""
        from lilliput.compress.moment_kernels import momentum

        return momentum


def _numpy_sees(tensor: torch.Tensor | None) -> bool:
    """Whether the numbers of a tensor are one float32 array in this machine's memory."""
    return (
        tensor is not None and tensor.device.type == "cpu" and tensor.dtype == torch.float32 and tensor.is_contiguous()
    )


@cache
def _pool(process: int, threads: int) -> ThreadPoolExecutor:
    """Threads that wait for the next step; `process` as a fork inherits the pool and not its threads."""
    return ThreadPoolExecutor(threads, thread_name_prefix="lilliput-optimiser")
