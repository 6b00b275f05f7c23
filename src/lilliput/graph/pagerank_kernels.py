"""Kernels of a pass: what each row gets from the nodes that point at it, and taking the new values over."""

from __future__ import annotations

from numba import njit


@njit(nogil=True, cache=True)
def gather(starts, sources, given, base, stride, level, damping, first, last, fresh):
    """What rows from `first` to `last` get: ``level * base[row * stride] + damping * sum(given[source])``.

    For a network without weights. Four sums, which do not wait for each other, in an order of their own.
    """
    for row in range(first, last):
        edge, end = starts[row], starts[row + 1]
        one = two = three = four = 0.0
        while edge + 4 <= end:
            one += given[sources[edge]]
            two += given[sources[edge + 1]]
            three += given[sources[edge + 2]]
            four += given[sources[edge + 3]]
            edge += 4
        while edge < end:
            one += given[sources[edge]]
            edge += 1
        fresh[row] = level * base[row * stride] + damping * ((one + two) + (three + four))


@njit(nogil=True, cache=True)
def gather_weighted(starts, sources, weights, given, base, stride, level, damping, first, last, fresh):
    """As `gather`, each value times the weight of its edge."""
    for row in range(first, last):
        edge, end = starts[row], starts[row + 1]
        one = two = three = four = 0.0
        while edge + 4 <= end:
            one += weights[edge] * given[sources[edge]]
            two += weights[edge + 1] * given[sources[edge + 1]]
            three += weights[edge + 2] * given[sources[edge + 2]]
            four += weights[edge + 3] * given[sources[edge + 3]]
            edge += 4
        while edge < end:
            one += weights[edge] * given[sources[edge]]
            edge += 1
        fresh[row] = level * base[row * stride] + damping * ((one + two) + (three + four))


@njit(nogil=True, cache=True)
def accept(first, last, fresh, strength, flow, values, given):
    """Take over the `fresh` values of rows, and what each gives to a weight of 1.

    `flow`: the part of a node's value that goes to accounts, by row; all of it where that is empty. Returns how much
    the values changed, their sum, and how much of that goes on to accounts.
    """
    change = total = passed = 0.0
    parted = len(flow) > 0
    for row in range(first, last):
        value = fresh[row]
        change += abs(value - values[row])
        total += value
        values[row] = value
        if strength[row] > 0.0:
            given[row] = value / strength[row]
            passed += value * flow[row] if parted else value
    return change, total, passed
