"""What a network should at least do better than: the best constant output, and the best linear one.

Both are fitted to the network's own loss, whatever it is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

Loss = Callable[[Tensor, Tensor], Tensor]
Squash = Callable[[Tensor], Tensor]

_RIDGE = 1e-3
"""Penalty on the linear baseline's weights for standardised inputs: keeps separable classes from running away."""

_REFUSALS = (RuntimeError, ValueError, IndexError, TypeError)
"""What a loss raises that wants other outputs than it is given."""


class Baseline:
    """Outputs that are a linear function of the inputs, or the same for all rows."""

    def __init__(self, bias: Tensor, weights: Tensor | None, centre: Tensor, scale: Tensor, squash: Squash) -> None:
        self.bias, self.weights, self.centre, self.scale, self.squash = bias, weights, centre, scale, squash

    def __call__(self, inputs: Any, rows: int) -> Tensor:
        """Outputs for `rows` rows of `inputs`."""
        if self.weights is None:
            return self.squash(self.bias.expand(rows, *self.bias.shape))
        standard = (inputs.flatten(1).float() - self.centre) / self.scale
        return self.squash(standard @ self.weights + self.bias)


def fit_baseline(loss: Loss, inputs: Any, targets: Tensor, outputs: Tensor, linear: bool) -> Baseline | None:
    """The constant, or linear, outputs of the lowest mean `loss`; None where there is none to be found.

    outputs : what the network gives for `inputs`; their shape, and what they are (scores, probabilities, logarithms
        of these), is that of the baseline.
    """
    found = [_fit(loss, inputs, targets, outputs, linear, squash) for squash in _squashes(outputs)]
    fitted = [pair for pair in found if pair is not None]
    return min(fitted, key=lambda pair: pair[0])[1] if fitted else None


def _fit(
    loss: Loss, inputs: Any, targets: Tensor, outputs: Tensor, linear: bool, squash: Squash
) -> tuple[float, Baseline] | None:
    bias = _first_guess(loss, targets, outputs, squash)
    if bias is None:
        return None
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
    rounds = 25 if linear else 8  # the guess of a constant is nearly always the answer
    solver = torch.optim.LBFGS(learned, max_iter=rounds, tolerance_grad=1e-4, line_search_fn="strong_wolfe")

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
    except _REFUSALS:
        return None
    for tensor in learned:
        tensor.requires_grad_(False)
    return (value, baseline) if -1e30 < value < 1e30 else None


def _first_guess(loss: Loss, targets: Tensor, outputs: Tensor, squash: Squash) -> Tensor | None:
    """Of zero, the mean target, and the logarithms of frequencies, the one with the lowest loss; None: all refused."""
    zero = torch.zeros_like(outputs[0], dtype=torch.float32)
    guesses = [zero]
    if targets.is_floating_point() and targets.shape == outputs.shape:
        mean = targets.float().mean(0)
        guesses += [mean, mean.clamp(1e-4, 1 - 1e-4).logit()]
    elif not targets.is_floating_point() and targets.ndim == outputs.ndim - 1 == 1:
        counts = targets.long().bincount(minlength=len(zero))
        if len(counts) == len(zero):
            guesses.append(counts.add(1e-3).log().float())
    fitted: list[tuple[float, int, Tensor]] = []
    for guess in guesses:
        try:
            value = loss(squash(guess.expand(len(targets), *guess.shape)), targets).item()
        except _REFUSALS:
            continue
        if -1e30 < value < 1e30:
            fitted.append((value, len(fitted), guess))
    return min(fitted)[2].clone() if fitted else None


def neighbours_agree(inputs: Tensor, targets: Tensor) -> bool:
    """Whether rows that are near each other have targets alike, more than by chance (four standard errors).

    Of each row the nearest other, by standardised inputs. A signal that no linear output sees shows here.
    """
    flat = inputs.flatten(1).float()
    flat = (flat - flat.mean(0)) / flat.std(0).clamp_min(1e-6)
    distances = torch.cdist(flat, flat).fill_diagonal_(torch.inf)
    nearest = distances.argmin(1)
    if targets.is_floating_point():
        wanted = targets.flatten(1).double() if targets.ndim > 1 else targets.double()[:, None]
        wanted = wanted - wanted.mean(0)
        alike, spread = (wanted * wanted[nearest]).sum(1), wanted.square().sum(1)
        return float(alike.mean()) > 4 * float(spread.mean()) / len(targets) ** 0.5
    classes, numbers = targets.flatten().unique(return_inverse=True)
    if targets.ndim > 1 or len(classes) < 2:
        return False
    chance = float((numbers.bincount() / len(numbers)).square().sum())
    agree = float((numbers == numbers[nearest]).double().mean())
    return agree - chance > 4 * (chance * (1 - chance) / len(numbers)) ** 0.5


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
