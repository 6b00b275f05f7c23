"""From logits to probabilities that mean what they say, by one temperature and, for several labels, one threshold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lilliput.training.metrics import cross_entropy, micro_f1

Floats = NDArray[np.float32]
_GOLDEN = (np.sqrt(5) - 1) / 2
_ROUNDS = 4
_RANGES = (("floor", 0.0, 0.1), ("shift", -8.0, 3.0), ("temperature", 0.05, 20.0))


@dataclass(frozen=True)
class Calibration:
    """From logits to probabilities, fitted to held-out texts.

    Competing outputs k of n become ``(1 - floor) p_k + floor / n`` with ``p_k`` in proportion to
    ``sigmoid((logit_k + shift) / temperature)``, or to ``exp(logit_k / temperature)`` without a shift. A lone output
    is the log-odds of the second of two labels. Outputs that do not compete are ``sigmoid(logit / temperature)``.

    The temperature is that of Guo et al. 2017, "On Calibration of Modern Neural Networks" (ICML). The shift is for
    nets that were trained as one binary classifier a label: far below zero it gives the softmax, near zero the
    normalised chances of Zadrozny and Elkan 2002. The floor is the share of labels that no text can foretell.
    """

    temperature: float = 1.0
    shift: float | None = None
    floor: float = 0.0


def probabilities(logits: Floats, calibration: Calibration, single: bool) -> Floats:
    """Probabilities, float32 (texts, labels), of logits (texts, outputs); `single`: the outputs compete."""
    if not single:  # in 32 bits, which is several times as fast
        return 1 / (1 + np.exp(-np.clip(logits / np.float32(calibration.temperature), -80, 80)))
    scaled = logits.astype(np.float64)
    if scaled.shape[1] == 1:
        scaled = np.concatenate([np.zeros_like(scaled), scaled], axis=1) / calibration.temperature
    elif calibration.shift is None:
        scaled /= calibration.temperature
    else:
        scaled = -np.logaddexp(0, -(scaled + calibration.shift) / calibration.temperature)
    powers = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    chances = powers / powers.sum(axis=1, keepdims=True)
    return (chances * (1 - calibration.floor) + calibration.floor / chances.shape[1]).astype(np.float32)


def fit_temperature(logits: Floats, wanted: Floats, single: bool) -> Calibration:
    """The temperature in [1/20, 20] with the best likelihood of `wanted` (texts, labels)."""

    def at(log_temperature: float) -> Calibration:
        return Calibration(float(np.exp(log_temperature)))

    return at(_least(lambda value: _cost(logits, wanted, at(value), single), -np.log(20.0), np.log(20.0), 30))


def fit_calibration(logits: Floats, wanted: Floats, single: bool, binary: bool) -> Calibration:
    """The calibration with the best likelihood of `wanted`; `binary`: the net was trained a label at a time."""
    plain = fit_temperature(logits, wanted, single)
    if not single:
        return plain
    doubt = min(0.1, 0.5 / max(1, len(wanted)))  # no error among so many texts does not mean that there never is one
    plain = replace(plain, floor=doubt)
    best = replace(plain, shift=-1.0) if binary and logits.shape[1] > 1 else plain
    for _ in range(_ROUNDS):
        for name, low, high in _RANGES:
            if getattr(best, name) is not None:
                best = _refined(logits, wanted, best, name, max(low, doubt) if name == "floor" else low, high)
    return min(plain, best, key=lambda calibration: _cost(logits, wanted, calibration, single))


def _refined(logits: Floats, wanted: Floats, start: Calibration, name: str, low: float, high: float) -> Calibration:
    """`start` with a better value of one of its numbers if there is one, the others as they are."""

    def cost(value: float) -> float:
        return _cost(logits, wanted, replace(start, **{name: value}), single=True)

    return replace(start, **{name: min(getattr(start, name), _least(cost, low, high, 12), key=cost)})


def _cost(logits: Floats, wanted: Floats, calibration: Calibration, single: bool) -> float:
    return cross_entropy(wanted, probabilities(logits, calibration, single), single)


def _least(cost: Callable[[float], float], low: float, high: float, steps: int) -> float:
    """Where `cost` is least between `low` and `high`, by golden-section search."""
    left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
    left_cost, right_cost = cost(left), cost(right)
    for _ in range(steps):
        if left_cost <= right_cost:
            high, right, right_cost = right, left, left_cost
            left = high - _GOLDEN * (high - low)
            left_cost = cost(left)
        else:
            low, left, left_cost = left, right, right_cost
            right = low + _GOLDEN * (high - low)
            right_cost = cost(right)
    return float((low + high) / 2)


def fit_threshold(chances: Floats, wanted: Floats) -> float:
    """The probability from which on a label should be given, for the best micro F1 on `wanted` (texts, labels)."""
    steps = np.arange(0.02, 0.98, 0.01)
    flags = wanted >= 0.5
    return float(steps[int(np.argmax([micro_f1(flags, chances >= step) for step in steps]))])
