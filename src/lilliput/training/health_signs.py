"""What can be measured of a network while it trains: norms of weights, gradients and steps, and units that are dead.

Nothing here changes the network or leaves hooks behind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode

_RECTIFIERS = frozenset(
    {functional.relu, functional.relu_, functional.relu6, torch.relu, torch.relu_, Tensor.relu, Tensor.relu_}
)
_CONVOLUTION = nn.modules.conv._ConvNd


@dataclass
class Look:
    """The norms of one step.

    step : which.
    gradient : Euclidean norm of all gradients over that of all weights.
    norm : Euclidean norm of all gradients.
    shares : gradient over weights of each layer, in the order the layers were defined.
    update : norm of the step over norm of the weights.
    """

    step: int
    gradient: float
    norm: float
    shares: dict[str, float]
    update: float = 0.0


def layers_of(module: nn.Module) -> dict[str, Tensor]:
    """Name of layer -> its weights, for parameters with two axes or more that learn."""
    found = module.named_parameters()
    return {name.removesuffix(".weight"): weight for name, weight in found if weight.requires_grad and weight.ndim > 1}


def norms(tensors: Sequence[Tensor]) -> list[float]:
    """The Euclidean norm of each."""
    return torch.stack(torch._foreach_norm([tensor.detach() for tensor in tensors])).tolist() if tensors else []


def total(parts: Sequence[float]) -> float:
    """The Euclidean norm of all together."""
    return sum(part * part for part in parts) ** 0.5


def look_at(layers: Mapping[str, Tensor], step: int) -> Look:
    """The norms of the gradients that the weights of `layers` have now; a layer without one has 0."""
    weights = list(layers.values())
    gradients = [torch.zeros((), device=weight.device) if weight.grad is None else weight.grad for weight in weights]
    sizes, slopes = norms(weights), norms(gradients)
    shares = {name: slope / size if size else 0.0 for name, slope, size in zip(layers, slopes, sizes, strict=True)}
    size, slope = total(sizes), total(slopes)
    return Look(step, slope / size if size else 0.0, slope, shares)


def update_share(before: Sequence[Tensor], weights: Sequence[Tensor]) -> float:
    """Norm of the difference over the norm before."""
    moved = torch._foreach_sub([weight.detach() for weight in weights], list(before))
    size = total(norms(before))
    return total(norms(moved)) / size if size else 0.0


@contextmanager
def as_evaluated(module: nn.Module) -> Iterator[None]:
    """Evaluation mode inside the block; after it each layer's mode is as it was."""
    modes = [(layer, layer.training) for layer in module.modules()]
    module.eval()
    try:
        yield
    finally:
        for layer, mode in modes:
            layer.training = mode


@contextmanager
def undisturbed(device: torch.device) -> Iterator[None]:
    """PyTorch's random numbers go on after the block as if it had drawn none."""
    cuda = device.type == "cuda"
    state, state_cuda = torch.get_rng_state(), torch.cuda.get_rng_state(device) if cuda else None
    try:
        yield
    finally:
        torch.set_rng_state(state)
        if state_cuda is not None:
            torch.cuda.set_rng_state(state_cuda, device)


@torch.no_grad()
def dead_shares(
    module: nn.Module, inputs: Any, casting: Callable[[], AbstractContextManager[Any]]
) -> dict[str, tuple[float, Tensor]]:
    """Layer -> share of its rectified units that are zero for all of `inputs`, and which those are.

    A unit is a column, or a channel of a convolution. Rectifiers are found as they are called, be they modules or
    functions; each is that of the last layer with weights computed before it.
    """
    peaks: dict[str, Tensor] = {}
    last: list[tuple[str, nn.Module]] = []

    def hook(name: str) -> Any:
        return lambda layer, given, output: last.append((name, layer))

    def note(output: Tensor) -> None:
        if not last or output.ndim < 2 or output.layout != torch.strided:
            return
        name, layer = last[-1]
        if name in peaks:
            return
        if isinstance(layer, _CONVOLUTION) and output.ndim > 2:
            output = output.flatten(2).amax(2)
        peaks[name] = output.flatten(0, -2).amax(0)

    layers = [(name, layer) for name, layer in module.named_modules() if _mixes(layer)]
    handles = [layer.register_forward_hook(hook(name)) for name, layer in layers]
    try:
        with as_evaluated(module), casting(), _Rectified(note):
            module(inputs)
    finally:
        for handle in handles:
            handle.remove()
    dead = {name: peak <= 0 for name, peak in peaks.items()}
    return {name: (sum(units.tolist()) / len(units), units) for name, units in dead.items()}


def _mixes(layer: nn.Module) -> bool:
    """Whether a layer has a matrix of weights of its own."""
    weight = layer._parameters.get("weight")
    return weight is not None and weight.ndim > 1 and not isinstance(layer, nn.Embedding)


class _Rectified(TorchFunctionMode):
    """Shows `note` what rectifiers give, while it is entered."""

    def __init__(self, note: Callable[[Tensor], None]) -> None:
        super().__init__()
        self._note = note

    def __torch_function__(
        self, function: Any, types: Any, arguments: Any = (), named: dict[str, Any] | None = None
    ) -> Any:
        output = function(*arguments, **(named or {}))
        if function in _RECTIFIERS:
            self._note(output)
        return output
