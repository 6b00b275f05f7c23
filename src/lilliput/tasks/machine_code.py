"""The kernels' machine code, made ready before a process first uses it: none that is kept may be of other kernels."""

from __future__ import annotations

from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Literal

from lilliput import warm
from lilliput.core.budget import Budget
from lilliput.core.progress import Progress


def ready(budget: Budget, progress: bool | Literal["auto"]) -> float:
    """Make the kernels ready for a fit; returns the seconds that this took, which are not the fit's.

    With a time budget the kernels are compiled now if they are not yet, once for this installation (a minute or two);
    else each when it is first called.
    """
    if budget.time is None or warm.compiled():
        drop_stale()
        return 0.0
    with Progress(None, "compiling", "kernels", progress) as bar:
        bar.note("compiling kernels, once (a minute or two)")
        return warm.warm()


@cache
def drop_stale() -> None:
    """Once a process: forget kept machine code unless it was made of the kernels as they are (see `lilliput.warm`)."""
    if warm.compiled():
        return
    stamp = warm.stamp_file()
    if stamp is None:
        return
    fresh = _fresh(stamp)
    if fresh.is_file() and fresh.read_text() == warm.fingerprint():
        return
    warm.forget()
    with suppress(OSError):  # without it the next process forgets again
        fresh.write_text(warm.fingerprint())


def _fresh(stamp: Path) -> Path:
    """Says what the kept code was made of, before all of it is there."""
    return stamp.with_suffix(".fresh")
