"""The parameters of a recommender, checked by `fit` and when a model file is loaded."""

from __future__ import annotations

from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

from lilliput.core.budget import Budget
from lilliput.core.errors import DeviceError, LilliputError
from lilliput.core.threads import resolve_threads

if TYPE_CHECKING:
    from lilliput.tasks.pair import PairingRecommender

MOST_DIM = 1024


def check_parameters(model: PairingRecommender) -> None:
    """Raise `LilliputError`, or a kind of it, for the first parameter that cannot be used."""
    Budget.parse(model.budget)
    resolve_threads(model.threads)
    if model.device not in ("auto", "cpu"):
        raise DeviceError(f"device={model.device!r}: pairings are learned on the processor; use 'auto' or 'cpu'")
    for name in ("items", "context"):
        column = getattr(model, name)
        if not isinstance(column, (str, type(None))):
            raise LilliputError(f"{name}={column!r}: expected the name of a column")
    if model.normalise not in (None, "ingredients"):
        raise LilliputError(
            f"normalise={model.normalise!r}: expected 'ingredients', or None to leave items as they are"
        )
    if not isinstance(model.aliases, bool):
        raise LilliputError(f"aliases={model.aliases!r}: expected True or False")
    _check_whole("least", model.least, 1)
    _check_whole("seed", model.seed, 0)
    if model.window is not None:
        _check_whole("window", model.window, 1)
    if model.dim is not None:
        _check_whole("dim", model.dim, 1)
        if model.dim > MOST_DIM:
            raise LilliputError(f"dim={model.dim}: expected up to {MOST_DIM:,}")
    if not isinstance(model.subsample, Real) or isinstance(model.subsample, bool) or not 0 <= model.subsample <= 1:
        raise LilliputError(f"subsample={model.subsample!r}: expected a share of baskets from 0 to 1")


def _check_whole(name: str, value: Any, least: int) -> None:
    if not isinstance(value, Integral) or isinstance(value, bool) or int(value) < least:
        raise LilliputError(f"{name}={value!r}: expected a whole number from {least} on")
