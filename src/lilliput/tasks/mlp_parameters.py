"""Parameters of the rectifier networks on arrays, checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lilliput.core.errors import LilliputError
from lilliput.tasks.array_parameters import are_widths, check_seed, check_share, is_real, is_whole

if TYPE_CHECKING:
    from lilliput.tasks.mlp import Network

WITHOUT_RAMP = ("sgd", "adagrad", "rmsprop", "adam")
"""Optimisers whose momentum no schedule changes."""
SCALES = ("auto", "columns", "all", "none")


def check_parameters(model: Network) -> None:
    """Raise `LilliputError` for a parameter that cannot be used; the names of optimiser and schedule come later."""
    check_seed(model.seed)
    if not are_widths(model.hidden):
        raise LilliputError(f"hidden={model.hidden!r}; give the widths of the hidden layers, such as (256, 256)")
    for name in ("input_dropout", "dropout", "held_out"):
        check_share(name, getattr(model, name))
    for name in ("input_noise", "noise", "l1", "l2", "max_norm"):
        value = getattr(model, name)
        if not (is_real(value) and value >= 0):
            raise LilliputError(f"{name}={value!r}; give 0 or more")
    for name in ("rate", "clip", "epochs"):
        value = getattr(model, name)
        if value is not None and not (is_real(value) and value > 0):
            raise LilliputError(f"{name}={value!r}; give a number above 0, or None")
    for name in ("batch", "patience"):
        value = getattr(model, name)
        if value is not None and not is_whole(value, 1):
            raise LilliputError(f"{name}={value!r}; give a whole number of at least 1, or None")
    if model.noise and not model.normalise:
        raise LilliputError(f"noise={model.noise} takes normalise=True; units without a scale grow out of any noise")
    if model.l1 and model.optimiser == "nesterov-rmsprop":
        raise LilliputError('l1 makes no zeros with optimiser="nesterov-rmsprop"; take "momentum", "nesterov" or "sgd"')
    _check_momentum(model)
    if model.scale not in SCALES:
        raise LilliputError(f"scale={model.scale!r}; known are {', '.join(SCALES)}")


def _check_momentum(model: Network) -> None:
    momentum = model.momentum
    ramp = isinstance(momentum, (tuple, list))
    values = momentum if isinstance(momentum, (tuple, list)) else (() if momentum is None else (momentum,))
    if not all(is_real(value) and 0 <= value < 1 for value in values) or (ramp and len(values) != 2):
        raise LilliputError(f"momentum={momentum!r}; give a number in [0, 1), or two to go from one to the other")
    if ramp and model.optimiser in WITHOUT_RAMP:
        raise LilliputError(
            f"momentum={momentum!r} rises with no optimiser={model.optimiser!r}; take one of "
            '"momentum", "nesterov" and "nesterov-rmsprop", or leave it out'
        )
    if ramp and model.schedule == "fixed":
        raise LilliputError(
            f'momentum={momentum!r} rises, and schedule="fixed" changes nothing; take another of the two'
        )
