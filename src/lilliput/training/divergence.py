"""Numbers that break: where the first one was that is not finite."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from lilliput.core.errors import LilliputError


class DivergedError(LilliputError):
    """A training whose numbers are no longer finite; the message names the step and the first layer."""


@torch.no_grad()
def diagnose(module: nn.Module, inputs: Any, loss: float, step: int, epoch: int) -> str:
    """Where it broke, in a sentence: in the inputs, in the weights of a layer, in its outputs, or in the loss."""
    when = f"the loss was {loss} at step {step} (pass {epoch + 1})"
    if not all(_finite(part) for part in ([inputs] if isinstance(inputs, Tensor) else inputs.tensors)):
        return f"{when}: the inputs hold what is no finite number; look at the data"
    layer = next((name for name, weight in module.named_parameters() if not _finite(weight)), None)
    if layer is not None:
        return (
            f"{when}: the weights of {layer} were the first that are not finite, after step {step - 1}; "
            "use a smaller learning rate, or clip gradients (clip=1.0)"
        )
    name = _first_output(module, inputs)
    if name is not None:
        return f"{when}: the output of {name} was the first that is not finite; use a smaller learning rate"
    return f"{when}: all layers are finite, so look at the targets and the loss function"


def _first_output(module: nn.Module, inputs: Any) -> str | None:
    """The first layer, in the order of computing, whose output is not finite."""
    broken: list[str] = []

    def look(name: str) -> Any:
        def hook(layer: nn.Module, given: Any, output: Any) -> None:
            if isinstance(output, Tensor) and not _finite(output):
                broken.append(f"{name or 'the network'} ({type(layer).__name__})")

        return hook

    handles = [layer.register_forward_hook(look(name)) for name, layer in module.named_modules()]
    try:
        module(inputs)
    finally:
        for handle in handles:
            handle.remove()
    return broken[0] if broken else None


def _finite(tensor: Tensor) -> bool:
    return bool(torch.isfinite(tensor).all())
