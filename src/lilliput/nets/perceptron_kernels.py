"""One pass of a perceptron over rows: numba kernels, a hyperplane at a time.

A hyperplane is ``weights`` (columns + 1,), the last entry its bias. ``sums`` holds the updates weighted by how many
rows came before each, so that the mean of the weights over all rows is ``weights - sums / rows seen``: Daumé, "A Course
in Machine Learning", algorithm 7.
"""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(nogil=True, cache=True, fastmath={"reassoc", "contract"})
def rosenblatt_pass(rows, signs, order, weights, sums, seen):
    """Rosenblatt 1958: a row on the wrong side (or on the plane) is added with its sign. Returns the mistakes."""
    columns = rows.shape[1]
    mistakes = 0
    for place in range(len(order)):
        row, sign = rows[order[place]], signs[order[place]]
        score = weights[columns]
        for j in range(columns):
            score += weights[j] * row[j]
        if score * sign <= 0.0:
            mistakes += 1
            late = sign * (seen + place)
            for j in range(columns):
                weights[j] += sign * row[j]
                sums[j] += late * row[j]
            weights[columns] += sign
            sums[columns] += late
    return mistakes


@njit(nogil=True, cache=True, fastmath={"reassoc", "contract"})
def delta_pass(rows, signs, order, weights, sums, seen, step):
    """Widrow and Hoff 1960: each row moves its score a part `step` of the way to its sign. Returns the mistakes.

    The step is divided by the squared length of the row (normalised least mean squares), so that any below 2 is stable.
    """
    columns = rows.shape[1]
    mistakes = 0
    for place in range(len(order)):
        row, sign = rows[order[place]], signs[order[place]]
        score, length = weights[columns], 1.0
        for j in range(columns):
            score += weights[j] * row[j]
            length += row[j] * row[j]
        if score * sign <= 0.0:
            mistakes += 1
        change = step * (sign - score) / length
        late = change * (seen + place)
        for j in range(columns):
            weights[j] += change * row[j]
            sums[j] += late * row[j]
        weights[columns] += change
        sums[columns] += late
    return mistakes


@njit(nogil=True, cache=True, fastmath={"reassoc", "contract"})
def wrong_side(rows, signs, weights):
    """Flags of the rows that are not strictly on the side of their sign."""
    columns = rows.shape[1]
    wrong = np.empty(len(rows), dtype=np.bool_)
    for at in range(len(rows)):
        score = weights[columns]
        for j in range(columns):
            score += weights[j] * rows[at, j]
        wrong[at] = score * signs[at] <= 0.0
    return wrong
