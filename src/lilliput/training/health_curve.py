"""The training loss of a whole training in a few hundred numbers, and whether it still falls."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

_LONGEST = 512
"""Blocks that are kept; then each two become one."""

_FIRST = 4
"""Steps that tell where the loss began: enough to even out batches, too few to have learned much."""


class Trend(NamedTuple):
    """A line through the end of the curve: its level, how far it falls in all, and the standard error of that."""

    level: float
    fall: float
    error: float

    @property
    def most(self) -> float:
        """The fall that it may still hide, as a share of the level: two standard errors above what is seen."""
        return (self.fall + 2 * self.error) / abs(self.level) if self.level else 0.0


@dataclass
class LossCurve:
    """Means of the loss over blocks of steps.

    block : steps a block; doubles as the training grows, so that memory does not.
    means : of the blocks that are complete.
    start : mean loss of the first four steps.
    """

    block: int = 8
    means: list[float] = field(default_factory=list)
    start: float = math.nan
    steps: int = 0
    open_sum: float = 0.0
    open_count: int = 0

    def add(self, loss: float) -> None:
        """The loss of one more step."""
        self.steps += 1
        if self.steps <= _FIRST:
            self.start = loss if self.steps == 1 else self.start + (loss - self.start) / self.steps
        self.open_sum += loss
        self.open_count += 1
        if self.open_count == self.block:
            self.means.append(self.open_sum / self.block)
            self.open_sum, self.open_count = 0.0, 0
            if len(self.means) >= _LONGEST:
                pairs = zip(self.means[::2], self.means[1::2], strict=True)
                self.means = [(first + second) / 2 for first, second in pairs]
                self.block *= 2

    def recent(self) -> float:
        """Mean of the last two blocks; infinite before the first one is complete."""
        last = self.means[-2:]
        return sum(last) / len(last) if last else math.inf

    def lowest(self) -> float:
        """The lowest block, or where the loss began if that is lower."""
        return min(self.start, min(self.means, default=math.inf))

    def trend(self, steps: int) -> Trend | None:
        """A least-squares line through the last `steps` steps; None with fewer than eight blocks of them."""
        count = steps // self.block
        if count < 8 or count > len(self.means):
            return None
        values = self.means[-count:]
        level, middle = sum(values) / count, (count - 1) / 2
        spread = sum((place - middle) ** 2 for place in range(count))
        slope = sum((place - middle) * (value - level) for place, value in enumerate(values)) / spread
        rest = sum((value - level - slope * (place - middle)) ** 2 for place, value in enumerate(values))
        error = math.sqrt(rest / (count - 2) / spread)
        return Trend(level, -slope * count, error * count)

    def forget(self) -> None:
        """The blocks no longer say where the loss is going: weights or rates were changed."""
        self.means.clear()
        self.open_sum, self.open_count = 0.0, 0

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data; where nothing was seen yet, start is None."""
        return {**asdict(self), "start": None if math.isnan(self.start) else self.start}

    @classmethod
    def from_dict(cls, plain: dict[str, Any]) -> LossCurve:
        """What `to_dict` gave."""
        return cls(**{**plain, "start": math.nan if plain["start"] is None else plain["start"]})
