"""Kernels of Anderson mixing: what changed from pass to pass, and the step that the changes add up to."""

from __future__ import annotations

from numba import njit


@njit(nogil=True, cache=True)
def differ(first, last, values, before, rest, slot, used, steps, changes, products, shares):
    """Note how what is left over has changed, for rows from `first` to `last`.

    `before`, `values`: before a pass and after it; `rest` float32: their difference the time before, renewed. Column
    `slot` of float32 `changes` (nodes, K) is set. Adds to `products` that column times each of `used` columns, and to
    `shares` what is left over times each. `slot` -1: `rest` alone is set, and the column 0 of `steps` to it.
    """
    for row in range(first, last):
        left = values[row] - before[row]
        if slot < 0:
            steps[row, 0] = left
            before[row] = values[row]
        else:
            changes[row, slot] = left - rest[row]
            change = changes[row, slot]
            for other in range(used):
                products[other] += change * changes[row, other]
                shares[other] += changes[row, other] * left
        rest[row] = left


@njit(nogil=True, cache=True)
def mix(first, last, values, before, factors, slot, steps, changes, fresh):
    """``fresh = values - sum of factors * (steps + changes)``, not below 0; column `slot` of `steps` is the new one."""
    used = len(factors)
    for row in range(first, last):
        value = values[row]
        for column in range(used):
            value -= factors[column] * (steps[row, column] + changes[row, column])
        value = max(value, 0.0)
        fresh[row] = value
        steps[row, slot] = value - before[row]
        before[row] = value
