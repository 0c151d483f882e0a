"""The steps of prediction at the fast level that take eight numbers at a time."""

from __future__ import annotations

import numpy as np

from lizip.jit import late, vectorised

v = late("lizip.vectors")

WIDTH = 8
"""Ranges, and errors, that are kept of a ring."""

_THIRD, _SIXTH = 1 / 3, 1 / 6
_TERMS = (
    ((0, 1, 1, 0, 1, 1, 0, 0), (0, _THIRD, -1, 0, 0.5, 1, 0, 0)),
    ((0, 2, 0, 0, 2, 0, 0, 0), (0, _THIRD, 0, 0, _SIXTH, 0, 0, 0)),
    ((0, 0, 0, 0, 3, 0, 0, 0), (0, 0, 0, 0, -_SIXTH, 0, 0, 0)),
    ((0, 0, 0, 0, 4, 0, 0, 0), (0, 0, 0, 0, -_THIRD, 0, 0, 0)),
)
"""For each sum's term: which earlier range each candidate takes, as a distance from the last one, and its factor."""

_MOVED = 3
"""The candidate that is given: "as the ring above moved"."""
_USED = (1, 1, 1, 1, 1, 1, 0, 0)
_HALVES = ((4, 5, 6, 7, 4, 5, 6, 7), (2, 3, 2, 3, 2, 3, 2, 3), (1,) * 8)
"""How a vector is added up."""

_MOST_ERROR = 600


def _lanes(kind, values):
    return v.ir.Constant(v.ir.VectorType(kind, WIDTH), list(values))


def _floats(values):
    return _lanes(v.ir.FloatType(), map(float, values))


def _load(context, builder, kind, array, at):
    place = v.vector_at(builder, v.pointer(context, builder, kind, array, at), WIDTH)
    return builder.load(place, align=4)


def _store(context, builder, kind, array, at, vector):
    place = v.vector_at(builder, v.pointer(context, builder, kind, array, at), WIDTH)
    builder.store(vector, place, align=4)


def _shuffled(builder, vector, order):
    return builder.shuffle_vector(vector, vector, _lanes(v.I32, order))


def _as_float(builder, number):
    return builder.sitofp(builder.trunc(number, v.I32), v.ir.FloatType())


def _sum(builder, vector):
    for order in _HALVES:
        vector = builder.fadd(vector, _shuffled(builder, vector, order))
    return builder.extract_element(vector, v.I32(0))


def _blend(typing, held, errors, offsets, own, above, moved, near):
    def spell(context, builder, signature, arguments):
        held_, errors_, offsets_, own_, above_, moved_, near_ = arguments
        last = _load(context, builder, held, held_, own_)
        whole = builder.sub(last, _shuffled(builder, last, [0] * WIDTH))
        step = builder.sitofp(whole, v.ir.VectorType(v.ir.FloatType(), WIDTH))
        offset = _floats([0] * WIDTH)
        for order, factors in _TERMS:
            offset = builder.fadd(offset, builder.fmul(_shuffled(builder, step, order), _floats(factors)))
        offset = builder.insert_element(offset, _as_float(builder, moved_), v.I32(_MOVED))
        _store(context, builder, offsets, offsets_, v.I64(0), offset)
        mine, over = (_load(context, builder, errors, errors_, at) for at in (own_, above_))
        error = builder.fadd(builder.fadd(mine, mine), builder.fadd(over, _floats([1] * WIDTH)))
        weight = builder.fdiv(_floats(_USED), builder.fmul(builder.fmul(error, error), error))
        reach = v.spread(builder, _as_float(builder, near_), WIDTH)
        least = builder.fsub(_floats([0] * WIDTH), reach)
        inside = builder.and_(builder.fcmp_ordered("<=", offset, reach), builder.fcmp_ordered(">=", offset, least))
        weight = builder.select(inside, weight, _floats([0] * WIDTH))
        return builder.fdiv(_sum(builder, builder.fmul(weight, offset)), _sum(builder, weight))

    return v.types.float32(held, errors, offsets, *[v.types.int64] * 4), spell


