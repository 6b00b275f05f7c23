"""What a network should at least do better than: the best constant output, and the best linear one.

Both are fitted to the network's own loss, whatever it is.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

Loss = Callable[[Tensor, Tensor], Tensor]
Squash = Callable[[Tensor], Tensor]

_RIDGE = 1e-3
"""Penalty on the linear baseline's weights for standardised inputs: keeps separable classes from running away."""


class Baseline:
    """Outputs that are a linear function of the inputs, or the same for all rows."""

    def __init__(self, bias: Tensor, weights: Tensor | None, centre: Tensor, scale: Tensor, squash: Squash) -> None:
        self.bias, self.weights, self.centre, self.scale, self.squash = bias, weights, centre, scale, squash

    def __call__(self, inputs: Tensor, rows: int) -> Tensor:
        """Outputs for `rows` rows of `inputs`."""
        if self.weights is None:
            return self.squash(self.bias.expand(rows, *self.bias.shape))
        standard = (inputs.flatten(1).float() - self.centre) / self.scale
        return self.squash(standard @ self.weights + self.bias)


def fit_baseline(loss: Loss, inputs: Tensor, targets: Tensor, outputs: Tensor, linear: bool) -> Baseline | None:
    """The constant, or linear, outputs of the lowest mean `loss`; None where there is none to be found.

    outputs : what the network gives for `inputs`; their shape, and what they are (scores, probabilities, logarithms
        of these), is that of the baseline.
    """
    found = [_fit(loss, inputs, targets, outputs, linear, squash) for squash in _squashes(outputs)]
    fitted = [pair for pair in found if pair is not None]
    return min(fitted, key=lambda pair: pair[0])[1] if fitted else None


def _fit(
    loss: Loss, inputs: Tensor, targets: Tensor, outputs: Tensor, linear: bool, squash: Squash
) -> tuple[float, Baseline] | None:
    bias = torch.zeros_like(outputs[0], dtype=torch.float32)
    if squash is _as_is and targets.is_floating_point() and targets.shape == outputs.shape:
        bias = targets.float().mean(0)
    centre = scale = torch.zeros(())
    weights = None
    if linear:
        flat = inputs.flatten(1).float()
        centre, scale = flat.mean(0), flat.std(0).clamp_min(1e-6)
        weights = torch.zeros(flat.shape[1], outputs.shape[1], device=flat.device)
    baseline = Baseline(bias, weights, centre, scale, squash)
    learned = [bias] if weights is None else [bias, weights]
    for tensor in learned:
        tensor.requires_grad_()
    solver = torch.optim.LBFGS(learned, max_iter=25, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        solver.zero_grad()
        value = loss(baseline(inputs, len(targets)), targets)
        penalised = value if weights is None else value + _RIDGE * weights.square().sum()
        penalised.backward()
        return penalised

    try:
        with torch.enable_grad():
            solver.step(closure)
        with torch.no_grad():
            value = loss(baseline(inputs, len(targets)), targets).item()
    except (RuntimeError, ValueError, IndexError):  # a loss that wants other outputs than these
        return None
    for tensor in learned:
        tensor.requires_grad_(False)
    return (value, baseline) if -1e30 < value < 1e30 else None


def _squashes(outputs: Tensor) -> list[Squash]:
    """What may have made `outputs`, judged by their range and sums."""
    if outputs.ndim > 1 and outputs.shape[-1] > 1:
        if bool((outputs <= 0).all()) and torch.allclose(outputs.exp().sum(-1), torch.ones(()).to(outputs), atol=1e-3):
            return [_logarithms]
        if bool((outputs >= 0).all()) and torch.allclose(outputs.sum(-1), torch.ones(()).to(outputs), atol=1e-3):
            return [_probabilities]
    if bool(((outputs >= 0) & (outputs <= 1)).all()):
        return [_as_is, torch.sigmoid]
    return [_as_is]


def _as_is(outputs: Tensor) -> Tensor:
    return outputs


def _logarithms(outputs: Tensor) -> Tensor:
    return functional.log_softmax(outputs, -1)


def _probabilities(outputs: Tensor) -> Tensor:
    return outputs.softmax(-1)
