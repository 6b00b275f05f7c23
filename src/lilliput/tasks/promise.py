"""A budget held against what was measured: every limit is checked on the real thing, before a model is handed over."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from lilliput.core.budget import Budget, format_seconds
from lilliput.core.errors import BudgetError

TRIES = 4
"""Nets that are trained, each smaller than the last, until the file is no larger than allowed; one is the rule."""
READING = 0.7
"""The share of its time that a fit may spend on reading."""


class Interruptible(Protocol):
    """A model whose fit Ctrl-C may have ended early."""

    interrupted_: bool

    def file_size(self) -> int:
        """Bytes of its file."""


Model = TypeVar("Model", bound=Interruptible)


@dataclass(frozen=True)
class Promise:
    """A budget and when its time began, by `time.monotonic`."""

    budget: Budget
    started: float

    @property
    def spent(self) -> float:
        """Seconds since the beginning."""
        return time.monotonic() - self.started

    @property
    def end(self) -> float | None:
        """When the time is over, by `time.monotonic`; None: never."""
        return None if self.budget.time is None else self.started + self.budget.time

    @property
    def left(self) -> float | None:
        """Seconds until the end."""
        return None if self.end is None else self.end - time.monotonic()

    def hold_reading(self) -> None:
        """Raise `BudgetError` if reading the data has left no time to learn from them."""
        spent = self.spent
        if self.budget.time is None or spent <= READING * self.budget.time:
            return
        smallest = str(Budget(time=_rounded(max(1.0, 4 * spent))))
        raise BudgetError(
            f"reading the data alone took {format_seconds(spent)} of {format_seconds(self.budget.time)}; "
            f"the smallest time that would do is about {smallest}",
            smallest,
        )

    def hold_learning(self, texts: int) -> None:
        """Raise `BudgetError` if the time was over before a text was learned from."""
        if self.budget.time is None or texts:
            return
        smallest = str(Budget(time=_rounded(2 * max(self.spent, self.budget.time))))
        raise BudgetError(
            f"{format_seconds(self.budget.time)} were over before anything was learned; "
            f"the smallest time that would do here is about {smallest}",
            smallest,
        )

    def excess(self, size: int) -> int:
        """Bytes by which a file of `size` bytes is too large; 0 or less if it is not."""
        return 0 if self.budget.memory is None else size - self.budget.memory

    def hold_room(self, what: str, room: float | None, overhead: int, least: float) -> None:
        """Raise `BudgetError` if `room`, beside `overhead`, is less than the `least` a net needs; `what` needs it."""
        if room is not None and room < least:
            smallest = round_memory(overhead + least)
            raise BudgetError(
                f"no useful {what} fits into {round(room) + overhead:,} bytes; "
                f"the smallest memory that would do is {smallest}",
                smallest,
            )

    def fitting(self, room: float | None, attempt: Callable[[float | None], Model]) -> Model:
        """A model within the memory allowed: attempts, each with less room for its net, until its file is no larger.

        The last one where none is, where it was ended early, or where there is no time for another.
        """
        for _ in range(TRIES):
            model = attempt(room)
            excess = self.excess(model.file_size())
            if room is None or excess <= 0 or model.interrupted_ or self.end is not None:
                break
            room -= excess + 16
        return model

    def hold_memory(self, size: int) -> None:
        """Raise `BudgetError` if a file of `size` bytes is too large."""
        excess = self.excess(size)
        if excess > 0:
            smallest = round_memory(size)
            raise BudgetError(
                f"the model came out {excess:,} bytes larger than allowed; "
                f"the smallest memory that would do is {smallest}",
                smallest,
            )

    def hold_latency(self, milliseconds: float | None, instead: str = "") -> None:
        """Raise `BudgetError` if one prediction took longer than allowed; None: it was not measured.

        `instead` ends the message with what else would help.
        """
        allowed = self.budget.latency
        if allowed is None or milliseconds is None or milliseconds <= 1000 * allowed:
            return
        smallest = str(Budget(latency=_rounded(1.2 * milliseconds / 1000)))
        raise BudgetError(
            f"one prediction took {format_seconds(milliseconds / 1000)} (p95), more than the "
            f"{format_seconds(allowed)} allowed; the smallest latency that would do here is about {smallest}{instead}",
            smallest,
        )

    def hold_time(self) -> None:
        """Raise `BudgetError` if the time is over."""
        spent = self.spent
        if self.budget.time is None or spent <= self.budget.time:
            return
        smallest = str(Budget(time=_rounded(1.25 * spent)))
        raise BudgetError(
            f"the fit took {format_seconds(spent)}, more than the {format_seconds(self.budget.time)} allowed; "
            f"the smallest time that would do here is about {smallest}, or leave the processors to it",
            smallest,
        )


def round_memory(size: float) -> str:
    """`size` bytes as a budget, rounded up to 1000."""
    return str(Budget(memory=1000 * -(-int(size) // 1000)))


def _rounded(seconds: float) -> float:
    """Seconds to two digits."""
    return float(f"{seconds:.2g}")
