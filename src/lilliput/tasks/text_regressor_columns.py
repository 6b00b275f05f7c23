"""Which columns a text regressor keeps: those worth most to ridge regression, and how a file holds their numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lilliput.core.errors import ModelFileError
from lilliput.core.modelfile import StrPath
from lilliput.data.matrix import Compressed
from lilliput.features.buckets import BucketMap
from lilliput.features.tfidf import TfIdf
from lilliput.nets.dense import BITS
from lilliput.training.ridge import fit_ridge

Floats = NDArray[np.float32]
SCOUT_ALPHA, SCOUT_TOLERANCE = 3.0, 0.1
"""Of the ridge regression that says what columns are worth: its order is there long before its digits are."""
_SKIP = 65_535
"""The longest step; a longer one takes zeros before it, each of which stands for so many."""


def worth(rows: Compressed, values: Floats) -> Floats:
    """What each column is worth: the length of its weights in a ridge regression, times the fourth root of its rows.

    The exponent is that of `lilliput.planning.rows.scores`; the most frequent columns are mostly parts of each other.
    """
    scout = fit_ridge(rows, values, SCOUT_ALPHA, SCOUT_TOLERANCE)
    held = np.bincount(rows.indices, minlength=rows.shape[1])
    found: Floats = np.linalg.norm(scout.weights, axis=1) * np.sqrt(np.sqrt(held))
    return found.astype(np.float32)


def most_worth(worths: Floats, count: int) -> NDArray[np.int32]:
    """The `count` columns of most worth, ascending; of equal ones the first."""
    return np.sort(np.argsort(-worths, kind="stable")[:count]).astype(np.int32)


def with_columns(features: TfIdf, kept: NDArray[np.int32], bits: int) -> TfIdf:
    """The features with the columns `kept` (ascending) alone, as a file with so many bits a weight gives them back."""
    maps = []
    for bucket_map, low, high in zip(features.maps, features.first, features.first[1:], strict=False):
        own = kept[(kept >= low) & (kept < high)] - low
        maps.append(BucketMap.of(bucket_map.buckets()[own], bucket_map.bits))
    weights = features.weights[kept].astype(weight_type(bits))
    return TfIdf(features.groups, tuple(maps), weights.astype(np.float32))


def weight_type(bits: int) -> type[np.floating[Any]]:
    """What the weights of columns are in a file with so many bits a weight of the model."""
    return np.float32 if bits == BITS[0] else np.float16


def to_steps(numbers: NDArray[Any]) -> NDArray[np.uint16]:
    """Ascending numbers as the steps between them, two bytes each."""
    steps = np.diff(numbers.astype(np.int64), prepend=-1)
    skips = (steps - 1) // _SKIP
    found = np.zeros(len(steps) + int(skips.sum()), dtype=np.uint16)
    found[np.cumsum(skips + 1) - 1] = steps - skips * _SKIP
    return found


def most_steps(count: int, below: int) -> int:
    """How many steps `to_steps` makes at most of `count` numbers below `below`."""
    return count + below // _SKIP


def from_steps(steps: NDArray[np.uint16], below: int, path: StrPath) -> NDArray[np.int64]:
    """The numbers that `to_steps` was given; `ModelFileError` unless all are below `below`."""
    places = np.cumsum(np.where(steps == 0, _SKIP, steps).astype(np.int64)) - 1
    if len(steps) and (steps[-1] == 0 or places[-1] >= below):
        raise ModelFileError(f"{path}: the columns are none of {below:,}; this file does not fit its task")
    return places[steps > 0]
