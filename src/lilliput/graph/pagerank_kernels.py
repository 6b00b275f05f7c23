"""Kernels of a pass: what each row gets from the nodes that point at it, and taking the new values over.

What a pass waits for is memory: the values of the nodes that point are read in no order. Which ones will be read is
known long before, so that the processor is told to fetch them (Ainsworth and Jones 2017, "Software prefetching for
indirect memory accesses", section 4).
"""

from __future__ import annotations

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from lilliput.nets.barrier import meet

AHEAD = np.uint64(128)
"""Edges from the one that is read to the one whose value is fetched."""
ONE, TWO, THREE, FOUR = np.uint64(1), np.uint64(2), np.uint64(3), np.uint64(4)


@intrinsic
def _fetch(typing, array, index):
    """Ask for ``array[index]`` to be brought near; nothing is read, so that no index does harm."""

    def generate(context, builder, signature, given):
        data = context.make_array(signature.args[0])(context, builder, given[0]).data
        address = builder.bitcast(builder.gep(data, [given[1]]), cgutils.voidptr_t)
        flag = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [address.type, flag, flag, flag])
        function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0i8")
        builder.call(function, [address, flag(0), flag(3), flag(1)])  # to be read, kept in all caches, data
        return context.get_dummy_value()

    return types.void(array, types.uint64), generate


@njit(nogil=True, cache=True)
def _sum(sources, given, edge, end):
    """``sum(given[source])`` of the edges from `edge` to `end`, uint64.

    Four sums, which do not wait for each other, in an order of their own.
    """
    one = two = three = four = 0.0
    ahead = end + AHEAD <= np.uint64(len(sources))
    while edge + FOUR <= end:
        if ahead:
            later = edge + AHEAD
            _fetch(given, sources[later])
            _fetch(given, sources[later + ONE])
            _fetch(given, sources[later + TWO])
            _fetch(given, sources[later + THREE])
        one += given[sources[edge]]
        two += given[sources[edge + ONE]]
        three += given[sources[edge + TWO]]
        four += given[sources[edge + THREE]]
        edge += FOUR
    while edge < end:
        if ahead:
            _fetch(given, sources[edge + AHEAD])
        one += given[sources[edge]]
        edge += ONE
    return (one + two) + (three + four)


@njit(nogil=True, cache=True)
def _weighted_sum(sources, weights, given, edge, end):
    """As `_sum`, each value times the weight of its edge."""
    one = two = three = four = 0.0
    ahead = end + AHEAD <= np.uint64(len(sources))
    while edge + FOUR <= end:
        if ahead:
            later = edge + AHEAD
            _fetch(given, sources[later])
            _fetch(given, sources[later + ONE])
            _fetch(given, sources[later + TWO])
            _fetch(given, sources[later + THREE])
        one += weights[edge] * given[sources[edge]]
        two += weights[edge + ONE] * given[sources[edge + ONE]]
        three += weights[edge + TWO] * given[sources[edge + TWO]]
        four += weights[edge + THREE] * given[sources[edge + THREE]]
        edge += FOUR
    while edge < end:
        if ahead:
            _fetch(given, sources[edge + AHEAD])
        one += weights[edge] * given[sources[edge]]
        edge += ONE
    return (one + two) + (three + four)


@njit(nogil=True, cache=True)
def gather(starts, sources, given, base, stride, level, damping, first, last, fresh):
    """What rows from `first` to `last` get: ``level * base[row * stride] + damping * sum(given[source])``.

    For a network without weights.
    """
    for row in range(first, last):
        found = _sum(sources, given, np.uint64(starts[row]), np.uint64(starts[row + 1]))
        fresh[row] = level * base[row * stride] + damping * found


@njit(nogil=True, cache=True)
def gather_weighted(starts, sources, weights, given, base, stride, level, damping, first, last, fresh):
    """As `gather`, each value times the weight of its edge."""
    for row in range(first, last):
        found = _weighted_sum(sources, weights, given, np.uint64(starts[row]), np.uint64(starts[row + 1]))
        fresh[row] = level * base[row * stride] + damping * found


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


@njit(nogil=True, cache=True)
def sweep(worker, workers, barrier, cuts, stages, starts, sources, weights, given, base, stride, level, damping, fresh,
          strength, flow, values, told):  # fmt: skip
    """Renew all rows, run by run, together with the other workers; False if one of them failed.

    ``cuts`` are the borders of the blocks, of which each of the `stages` has as many as any other; ``weights`` is empty
    for a network without. What `accept` says of a block goes to its row of ``told``, float64 (blocks, 3).
    """
    step = (len(cuts) - 1) // stages
    for stage in range(stages):
        first, last = stage * step, (stage + 1) * step
        for block in range(first + worker, last, workers):
            rows = cuts[block], cuts[block + 1]
            if len(weights):
                gather_weighted(starts, sources, weights, given, base, stride, level, damping, rows[0], rows[1], fresh)
            else:
                gather(starts, sources, given, base, stride, level, damping, rows[0], rows[1], fresh)
        if not meet(barrier, workers, 2 * stage + 1):
            return False
        for block in range(first + worker, last, workers):
            change, total, passed = accept(cuts[block], cuts[block + 1], fresh, strength, flow, values, given)
            told[block, 0], told[block, 1], told[block, 2] = change, total, passed
        if not meet(barrier, workers, 2 * stage + 2):
            return False
    return True
