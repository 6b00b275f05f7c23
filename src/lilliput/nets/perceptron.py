"""Hyperplanes by Rosenblatt's perceptron and by the delta rule, averaged over all rows seen.

Rosenblatt 1958, "The perceptron: a probabilistic model for information storage and organization in the brain",
Psychological Review 65; Widrow and Hoff 1960, "Adaptive switching circuits"; averages: Freund and Schapire 1999, "Large
margin classification using the perceptron algorithm", Machine Learning 37. Novikoff 1962: on classes that can be parted
by a margin g, rows being no longer than R, Rosenblatt's rule makes at most (R / g)^2 mistakes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from lilliput.core.threads import map_ordered
from lilliput.nets.perceptron_kernels import delta_pass, rosenblatt_pass, wrong_side

Floats = NDArray[np.float64]
RULES = ("rosenblatt", "delta")


@dataclass(frozen=True)
class Settings:
    """How to learn: the rule of `RULES`, the step of "delta", passes at most, whether weights are averaged."""

    rule: str
    step: float
    passes: int
    averaged: bool


class Hyperplane:
    """One class against the rest: rows (n, columns) and their signs, 1 or -1, float64 (n,)."""

    def __init__(self, rows: Floats, signs: Floats, settings: Settings) -> None:
        self._rows, self._signs, self._settings = rows, signs, settings
        self._weights, self._sums = np.zeros(rows.shape[1] + 1), np.zeros(rows.shape[1] + 1)
        self.passes, self.parts = 0, False

    def run(self, order: NDArray[np.int64]) -> None:
        """One pass, unless the rows are parted already."""
        if self.parts:
            return
        seen = float(self.passes * len(self._rows))
        state = (self._rows, self._signs, order, self._weights, self._sums, seen)
        mistakes = (
            delta_pass(*state, self._settings.step) if self._settings.rule == "delta" else rosenblatt_pass(*state)
        )
        self.passes += 1
        # Rosenblatt's weights do not change in a pass without mistakes; the delta rule's always do.
        self.parts = mistakes == 0 and not self._wrong(self._weights)

    def weights(self) -> Floats:
        """Weights (columns + 1,), bias last: averaged if so set, unless only the last ones part the rows."""
        if not self._settings.averaged or not self.passes:
            return self._weights
        mean = self._weights - self._sums / (self.passes * len(self._rows))
        return self._weights if self.parts and self._wrong(mean) else mean

    def _wrong(self, weights: Floats) -> bool:
        return bool(wrong_side(self._rows, self._signs, weights).any())


def learn(
    rows: Floats,
    signs: Floats,
    settings: Settings,
    random: np.random.Generator,
    threads: int,
    told: Callable[[int], bool],
) -> list[Hyperplane]:
    """A hyperplane for each row of `signs` (planes, n); every pass goes through the rows in a new order.

    `told` hears of each pass how many are done, and ends the learning by True.
    """
    planes = [Hyperplane(rows, np.ascontiguousarray(own), settings) for own in signs]
    for done in range(1, settings.passes + 1):
        order = random.permutation(len(rows))
        map_ordered(partial(Hyperplane.run, order=order), planes, threads)
        if told(done) or all(plane.parts for plane in planes):
            break
    return planes
