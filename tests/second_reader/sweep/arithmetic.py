"""From ring, column and ticks to points, and the last rounding (docs/format/sweep.md, stages 5, 6, 9, 10)."""

from __future__ import annotations

import numpy as np

from second_reader import ans
from second_reader.ans import Stream
from second_reader.bytestream import Bytes
from second_reader.counters import Counters, bit, integer
from second_reader.sweep.returns import Returns
from second_reader.sweep.trig import DEGREE, TURN, sincos

HALF, UNSIGNED = 1 << 20, 1 << 21
DOUBLE, DIRECTIONS, PRODUCTS, TABLES = range(4)


def f32(values) -> np.ndarray:
    """As float32."""
    return np.asarray(values, np.float64).astype(np.float32)


def wide(values) -> np.ndarray:
    """As float64."""
    return np.asarray(values).astype(np.float64)


def unit32(values: np.ndarray) -> np.ndarray:
    """Spacing of float32 numbers, between those at 2**-103 and 2**127."""
    bits = f32(values).view(np.int32) & np.int32(0x7F800000)
    return wide(np.clip(bits, 0x0C000000, 0x7F000000).astype(np.int32).view(np.float32)) * 2.0**-23


def steps32(bits: np.ndarray) -> np.ndarray:
    """Steps from zero to float32 of these bits (int32)."""
    bits = bits.astype(np.int64)
    return np.where(bits < 0, -(bits & 0x7FFFFFFF), bits)


def arithmetic(head: Bytes, returns: Returns) -> None:
    """Stage 5."""
    number = head.varint()
    form, angles, quarters = number // 12, number // 4 % 3, number % 4
    beams, ring = returns.beams, returns.ring
    column = wide(returns.column % beams.columns - beams.shifts[ring])
    if returns.ahead is not None:
        column = column + returns.ahead
    place = column + beams.values[ring, 0]
    if form and angles:
        sine, cosine = _table_angles(place, beams, angles, quarters)
    else:
        sine, cosine = sincos(place * beams.step)
    fall, rise = (each[ring] for each in beams.trigonometry)
    lateral, forward, up = (beams.values[ring, k] for k in (1, 3, 4))
    steps, tick = wide(returns.ticks), beams.tick
    if form == DOUBLE:
        distance = steps * tick
        lon = distance * fall + forward
        if beams.hypotenuse:
            lon = np.sqrt(np.maximum(lon * lon - lateral * lateral, 0.0))
        points = lon * cosine - lateral * sine, lon * sine + lateral * cosine, distance * rise + up
    elif form == DIRECTIONS:
        count = f32(steps)
        points = (
            count * f32(fall * cosine * tick) + f32(forward * cosine - lateral * sine),
            count * f32(fall * sine * tick) + f32(forward * sine + lateral * cosine),
            count * f32(rise * tick) + f32(up),
        )
    elif form == PRODUCTS:
        reach = f32(steps) * np.float32(tick)
        level = reach * f32(fall) + f32(forward)
        sine, cosine, lateral = f32(sine), f32(cosine), f32(lateral)
        points = level * cosine - lateral * sine, level * sine + lateral * cosine, reach * f32(rise) + f32(up)
    else:
        sine, cosine, rise, fall = (wide(f32(each)) for each in (sine, cosine, rise, fall))
        level = steps * tick * fall + forward
        points = (
            f32(level * cosine - lateral * sine),
            f32(level * sine + lateral * cosine),
            f32(steps * tick * rise + up),
        )
    returns.points = wide(np.stack(points, axis=1))


def _table_angles(place: np.ndarray, beams, angles: int, quarters: int) -> tuple[np.ndarray, np.ndarray]:
    columns = float(beams.columns)
    index = np.rint(place) + 0.25 * quarters * columns
    index = index - np.floor(index / columns) * columns
    if angles == 1:
        angle = f32(index * (TURN / columns))
    else:
        angle = f32(wide(np.float32(360.0 / columns) * f32(index)) * DEGREE)
    sine, cosine = sincos(wide(angle))
    if quarters == 1:
        sine, cosine = -cosine, sine
    elif quarters == 2:
        sine, cosine = -sine, -cosine
    elif quarters == 3:
        sine, cosine = cosine, -sine
    return (-sine if beams.clockwise else sine), cosine


