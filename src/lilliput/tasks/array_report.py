"""What tasks on arrays measure: rows held out, and quality on them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lilliput.core.bootstrap import Statistic, Sums, bootstrap
from lilliput.core.report import Measure

Places = NDArray[np.int64]

HELD_LEAST, HELD_MOST = 5, 20_000
"""Rows held out: a fifth of all, at random, if that is no fewer than the first, and no more than the second."""
FEW = 20
"""Fewer rows than this are all learned from, where a share is asked for."""
NOTHING = "nothing: there are too few rows"


def held_out(rows: int, seed: int) -> tuple[Places, Places]:
    """The numbers of the rows to learn from and of those held out, in order; all to learn from where they are few."""
    count = min(rows // 5, HELD_MOST)
    if count < HELD_LEAST:
        return np.arange(rows), np.arange(0)
    return _mixed(rows, count, seed)


def split(rows: int, share: float, seed: int) -> tuple[Places, Places]:
    """The numbers of the rows to learn from and of the `share` held out, in order; all to learn from where few."""
    count = round(rows * share)
    if rows < FEW or count < 1:
        return np.arange(rows), np.arange(0)
    return _mixed(rows, count, seed)


def _mixed(rows: int, count: int, seed: int) -> tuple[Places, Places]:
    mixed = np.random.default_rng([seed, 2]).permutation(rows)
    return np.sort(mixed[count:]), np.sort(mixed[:count])


def measured_by(places: Places, *, refitted: bool) -> str:
    """What the report says of the rows held out: whether a model of all rows came after the one that was measured."""
    if not len(places):
        return NOTHING
    how = "by a model of the others; this one then learned from all" if refitted else "not learned from"
    return f"{len(places):,} rows at random, {how}"


def accuracy(predicted: NDArray[Any], wanted: NDArray[Any]) -> dict[str, Measure]:
    """The share of rows that are right; nothing of nothing."""
    return {"accuracy": Measure.proportion(int((predicted == wanted).sum()), len(wanted))} if len(wanted) else {}


def explained(predicted: NDArray[Any], wanted: NDArray[Any]) -> dict[str, Measure]:
    """R2, the share of the variance explained (1 is all), and the root mean squared error; nothing of nothing.

    Numbers are (rows,) or (rows, outputs). R2 is the mean over the outputs that vary: together, outputs about different
    middles would seem explained by nothing but these. The error is over all numbers.
    """
    if not len(wanted):
        return {}
    columns = wanted.reshape(len(wanted), -1)
    errors, off = (columns - predicted.reshape(columns.shape)) ** 2, columns - columns.mean(axis=0)
    varied = (off * off).sum(axis=0) > 0
    count = int(varied.sum())
    several = [errors[:, varied], off[:, varied], off[:, varied] ** 2]
    parts = np.hstack([*several, errors.mean(axis=1)[:, None], np.ones((len(columns), 1))])

    def share(sums: Sums) -> Sums:
        left, middle, squares = (sums[..., place * count : (place + 1) * count] for place in range(3))
        variance = squares - middle**2 / sums[..., -1:]
        found: Sums = (1 - left / np.maximum(variance, 1e-300)).mean(axis=-1)
        return found

    root = Statistic(parts, lambda sums: np.sqrt(sums[..., -2] / sums[..., -1]))
    return bootstrap({"r2": Statistic(parts, share), "rmse": root} if count else {"rmse": root}, 0)
