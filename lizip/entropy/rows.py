"""Rows of probabilities of sixteen symbols, and the steps of a symbol coder that take a row at a time.

A row is sixteen uint16: where each symbol's interval begins, of `TOP`. The first always begins at 0, so its place holds
how often the row was used instead.
"""

from __future__ import annotations

import numpy as np

from lizip.jit import late, vectorised

v = late("lizip.vectors")

LANES = 16
TOP = 32768 - LANES
"""Where a row ends. In a mixture every symbol gets one more, so that none is impossible."""


def fresh_rows(count: int) -> np.ndarray:
    """Make rows of equal shares, and one to spare, in whole cache lines: (LANES * (count + 1),) uint16."""
    room = np.empty((count + 3) * LANES, np.uint16)
    skip = (-room.ctypes.data // 2) % (2 * LANES)
    rows = room[skip : skip + (count + 1) * LANES]
    rows.reshape(-1, LANES)[:] = (np.arange(LANES) * TOP // LANES).astype(np.uint16)
    return rows


def _found(builder, mixed, quantile):
    """Number of lanes but the first that do not lie beyond a quantile."""
    narrow = v.narrowed(builder, mixed, v.I16)
    below = builder.icmp_unsigned("<=", narrow, v.spread(builder, builder.trunc(quantile, v.I16), LANES))
    bits = builder.and_(builder.bitcast(below, v.I16), v.I16((1 << LANES) - 2))
    return builder.zext(builder.ctpop(bits), v.I64)


def _row(context, builder, rows, array, at):
    """A row as int32."""
    return builder.zext(
        v.load(builder, v.pointer(context, builder, rows, array, at), LANES), v.ir.VectorType(v.I32, LANES)
    )


def _numbered():
    return v.ir.Constant(v.ir.VectorType(v.I32, LANES), list(range(LANES)))


def _find_in_three(typing, rows, a, b, c, of_a, of_b, quantile):
    def spell(context, builder, signature, arguments):
        array, *places, first, second, quantile = arguments
        first, second = (builder.trunc(weight, v.I32) for weight in (first, second))
        third = builder.sub(v.I32(1 << 16), builder.add(first, second))
        mixed = _numbered()
        for at, weight in zip(places, (first, second, third), strict=True):
            part = builder.mul(_row(context, builder, rows, array, at), v.spread(builder, weight, LANES))
            mixed = builder.add(mixed, builder.lshr(part, v.constant(16, LANES)))
        return _found(builder, mixed, quantile)

    return v.types.int64(rows, *[v.types.int64] * 6), spell


@vectorised(_find_in_three)
def find_in_three(rows, a, b, c, of_a, of_b, quantile):
    """Symbol whose interval holds a quantile, in a mixture of the rows from a, b, c on.

    Their weights are `of_a`, `of_b` and the rest, in 2**-16.
    """
    weights = (int(of_a), int(of_b), (1 << 16) - int(of_a) - int(of_b))
    mixed = np.arange(LANES)
    for at, weight in zip((a, b, c), weights, strict=True):
        mixed = mixed + (rows[int(at) : int(at) + LANES].astype(np.int64) * weight >> 16)
    return np.int64(np.count_nonzero(mixed[1:] <= quantile))


def _find_in_two(typing, rows, a, b, quantile):
    def spell(context, builder, signature, arguments):
        array, first, second, quantile = arguments
        mixed = _numbered()
        for at in (first, second):
            half = builder.lshr(_row(context, builder, rows, array, at), v.constant(1, LANES))
            mixed = builder.add(mixed, half)
        return _found(builder, mixed, quantile)

    return v.types.int64(rows, *[v.types.int64] * 3), spell


@vectorised(_find_in_two)
def find_in_two(rows, a, b, quantile):
    """Symbol whose interval holds a quantile, in the mean of the rows from a and b on."""
    halves = (rows[int(at) : int(at) + LANES].astype(np.int64) >> 1 for at in (a, b))
    mixed = np.arange(LANES) + sum(halves)
    return np.int64(np.count_nonzero(mixed[1:] <= quantile))


def _adapt(typing, rows, at, symbol, rate, seen):
    def spell(context, builder, signature, arguments):
        array, at, symbol, rate, seen = arguments
        place = v.pointer(context, builder, rows, array, at)
        row = v.load(builder, place, LANES)
        rates = v.spread(builder, builder.trunc(rate, v.I16), LANES)
        lanes = v.ir.Constant(row.type, list(range(LANES)))
        beyond = builder.icmp_signed(">", lanes, v.spread(builder, builder.trunc(symbol, v.I16), LANES))
        zero, one = v.constant(0, LANES, v.I16), v.constant(1, LANES, v.I16)
        up = builder.sub(v.constant(TOP, LANES, v.I16), row)
        most = v.constant(TOP - 64, LANES, v.I16)
        up = builder.add(
            builder.select(builder.icmp_signed("<", up, most), up, most), builder.sub(builder.shl(one, rates), one)
        )
        step = builder.ashr(builder.select(beyond, up, builder.sub(zero, row)), rates)
        row = builder.add(row, step)
        v.store(builder, builder.insert_element(row, builder.trunc(seen, v.I16), v.I32(0)), place)
        return context.get_dummy_value()

    return v.types.void(rows, *[v.types.int64] * 4), spell


@vectorised(_adapt)
def adapt(rows, at, symbol, rate, seen):
    """Move a row by 2**-rate (1 to 6) of its way to where a symbol is certain, away from zero; note how often."""
    row = rows[int(at) : int(at) + LANES].astype(np.int64)
    up = np.minimum(TOP - row, TOP - 64) + (1 << int(rate)) - 1
    row += np.where(np.arange(LANES) > symbol, up, -row) >> int(rate)
    row[0] = seen
    rows[int(at) : int(at) + LANES] = row
