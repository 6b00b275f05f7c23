"""Parameters of the tasks on arrays: numbers of Python and of NumPy, told apart from what is none."""

from __future__ import annotations

import math
from numbers import Integral, Real
from typing import Any

from lilliput.core.errors import LilliputError


def is_whole(value: object, least: int) -> bool:
    """Whether a value is a whole number of at least `least`."""
    return isinstance(value, Integral) and not isinstance(value, bool) and int(value) >= least


def is_real(value: object) -> bool:
    """Whether a value is a finite number."""
    return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)


def are_widths(value: Any) -> bool:
    """Whether a value is a list of whole numbers above 0."""
    try:
        return not isinstance(value, str) and all(is_whole(width, 1) for width in value)
    except TypeError:
        return False


def check_share(name: str, value: Any) -> None:
    """Raise `LilliputError` unless a value is a share of at least 0 and below 1."""
    if not (is_real(value) and 0 <= value < 1):
        raise LilliputError(f"{name}={value!r}; give a share of at least 0 and below 1")


def check_seed(seed: object) -> None:
    """Raise `LilliputError` unless `seed` begins random numbers."""
    if not (is_whole(seed, 0) and int(seed) < 2**63):  # type: ignore[call-overload]
        raise LilliputError(f"seed={seed!r}; give a whole number from 0 on")
