"""What both models of `lilliput.features.exchange` are made of: n log n, and the gain in a row of counts.

The log likelihood of a corpus is a sum of f(n) = n log n over its counts. When a word joins a cluster, the count of the
cluster in the row of each of the word's contexts grows. So for all clusters at once, a row of gains is added up from
the rows of the contexts.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numba import njit
from numpy.typing import NDArray

TABLE = 1 << 14
"""Counts up to here are looked up."""
LEAST_GAIN = 1e-6
"""Of a move, in nats: more than the error of adding up."""


@cache
def logs_table() -> NDArray[np.float64]:
    """f(n) of the counts below `TABLE`; float64."""
    counts = np.arange(TABLE, dtype=np.float64)
    return counts * np.log(np.maximum(counts, 1))


@njit(nogil=True, cache=True)
def f(count, logs):
    """The term of one count, n log n; `logs` is the table."""
    return logs[count] if count < len(logs) else count * np.log(count)


@njit(nogil=True, cache=True)
def added(found, count, logs):
    """What `count` more bring where `found` are."""
    return f(found + count, logs) - f(found, logs)


@njit(nogil=True, cache=True)
def add_row(gains, rows, ones, first, count, logs):
    """Add to `gains` (float64) what `count` more bring in each place of the row that begins at `first`.

    `rows`: uint32, the counts; `ones`: float32, what one more brings.
    """
    if count == 1:
        _add_ones(gains, ones, np.uint64(first))
    else:
        _add_counts(gains, rows, np.uint64(first), np.uint32(count), logs)


@njit(nogil=True, cache=True)
def change(rows, ones, at, count, logs):
    """Add `count`, which may be negative, to one place of a row."""
    found = np.int64(rows[at]) + count
    rows[at] = found
    ones[at] = added(found, 1, logs)


@njit(nogil=True, cache=True)
def _add_ones(gains, ones, first):
    for place in range(len(gains)):
        gains[place] += ones[first + np.uint64(place)]


@njit(nogil=True, cache=True)
def _add_counts(gains, rows, first, count, logs):
    for place in range(len(gains)):
        found = rows[first + np.uint64(place)]
        if np.uint64(found) + count < np.uint64(len(logs)):  # not `added`: it keeps the loop from being vectorised
            gains[place] += logs[np.uint64(found) + count] - logs[np.uint64(found)]
        else:
            gains[place] += added(np.int64(found), np.int64(count), logs)
