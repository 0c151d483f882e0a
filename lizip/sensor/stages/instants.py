"""Columns that are a number of the firing and one of the laser added, and rounded: when each point was measured.

Neither number is known better than the rounding at first. Each value tells more of both, and in the end the sum rounds
to the number that is stored, which costs nothing. Drivers keep times as whole nanoseconds, or as floats of either size.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from lizip.entropy.adaptive import INTEGER_NODES, code_bit, code_integer, fresh_counters
from lizip.entropy.coder import decode_stream, encode_stream
from lizip.errors import CorruptError
from lizip.exact.ulp import from_ordinals, ordinal32, to_ordinals, unit32, value32
from lizip.jit import kernel
from lizip.packing import Unpacker, pack_signed, pack_varints
from lizip.sensor.stages.measured import Cells

WHOLES, SINGLES, DOUBLES = range(3)
"""What a column holds: integers, float32, float64."""

PERIODS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 24)
"""Firings after which steps of the time repeat: those of a packet."""

_MOST_PERIOD = 64
_MOST_CLASSES = 2
_LIMIT = 250
_FAR = 1e15
_LEAST = 1e-200
"""A variance that can be divided by."""
_SURE = 16
"""Classes of certainty."""
_ROUNDED = 1.0 / 11
"""Variance of what rounding takes away, in squared units: 1/12, and some more as sums are rounded more than once."""
_MANY = 5.0
"""Standard deviations that a value is never off by."""
_CONTEXTS = 1 + 2 * _SURE + _MOST_PERIOD
_SAMPLE_POINTS, _SAMPLE_FIRINGS = 6000, 64
_MOST_BITS = 6
_MOST_SPREAD = 1 << 58


class _Rhythm(NamedTuple):
    """Firings of a packet, and kinds of firings that take turns, in each of which lasers have times of their own."""

    period: int
    classes: int


@kernel
def _value(code, origin, kind):
    """Value of a number or of an ordinal, counted from the origin; less that of the origin for those of 8 bytes."""
    if kind == WHOLES:
        return np.float64(code)
    return value32(origin + code) if kind == SINGLES else _double(origin + code) - _double(origin)


@kernel
def _double(ordinal):
    bits = ordinal if ordinal >= 0 else ordinal ^ np.int64(0x7FFFFFFFFFFFFFFF)
    return np.int64(bits).view(np.float64)


@kernel
def _nearest(value, origin, kind):
    """Number, or ordinal, of a value."""
    if not abs(value) < _FAR:
        value = 0.0
    if kind == WHOLES:
        return np.int64(np.rint(value))
    if kind == SINGLES:
        return ordinal32(value) - origin
    bits = np.float64(_double(origin) + value).view(np.int64)
    return (bits if bits >= 0 else bits ^ np.int64(0x7FFFFFFFFFFFFFFF)) - origin


@kernel
def _unit(code, value, origin, kind):
    """Distance to the next number."""
    if kind == WHOLES:
        return 1.0
    return unit32(value) if kind == SINGLES else abs(_double(origin + code + 1) - _double(origin + code))


@kernel
def _certainty(value, nearest, unit, variance):
    """Class, 0 to `_SURE` - 1, of how far a sum is from being rounded to another number, given how well it is known."""
    sure = 4.0 * (0.5 - abs(value - nearest) / unit) / (np.sqrt(variance) / unit + 0.01)
    return np.int64(min(sure, _SURE - 1.0)) if sure > 0.0 else np.int64(0)


@kernel
def _code_sums(coder, counters, kind, origin, rhythm, number, firing, ring, own, steps, values):
    """Code values (N,) int64: time of the firing and of the laser are each filtered as Kalman's filter does.

    Parameters
    ----------
    number : (F,) int64
        Of the firings, ascending.
    firing, ring : (N,) int64
        Of the points, ring from 0; firing -1 for none.
    own : (R * classes, 3) float64
        Zeros: what lasers add, the variance of that, and 1 once it is known.
    steps : (period, 2) float64
        Zeros: what a firing adds to the one before, and the variance of that.
    """
    time, spread, before, start = 0.0, 0.0, 0.0, 0.0
    current, place, ahead = np.int64(-1), np.int64(0), np.int64(0)
    usual = 0.0
    for i in range(values.size):
        b = firing[i]
        new = b >= 0 and b != current
        if new:
            if ahead == 1 and start > 0.0:
                _learn_step(steps, place, time - before, start, spread)
            ahead = np.int64(number[b] - number[current] if current >= 0 else 0)
            for k in range(ahead):
                if k == _MOST_PERIOD:
                    break
                time += steps[(number[b] - k) % rhythm.period, 0]
                spread += steps[(number[b] - k) % rhythm.period, 1]
            place, current, before, start = number[b] % rhythm.period, b, time, spread
        key = ring[i] * rhythm.classes + (number[current] % rhythm.classes if current >= 0 else 0)
        known = own[key, 2] > 0.0
        expected = time + (own[key, 0] if known else usual)
        guess = _nearest(expected, origin, kind)
        nearest = _value(guess, origin, kind)
        unit = _unit(guess, nearest, origin, kind)
        context = np.int64(0)
        if known:
            sure = _certainty(expected, nearest, unit, spread + own[key, 1])
            context = 1 + sure + (_SURE + place if new else 0)
        off = code_bit(coder, counters, context, _LIMIT, np.int64(values[i] != guess))
        if off:
            base = _CONTEXTS + (0 if not known else 1 + np.int64(new)) * INTEGER_NODES
            guess += code_integer(coder, counters, base, _LIMIT, values[i] - guess)
            guess = min(max(guess, -(np.int64(1) << 62)), np.int64(1) << 62)
        values[i] = guess
        value = _value(guess, origin, kind)
        unit = _unit(guess, value, origin, kind)
        if not (abs(value) < _FAR and unit < _FAR):
            continue
        noise = max(_ROUNDED * unit * unit, _LEAST)
        error = value - expected
        if not known:
            own[key, 0], own[key, 1], own[key, 2] = value - time, noise + spread, 1.0
        elif abs(error) > unit + _MANY * np.sqrt(spread + own[key, 1]):
            # something else happened: a packet came late, or the laser fires at another time
            if new:
                time, spread, start = value - own[key, 0], noise + own[key, 1], 0.0
                _restart_step(steps, place, time - before, spread)
            else:
                own[key, 0], own[key, 1] = value - time, noise + spread
        else:
            total = spread + own[key, 1] + noise
            time += spread / total * error
            own[key, 0] += own[key, 1] / total * error
            spread -= spread * spread / total
            own[key, 1] -= own[key, 1] * own[key, 1] / total
        usual = own[key, 0]


@kernel
def _learn_step(steps, place, moved, start, end):
    """Let the step to a firing follow its time, which has `moved` since: its variance was `start`, is `end` now."""
    share = min(steps[place, 1] / start, 1.0)
    steps[place, 0] += share * moved
    steps[place, 1] -= share * steps[place, 1] * max(1.0 - end / start, 0.0)


@kernel
def _restart_step(steps, place, moved, spread):
    steps[place, 0] += moved
    steps[place, 1] = 2.0 * spread


def _run(
    code: Callable[..., Any],
    stream: tuple[bytes, ...],
    kind: int,
    origin: int,
    rhythm: _Rhythm,
    cells: Cells,
    values: np.ndarray,
) -> Any:
    """Code or decode values, the first of the points of `cells`."""
    count, rings, numbers = len(values), cells.rings, cells.firing_numbers()
    if count and (int(cells.firing.max()) >= len(numbers) or int(cells.ring.max()) >= rings):
        raise CorruptError("a point was fired when nothing was")
    ring = np.where(cells.ring[:count] < 0, rings, cells.ring[:count])
    own, steps = np.zeros(((rings + 1) * rhythm.classes, 3)), np.zeros((rhythm.period, 2))
    arguments = rhythm, numbers, np.ascontiguousarray(cells.firing[:count]), ring, own, steps, values
    counters = fresh_counters(_CONTEXTS + 3 * INTEGER_NODES)
    return code(*stream, _code_sums, counters, kind, origin, *arguments)


def _kind_of(dtype: np.dtype) -> int:
    return WHOLES if dtype.kind != "f" else SINGLES if dtype.itemsize == 4 else DOUBLES


def encode_sums(column: np.ndarray, cells: Cells) -> bytes | None:
    """Write a column (N,) of 4 or 8 bytes; None where that is little use."""
    if column.dtype.itemsize < 4 or not cells.rings or not cells.firings:
        return None
    values = to_ordinals(column) if column.dtype.kind == "f" else column.view(f"<i{column.dtype.itemsize}")
    values = values.astype(np.int64)
    if int(values.max()) - int(values.min()) > _MOST_SPREAD:
        return None
    kind, origin = _kind_of(column.dtype), int(values[0])
    values -= origin
    few = min(len(values), max(_SAMPLE_POINTS, _SAMPLE_FIRINGS * len(values) // cells.firings))

    def cost(rhythm: _Rhythm) -> int:
        return len(_run(encode_stream, (), kind, origin, rhythm, cells, values[:few].copy()))

    costs = {rhythm: cost(rhythm) for rhythm in (_Rhythm(1, 1), _Rhythm(2, 2))}
    if 8 * min(costs.values()) > _MOST_BITS * few:
        return None
    rhythms = [_Rhythm(period, classes) for period in PERIODS for classes in (1, 2)]
    costs |= {rhythm: cost(rhythm) for rhythm in rhythms if rhythm not in costs}
    rhythm = min(rhythms, key=lambda each: costs[each])
    body = _run(encode_stream, (), kind, origin, rhythm, cells, values)
    return pack_varints(list(rhythm)) + pack_signed(origin) + body


def decode_sums(unpacker: Unpacker, dtype: np.dtype, cells: Cells) -> np.ndarray:
    """Read what `encode_sums` wrote; raises CorruptError."""
    rhythm, origin = _Rhythm(unpacker.varint(), unpacker.varint()), unpacker.signed()
    possible = 0 < rhythm.period <= _MOST_PERIOD and 0 < rhythm.classes <= _MOST_CLASSES and abs(origin) < 1 << 63
    if not possible or dtype.itemsize < 4 or not cells.firings:
        raise CorruptError("times of points are given in an unknown way")
    values = np.zeros(len(cells.ring), np.int64)
    stream = unpacker.take(unpacker.remaining)
    _run(decode_stream, (stream,), _kind_of(dtype), origin, rhythm, cells, values)
    values += origin
    if dtype.kind == "f":
        size = 8 * dtype.itemsize - 1
        return from_ordinals(np.clip(values, -(1 << size), (1 << size) - 1), dtype)
    return values.astype(f"<i{dtype.itemsize}").view(dtype)