def moved(points: np.ndarray, rotation: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """Points (M, 3) turned by (3, 3) and shifted."""
    x, y, z = points.T
    turned = [rotation[p, 0] * x + rotation[p, 1] * y + rotation[p, 2] * z + shift[p] for p in range(3)]
    return np.stack(turned, axis=1)


def mount(head: Bytes, returns: Returns) -> None:
    """Stage 6."""
    numbers = np.array(head.numbers("12d"))
    returns.points = moved(returns.points, numbers[:9].reshape(3, 3), numbers[9:])


def _rounded(points: np.ndarray, decimal: int) -> tuple[np.ndarray, np.ndarray]:
    if decimal >= HALF:
        before, taken = _rounded(points, decimal - HALF)
        half = np.clip(before, -65472.0, 65472.0).astype(np.float16)
        unit = wide(np.spacing(np.abs(half)))
        fraction = np.clip((points - wide(half)) / unit, -0.5, 0.5)
        coarser = unit * (decimal - HALF) < 1 if decimal > HALF else False
        return half.astype(np.float32), np.where(coarser, taken, fraction)
    if decimal:
        scaled = points * float(decimal)
        units = np.rint(scaled)
        return f32(units / float(decimal)), scaled - units
    value = f32(points)
    return value, (points - wide(value)) / unit32(value)


def rounding(head: Bytes, returns: Returns) -> None:
    """Stage 9."""
    kind = head.varint()
    returns.decimal = kind % UNSIGNED
    returns.rounded, returns.fraction = _rounded(returns.points, returns.decimal)
    if kind >= UNSIGNED:
        returns.rounded = np.where(returns.rounded == 0, np.float32(0), returns.rounded)
    returns.xyz = returns.rounded


def corrections(head: Bytes, returns: Returns) -> None:
    """Stage 10."""
    if not head.left:
        return
    rounded, decimal = np.ascontiguousarray(returns.rounded), returns.decimal
    units = ans.decode(head.rest(), _code_corrections, rounded, returns.fraction, not 0 < decimal < HALF)
    some = units != 0
    xyz, before = rounded.copy(), rounded[some]
    if decimal >= HALF:
        half = before.astype(np.float16)
        bits = half.view(np.int16).astype(np.int64)
        steps = np.where(bits < 0, -(bits & 0x7FFF), bits) + units[some]
        size = np.minimum(np.abs(steps), 0x7BFF)
        xyz[some] = np.where(steps < 0, size | ~0x7FFF, size).astype(np.int16).view(np.float16)
    elif decimal:
        place = np.rint(wide(before) * float(decimal)) - np.signbit(before) + units[some]
        size = f32(np.where(place < 0, -1 - place, place) / float(decimal))
        xyz[some] = np.where(np.abs(before) < 1e9, np.where(place < 0, -size, size), before)
    else:
        steps = np.clip(steps32(before.view(np.int32)) + units[some], -0x7F7FFFFF, 0x7F7FFFFF)
        xyz[some] = np.where(steps < 0, -steps | -(1 << 31), steps).astype(np.int32).view(np.float32)
    returns.xyz = xyz


def _code_corrections(stream: Stream, rounded: np.ndarray, fraction: np.ndarray, scaled: bool) -> np.ndarray:
    counters, units = Counters(), np.zeros(rounded.shape, np.int64)
    nearness = ((0.5 - np.minimum(np.abs(fraction), 0.5)) * 8192.0).astype(np.int64).tolist()
    exponents = ((rounded.view(np.int32) & 0x7F800000) >> 23).tolist()
    for i, (near, exponent) in enumerate(zip(nearness, exponents, strict=True)):
        ties = [each.bit_length() for each in near]
        low, middle, _ = sorted(ties)
        if not bit(stream, counters, low * 14 + middle, 250):
            continue
        before = 0
        for axis in range(3):
            scale = min(max(exponent) - exponent[axis], 11)
            tie = ties[axis] + (14 * scale if scaled else 0)
            if bit(stream, counters, 1 << 10 | 4 * tie + min(before, 1) + 2 * (axis == 2), 250):
                before += 1
                over = 1 if fraction[i, axis] > 0.0 else -1
                units[i, axis] = _code_one(stream, counters, over, tie, axis * 12 + scale)
    return units


def _code_one(stream: Stream, counters: Counters, over: int, tie: int, large: int) -> int:
    for k, value in enumerate((over, -over)):
        if bit(stream, counters, 2 << 10 | 2 * tie + k, 250):
            return value
    return integer(stream, counters, 64 + large, 250)
