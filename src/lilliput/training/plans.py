"""Schedules by name."""

from __future__ import annotations

import difflib

from lilliput.core.errors import LilliputError
from lilliput.training.schedules import Cosine, DropoutDecay, Fixed, GrowingDropout, Ramp, Schedule, Trapezoid

SCHEDULES = ("trapezoid", "linear", "cosine", "fixed", "decay", "growing")


def schedule_of(name: str, momentum: float | tuple[float, float] | None, in_seconds: bool) -> Schedule:
    """The schedule `name`; `momentum` of two numbers is a ramp from the first to the second.

    "trapezoid" (a short warm-up, full rate, then linearly to zero), "linear" (to zero from the start), "cosine",
    "fixed"; "decay" is dropout decay (`DropoutDecay`), which with `in_seconds` uses all of its time; "growing" is
    `GrowingDropout`. Raises `LilliputError` for another name.
    """
    ramp = Ramp(*momentum) if isinstance(momentum, (tuple, list)) else None
    if name == "trapezoid":
        return Trapezoid(momentum=ramp)
    if name == "linear":
        return Trapezoid(warmup=0.0, fall=0.0, momentum=ramp)
    if name == "cosine":
        return Cosine(momentum=ramp)
    if name == "fixed":
        return Fixed()
    if name == "decay":
        return DropoutDecay(tail=float("inf") if in_seconds else 1.0, ramp=ramp)
    if name == "growing":
        return GrowingDropout(Trapezoid(momentum=ramp))
    near = difflib.get_close_matches(str(name), SCHEDULES, n=1)
    raise LilliputError(f"schedule={name!r}: {f'did you mean {near[0]!r}? ' if near else ''}{', '.join(SCHEDULES)}")
