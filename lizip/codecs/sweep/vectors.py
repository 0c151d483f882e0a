"""The steps of the network that take eight or more numbers at a time."""

from __future__ import annotations

import numpy as np

from lizip.jit import late, vectorised

v = late("lizip.vectors")

HIDDEN = 64
"""Units of a hidden layer of the network."""
_LANES = 16


def _layer(typing, x, weights, bias, y, pairs, shift):
    def spell(context, builder, signature, arguments):
        x_, weights_, bias_, y_, pairs_, shift_ = arguments
        starts = range(0, HIDDEN, _LANES)
        sums = [v.cgutils.alloca_once(builder, v.ir.VectorType(v.I32, _LANES)) for _ in starts]
        for sum_, start in zip(sums, starts, strict=True):
            builder.store(v.load(builder, v.pointer(context, builder, bias, bias_, v.I64(start)), _LANES), sum_)
        with v.cgutils.for_range(builder, pairs_) as loop:
            place = v.pointer(context, builder, x, x_, builder.mul(loop.index, v.I64(2)))
            pair = builder.bitcast(v.load(builder, place, 2), v.I32)
            both = builder.bitcast(v.spread(builder, pair, _LANES), v.ir.VectorType(v.I16, 2 * _LANES))
            row = builder.mul(loop.index, v.I64(2 * HIDDEN))
            for sum_, start in zip(sums, starts, strict=True):
                place = v.pointer(context, builder, weights, weights_, builder.add(row, v.I64(2 * start)))
                products = v.paired_products(builder, both, v.load(builder, place, 2 * _LANES))
                builder.store(builder.add(builder.load(sum_), products), sum_)
        shifts = v.spread(builder, builder.trunc(shift_, v.I32), _LANES)
        for sum_, start in zip(sums, starts, strict=True):
            value = v.limited(builder, builder.ashr(builder.load(sum_), shifts), 0, 255)
            v.store(builder, v.narrowed(builder, value, v.I16), v.pointer(context, builder, y, y_, v.I64(start)))
        return context.get_dummy_value()

    return v.types.void(x, weights, bias, y, v.types.int64, v.types.int64), spell


@vectorised(_layer)
def layer(x, weights, bias, y, pairs, shift):
    """One hidden layer: y = (bias + x weights) >> shift, within 0 to 255.

    x (2 * pairs,) and y (HIDDEN,) are int16, bias (HIDDEN,) int32; weights (pairs * HIDDEN * 2,) int16 hold, for each
    pair of inputs, the two weights of every unit.
    """
    sums = x[: 2 * pairs].astype(np.int64).reshape(-1, 1, 2) * weights.reshape(-1, HIDDEN, 2)
    y[:] = np.clip((bias + sums.sum(axis=(0, 2))) >> shift, 0, 255)


def _dot(typing, x, weights, begin):
    def spell(context, builder, signature, arguments):
        x_, weights_, begin_ = arguments
        parts = []
        for start in range(0, HIDDEN, 2 * _LANES):
            one = v.load(builder, v.pointer(context, builder, x, x_, v.I64(start)), 2 * _LANES)
            place = v.pointer(context, builder, weights, weights_, builder.add(begin_, v.I64(start)))
            parts.append(v.paired_products(builder, one, v.load(builder, place, 2 * _LANES)))
        return builder.sext(v.total(builder, builder.add(*parts)), v.I64)

    return v.types.int64(x, weights, v.types.int64), spell


@vectorised(_dot)
def dot(x, weights, begin):
    """Sum of x (HIDDEN,) int16 times as many weights, int16, from `begin` on; below 2**31."""
    return x.astype(np.int64) @ weights[begin : begin + HIDDEN]


DIFFERENCES = 32
"""Features that are logarithms of differences."""


def _signed_logs(typing, differences, logs):
    def spell(context, builder, signature, arguments):
        differences_, logs_ = arguments
        value = v.load(builder, v.pointer(context, builder, differences, differences_, v.I64(0)), DIFFERENCES)
        zero = v.constant(0, DIFFERENCES)
        negative = builder.icmp_signed("<", value, zero)
        size = builder.select(negative, builder.sub(zero, value), value)
        size = builder.sitofp(
            builder.add(size, v.constant(1, DIFFERENCES)), v.ir.VectorType(v.ir.FloatType(), DIFFERENCES)
        )
        level = builder.ashr(builder.bitcast(size, value.type), v.constant(20, DIFFERENCES))
        level = v.limited(builder, builder.sub(level, v.constant(127 << 3, DIFFERENCES)), None, 127)
        level = builder.select(negative, builder.sub(zero, level), level)
        v.store(builder, v.narrowed(builder, level, v.I16), v.pointer(context, builder, logs, logs_, v.I64(0)))
        return context.get_dummy_value()

    return v.types.void(differences, logs), spell


@vectorised(_signed_logs)
def signed_logs(differences, logs):
    """Fill logs (int16): sign and 8 log2(1 + |difference|), at most 127, of differences (DIFFERENCES,) int32.

    The logarithm is read off the bits of a float32.
    """
    sizes = (np.abs(differences) + 1).astype(np.float32)
    levels = np.minimum((sizes.view(np.int32) >> 20) - (127 << 3), 127)
    logs[:DIFFERENCES] = np.where(differences < 0, -levels, levels)
