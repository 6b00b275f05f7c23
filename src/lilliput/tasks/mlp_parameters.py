"""Parameters of the rectifier networks on arrays, checked."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from lilliput.core.errors import LilliputError

if TYPE_CHECKING:
    from lilliput.tasks.mlp import Network

SCALES = ("auto", "columns", "all", "none")


def check_parameters(model: Network) -> None:
    """Raise `LilliputError` for a parameter that cannot be used; the names of optimiser and schedule come later."""
    hidden = model.hidden
    if not isinstance(hidden, (tuple, list)) or not all(isinstance(width, int) and width >= 1 for width in hidden):
        raise LilliputError(f"hidden={hidden!r}; give the widths of the hidden layers, such as (256, 256)")
    for name in ("input_dropout", "dropout"):
        value = getattr(model, name)
        if not 0 <= value < 1:
            raise LilliputError(f"{name}={value}; give a share of at least 0 and below 1")
    for name in ("input_noise", "noise", "l1", "l2", "max_norm"):
        value = getattr(model, name)
        if not 0 <= value < math.inf:
            raise LilliputError(f"{name}={value}; give 0 or more")
    for name in ("rate", "clip", "epochs"):
        value = getattr(model, name)
        if value is not None and not 0 < value < math.inf:
            raise LilliputError(f"{name}={value}; give a number above 0, or None")
    for name in ("batch", "patience"):
        value = getattr(model, name)
        if value is not None and not (isinstance(value, int) and value >= 1):
            raise LilliputError(f"{name}={value}; give a whole number of at least 1, or None")
    if model.noise and not model.normalise:
        raise LilliputError(f"noise={model.noise} takes normalise=True; units without a scale grow out of any noise")
    if model.l1 and model.optimiser == "nesterov-rmsprop":
        raise LilliputError('l1 makes no zeros with optimiser="nesterov-rmsprop"; take "momentum", "nesterov" or "sgd"')
    _check_momentum(model.momentum)
    if not 0 <= model.held_out < 1:
        raise LilliputError(f"held_out={model.held_out}; give a share of at least 0 and below 1")
    if model.scale not in SCALES:
        raise LilliputError(f"scale={model.scale!r}; known are {', '.join(SCALES)}")


def _check_momentum(momentum: object) -> None:
    values = momentum if isinstance(momentum, (tuple, list)) else (() if momentum is None else (momentum,))
    right = all(isinstance(value, (int, float)) and 0 <= value < 1 for value in values)
    if not right or (isinstance(momentum, (tuple, list)) and len(momentum) != 2):
        raise LilliputError(f"momentum={momentum!r}; give a number in [0, 1), or two to go from one to the other")
