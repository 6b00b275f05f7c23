"""Intervals for measures that depend on the rows only through sums: F1, calibration error, mean losses.

A resample of n rows with replacement is a count a row, so the sums over 400 resamples are one product of matrices,
counts (400, rows) by parts (rows, columns), and a measure is computed from 400 rows of sums instead of 400 data sets.
Efron 1979, "Bootstrap Methods: Another Look at the Jackknife", Annals of Statistics 7.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lilliput.core.errors import DataError
from lilliput.core.report import Measure

Sums = NDArray[np.float64]

RESAMPLES = 400
BLOCK = 100
"""Resamples whose counts are in memory at a time."""
GROUPS = 10_000
"""Rows beyond which random groups of rows are drawn in place of rows; the spread of their sums is the same."""


class Statistic(NamedTuple):
    """A measure of rows: ``of`` maps sums (..., columns) of ``parts`` (rows, columns; any numbers) to values (...)."""

    parts: NDArray[Any]
    of: Callable[[Sums], Sums]


def bootstrap(statistics: Mapping[str, Statistic], seed: int) -> dict[str, Measure]:
    """Every measure with its percentile interval over the same `RESAMPLES` resamples, widened to hold the value.

    Sums are exact, so that neither the order of adding nor the linear algebra in use changes a bit. Raises `DataError`
    when there are no rows.
    """
    rows = {len(statistic.parts) for statistic in statistics.values()}
    if rows == {0}:
        raise DataError("no rows to measure on; score at least one row")
    (count,) = rows
    generator = np.random.default_rng(seed)
    group = generator.permutation(count) % GROUPS
    parts = _on_grid(np.hstack([_grouped(statistic.parts, group) for statistic in statistics.values()]))
    drawn = np.concatenate([counts @ parts for counts in _resamples(len(parts), generator)])
    ends = np.cumsum([statistic.parts.shape[1] for statistic in statistics.values()])[:-1]
    pieces = zip(np.split(parts.sum(axis=0), ends), np.split(drawn, ends, axis=1), strict=True)
    return {
        name: _measure(float(statistic.of(whole)), statistic.of(draws), count)
        for (name, statistic), (whole, draws) in zip(statistics.items(), pieces, strict=True)
    }


def _measure(value: float, draws: Sums, rows: int) -> Measure:
    low, high = (float(point) for point in np.quantile(draws, (0.025, 0.975)))
    return Measure(value, min(low, value), max(high, value), rows)


def _resamples(rows: int, generator: np.random.Generator) -> Iterator[Sums]:
    """How often each row is drawn, (`BLOCK`, rows) at a time."""
    for first in range(0, RESAMPLES, BLOCK):
        counts = np.empty((min(BLOCK, RESAMPLES - first), rows))
        for draw in counts:
            draw[:] = np.bincount(generator.integers(rows, size=rows), minlength=rows)
        yield counts


def _grouped(parts: NDArray[Any], group: NDArray[np.int64]) -> Sums:
    """Sums of the rows of each group, float64 (groups, columns)."""
    return np.stack([np.bincount(group, column) for column in parts.T], axis=1)


def _on_grid(parts: Sums) -> Sums:
    """`parts` as multiples of a power of two, a column each, so small that it changes nothing and sums are exact."""
    _, exponent = np.frexp(len(parts) * np.abs(parts).max(axis=0))
    step = np.ldexp(1.0, np.maximum(exponent - 52, -1000))
    return np.rint(parts / step) * step + 0.0  # not -0.0
