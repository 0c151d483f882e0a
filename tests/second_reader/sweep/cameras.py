"""Depth cameras, coarse ranges, moves of ranges (docs/format/sweep.md, stages 32, 33, 34, 36)."""

from __future__ import annotations

import numpy as np

from second_reader import ans
from second_reader.ans import Stream
from second_reader.bytestream import Bytes, demand
from second_reader.counters import Counters, bit, integer
from second_reader.mixer import Weights, mixed
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
    step, offset, halved = head.varints(3)
    returns.ranges = np.where(returns.ranges > 0, returns.ranges.astype(np.int64) * step + offset, 0)
    returns.halved = bool(halved)


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
    ranges = returns.ranges.astype(np.int64)

    def code(stream: Stream) -> list[tuple[int, int, int]]:
        counters, weights, found = Counters(), Weights([0.55 / 3] * 3), []
        fast, slow, last = ([0] * ranges.shape[1] for _ in range(3))
        for i, row in enumerate(ranges.tolist()):
            beside = above = 0
            for j in np.flatnonzero(row).tolist():
                f, s = (min((rate[j] >> 6).bit_length(), 11) for rate in (fast, slow))
                places = ("fast", f, beside), ("slow", s, f), ("above", above, s)
                sets = weights["beside", beside], weights["slow", s]
                beside = mixed(stream, counters, places, sets, 120, 15)
                fast[j] += ((beside << 16) - fast[j]) >> 2
                slow[j] += ((beside << 16) - slow[j]) >> 5
                above = f
                if not beside:
                    continue
                nearer = bit(stream, counters, ("nearer", last[j]), 120)
                last[j] = 1 + nearer
                size = 1 + abs(integer(stream, counters, 0, 120))
                found.append((i, j, -size if nearer else size))
        return found

    for i, j, size in ans.decode(head.rest(), code):
        ranges[i, j] += size
    returns.ranges = ranges
