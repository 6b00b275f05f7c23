"""How much training may cost, and which fraction of it is spent: what all schedules run on."""

from __future__ import annotations

from dataclasses import dataclass

from lilliput.core.errors import LilliputError


@dataclass(frozen=True)
class Allowance:
    """Passes over the rows and seconds; where both are given, whichever is over first ends the training.

    With passes alone nothing depends on a clock, and the same seed gives the same bytes.
    """

    epochs: float | None = None
    seconds: float | None = None

    def __post_init__(self) -> None:
        if self.epochs is None and self.seconds is None:
            raise LilliputError("training needs an end: give epochs, seconds, or both")
        for name, value in (("epochs", self.epochs), ("seconds", self.seconds)):
            if value is not None and not value > 0:
                raise LilliputError(f"{name}={value}: give more than 0")

    def fraction(self, epochs: float, seconds: float) -> float:
        """The fraction spent, 0 to 1, after so many passes and seconds."""
        spent = 0.0 if self.epochs is None else epochs / self.epochs
        if self.seconds is not None:
            spent = max(spent, seconds / self.seconds)
        return min(1.0, spent)
