"""Products of sparse rows with a few vectors: numba kernels over compressed rows.

A block of rows is ``starts`` (int64 (rows + 1,)), ``columns`` (int32, ascending within a row) and ``values``: row r has
``values[starts[r]:starts[r + 1]]``. Vectors are rows of a matrix (columns, width) in C order, so that an entry of the
block meets one contiguous run of numbers.
"""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(nogil=True, cache=True)
def multiply(starts, columns, values, first, last, vectors, out):
    """``out[r] = A[r] @ vectors`` for the rows from `first` to `last`."""
    width = vectors.shape[1]
    for row in range(first, last):
        product = out[row]
        product[:] = 0
        for at in range(starts[row], starts[row + 1]):
            vector, value = vectors[columns[at]], values[at]
            for j in range(width):
                product[j] += value * vector[j]


@njit(nogil=True, cache=True)
def scatter(starts, columns, values, products, low, high, total):
    """``total += A.T @ products``, only the rows of `total` from `low` to `high`: so threads may share the work."""
    width = total.shape[1]
    for row in range(len(starts) - 1):
        product = products[row]
        end = starts[row + 1]
        at = starts[row]
        if low > 0:
            at += np.searchsorted(columns[at:end], low)
        while at < end and columns[at] < high:
            sums, value = total[columns[at]], values[at]
            for j in range(width):
                sums[j] += value * product[j]
            at += 1


@njit(nogil=True, cache=True)
def gram_product(starts, columns, values, first, last, vectors, total):
    """``total += A.T @ (A @ vectors)`` over the rows from `first` to `last`, each read once."""
    width = vectors.shape[1]
    product = np.zeros(width, dtype=vectors.dtype)
    for row in range(first, last):
        product[:] = 0
        for at in range(starts[row], starts[row + 1]):
            vector, value = vectors[columns[at]], values[at]
            for j in range(width):
                product[j] += value * vector[j]
        for at in range(starts[row], starts[row + 1]):
            sums, value = total[columns[at]], values[at]
            for j in range(width):
                sums[j] += value * product[j]


@njit(nogil=True, cache=True)
def gram_product_of_one(starts, columns, values, first, last, vector, total):
    """As `gram_product`, of one vector: float (columns,) `vector` and `total`."""
    for row in range(first, last):
        begin, end = starts[row], starts[row + 1]
        product = values[begin] * vector[columns[begin]] if begin < end else values.dtype.type(0)
        for at in range(begin + 1, end):
            product += values[at] * vector[columns[at]]
        for at in range(begin, end):
            total[columns[at]] += values[at] * product


@njit(nogil=True, cache=True)
def by_column(starts, columns, values, width):
    """The same entries by column: (starts int64, rows int32, values, names int32), without the empty columns.

    ``names[c]`` is the column that stands in place c. Those with the fewest entries come first: the loops over columns
    of equal length are the ones a processor foresees.
    """
    counts = np.zeros(width, dtype=np.int64)
    longest = 0
    for column in columns:
        counts[column] += 1
    for column in range(width):
        longest = max(longest, counts[column])
    places = np.zeros(longest + 2, dtype=np.int64)
    for column in range(width):
        places[counts[column] + 1] += 1
    places[1] = 0  # no place for an empty column
    for length in range(longest + 1):
        places[length + 1] += places[length]
    names = np.empty(places[longest + 1], dtype=np.int32)
    for column in range(width):
        if counts[column]:
            names[places[counts[column]]] = column
            places[counts[column]] += 1
    ends = np.zeros(len(names) + 1, dtype=np.int64)
    for place in range(len(names)):
        ends[place + 1] = ends[place] + counts[names[place]]
        counts[names[place]] = ends[place]  # from here on: where the next entry of the column goes
    rows, moved = np.empty(len(columns), dtype=np.int32), np.empty_like(values)
    for row in range(len(starts) - 1):
        for at in range(starts[row], starts[row + 1]):
            to = counts[columns[at]]
            counts[columns[at]] = to + 1
            rows[to], moved[to] = row, values[at]
    return ends, rows, moved, names


@njit(nogil=True, cache=True)
def centred_products(starts, rows, values, names, first, last, vectors, sums, mean, out):
    """``out[names[c]] = A[c] @ vectors - mean[names[c]] * sums`` for the columns A[c] from `first` to `last`."""
    width = vectors.shape[1]
    for place in range(first, last):
        product, centre = out[names[place]], mean[names[place]]
        for j in range(width):
            product[j] = -centre * sums[j]
        for at in range(starts[place], starts[place + 1]):
            vector, value = vectors[rows[at]], values[at]
            for j in range(width):
                product[j] += value * vector[j]


@njit(nogil=True, cache=True)
def column_sums(columns, values, sums):
    """Add each value to the sum of its column (float64)."""
    for at in range(len(columns)):
        sums[columns[at]] += values[at]
