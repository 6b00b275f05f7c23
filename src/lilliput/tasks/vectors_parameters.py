"""The parameters of word vectors, checked by `fit` and when a model file is loaded."""

from __future__ import annotations

import math
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np

from lilliput.core.budget import Budget
from lilliput.core.errors import DeviceError, LilliputError
from lilliput.core.threads import resolve_threads
from lilliput.features.subwords import LONGEST

if TYPE_CHECKING:
    from lilliput.tasks.vectors import WordVectors

METHODS = ("skipgram", "cbow")
LEAST = {"dim": 1, "epochs": 0, "window": 1, "negatives": 1, "least": 1, "seed": 0}
"""The smallest whole number that each may be."""
MOST_DIM = 4096


def check_parameters(model: WordVectors) -> None:
    """Raise `LilliputError`, or a kind of it, for the first parameter that cannot be used."""
    Budget.parse(model.budget)
    resolve_threads(model.threads)
    if model.device not in ("auto", "cpu"):
        raise DeviceError(f"device={model.device!r}: word vectors are learned on the processor; use 'auto' or 'cpu'")
    for name, least in LEAST.items():
        if not _is_whole(getattr(model, name), least):
            raise LilliputError(f"{name}={getattr(model, name)!r}: expected a whole number from {least} on")
    if model.dim > MOST_DIM:
        raise LilliputError(f"dim={model.dim}: expected a whole number from 1 to {MOST_DIM:,}")
    if model.method not in METHODS:
        raise LilliputError(f"method={model.method!r}: expected {' or '.join(map(repr, METHODS))}")
    if model.rate is not None and not _is_number(model.rate, above=0.0):
        raise LilliputError(f"rate={model.rate!r}: expected a number above 0, or None")
    if not _is_number(model.sample, above=-1.0) or model.sample < 0:
        raise LilliputError(f"sample={model.sample!r}: expected a number from 0 (no word is left out) on, such as 1e-4")
    if not isinstance(model.lowercase, (bool, np.bool_)):
        raise LilliputError(f"lowercase={model.lowercase!r}: expected True or False")
    if not isinstance(model.text, (str, type(None))):
        raise LilliputError(f"text={model.text!r}: expected the name of a column")
    _check_subwords(model.subwords)


def _check_subwords(given: Any) -> None:
    if given is None:
        return
    pair = isinstance(given, (tuple, list)) and len(given) == 2 and all(_is_whole(value, 1) for value in given)
    if not pair or not given[0] <= given[1] <= LONGEST:
        raise LilliputError(
            f"subwords={given!r}: expected the shortest and the longest n-gram in characters, such as (3, 6), "
            f"up to {LONGEST}, or None"
        )


def _is_whole(value: Any, least: int) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool) and int(value) >= least


def _is_number(value: Any, above: float) -> bool:
    number = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
    return bool(number and math.isfinite(value) and value > above)
