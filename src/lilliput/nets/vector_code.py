"""Pieces of machine code for rows of float32: what the vector instructions of the kernels are put together from.

`builder` is llvmlite's; places are counted in floats from the beginning of an array.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from llvmlite import ir
from numba.core import cgutils

FLOAT, INT, LONG = ir.FloatType(), ir.IntType(32), ir.IntType(64)


def floats(lanes: int) -> ir.Type:
    """So many float32 in a register."""
    return ir.VectorType(FLOAT, lanes)


def pointer_to(context: Any, builder: Any, kind: Any, array: Any, at: Any, vector: ir.Type = FLOAT) -> Any:
    """To the place `at` of an array of Numba's type `kind`, as one to vectors of this type."""
    data = context.make_array(kind)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [at]), ir.PointerType(vector))


def load(builder: Any, place: Any) -> Any:
    """A vector that may begin at any float."""
    value = builder.load(place)
    value.align = 4
    return value


def store(builder: Any, value: Any, place: Any) -> None:
    """As `load`."""
    builder.store(value, place).align = 4


def spread(builder: Any, number: Any, lanes: int) -> Any:
    """A vector of a number as often as there are lanes."""
    one = builder.insert_element(
        ir.Constant(ir.VectorType(number.type, lanes), ir.Undefined), number, ir.Constant(INT, 0)
    )
    return builder.shuffle_vector(one, one, ir.Constant(ir.VectorType(INT, lanes), [0] * lanes))


def call(builder: Any, name: str, kind: ir.Type, *arguments: Any) -> Any:
    """One of LLVM's intrinsic functions, which returns this type."""
    signature = ir.FunctionType(kind, [argument.type for argument in arguments])
    return builder.call(cgutils.get_or_insert_function(builder.module, signature, name), arguments)


def fused(builder: Any, a: Any, b: Any, c: Any) -> Any:
    """`a` times `b` plus `c`, fused where the processor can do it."""
    return call(builder, f"llvm.fmuladd.v{a.type.count}f32", a.type, a, b, c)


def shuffled(builder: Any, first: Any, second: Any, lanes: Sequence[int]) -> Any:
    """These lanes of two vectors, of which the second's are counted on from the first's."""
    return builder.shuffle_vector(first, second, ir.Constant(ir.VectorType(INT, len(lanes)), list(lanes)))


def across(builder: Any, vector: Any, by: str = "fadd") -> Any:
    """The sum of the lanes, or with ``"fmul"`` their product, by halves."""
    width = vector.type.count
    while width > 1:
        width //= 2
        low, high = (shuffled(builder, vector, vector, range(first, first + width)) for first in (0, width))
        vector = getattr(builder, by)(low, high)
    return builder.extract_element(vector, ir.Constant(INT, 0))


def sums_of_eights(builder: Any, vectors: Sequence[Any]) -> Any:
    """The sums of the lanes of up to eight vectors of eight lanes, as one vector; what is left of it may be anything.

    Each step halves how many lanes a sum is spread over, for two vectors at a time.
    """
    for spread_over in (8, 4, 2):
        half = spread_over // 2
        low = [start + lane for start in range(0, 16, spread_over) for lane in range(half)]
        high = [lane + half for lane in low]
        pairs = [(vectors[i], vectors[min(i + 1, len(vectors) - 1)]) for i in range(0, len(vectors), 2)]
        vectors = [builder.fadd(shuffled(builder, *pair, low), shuffled(builder, *pair, high)) for pair in pairs]
    (result,) = vectors
    return result
