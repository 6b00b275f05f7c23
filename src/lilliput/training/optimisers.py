"""Optimisers by name: torch's own where torch has the algorithm, ours where it has not.

`OPTIMISERS` names them. Batch, stochastic and mini-batch descent are "sgd" with batches of all rows, one row and some.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch.optim import Optimizer

from lilliput.core.errors import LilliputError
from lilliput.training.optimiser_eight_bits import EightBitAdam, EightBitMomentum, EightBitRMSProp
from lilliput.training.optimiser_nesterov import LookAhead, Nesterov
from lilliput.training.optimiser_nesterov_rmsprop import NesterovRMSProp

OPTIMISERS = ("sgd", "momentum", "nesterov", "adagrad", "rmsprop", "nesterov-rmsprop", "adam")
WITH_MOMENTUM = ("momentum", "nesterov", "rmsprop", "nesterov-rmsprop", "adam")
"""Those for which a momentum can be given; Adam's is its first beta, and RMSProp's is 0 unless given."""
MOMENTUM = 0.9


def make_optimiser(
    name: str,
    parameters: Iterable[Any],
    rate: float,
    *,
    momentum: float | None = None,
    bits: int = 32,
    weight_decay: float = 0.0,
    decay: float | None = None,
) -> Optimizer:
    """The optimiser `name` for `parameters`, tensors or groups of them as torch takes them.

    `momentum` is in [0, 1), 0.9 if not given. `bits` is 32, or 8 for state in a quarter of the memory. `weight_decay`
    adds that times the parameters to the gradients (L2). `decay` is what the running mean of squared gradients keeps at
    a step: 0.99 for RMSProp, 0.999 for Adam if not given. Raises `LilliputError` on a name or a value that it cannot
    take.
    """
    _check(name, rate, momentum, bits, weight_decay, decay)
    given = list(parameters)
    if not given:
        raise LilliputError("there are no parameters to optimise; freeze fewer layers")
    settings: dict[str, Any] = {"lr": float(rate), "weight_decay": float(weight_decay)}
    make = _EIGHT_BITS[name] if bits == 8 else _MAKERS[name]
    return make(given, settings, momentum, decay)


def land(optimiser: Optimizer) -> None:
    """Move parameters that are held at a look-ahead point to the iterate; nothing for other optimisers."""
    if isinstance(optimiser, LookAhead):
        optimiser.land()


def jump(optimiser: Optimizer) -> None:
    """Move parameters to the look-ahead point where their optimiser takes gradients; nothing for other optimisers."""
    if isinstance(optimiser, LookAhead):
        optimiser.jump()


@contextmanager
def landed(optimiser: Optimizer) -> Iterator[None]:
    """Within it the parameters are at the iterate: for evaluation, and to read or to save them."""
    land(optimiser)
    try:
        yield
    finally:
        jump(optimiser)


def _fused(parameters: list[Any], settings: dict[str, Any]) -> dict[str, Any]:
    """With torch's fused kernels, the fastest on a CPU too, where all parameters are real numbers."""
    tensors = [tensor for one in parameters for tensor in (one["params"] if isinstance(one, dict) else [one])]
    return {**settings, "fused": all(isinstance(one, torch.Tensor) and one.is_floating_point() for one in tensors)}


def _sgd(parameters: list[Any], settings: dict[str, Any], momentum: float | None, decay: float | None) -> Optimizer:
    return torch.optim.SGD(parameters, **_fused(parameters, settings))


def _momentum(
    parameters: list[Any], settings: dict[str, Any], momentum: float | None, decay: float | None
) -> Optimizer:
    return torch.optim.SGD(parameters, momentum=_or(momentum, MOMENTUM), **_fused(parameters, settings))


def _nesterov(
    parameters: list[Any], settings: dict[str, Any], momentum: float | None, decay: float | None
) -> Optimizer:
    return Nesterov(parameters, momentum=_or(momentum, MOMENTUM), **settings)


