"""The loss log(1 + exp(x)) of many float32 at once, and its slope, in vector instructions.

exp(-|x|) is 2^n 2^f for a whole n and an f of at most a half: n goes into the exponent's bits, 2^f is Taylor's
polynomial of the sixth degree, whose error is below a unit in the last place.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from lilliput.nets.vector_code import INT, LONG, across, call, floats, fused, load, pointer_to, spread, store

LANES = 8

PIECE = 12 * LANES
"""Numbers whose factors 1 + exp(-|x|) are multiplied before a logarithm is taken: at most 2^96, which float32 holds."""
_VECTOR, _WHOLES = floats(LANES), ir.VectorType(INT, LANES)
_LARGEST = 80.0
"""Beyond it exp(-|x|) would not be a normal number; as a summand it is nothing long before."""
_TAYLOR = [math.log(2) ** power / math.factorial(power) for power in range(7)]


def _all(value: float) -> Any:
    return ir.Constant(_VECTOR, [value] * LANES)


def _exp_of_less(builder: Any, magnitude: Any) -> Any:
    """exp(-x) for x from 0 to `_LARGEST`."""
    power = builder.fmul(magnitude, _all(-1 / math.log(2)))
    whole = call(builder, f"llvm.rint.v{LANES}f32", _VECTOR, power)
    rest = builder.fsub(power, whole)
    value = _all(_TAYLOR[-1])
    for coefficient in reversed(_TAYLOR[:-1]):
        value = fused(builder, value, rest, _all(coefficient))
    exponent = builder.add(builder.fptosi(whole, _WHOLES), ir.Constant(_WHOLES, [127] * LANES))
    scale = builder.bitcast(builder.shl(exponent, ir.Constant(_WHOLES, [23] * LANES)), _VECTOR)
    return builder.fmul(value, scale)


@intrinsic
def _piece(typing: Any, products: Any, at: Any, count: Any, slope: Any, steps: Any) -> Any:
    """Steps of up to `PIECE` numbers; the sums of max(0, x) and of x squared, and the product of 1 + exp(-|x|)."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        products, at, count, slope, steps = arguments
        kinds = signature.args
        zero, one = _all(0.0), _all(1.0)
        parts, factors, squares = (cgutils.alloca_once(builder, _VECTOR) for _ in range(3))
        for place, start in ((parts, zero), (factors, one), (squares, zero)):
            builder.store(start, place)
        slopes = spread(builder, slope, LANES)
        numbers = ir.Constant(ir.VectorType(LONG, LANES), list(range(LANES)))
        step = ir.Constant(LONG, LANES)
        with cgutils.for_range_slice(builder, ir.Constant(LONG, 0), count, step, intp=LONG) as (offset, _):
            place = builder.add(at, offset)
            source = pointer_to(context, builder, kinds[0], products, place, _VECTOR)
            target = pointer_to(context, builder, kinds[4], steps, place, _VECTOR)
            left = spread(builder, builder.sub(count, offset), LANES)
            live = builder.icmp_signed("<", numbers, left)
            x = builder.select(live, load(builder, source), zero)
            size = call(builder, f"llvm.fabs.v{LANES}f32", _VECTOR, x)
            size = builder.select(builder.fcmp_ordered("<", size, _all(_LARGEST)), size, _all(_LARGEST))
            e = _exp_of_less(builder, size)
            factor = builder.fadd(one, e)
            share = builder.fdiv(one, factor)
            positive = builder.fcmp_ordered(">=", x, zero)
            sigmoid = builder.select(positive, share, builder.fmul(e, share))
            store(builder, builder.fmul(slopes, sigmoid), target)
            builder.store(builder.fadd(builder.load(parts), builder.select(positive, x, zero)), parts)
            builder.store(fused(builder, x, x, builder.load(squares)), squares)
            builder.store(builder.fmul(builder.load(factors), builder.select(live, factor, one)), factors)
        sums = [across(builder, builder.load(place)) for place in (parts, squares)]
        product = across(builder, builder.load(factors), "fmul")
        return context.make_tuple(builder, signature.return_type, [*sums, product])

    return types.UniTuple(types.float32, 3)(products, types.int64, types.int64, types.float32, steps), code


@njit(nogil=True, cache=True)
def softplus(products, at, count, slope, steps):
    """The sums of log(1 + exp(x)) and of x squared for x = ``products[at : at + count]``; float64.

    ``steps[at + i]`` becomes `slope` times the sigmoid of x. Up to `LANES` - 1 floats behind are read in one array and
    lost in the other.
    """
    loss = squares = 0.0
    for first in range(0, count, PIECE):
        positive, size, factors = _piece(products, at + first, min(PIECE, count - first), slope, steps)
        loss += positive + np.log(np.float64(factors))
        squares += size
    return loss, squares
