"""The nearest rows of an eight-bit table, many rows or many queries at a time: numba kernels.

All sums are of whole numbers that fit into 32 bits, so they are the same in any order and on any machine.
"""

from __future__ import annotations

import numpy as np
from numba import njit

_NOTHING = np.int32(0)


@njit(nogil=True, cache=True)
def scan(codes, inverse, queries, first, last, rows, scores):
    """The best rows from `first` to `last` for each query, the best first, of equal ones the first.

    `codes`: int8 (rows, dim); `inverse`: float32 (rows,); `queries`: int16 (queries, dim); `rows` (int64) and `scores`
    (float64), both (queries, k), are written: a score is the product times `inverse`. There must be k rows.
    """
    most = rows.shape[1]
    dim = codes.shape[1]
    scores[:] = -np.inf
    rows[:] = -1
    for row in range(first, last):
        code = codes[row]
        scale = np.float64(inverse[row])
        for number in range(len(queries)):
            query = queries[number]
            total = _NOTHING
            for place in range(dim):
                total = np.int32(total + np.int32(np.int32(code[place]) * np.int32(query[place])))
            score = total * scale
            if score > scores[number, most - 1]:
                at = most - 1
                while at > 0 and score > scores[number, at - 1]:
                    scores[number, at] = scores[number, at - 1]
                    rows[number, at] = rows[number, at - 1]
                    at -= 1
                scores[number, at] = score
                rows[number, at] = row
