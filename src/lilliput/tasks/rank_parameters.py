"""Which parameters a ranker takes."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Real
from typing import TYPE_CHECKING, Any

from lilliput.core.budget import Budget
from lilliput.core.errors import DeviceError, LilliputError
from lilliput.core.threads import resolve_threads

if TYPE_CHECKING:
    from lilliput.tasks.rank import InfluencerRanker

FINEST = 1e-14
"""Of tolerances; sums of doubles are no more exact."""


def check_parameters(model: InfluencerRanker) -> None:
    """Raise `LilliputError`, or a kind of it, for the first parameter that cannot be used."""
    Budget.parse(model.budget)
    resolve_threads(model.threads)
    if model.device not in ("auto", "cpu"):
        raise DeviceError(f"device={model.device!r}: ranks are computed on the processor; use 'auto' or 'cpu'")
    if not _is_number(model.damping) or not 0 < model.damping < 1:
        raise LilliputError(f"damping={model.damping!r}: expected a number between 0 and 1, such as 0.85")
    if not _is_number(model.tolerance) or not FINEST <= model.tolerance <= 1:
        raise LilliputError(f"tolerance={model.tolerance!r}: expected a number from {FINEST:g} to 1, such as 1e-9")
    if isinstance(model.seeds, str) or (model.seeds is not None and not len(model.seeds)):
        raise LilliputError(f"seeds={model.seeds!r}: expected a list of ids, or None for no seeds")
    if model.half_life is not None and (not _is_number(model.half_life) or not 0 < model.half_life < float("inf")):
        raise LilliputError(f"half_life={model.half_life!r}: expected days, such as 30")
    if (model.half_life is None) != (model.time is None):
        raise LilliputError("half_life and time belong together: days, and the column that says when")
    if (model.kinds is None) != (model.kind is None):
        raise LilliputError("kinds and kind belong together: a weight for each kind, and the column that names it")
    for name, weight in (_kinds(model.kinds)).items():
        if not isinstance(name, str) or not _is_number(weight) or not 0 <= weight < float("inf"):
            raise LilliputError(f"kinds: {name!r} has the weight {weight!r}; expected a finite number from 0 on")
    for what in ("source", "target", "weight", "kind", "time"):
        if not isinstance(getattr(model, what), (str, type(None))):
            raise LilliputError(f"{what}={getattr(model, what)!r}: expected the name of a column")


def _kinds(kinds: Any) -> Mapping[Any, Any]:
    if kinds is None:
        return {}
    if not isinstance(kinds, Mapping) or not kinds:
        raise LilliputError(f"kinds={kinds!r}: expected weights by kind, such as {{'follow': 1, 'reply': 2}}")
    return kinds


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)
