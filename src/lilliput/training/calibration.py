"""From logits to probabilities that mean what they say, by one temperature and, for several labels, one threshold."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lilliput.training.metrics import cross_entropy, micro_f1

Floats = NDArray[np.float32]
_GOLDEN = (np.sqrt(5) - 1) / 2


def probabilities(logits: Floats, temperature: float, single: bool) -> Floats:
    """Probabilities (texts, labels) of logits (texts, outputs).

    `single`: they sum to one over the labels; a lone output is the log-odds of the second of two labels. Otherwise
    every label is judged by itself.
    """
    scaled = logits.astype(np.float64) / temperature
    if single and scaled.shape[1] == 1:
        scaled = np.concatenate([np.zeros_like(scaled), scaled], axis=1)
    if not single:
        return (1 / (1 + np.exp(-np.clip(scaled, -700, 700)))).astype(np.float32)
    powers = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    return (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)


def fit_temperature(logits: Floats, wanted: Floats, single: bool) -> float:
    """The temperature in [1/20, 20] with the best likelihood of `wanted` (texts, labels), by golden-section search.

    Guo et al. 2017, "On Calibration of Modern Neural Networks" (ICML), section 4.2.
    """

    def cost(log_temperature: float) -> float:
        return cross_entropy(wanted, probabilities(logits, float(np.exp(log_temperature)), single), single)

    low, high = -np.log(20.0), np.log(20.0)
    left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
    left_cost, right_cost = cost(left), cost(right)
    for _ in range(30):
        if left_cost <= right_cost:
            high, right, right_cost = right, left, left_cost
            left = high - _GOLDEN * (high - low)
            left_cost = cost(left)
        else:
            low, left, left_cost = left, right, right_cost
            right = low + _GOLDEN * (high - low)
            right_cost = cost(right)
    return float(np.exp((low + high) / 2))


def fit_threshold(chances: Floats, wanted: Floats) -> float:
    """The probability from which on a label should be given, for the best micro F1 on `wanted` (texts, labels)."""
    steps = np.arange(0.02, 0.98, 0.01)
    flags = wanted >= 0.5
    return float(steps[int(np.argmax([micro_f1(flags, chances >= step) for step in steps]))])