@vectorised(_blend)
def blend(held, errors, offsets, own, above, moved, near):
    """Mean of six candidates for a range, weighed by the inverse cubes of their running errors; a float32.

    All are distances from the last range: that one, the mean of three, the line through two, "as the ring above moved",
    the line through five, the one before. Those further than `near` from the last range are left out. `held`, of WIDTH
    * (R + 2) int32, has earlier ranges of each ring, the last one first, `errors` the mean distance (float32) by which
    each candidate missed; the ring and the one above begin at `own` and `above`. The candidates are written to offsets
    (WIDTH,) float32, for `learn`.
    """
    one, mine, over = np.float32(1), errors[int(own) :][:WIDTH], errors[int(above) :][:WIDTH]
    last = held[int(own) :][:WIDTH]
    step = (last - last[0]).astype(np.float32)
    offset = np.zeros(WIDTH, np.float32)
    for order, factors in _TERMS:
        offset = offset + step[list(order)] * np.array(factors, np.float32)
    offset[_MOVED] = np.float32(moved)
    offsets[:] = offset
    error = (mine + mine) + (over + one)
    weight = np.array(_USED, np.float32) / (error * error * error)
    weight = np.where(np.abs(offset) <= np.float32(near), weight, np.float32(0))
    return np.float32(_plain_sum(weight * offset) / _plain_sum(weight))


def _plain_sum(vector):
    for order in _HALVES:
        vector = vector + vector[list(order)]
    return vector[0]


def _learn(typing, errors, offsets, own, distance):
    def spell(context, builder, signature, arguments):
        errors_, offsets_, own_, distance_ = arguments
        offset = _load(context, builder, offsets, offsets_, v.I64(0))
        miss = builder.fsub(v.spread(builder, _as_float(builder, distance_), WIDTH), offset)
        zero, most = _floats([0] * WIDTH), _floats([_MOST_ERROR] * WIDTH)
        miss = builder.select(builder.fcmp_ordered("<", miss, zero), builder.fsub(zero, miss), miss)
        miss = builder.select(builder.fcmp_ordered("<", miss, most), miss, most)
        error = _load(context, builder, errors, errors_, own_)
        step = builder.fmul(builder.fsub(miss, error), _floats([0.125] * WIDTH))
        _store(context, builder, errors, errors_, own_, builder.fadd(error, step))
        return context.get_dummy_value()

    return v.types.void(errors, offsets, v.types.int64, v.types.int64), spell


@vectorised(_learn)
def learn(errors, offsets, own, distance):
    """Move the candidates' running errors (see `blend`), given how far from the last one a range was."""
    miss = np.minimum(np.abs(np.float32(distance) - offsets), np.float32(_MOST_ERROR))
    error = errors[int(own) :][:WIDTH]
    error += (miss - error) * np.float32(0.125)


def _push(typing, held, own, value):
    def spell(context, builder, signature, arguments):
        held_, own_, value_ = arguments
        last = _shuffled(builder, _load(context, builder, held, held_, own_), (0, *range(WIDTH - 1)))
        last = builder.insert_element(last, builder.trunc(value_, v.I32), v.I32(0))
        _store(context, builder, held, held_, own_, last)
        return context.get_dummy_value()

    return v.types.void(held, v.types.int64, v.types.int64), spell


@vectorised(_push)
def push(held, own, value):
    """Put a range in front of those that a ring holds; see `blend`."""
    last = held[int(own) :][:WIDTH]
    last[1:] = last[:-1].copy()
    last[0] = value


def _eighth_octave(typing, x):
    def spell(context, builder, signature, arguments):
        bits = builder.bitcast(_as_float(builder, builder.add(arguments[0], v.I64(1))), v.I32)
        return builder.sext(builder.sub(builder.ashr(bits, v.I32(20)), v.I32(127 << 3)), v.I64)

    return v.types.int64(v.types.int64), spell


@vectorised(_eighth_octave)
def eighth_octave(x):
    """About eight times the binary logarithm of 1 + x, 0 <= x < 2**31 - 1: exponent and three bits of a float32."""
    return np.int64((np.float32(int(x) + 1).view(np.int32) >> 20) - (127 << 3))
