"""Products of the rows of two flat float32 tables, a few by a few, in vector instructions.

A window of skip-gram with shared negatives is a small matrix product (Ji et al. 2016, "Parallelizing Word2Vec in Shared
and Distributed Memory", section 3): all its input rows with all its output rows. Here tiles of it stay in registers. A
row is a whole number of `LANES` floats. `dots` is the product, `adjust` the step along its gradient.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from lilliput.nets.vector_code import (
    INT,
    LONG,
    across,
    floats,
    fused,
    load,
    pointer_to,
    shuffled,
    spread,
    store,
    sums_of_eights,
)

LANES = 8
LINE = 16
"""Floats in a line of the cache."""
_VECTOR = floats(LANES)


def _row(context: Any, builder: Any, kinds: Any, arrays: Any, number: int | Any, first: Any) -> Any:
    """Pointer to the row of a table that the list of places names; `arrays` are the table and the list."""
    at = builder.add(first, number if isinstance(number, ir.Value) else ir.Constant(LONG, number))
    place = builder.load(pointer_to(context, builder, kinds[1], arrays[1], at, LONG))
    return pointer_to(context, builder, kinds[0], arrays[0], place)


def _along(builder: Any, row: Any, offset: Any) -> Any:
    """Pointer to the vector of a row that begins at its float `offset`."""
    return builder.bitcast(builder.gep(row, [offset]), ir.PointerType(_VECTOR))


def _store_sums(builder: Any, vectors: list[Any], place: Any) -> None:
    """The sums of the lanes of some vectors, one after the other from `place` on."""
    if len(vectors) == 1:
        builder.store(across(builder, vectors[0]), place)
        return
    sums, stored = sums_of_eights(builder, vectors), 0
    for lanes in (4, 2, 1):
        if len(vectors) & lanes:
            part = shuffled(builder, sums, sums, range(stored, stored + lanes))
            at = builder.gep(place, [ir.Constant(LONG, stored)])
            store(builder, part, builder.bitcast(at, ir.PointerType(part.type)))
            stored += lanes


def _dots(inputs: int, outputs: int) -> Callable[..., Any]:
    """``products[at + i * stride + j]`` = input row i by output row j."""

    def typed(typing: Any, table: Any, places: Any, first: Any, other: Any, others: Any, second: Any, width: Any,
              products: Any, at: Any, stride: Any) -> Any:  # fmt: skip
        def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            kinds = signature.args
            left = [_row(context, builder, kinds[:2], arguments[:2], i, arguments[2]) for i in range(inputs)]
            right = [_row(context, builder, kinds[3:5], arguments[3:5], j, arguments[5]) for j in range(outputs)]
            zero = ir.Constant(_VECTOR, [0.0] * LANES)
            sums = [[cgutils.alloca_once(builder, _VECTOR) for _ in right] for _ in left]
            for row in sums:
                for total in row:
                    builder.store(zero, total)
            with cgutils.for_range_slice(
                builder, ir.Constant(LONG, 0), arguments[6], ir.Constant(LONG, LANES), intp=LONG
            ) as (offset, _):
                values = [load(builder, _along(builder, row, offset)) for row in left]
                for j, row in enumerate(right):
                    vector = load(builder, _along(builder, row, offset))
                    for i, value in enumerate(values):
                        builder.store(fused(builder, value, vector, builder.load(sums[i][j])), sums[i][j])
            for i, row in enumerate(sums):
                start = builder.add(arguments[8], builder.mul(arguments[9], ir.Constant(LONG, i)))
                place = pointer_to(context, builder, kinds[7], arguments[7], start)
                _store_sums(builder, [builder.load(total) for total in row], place)
            return context.get_dummy_value()

        return types.void(table, places, types.int64, other, others, types.int64, types.int64, products, types.int64,
                          types.int64), code  # fmt: skip

    return intrinsic(typed)


def _adjust(outputs: int) -> Callable[..., Any]:
    """Add to input row i its ``steps[at + i * stride + j]`` times output row j, and the other way round, damped."""

    def typed(typing: Any, table: Any, places: Any, damp: Any, first: Any, inputs: Any, other: Any, others: Any,
              damp_other: Any, second: Any, width: Any, steps: Any, at: Any, stride: Any) -> Any:  # fmt: skip
        def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            kinds = signature.args

            def number(which: int, place: Any) -> Any:
                value = builder.load(pointer_to(context, builder, kinds[which], arguments[which], place))
                return spread(builder, value, LANES)

            right = [_row(context, builder, kinds[5:7], arguments[5:7], j, arguments[8]) for j in range(outputs)]
            damped = [number(7, builder.add(arguments[8], ir.Constant(LONG, j))) for j in range(outputs)]
            zero = ir.Constant(_VECTOR, [0.0] * LANES)
            sums = [cgutils.alloca_once(builder, _VECTOR) for _ in right]
            with cgutils.for_range_slice(
                builder, ir.Constant(LONG, 0), arguments[9], ir.Constant(LONG, LANES), intp=LONG
            ) as (offset, _):
                vectors = [load(builder, _along(builder, row, offset)) for row in right]
                for total in sums:
                    builder.store(zero, total)
                with cgutils.for_range(builder, arguments[4], intp=LONG) as loop:
                    row = _row(context, builder, kinds[:2], arguments[:2], loop.index, arguments[3])
                    value = load(builder, _along(builder, row, offset))
                    moved = zero
                    start = builder.add(arguments[11], builder.mul(arguments[12], loop.index))
                    for j, vector in enumerate(vectors):
                        step = number(10, builder.add(start, ir.Constant(LONG, j)))
                        moved = fused(builder, step, vector, moved)
                        builder.store(fused(builder, step, value, builder.load(sums[j])), sums[j])
                    share = number(2, builder.add(arguments[3], loop.index))
                    store(builder, fused(builder, share, moved, value), _along(builder, row, offset))
                for row, vector, share, total in zip(right, vectors, damped, sums, strict=True):
                    after = fused(builder, share, builder.load(total), vector)
                    store(builder, after, _along(builder, row, offset))
            return context.get_dummy_value()

        return types.void(table, places, damp, types.int64, types.int64, other, others, damp_other, types.int64,
                          types.int64, steps, types.int64, types.int64), code  # fmt: skip

    return intrinsic(typed)


@intrinsic
def _fetch(typing: Any, table: Any, place: Any) -> Any:
    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer = pointer_to(context, builder, signature.args[0], arguments[0], arguments[1], ir.IntType(8))
        kind = ir.FunctionType(ir.VoidType(), [pointer.type, INT, INT, INT])
        function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        builder.call(function, [pointer, ir.Constant(INT, 1), ir.Constant(INT, 3), ir.Constant(INT, 1)])
        return context.get_dummy_value()

    return types.void(table, types.int64), code


@intrinsic
def _add_share(typing: Any, table: Any, place: Any, row: Any, at: Any, share: Any) -> Any:
    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        target = pointer_to(context, builder, signature.args[0], arguments[0], arguments[1], _VECTOR)
        source = pointer_to(context, builder, signature.args[2], arguments[2], arguments[3], _VECTOR)
        shares = spread(builder, arguments[4], LANES)
        store(builder, fused(builder, shares, load(builder, source), load(builder, target)), target)
        return context.get_dummy_value()

    return types.void(table, types.int64, row, types.int64, types.float32), code


_dots26, _dots16 = _dots(2, 6), _dots(1, 6)
_dots23, _dots13 = _dots(2, 3), _dots(1, 3)
_dots21, _dots11 = _dots(2, 1), _dots(1, 1)
_adjust6, _adjust3, _adjust1 = _adjust(6), _adjust(3), _adjust(1)


@njit(nogil=True, cache=True)
def fetch(table, place, width):
    """Have a row brought nearer, since it will be needed soon."""
    for offset in range(0, width, LINE):
        _fetch(table, place + offset)


@njit(inline="always")
def add_share(table, place, row, width, share):
    """``table[place : place + width] += share * row[:width]``; `width` is a multiple of `LANES`."""
    for offset in range(0, width, LANES):
        _add_share(table, place + offset, row, offset, share)


@njit(nogil=True, cache=True)
def dots(table, places, first, inputs, other, others, second, outputs, width, products, at):
    """``products[at + i * outputs + j]`` = row ``places[first + i]`` of a table by ``others[second + j]`` of the other.

    Tables are flat; places are those of the rows' first floats (int64), and `width` is a multiple of `LANES`.
    """
    i = 0
    while i < inputs:
        tall = 2 if inputs - i >= 2 else 1
        j = 0
        while j < outputs:
            wide = 6 if outputs - j >= 6 else (3 if outputs - j >= 3 else 1)
            a, b, p = first + i, second + j, at + i * outputs + j
            if wide == 6:
                if tall == 2:
                    _dots26(table, places, a, other, others, b, width, products, p, outputs)
                else:
                    _dots16(table, places, a, other, others, b, width, products, p, outputs)
            elif wide == 3:
                if tall == 2:
                    _dots23(table, places, a, other, others, b, width, products, p, outputs)
                else:
                    _dots13(table, places, a, other, others, b, width, products, p, outputs)
            elif tall == 2:
                _dots21(table, places, a, other, others, b, width, products, p, outputs)
            else:
                _dots11(table, places, a, other, others, b, width, products, p, outputs)
            j += wide
        i += tall


@njit(nogil=True, cache=True)
def adjust(table, places, damp, first, inputs, other, others, damp_other, second, outputs, width, steps, at):
    """Add to each input row the steps times the output rows, and to each output row those times the input rows.

    ``steps[at + i * outputs + j]`` as in `dots`; what is added to row ``places[i]`` is multiplied by ``damp[i]``. Of
    more than six outputs some at a time, one after the other.
    """
    j = 0
    while j < outputs:
        b, p = second + j, at + j
        if outputs - j >= 6:
            _adjust6(table, places, damp, first, inputs, other, others, damp_other, b, width, steps, p, outputs)
            j += 6
        elif outputs - j >= 3:
            _adjust3(table, places, damp, first, inputs, other, others, damp_other, b, width, steps, p, outputs)
            j += 3
        else:
            _adjust1(table, places, damp, first, inputs, other, others, damp_other, b, width, steps, p, outputs)
            j += 1
