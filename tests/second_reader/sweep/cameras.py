"""Depth cameras, coarse ranges, moves along rays (docs/format/sweep.md, stages 32, 33, 34, 36)."""

from __future__ import annotations

import math

import numpy as np

from second_reader import ans
from second_reader.ans import Stream
from second_reader.bytestream import Bytes, demand
from second_reader.counters import Counters, bit
from second_reader.sweep.arithmetic import f32, wide
from second_reader.sweep.fields import column_of, nowhere
from second_reader.sweep.places import words3
from second_reader.sweep.returns import Returns

UNITS = (1000, 5000, 10000, 4000, 256, 100)
COUNTS_FIRST, DEPTH_FIRST, RAY_FIRST, QUOTIENT, DOUBLE = range(5)


def _counts(unit: int, depth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Counts and metres behind depths."""
    deep = wide(depth)
    if unit == len(UNITS):
        return deep, deep
    counts = np.rint(deep * float(UNITS[unit]))
    return counts, counts / float(UNITS[unit])


def coarse(head: Bytes, returns: Returns) -> None:
    """Stage 32."""
    step, middle = head.varints(2)
    returns.ranges = returns.ranges * (step << middle)
    if middle:
        returns.ranges = returns.ranges + (returns.ranges > 0)
        returns.halved = True


def camera(head: Bytes, returns: Returns) -> None:
    """Stage 33."""
    form, law, unit = head.varints(3)
    numbers = head.numbers("4d")
    nothing = words3(head) if form & 16 else None
    count = head.varint()
    levels = column_of(head.rest(), np.dtype("<f4"), nowhere(count))
    ranges, forward = returns.ranges, form & 3
    returns.row, returns.ring = np.nonzero(ranges)
    returns.firing, returns.firings = returns.row, len(ranges)
    returns.ticks = ranges[returns.row, returns.ring]
    depth = levels[returns.ticks - 1]
    rounded, fraction = np.empty((len(depth), 3), np.float32), np.zeros((len(depth), 3))
    rounded[:, forward] = -depth if form & 4 else depth
    sides = [axis for axis in range(3) if axis != forward]
    for axis, pixel in enumerate((returns.ring, returns.row)):
        place = sides[1 - axis if form & 8 else axis]
        rounded[:, place], exact = _sideways(law, unit, numbers[axis], numbers[2 + axis], pixel, depth)
        missed = (exact - wide(rounded[:, place])) / wide(np.spacing(np.abs(rounded[:, place])))
        fraction[:, place] = np.where(np.abs(missed) <= 0.5, missed, 0.0)
    returns.rounded = returns.xyz = rounded
    returns.fraction = fraction
    if nothing is not None:
        demand(ranges.size == returns.count, "a depth image has not as many points as its file")
        row, ring = np.divmod(np.arange(ranges.size), ranges.shape[1])
        returns.place = returns.row * ranges.shape[1] + returns.ring
        returns.nothing, returns.every = nothing, (ring, row, row)


def _sideways(law: int, unit: int, centre: float, focal: float, pixel: np.ndarray, depth: np.ndarray):
    counts, deep = _counts(unit, depth)
    if law == DOUBLE:
        exact = (pixel - centre) * deep / focal
        return f32(exact), exact
    away, k = f32(pixel) - np.float32(centre), np.float32(focal)
    if law == COUNTS_FIRST:
        out = away * f32(counts) * k
    elif law == DEPTH_FIRST:
        out = away * depth * k
    elif law == RAY_FIRST:
        out = away * k * depth
    else:
        out = away * depth / k
    return out, wide(out)


def doubles(head: Bytes, returns: Returns) -> None:
    """Stage 34."""
    form, unit = head.varints(2)
    numbers = head.numbers("4d")
    law, forward = form % 3, form // 3
    names = [name for name, _ in returns.fields[:3]]
    xyz = np.stack([returns.columns[name] for name in names], axis=1)
    out, depth = wide(xyz), xyz[:, forward]
    with np.errstate(all="ignore"):
        deep = np.copysign(_counts(unit, depth)[1], depth)
        out[:, forward] = np.where(np.isfinite(depth), deep, out[:, forward])
        for k, axis in enumerate(axis for axis in range(3) if axis != forward):
            centre, focal, far = numbers[k], numbers[2 + k], np.abs(deep)
            away = np.rint(out[:, axis] / far * focal + centre) - centre
            value = (away * far / focal, away / focal * far, away * far * (1.0 / focal))[law]
            out[:, axis] = np.where(np.isfinite(value) & (deep != 0), value, out[:, axis])
        for axis, (name, kind) in enumerate(returns.fields[:3]):
            returns.columns[name] = np.ascontiguousarray(out[:, axis]).astype(kind)


def moves(head: Bytes, returns: Returns) -> None:
    """Stage 36."""
    amount = head.varint() / 1e9
    xyz = returns.xyz.copy()
    distances = []
    for x, y, z in wide(xyz).tolist():
        square = x * x + y * y + z * z
        distances.append(math.sqrt(square) if 0.0 < square < 1e12 else 0.0)

    def code(stream: Stream) -> list[int]:
        counters, signs = Counters(), []
        for point, distance in zip(wide(xyz).tolist(), distances, strict=True):
            sign = 0
            if distance:
                kind = min(int((1.0 - max(map(abs, point)) / distance) * 256.0), 31)
                if bit(stream, counters, kind, 60):
                    sign = -1 if bit(stream, counters, 32 + kind, 60) else 1
            signs.append(sign)
        return signs

    for i, sign in enumerate(ans.decode(head.rest(), code)):
        if sign:
            xyz[i] = f32(wide(xyz[i]) * (1.0 + float(sign) * amount / distances[i]))
    returns.xyz = xyz
