"""A finding: something seen in a training or its data that is not as it should be."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any


@dataclass
class Finding:
    """One finding, however often it was seen.

    kind : a key of `lilliput.training.health_findings.KINDS`.
    step, epoch : steps and passes of training when it was first seen.
    layer : the layer, or the columns of the data, it was seen in; None: the whole network.
    measure : the number that told.
    sentence : what was seen, and what to do.
    last, times : the step when it was last seen, and how often it was.
    """

    kind: str
    step: int
    epoch: float
    layer: str | None
    measure: float
    sentence: str
    last: int = -1
    times: int = 1

    def __post_init__(self) -> None:
        self.last = max(self.last, self.step)

    def same(self, other: Finding) -> bool:
        """Whether the other is this one, seen again."""
        return self.kind == other.kind and self.layer == other.layer

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data; a measure that is no number is None."""
        return {**asdict(self), "measure": self.measure if math.isfinite(self.measure) else None}

    @classmethod
    def from_dict(cls, plain: dict[str, Any]) -> Finding:
        """What `to_dict` gave."""
        return cls(**{**plain, "measure": math.nan if plain["measure"] is None else plain["measure"]})