def _adagrad(parameters: list[Any], settings: dict[str, Any], momentum: float | None, decay: float | None) -> Optimizer:
    return torch.optim.Adagrad(parameters, **_fused(parameters, settings))


def _rmsprop(parameters: list[Any], settings: dict[str, Any], momentum: float | None, decay: float | None) -> Optimizer:
    # torch has no fused kernel for it
    return torch.optim.RMSprop(
        parameters, momentum=_or(momentum, 0.0), alpha=_or(decay, 0.99), foreach=True, **settings
    )


def _nesterov_rmsprop(
    parameters: list[Any], settings: dict[str, Any], momentum: float | None, decay: float | None
) -> Optimizer:
    return NesterovRMSProp(parameters, momentum=_or(momentum, MOMENTUM), decay=_or(decay, 0.99), **settings)


def _adam(parameters: list[Any], settings: dict[str, Any], momentum: float | None, decay: float | None) -> Optimizer:
    betas = (_or(momentum, MOMENTUM), _or(decay, 0.999))
    return torch.optim.Adam(parameters, betas=betas, **_fused(parameters, settings))


def _momentum_in_eight(
    parameters: list[Any], settings: dict[str, Any], momentum: float | None, decay: float | None
) -> Optimizer:
    return EightBitMomentum(parameters, momentum=_or(momentum, MOMENTUM), **settings)


def _rmsprop_in_eight(
    parameters: list[Any], settings: dict[str, Any], momentum: float | None, decay: float | None
) -> Optimizer:
    if momentum:
        raise LilliputError(f"momentum={momentum} of optimiser 'rmsprop' needs bits=32; in 8 bits it has none")
    return EightBitRMSProp(parameters, alpha=_or(decay, 0.99), **settings)


def _adam_in_eight(
    parameters: list[Any], settings: dict[str, Any], momentum: float | None, decay: float | None
) -> Optimizer:
    return EightBitAdam(parameters, betas=(_or(momentum, MOMENTUM), _or(decay, 0.999)), **settings)


Maker = Callable[[list[Any], dict[str, Any], float | None, float | None], Optimizer]
_MAKERS: dict[str, Maker] = dict(
    zip(OPTIMISERS, (_sgd, _momentum, _nesterov, _adagrad, _rmsprop, _nesterov_rmsprop, _adam), strict=True)
)
_EIGHT_BITS: dict[str, Maker] = {
    "momentum": _momentum_in_eight,
    "rmsprop": _rmsprop_in_eight,
    "adam": _adam_in_eight,
}


def _or(value: float | None, default: float) -> float:
    return default if value is None else float(value)


def _check(name: str, rate: float, momentum: float | None, bits: int, weight_decay: float, decay: float | None) -> None:
    """Raise `LilliputError`, which says what is wrong and what would do."""
    if name not in OPTIMISERS:
        near = difflib.get_close_matches(str(name).lower(), OPTIMISERS, n=1)
        meant = f"did you mean {near[0]!r}? There are" if near else "there are"
        raise LilliputError(f"optimiser {name!r}: {meant} {', '.join(OPTIMISERS)}")
    if not (math.isfinite(rate) and rate > 0):
        raise LilliputError(f"rate={rate} of optimiser {name!r} must be above 0 and finite, such as 0.01")
    if momentum is not None and name not in WITH_MOMENTUM:
        raise LilliputError(f"optimiser {name!r} has no momentum; leave it out, or take {', '.join(WITH_MOMENTUM)}")
    for word, value in (("momentum", momentum), ("decay", decay)):
        if value is not None and not 0 <= value < 1:
            raise LilliputError(f"{word}={value} of optimiser {name!r} must be at least 0 and below 1")
    if not (math.isfinite(weight_decay) and weight_decay >= 0):
        raise LilliputError(f"weight_decay={weight_decay} of optimiser {name!r} must be 0 or more, and finite")
    if bits != 32 and (bits != 8 or name not in _EIGHT_BITS):
        with_eight = ", ".join(_EIGHT_BITS)
        raise LilliputError(f"bits={bits} of optimiser {name!r}: state has 32 bits, or 8 for {with_eight}")
