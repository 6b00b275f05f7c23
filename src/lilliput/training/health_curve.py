"""The training loss of a whole training in a few hundred numbers, and whether it still falls."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

_LONGEST = 512
"""Blocks that are kept; then each two become one."""

_FIRST_ROWS = 256
"""Rows that tell where the loss began: enough to even out batches, too few to have learned much from."""

_RECENT = 12
"""Steps over which the recent mean forgets."""

_SETTLED = 8
"""Steps after which the recent mean is worth a look."""

_BLOCK = 32
"""Steps of a block, at most."""

_UNSEEN = {"recent": math.inf, "peak": -math.inf, "worst": -math.inf}


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

    A block is a pass where passes are short, for then it holds the same rows as any other, and what is left of noise
    between blocks is what the network does; or else an equal part of a pass.

    block : steps a block; doubles as the training grows, so that memory does not.
    first : steps whose mean is `start`.
    means : of the blocks that are complete.
    recent : mean that forgets the older steps; infinite before the first.
    peak, worst : the highest that `recent`, and the loss of a step, have been since `take_peak`.
    """

    block: int
    first: int
    means: list[float] = field(default_factory=list)
    start: float = 0.0
    recent: float = math.inf
    peak: float = -math.inf
    worst: float = -math.inf
    steps: int = 0
    seen: int = 0
    open_sum: float = 0.0
    open_count: int = 0

    @classmethod
    def of(cls, rows: int, batch: int) -> LossCurve:
        """The curve of a training on `rows` rows, `batch` rows a step."""
        steps = max(1, -(-rows // batch))
        parts = -(-steps // _BLOCK)
        block = max(1, steps // parts)
        if block < 4:
            block *= -(-4 // block)
        return cls(block, min(16, max(2, -(-_FIRST_ROWS // batch))))

    def add(self, loss: float) -> None:
        """The loss of one more step."""
        self.steps += 1
        if self.steps <= self.first:
            self.start += (loss - self.start) / self.steps
        self.seen += 1
        self.recent = loss if self.seen == 1 else self.recent + (loss - self.recent) / min(self.seen, _RECENT)
        self.worst = max(self.worst, loss)
        if self.settled:
            self.peak = max(self.peak, self.recent)
        self.open_sum += loss
        self.open_count += 1
        if self.open_count == self.block:
            self.means.append(self.open_sum / self.block)
            self.open_sum, self.open_count = 0.0, 0
            if len(self.means) >= _LONGEST:
                pairs = zip(self.means[::2], self.means[1::2], strict=True)
                self.means = [(first + second) / 2 for first, second in pairs]
                self.block *= 2

    @property
    def settled(self) -> bool:
        """Whether the recent mean is of steps enough."""
        return self.seen >= max(self.first, _SETTLED)

    def take_peak(self) -> tuple[float, float]:
        """The peak and the worst, which are then forgotten."""
        highest = self.peak, self.worst
        self.peak = self.worst = -math.inf
        return highest

    def lowest(self) -> float:
        """The lowest block, or where the loss began if that is lower."""
        return min(self.start, min(self.means, default=math.inf))

    def trend(self, steps: int) -> Trend | None:
        """A least-squares line through the last `steps` steps; None with fewer than six blocks of them."""
        count = max(6, -(-steps // self.block))
        if count > len(self.means):
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
        self.seen, self.recent = 0, math.inf
        self.take_peak()
        self.open_sum, self.open_count = 0.0, 0

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data; what was not seen yet is None."""
        return {**asdict(self), **{name: None for name in _UNSEEN if math.isinf(getattr(self, name))}}

    @classmethod
    def from_dict(cls, plain: dict[str, Any]) -> LossCurve:
        """What `to_dict` gave."""
        return cls(**{**plain, **{name: value for name, value in _UNSEEN.items() if plain[name] is None}})
