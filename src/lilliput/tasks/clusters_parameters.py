"""The parameters of word clusters, checked by `fit` and when a model file is loaded."""

from __future__ import annotations

from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np

from lilliput.core.budget import Budget
from lilliput.core.errors import DeviceError, LilliputError
from lilliput.core.threads import resolve_threads

if TYPE_CHECKING:
    from lilliput.tasks.clusters import WordClusters

MOST_CLUSTERS = 1 << 16
"""The counts of pairs of so many clusters would take 70 GB already."""


def check_parameters(model: WordClusters) -> None:
    """Raise `LilliputError`, or a kind of it, for the first parameter that cannot be used."""
    Budget.parse(model.budget)
    resolve_threads(model.threads)
    if model.device not in ("auto", "cpu"):
        raise DeviceError(f"device={model.device!r}: words are clustered on the processor; use 'auto' or 'cpu'")
    if not _is_whole(model.clusters, 1) or model.clusters > MOST_CLUSTERS:
        raise LilliputError(f"clusters={model.clusters!r}: expected a whole number from 1 to {MOST_CLUSTERS:,}")
    if not _is_whole(model.least, 1):
        raise LilliputError(f"least={model.least!r}: expected a whole number from 1 on")
    if not _is_whole(model.seed, 0):
        raise LilliputError(f"seed={model.seed!r}: expected a whole number from 0 on")
    if not isinstance(model.lowercase, (bool, np.bool_)):
        raise LilliputError(f"lowercase={model.lowercase!r}: expected True or False")
    if not isinstance(model.text, (str, type(None))):
        raise LilliputError(f"text={model.text!r}: expected the name of a column")


def _is_whole(value: Any, least: int) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool) and int(value) >= least
