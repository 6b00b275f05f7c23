"""The parameters of a text classifier, checked by `fit` and when a model file is loaded."""

from __future__ import annotations

from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

import numpy as np

from lilliput.core.budget import Budget
from lilliput.core.errors import DataError, DeviceError, LilliputError
from lilliput.core.threads import resolve_threads
from lilliput.tasks.cluster_words import check_clusters
from lilliput.tasks.labels import MODES

if TYPE_CHECKING:
    from lilliput.tasks.label import TextClassifier

NETWORKS = ("auto", "linear", "embedding")
LONGEST = 16
"""Of an n-gram."""


def check_parameters(model: TextClassifier) -> None:
    """Raise `LilliputError`, or a kind of it, for the first parameter that cannot be used."""
    Budget.parse(model.budget)
    resolve_threads(model.threads)
    if model.device not in ("auto", "cpu"):
        raise DeviceError(f"device={model.device!r}: labelling texts runs on the processor; use 'auto' or 'cpu'")
    if model.targets is not None and model.targets not in MODES:
        raise DataError(f'targets={model.targets!r}: expected "single", "multi" or "soft", or nothing to find it out')
    if model.network not in NETWORKS:
        raise LilliputError(f"network={model.network!r}: expected 'auto', 'linear' or 'embedding'")
    if not isinstance(model.balanced, (bool, np.bool_)):
        raise LilliputError(f"balanced={model.balanced!r}: expected True or False")
    if model.abstain is not None and not _is_probability(model.abstain):
        raise LilliputError(f"abstain={model.abstain}: expected a probability between 0 and 1")
    check_clusters(model.clusters)
    if not isinstance(model.seed, Integral) or model.seed < 0:
        raise LilliputError(f"seed={model.seed!r}: expected a whole number from 0 on")
    for name, column in (("text", model.text), ("target", model.target)):
        if not isinstance(column, (str, type(None))):
            raise LilliputError(f"{name}={column!r}: expected the name of a column")
    if span("words", model.words) == span("chars", model.chars) == (0, 0):
        raise LilliputError("words=(0, 0) and chars=(0, 0) leave nothing to learn from; allow one of them")


def span(name: str, lengths: Any) -> tuple[int, int] | None:
    """Lengths of n-grams as the user gave them, checked; a list (as in a model file) becomes a tuple."""
    if lengths is None:
        return None
    if isinstance(lengths, (tuple, list)) and len(lengths) == 2 and all(isinstance(size, Integral) for size in lengths):
        low, high = int(lengths[0]), int(lengths[1])
        if (low, high) == (0, 0) or 1 <= low <= high <= LONGEST:
            return low, high
    raise LilliputError(f"{name}={lengths!r}: expected (shortest, longest) from 1 to {LONGEST}, or (0, 0) for none")


def _is_probability(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and 0 <= float(value) <= 1
