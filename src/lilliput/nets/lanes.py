"""Arithmetic on the rows of flat float32 tables in vector instructions, for the inner loops of the kernels.

The compiler turns a loop into vector instructions of its own accord only where rows are long; those of a table of four
or of 28 weights it works off one by one. Here a row is cut into eights, one four, and single weights, and each of these
is one vector operation. All are those of IEEE 754, so the results are the same on every machine.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

from lilliput.nets.vector_code import FLOAT, INT, LONG, call, floats, load, pointer_to, spread, store


def _add(lanes: int) -> Callable[..., Any]:
    kind = floats(lanes)

    def typed(typing: Any, total: Any, at: Any, rows: Any, start: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            pointer = pointer_to(context, builder, total, arguments[0], arguments[1], kind)
            row = load(builder, pointer_to(context, builder, rows, arguments[2], arguments[3], kind))
            store(builder, builder.fadd(load(builder, pointer), row), pointer)
            return context.get_dummy_value()

        return types.void(total, types.int64, rows, types.int64), code

    return intrinsic(typed)


def _adagrad(lanes: int) -> Callable[..., Any]:
    kind = floats(lanes)

    def typed(typing: Any, weights: Any, sums: Any, start: Any, gradient: Any, at: Any, rate: Any, least: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            weight = pointer_to(context, builder, weights, arguments[0], arguments[2], kind)
            square = pointer_to(context, builder, sums, arguments[1], arguments[2], kind)
            slope = load(builder, pointer_to(context, builder, gradient, arguments[3], arguments[4], kind))
            rate, least = (spread(builder, number, lanes) for number in arguments[5:])
            total = builder.fadd(load(builder, square), builder.fmul(slope, slope))
            store(builder, total, square)
            root = call(builder, f"llvm.sqrt.v{lanes}f32", kind, builder.fadd(total, least))
            step = builder.fdiv(builder.fmul(rate, slope), root)
            store(builder, builder.fsub(load(builder, weight), step), weight)
            return context.get_dummy_value()

        given = (weights, sums, types.int64, gradient, types.int64, types.float32, types.float32)
        return types.void(*given), code

    return intrinsic(typed)


def _round(lanes: int) -> Callable[..., Any]:
    kind = floats(lanes)

    def typed(typing: Any, values: Any, rounded: Any, start: Any, unit: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            value = load(builder, pointer_to(context, builder, values, arguments[0], arguments[2], kind))
            unit = spread(builder, arguments[3], lanes)
            whole = call(builder, f"llvm.rint.v{lanes}f32", kind, builder.fdiv(value, unit))
            target = pointer_to(context, builder, rounded, arguments[1], arguments[2], kind)
            store(builder, builder.fmul(whole, unit), target)
            return context.get_dummy_value()

        return types.void(values, rounded, types.int64, types.float32), code

    return intrinsic(typed)


def _largest(lanes: int) -> Callable[..., Any]:
    kind = ir.VectorType(INT, lanes)

    def typed(typing: Any, values: Any, start: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            bits = load(builder, pointer_to(context, builder, values, arguments[0], arguments[1], kind))
            sizes = builder.and_(bits, spread(builder, ir.Constant(INT, 0x7FFFFFFF), lanes))
            return call(builder, f"llvm.vector.reduce.umax.v{lanes}i32", INT, sizes)

        return types.int32(values, types.int64), code

    return intrinsic(typed)


@intrinsic
def add_8_nibbles(typing: Any, total: Any, at: Any, codes: Any, nibble: Any, unit: Any) -> Any:
    """``total[at + k] += (c - 7) * unit`` for the eight 4-bit codes c from `nibble` on; reads eight bytes of codes."""
    kind, ints = floats(8), ir.VectorType(INT, 8)

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        first = builder.lshr(arguments[3], ir.Constant(LONG, 1))
        word = builder.load(pointer_to(context, builder, codes, arguments[2], first, LONG))
        word.align = 1
        odd = builder.shl(builder.and_(arguments[3], ir.Constant(LONG, 1)), ir.Constant(LONG, 2))
        eight = spread(builder, builder.trunc(builder.lshr(word, odd), INT), 8)
        shifts = ir.Constant(ints, [ir.Constant(INT, 4 * lane) for lane in range(8)])
        nibbles = builder.and_(builder.lshr(eight, shifts), spread(builder, ir.Constant(INT, 15), 8))
        steps = builder.sitofp(builder.sub(nibbles, spread(builder, ir.Constant(INT, 7), 8)), kind)
        pointer = pointer_to(context, builder, total, arguments[0], arguments[1], kind)
        grown = builder.fadd(load(builder, pointer), builder.fmul(steps, spread(builder, arguments[4], 8)))
        store(builder, grown, pointer)
        return context.get_dummy_value()

    return types.void(total, types.int64, codes, types.int64, types.float32), code


@intrinsic
def add_8_bytes(typing: Any, total: Any, at: Any, codes: Any, start: Any, unit: Any) -> Any:
    """``total[at + k] += (c - 127) * unit`` for the eight 8-bit codes c from `start` on."""
    kind, ints = floats(8), ir.VectorType(INT, 8)
    bytes_ = ir.VectorType(ir.IntType(8), 8)

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        read = builder.load(pointer_to(context, builder, codes, arguments[2], arguments[3], bytes_))
        read.align = 1
        steps = builder.sub(builder.zext(read, ints), spread(builder, ir.Constant(INT, 127), 8))
        pointer = pointer_to(context, builder, total, arguments[0], arguments[1], kind)
        scaled = builder.fmul(builder.sitofp(steps, kind), spread(builder, arguments[4], 8))
        store(builder, builder.fadd(load(builder, pointer), scaled), pointer)
        return context.get_dummy_value()

    return types.void(total, types.int64, codes, types.int64, types.float32), code


_add_8, _add_4, _add_1 = _add(8), _add(4), _add(1)
_adagrad_8, _adagrad_4, _adagrad_1 = _adagrad(8), _adagrad(4), _adagrad(1)
_round_8, _round_4, _round_1 = _round(8), _round(4), _round(1)
_largest_8, _largest_4, _largest_1 = _largest(8), _largest(4), _largest(1)


@intrinsic
def bits_of(typing: Any, value: Any) -> Any:
    """The bits of a float32 as an int32."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], INT)

    return types.int32(types.float32), code


