"""Arithmetic on vectors of whole numbers inside kernels, spelled out for LLVM.

LLVM finds vectors in long loops over arrays, not in the few numbers of an inner step (for all it knows, the arrays
overlap). A function made by `lizip.jit.vectorised` says what it does twice: plainly in Python, which serves where the
JIT is off and as the reference of the tests, and as vectors, which LLVM maps to whatever the processor has. Whole
numbers modulo 2**32 or 2**64 come out the same either way, on any processor.

The functions here are words of LLVM's language that numba does not have: each takes the builder that a kernel is being
compiled with. Importing this takes as long as importing numba: use `late("lizip.vectors")`, and `ir`, `types` and
`cgutils` through it.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import cgutils, types

__all__ = ["I16", "I32", "I64", "cgutils", "ir", "types"]

I16, I32, I64 = ir.IntType(16), ir.IntType(32), ir.IntType(64)


def constant(value: int, lanes: int, kind: ir.IntType = I32) -> ir.Constant:
    """A vector of equal numbers known beforehand."""
    return ir.Constant(ir.VectorType(kind, lanes), [value] * lanes)


def gathered(builder: ir.IRBuilder, scalars: list[ir.Value], lanes: int) -> ir.Value:
    """int64 numbers as the first lanes of an int32 vector; the rest are zero."""
    vector = constant(0, lanes)
    for lane, scalar in enumerate(scalars):
        vector = builder.insert_element(vector, builder.trunc(scalar, I32), I32(lane))
    return vector


def spread(builder: ir.IRBuilder, scalar: ir.Value, lanes: int) -> ir.Value:
    """A vector of equal numbers."""
    vector = ir.Constant(ir.VectorType(scalar.type, lanes), ir.Undefined)
    for lane in range(lanes):
        vector = builder.insert_element(vector, scalar, I32(lane))
    return vector


def pointer(context: Any, builder: ir.IRBuilder, kind: types.Array, array: ir.Value, index: ir.Value) -> ir.Value:
    """Where an item of a contiguous array is."""
    return builder.gep(context.make_array(kind)(context, builder, array).data, [index])


def item(context: Any, builder: ir.IRBuilder, kind: types.Array, array: ir.Value, index: ir.Value) -> ir.Value:
    """An item of a contiguous array; IndexError where bounds are checked."""
    if context.enable_boundscheck:
        size = builder.extract_value(context.make_array(kind)(context, builder, array).shape, 0)
        cgutils.do_boundscheck(context, builder, index, size)
    return builder.load(pointer(context, builder, kind, array, index))


def items(context: Any, builder: ir.IRBuilder, kind: types.BaseTuple, whole: ir.Value) -> list[ir.Value]:
    """Whole numbers in a tuple, as int64."""
    parts = zip(kind.types, cgutils.unpack_tuple(builder, whole, len(kind)), strict=True)
    return [context.cast(builder, value, part, types.int64) for part, value in parts]


def tuple_of(builder: ir.IRBuilder, numbers: list[ir.Value]) -> ir.Value:
    """int64 numbers as a tuple."""
    return cgutils.pack_array(builder, numbers, I64)


def vector_at(builder: ir.IRBuilder, place: ir.Value, lanes: int) -> ir.Value:
    """The address of an item as that of a vector which begins there."""
    return builder.bitcast(place, ir.VectorType(place.type.pointee, lanes).as_pointer())


def load(builder: ir.IRBuilder, place: ir.Value, lanes: int) -> ir.Value:
    """The vector that begins at an item."""
    return builder.load(vector_at(builder, place, lanes), align=place.type.pointee.width // 8)


def store(builder: ir.IRBuilder, vector: ir.Value, place: ir.Value) -> None:
    """Write a vector from an item on."""
    align = place.type.pointee.width // 8
    builder.store(vector, vector_at(builder, place, vector.type.count), align=align)


def widened(builder: ir.IRBuilder, vector: ir.Value, kind: ir.IntType) -> ir.Value:
    """The same numbers with more bits."""
    return builder.sext(vector, ir.VectorType(kind, vector.type.count))


def narrowed(builder: ir.IRBuilder, vector: ir.Value, kind: ir.IntType) -> ir.Value:
    """The same numbers with fewer bits."""
    return builder.trunc(vector, ir.VectorType(kind, vector.type.count))


def picked(builder: ir.IRBuilder, vector: ir.Value, lanes: range) -> ir.Value:
    """Some lanes of a vector."""
    mask = ir.Constant(ir.VectorType(I32, len(lanes)), list(lanes))
    return builder.shuffle_vector(vector, vector, mask)


def limited(builder: ir.IRBuilder, vector: ir.Value, least: int | None, most: int | None) -> ir.Value:
    """Numbers cut off at bounds."""
    for sign, bound in ((">", least), ("<", most)):
        if bound is not None:
            edge = constant(bound, vector.type.count, vector.type.element)
            vector = builder.select(builder.icmp_signed(sign, vector, edge), vector, edge)
    return vector


def paired_products(builder: ir.IRBuilder, one: ir.Value, other: ir.Value) -> ir.Value:
    """int16 vectors multiplied, products of neighbours added: half as many int32 (one instruction on x86)."""
    product = builder.mul(widened(builder, one, I32), widened(builder, other, I32))
    count = product.type.count
    return builder.add(picked(builder, product, range(0, count, 2)), picked(builder, product, range(1, count, 2)))


def total(builder: ir.IRBuilder, vector: ir.Value) -> ir.Value:
    """Sum of the lanes, whose number is a power of two."""
    width = vector.type.count
    while width > 1:
        width //= 2
        halves = (picked(builder, vector, range(at, at + width)) for at in (0, width))
        vector = builder.add(*halves)
    return builder.extract_element(vector, I32(0))
