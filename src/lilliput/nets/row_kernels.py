"""Adam on the rows of a table that a sparse batch touches: gradient and step of a row in one go, in numba."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(nogil=True, cache=True, error_model="numpy")
def adam_rows(columns, starts, rows, values, deltas, weights, means, squares, first, last, numbers):
    """Step the rows ``columns[first:last]`` of `weights` (columns, units), `means` and `squares` (its moments).

    The gradient of row ``columns[u]`` is the sum of ``values[k] * deltas[rows[k]]`` for k from ``starts[u]`` to
    ``starts[u + 1]``; `deltas` (batch, units) is the gradient of the layer's output. `numbers`: step size with its
    corrections for bias, the two decay rates, epsilon; float32 (4,). Kingma and Ba 2015, "Adam", algorithm 1, with the
    moments of untouched rows at rest, as in `torch.optim.SparseAdam`.
    """
    units = weights.shape[1]
    gradient = np.empty(units, dtype=np.float32)
    step, keep, keep_square, epsilon = numbers[0], numbers[1], numbers[2], numbers[3]
    one = np.float32(1)
    for u in range(first, last):
        gradient[:] = 0
        for k in range(starts[u], starts[u + 1]):
            value, delta = values[k], deltas[rows[k]]
            for unit in range(units):
                gradient[unit] += value * delta[unit]
        weight, mean, square = weights[columns[u]], means[columns[u]], squares[columns[u]]
        for unit in range(units):
            slope = gradient[unit]
            m = keep * mean[unit] + (one - keep) * slope
            s = keep_square * square[unit] + (one - keep_square) * slope * slope
            mean[unit] = m
            square[unit] = s
            weight[unit] -= step * m / (np.sqrt(s) + epsilon)
