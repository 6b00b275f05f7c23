"""Schedules: learning rate, momentum and dropout as functions of the fraction of the allowance that is spent.

So a schedule ends with the budget, be it passes or seconds, and the learning rate is zero there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from lilliput.core.errors import LilliputError


class Setting(NamedTuple):
    """What a step goes by: factors on the base rate and on the dropout of the network, and the momentum itself.

    ``momentum`` None: leave that of the optimiser.
    """

    rate: float
    momentum: float | None = None
    dropout: float = 1.0


class Schedule(Protocol):
    """Gives each step its setting; may learn from validation, and then has a state to keep in checkpoints."""

    def begin(self) -> None:
        """A training begins: forget what another one has taught."""

    def at(self, fraction: float) -> Setting:
        """The setting when `fraction` of the allowance, 0 to 1, is spent."""

    def saw(self, fraction: float, score: float) -> None:
        """A validation came in; a lower score is better."""

    def over(self, fraction: float) -> bool:
        """Whether the training ends here."""

    def state(self) -> dict[str, Any]:
        """What it has learned, as plain JSON data."""

    def restore(self, state: dict[str, Any]) -> None:
        """Take back what `state` gave."""


@dataclass(frozen=True)
class Ramp:
    """Momentum that grows from `first` to `last` while the first `span` of the allowance is spent, and then stays.

    Its distance to 1 shrinks geometrically: from 0.5 to 0.99 the memory of past gradients grows from 2 to 100 steps.
    Sutskever et al. 2013, "On the importance of initialization and momentum in deep learning", section 3.
    """

    first: float = 0.5
    last: float = 0.99
    span: float = 0.2

    def __post_init__(self) -> None:
        if not (0 <= self.first < 1 and 0 <= self.last < 1 and self.span >= 0):
            raise LilliputError(f"{self}: momentum is at least 0 and below 1, and span is not below 0")

    def at(self, fraction: float) -> float:
        """The momentum when `fraction` is spent."""
        share = min(1.0, fraction / self.span) if self.span else 1.0
        return 1 - (1 - self.first) ** (1 - share) * (1 - self.last) ** share


class Fixed:
    """A schedule without memory; this one changes nothing, ever."""

    def begin(self) -> None:
        """There is nothing to forget."""

    def at(self, fraction: float) -> Setting:
        """The setting when `fraction` is spent."""
        return Setting(1.0)

    def saw(self, fraction: float, score: float) -> None:
        """Nothing is learned from validation."""

    def over(self, fraction: float) -> bool:
        """The allowance is spent."""
        return fraction >= 1

    def state(self) -> dict[str, Any]:
        """There is none."""
        return {}

    def restore(self, state: dict[str, Any]) -> None:
        """There is nothing to take back."""


@dataclass
class Trapezoid(Fixed):
    """The rate rises linearly over `warmup`, stays, and falls linearly from `fall` on to zero at the end.

    fall=0.0 with warmup=0.0 is the plain linear decay, and with fall=1.0 the rate stays. Momentum follows `momentum`
    where one is given.
    """

    warmup: float = 0.05
    fall: float = 0.3
    momentum: Ramp | None = None

    def at(self, fraction: float) -> Setting:
        """The setting when `fraction` is spent."""
        rise = fraction / self.warmup if self.warmup else 1.0
        left = (1 - fraction) / (1 - self.fall) if self.fall < 1 else 1.0
        rate = max(0.0, min(1.0, rise, left))
        # The very first step has a rate too: half a step of warm-up would do nothing.
        rate = max(rate, 1e-3) if fraction < self.warmup else rate
        return Setting(rate, None if self.momentum is None else self.momentum.at(fraction))


@dataclass
class Cosine(Fixed):
    """The rate falls from 1 to 0 along half a cosine. Loshchilov and Hutter 2017, "SGDR", section 3."""

    momentum: Ramp | None = None

    def at(self, fraction: float) -> Setting:
        """The setting when `fraction` is spent."""
        rate = 0.5 * (1 + math.cos(math.pi * fraction))
        return Setting(rate, None if self.momentum is None else self.momentum.at(fraction))


@dataclass
class GrowingDropout(Fixed):
    """Dropout that begins at none and grows to what the network has, beside the rate of another schedule.

    Morerio et al. 2017, "Curriculum Dropout" (ICCV), equation 2: the share kept falls as ``(1 - p) e^(-gamma t) + p``
    with gamma = 10 over the length of the training.
    """

    base: Schedule = field(default_factory=Trapezoid)
    gamma: float = 10.0

    def begin(self) -> None:
        """The other schedule begins anew."""
        self.base.begin()

    def at(self, fraction: float) -> Setting:
        """The setting when `fraction` is spent."""
        return self.base.at(fraction)._replace(dropout=1 - math.exp(-self.gamma * fraction))


@dataclass
class DropoutDecay:
    """When validation stalls: dropout is multiplied by `factor`, the rate falls linearly to zero, momentum is dropped.

    Each part can be switched off, so that its effect can be tested.

    Parameters
    ----------
    patience : "stalls" means that the score has not fallen by `least` of itself for so many validations.
    trigger : begin at this fraction of the allowance instead of when validation stalls; None: on a stall.
    latest : begin here at the latest, so that the rate has room to fall to zero within the allowance.
    tail : length of what then follows, as a multiple of what was spent before; never more than the allowance.
    factor : on the dropout of the network, from then on.
    dropout, rate, momentum : which parts change.
    low : the momentum from then on, where it is dropped.
    ramp : the momentum before; None: the optimiser's own.
    """

    patience: int = 3
    least: float = 0.0
    trigger: float | None = None
    latest: float = 0.7
    tail: float = 1.0
    factor: float = 0.5
    dropout: bool = True
    rate: bool = True
    momentum: bool = True
    low: float = 0.5
    ramp: Ramp | None = None

    _began: float | None = field(default=None, init=False)
    _best: float = field(default=math.inf, init=False)
    _waited: int = field(default=0, init=False)

    def begin(self) -> None:
        """A training begins: none has stalled yet."""
        self._began, self._best, self._waited = None, math.inf, 0

    @property
    def began(self) -> float | None:
        """The fraction at which the decay began; None: it has not."""
        return self._began

    @property
    def end(self) -> float:
        """The fraction at which the training ends, as far as is known."""
        return 1.0 if self._began is None else min(1.0, self._began * (1 + self.tail))

    def at(self, fraction: float) -> Setting:
        """The setting when `fraction` is spent."""
        before = None if self.ramp is None else self.ramp.at(fraction)
        limit = self.latest if self.trigger is None else self.trigger
        if self._began is None and fraction >= limit:
            self._began = limit
        if self._began is None:
            return Setting(1.0, before)
        left = (self.end - fraction) / (self.end - self._began) if self.end > self._began else 0.0
        return Setting(
            max(0.0, left) if self.rate else 1.0,
            self.low if self.momentum else before,
            self.factor if self.dropout else 1.0,
        )

    def saw(self, fraction: float, score: float) -> None:
        """A validation came in; a lower score is better."""
        if score < self._best - self.least * abs(self._best if math.isfinite(self._best) else 0.0):
            self._best, self._waited = score, 0
            return
        self._waited += 1
        if self._began is None and self.trigger is None and self._waited >= self.patience:
            self._began = fraction

    def over(self, fraction: float) -> bool:
        """The decay has ended, or the allowance is spent."""
        return fraction >= self.end

    def state(self) -> dict[str, Any]:
        """When it began, the best score so far (None: none yet), and for how many validations it has waited."""
        best = self._best if math.isfinite(self._best) else None
        return {"began": self._began, "best": best, "waited": self._waited}

    def restore(self, state: dict[str, Any]) -> None:
        """Take back what `state` gave."""
        self._began, self._waited = state["began"], state["waited"]
        self._best = math.inf if state["best"] is None else state["best"]
