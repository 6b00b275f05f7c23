"""Numbers that break: where the first one was that is not finite."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from lilliput.core.errors import LilliputError

HUGE = 1e9
"""A size of outputs that no target asks for: it is they that the loss makes infinite."""


class DivergedError(LilliputError):
    """A training whose numbers are no longer finite; the message names the step and the first layer."""


@dataclass(frozen=True)
class Diagnosis:
    """Where numbers broke: the step, the first layer (None: not in the network), and a sentence."""

    step: int
    layer: str | None
    sentence: str

    def __str__(self) -> str:
        return self.sentence


@torch.no_grad()
def diagnose(
    module: nn.Module, inputs: Any, targets: Tensor, chosen: Tensor, loss: float, step: int, epoch: int
) -> Diagnosis:
    """Where it broke: in the data, in the weights of a layer, in its outputs, in the loss, or in the gradients.

    `inputs` and `targets` are the rows `chosen` of step `step`, whose gradients are still there; numbers from 0.
    """
    when = f"the loss was {loss} at step {step} (pass {epoch + 1})"
    for name, tensor in (("inputs", inputs), ("targets", targets)):
        broken = _broken_rows(tensor)
        if broken is not None:
            row = f"row {int(chosen[broken[0]])} of the {name}" if len(broken) else f"the {name}"
            return Diagnosis(step, None, f"{when}: {row} holds what is no finite number; look at the data")
    ran, first, size = _ran(module, inputs)
    layer = _last_of(ran, (name for name, weight in module.named_parameters() if not _finite(weight)))
    if layer is not None:
        return Diagnosis(
            step - 1,
            layer,
            f"{when}: the weights of {layer} were the first that are not finite, after step {step - 1}; "
            "use a smaller learning rate, or clip gradients (clip=1.0)",
        )
    if first is not None:
        kind = type(module.get_submodule(first)).__name__
        where = f"{first or 'the network'} ({kind})"
        return Diagnosis(
            step, first, f"{when}: the output of {where} was the first that is not finite; use a smaller learning rate"
        )
    graded = ((name, weight.grad) for name, weight in module.named_parameters())
    layer = _last_of(ran, (name for name, grad in graded if grad is not None and not _finite(grad)))
    if layer is not None and loss == loss and abs(loss) != float("inf"):
        return Diagnosis(
            step,
            layer,
            f"{when}: the gradient of {layer} was the first that is not finite, though all outputs are; use a smaller "
            "learning rate, and look for square roots, logarithms and divisions near zero in the loss function",
        )
    if size > HUGE:
        return Diagnosis(
            step,
            ran[-1],
            f"{when}: the outputs have grown to {size:.1g}; use a smaller learning rate, or clip gradients",
        )
    return Diagnosis(step, None, f"{when}: all layers are finite, so look at the targets and the loss function")


def _ran(module: nn.Module, inputs: Any) -> tuple[list[str], str | None, float]:
    """The layers in the order of computing, the first of them whose output is not finite, the size of the last."""
    ran: list[str] = []
    broken: list[str] = []

    def look(name: str) -> Any:
        def hook(layer: nn.Module, given: Any, output: Any) -> None:
            ran.append(name)
            if isinstance(output, Tensor) and not _finite(output):
                broken.append(name)

        return hook

    handles = [layer.register_forward_hook(look(name)) for name, layer in module.named_modules()]
    try:
        outputs = module(inputs)
    finally:
        for handle in handles:
            handle.remove()
    size = float(outputs.abs().max()) if isinstance(outputs, Tensor) and outputs.numel() else 0.0
    return ran, broken[0] if broken else None, size


def _last_of(ran: list[str], names: Iterable[str]) -> str | None:
    """Of the parameters `names`, the one whose layer was computed last: gradients go back through the network, so
    that there they broke first, and took the layers before with them.
    """
    order = {layer: place for place, layer in enumerate(ran)}
    return max(names, key=lambda name: order.get(name.rpartition(".")[0], -1), default=None)


def _broken_rows(found: Any) -> Tensor | None:
    """None if all is finite, else the rows that are not; of sparse rows none is named."""
    if not isinstance(found, Tensor):
        return None if _finite(found.values) else torch.zeros(0, dtype=torch.int64)
    if not (found.is_floating_point() or found.is_complex()) or _finite(found):
        return None
    return (~torch.isfinite(found)).reshape(len(found), -1).any(dim=1).nonzero()[:, 0]


def _finite(tensor: Tensor) -> bool:
    return bool(torch.isfinite(tensor).all())