@intrinsic
def float_of(typing: Any, bits: Any) -> Any:
    """The float32 of some bits (int32)."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], FLOAT)

    return types.float32(types.int32), code


@njit(inline="always")
def add_row(total, at, rows, start, dim):
    """``total[at : at + dim] += rows[start : start + dim]``."""
    k = 0
    while k + 8 <= dim:
        _add_8(total, at + k, rows, start + k)
        k += 8
    if k + 4 <= dim:
        _add_4(total, at + k, rows, start + k)
        k += 4
    while k < dim:
        _add_1(total, at + k, rows, start + k)
        k += 1


@njit(inline="always")
def adagrad_row(weights, sums, start, gradient, dim, rate, least):
    """One step of Adagrad for the row at `start`: sums += g ** 2, weights -= rate * g / sqrt(sums + least)."""
    k = 0
    while k + 8 <= dim:
        _adagrad_8(weights, sums, start + k, gradient, k, rate, least)
        k += 8
    if k + 4 <= dim:
        _adagrad_4(weights, sums, start + k, gradient, k, rate, least)
        k += 4
    while k < dim:
        _adagrad_1(weights, sums, start + k, gradient, k, rate, least)
        k += 1


@njit(inline="always")
def round_row(values, rounded, start, dim, unit):
    """The row at `start` of `values` as multiples of `unit`, half to even, into the same place of `rounded`."""
    k = 0
    while k + 8 <= dim:
        _round_8(values, rounded, start + k, unit)
        k += 8
    if k + 4 <= dim:
        _round_4(values, rounded, start + k, unit)
        k += 4
    while k < dim:
        _round_1(values, rounded, start + k, unit)
        k += 1


@njit(inline="always")
def largest_bits(values, start, dim):
    """Bits (int32) of the largest magnitude in the row at `start`; floats without a sign are ordered as their bits."""
    largest = np.int32(0)
    k = 0
    while k + 8 <= dim:
        largest = max(largest, _largest_8(values, start + k))
        k += 8
    if k + 4 <= dim:
        largest = max(largest, _largest_4(values, start + k))
        k += 4
    while k < dim:
        largest = max(largest, _largest_1(values, start + k))
        k += 1
    return largest
