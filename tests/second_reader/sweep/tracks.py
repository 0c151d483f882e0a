"""Poses: screws, Euler angles, splines, and points moved by them (docs/format/sweep.md, stages 22, 23, 24, 25, 31)."""

from __future__ import annotations

import math

import numpy as np

from second_reader import ans
from second_reader.ans import Stream
from second_reader.bytestream import Bytes, demand
from second_reader.counters import Counters, bit, integer
from second_reader.sweep.arithmetic import f32, wide
from second_reader.sweep.returns import Returns
from second_reader.sweep.trig import arcsine, sincos


def knots_of(data: bytes, count: int, width: int) -> np.ndarray:
    """Knots (count, width) as second differences."""

    def code(stream: Stream) -> list[list[int]]:
        counters, knots = Counters(), []
        for k in range(count):
            row = []
            for p in range(width):
                expected = 0 if k == 0 else knots[0][p] if k == 1 else 2 * knots[k - 1][p] - knots[k - 2][p]
                row.append(expected + integer(stream, counters, p + width * min(k, 2), 255))
            knots.append(row)
        return knots

    return np.array(ans.decode(data, code), np.int64).reshape(count, width)


def posed(points: np.ndarray, group: np.ndarray, rotation: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """Points moved by the poses of their groups."""
    x, y, z = wide(points).T
    r, t = rotation[group], shift[group]
    out = [t[:, p] + r[:, p, 0] * x + r[:, p, 1] * y + r[:, p, 2] * z for p in range(3)]
    return np.stack(out, axis=1)


def rotation_of(x: float, y: float, z: float) -> list[list[float]]:
    """The rotation of a rotation vector."""
    square = x * x + y * y + z * z
    if square < 1e-4:
        s = 1.0 - square / 6.0 * (1.0 - square / 20.0 * (1.0 - square / 42.0))
        c = 0.5 - square / 24.0 * (1.0 - square / 30.0 * (1.0 - square / 56.0))
    else:
        angle = math.sqrt(square)
        sine, cosine = map(float, sincos(angle))
        s, c = sine / angle, (1.0 - cosine) / square
    return [
        [1.0 - c * (y * y + z * z), c * x * y - s * z, c * x * z + s * y],
        [c * x * y + s * z, 1.0 - c * (x * x + z * z), c * y * z - s * x],
        [c * x * z - s * y, c * y * z + s * x, 1.0 - c * (x * x + y * y)],
    ]


def product(a: list[list[float]], b: list[list[float]]) -> list[list[float]]:
    """a b, sums from the left."""
    return [[a[p][0] * b[0][k] + a[p][1] * b[1][k] + a[p][2] * b[2][k] for k in range(3)] for p in range(3)]


def _between(after: list[list[float]], before: list[list[float]]) -> list[float]:
    """The rotation vector from one rotation to another."""
    x = y = z = 0.0
    for k in range(3):
        x += after[2][k] * before[1][k] - after[1][k] * before[2][k]
        y += after[0][k] * before[2][k] - after[2][k] * before[0][k]
        z += after[1][k] * before[0][k] - after[0][k] * before[1][k]
    x, y, z = 0.5 * x, 0.5 * y, 0.5 * z
    square = x * x + y * y + z * z
    if square < 1e-6:
        scale = 1.0 + square / 6.0 * (1.0 + square * 0.45)
    else:
        sine = math.sqrt(square)
        scale = arcsine(sine) / sine
    return [x * scale, y * scale, z * scale]


def _cross(a: list[float], b: list[float]) -> list[float]:
    return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]


def screw(head: Bytes, returns: Returns) -> None:
    """Stage 22."""
    first = [head.signed() * 2.0**-34 for _ in range(3)]
    count = head.varint()
    numbers = (knots_of(head.rest(), count, 7) * np.ldexp(1.0, [-13, -34, -34, -34, -30, -30, -30])).tolist()
    base = rotation_of(*first)
    turns = [product(rotation_of(*row[1:4]), base) for row in numbers]
    times, places = [row[0] for row in numbers], [row[4:] for row in numbers]
    spins = [_between(turns[k + 1], turns[k]) for k in range(count - 1)]
    ways = [[b - a for a, b in zip(places[k], places[k + 1], strict=True)] for k in range(count - 1)]
    rotations, shifts, q = [], [], 0
    for time in returns.pose_times:
        while q < count - 2 and time >= times[q + 1]:
            q += 1
        while q > 0 and time < times[q]:
            q -= 1
        f = (time - times[q]) / (times[q + 1] - times[q])
        w, d = spins[q], ways[q]
        rotations.append(product(rotation_of(*(each * f for each in w)), turns[q]))
        c = _cross(w, d)
        e = _cross(w, c)
        h, g = -0.5 * f * (1.0 - f), f * (1.0 - f) * (1.0 - 2.0 * f) / 12.0
        shifts.append([places[q][k] + f * d[k] + h * c[k] + g * e[k] for k in range(3)])
    returns.turns, returns.shifts = np.array(rotations), np.array(shifts)


def _fused(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
    """a b + c of float32, rounded once: the sum in double is rounded to odd, so that the last rounding is right."""
    product, addend = wide(a) * wide(b), wide(c)
    total = product + addend
    back = total - product
    lost = (product - (total - back)) + (addend - back)
    bits = total.view(np.int64)
    even = (lost != 0) & (bits & 1 == 0)
    odd = bits + np.where((lost > 0) == (total > 0), 1, -1)
    return f32(np.where(even, odd, bits).view(np.float64))


def fused(head: Bytes, returns: Returns) -> None:
    """Stage 23."""
    exact = np.concatenate([returns.turns, returns.shifts[:, :, None]], axis=2)
    cast = f32(exact)
    away = exact - wide(cast)
    if head.left:
        other = np.nextafter(cast, np.where(away > 0, np.float32(np.inf), np.float32(-np.inf)))
        near = np.clip(0.5 - np.abs(away) / wide(np.spacing(np.abs(cast))), 0.0, 0.5)
        cast = np.where(ans.decode(head.rest(), _code_flips, near), other, cast)
    m, (x, y, z) = cast[returns.group], f32(returns.points).T
    out, whole = np.empty((len(x), 3), np.float32), np.empty((len(x), 3))
    for a in range(3):
        turned = _fused(m[:, a, 2], z, _fused(m[:, a, 0], x, m[:, a, 1] * y))
        out[:, a], whole[:, a] = turned + m[:, a, 3], wide(turned) + wide(m[:, a, 3])
    returns.rounded = returns.xyz = out
    returns.points = whole
    returns.fraction = (whole - wide(out)) / wide(np.spacing(np.abs(out)))


def _code_flips(stream: Stream, near: np.ndarray) -> np.ndarray:
    counters, flips = Counters(), np.zeros(near.shape, bool)
    for g, pose in enumerate(near.tolist()):
        for a, numbers in enumerate(pose):
            nearest = min(0.5, *numbers)
            if nearest >= 0.2:
                continue
            before = int(g > 0 and flips[g - 1, a].any())
            if bit(stream, counters, (a * 2 + before) * 14 + int(nearest * 28), 250):
                for k, each in enumerate(numbers):
                    if each < 0.2:
                        flips[g, a, k] = bit(stream, counters, (6 + k) * 14 + int(each * 28), 250)
    return flips


def packet_times(head: Bytes, returns: Returns) -> None:
    """Stage 24."""
    phase, usual = head.varint(), head.signed()
    rhythm = returns.rhythm
    number, place = np.divmod(np.arange(returns.firings) + (rhythm.packet - phase) % rhythm.packet, rhythm.packet)

    def code(stream: Stream) -> list[int]:
        counters, last, before, steps = Counters(), 0, 0, []
        for _ in range(int(number[-1])):
            value = integer(stream, counters, (abs(last) > 16) + (abs(before) > 16), 250)
            steps.append(usual + value)
            before, last = last, value
        return steps

    times = np.cumsum([0, *ans.decode(head.rest(), code)])[number] + rhythm.slots * place
    returns.phase = phase
    returns.time = wide(times[returns.firing] + rhythm.slot[returns.ring])


def quaternion(w: float, x: float, y: float, z: float) -> np.ndarray:
    """Rotation of a quaternion of any length."""
    s = 2.0 / (w * w + x * x + y * y + z * z)
    return np.array(
        [
            [1.0 - s * (y * y + z * z), s * (x * y - w * z), s * (x * z + w * y)],
            [s * (x * y + w * z), 1.0 - s * (x * x + z * z), s * (y * z - w * x)],
            [s * (x * z - w * y), s * (y * z + w * x), 1.0 - s * (x * x + y * y)],
        ]
    )


def euler_track(head: Bytes, returns: Returns) -> None:
    """Stage 25."""
    count = head.varint()
    numbers = np.array(head.numbers(f"{7 * count + 7}d"))
    times, angles = numbers[:count], numbers[count : 4 * count].reshape(count, 3)
    places, fixed = numbers[4 * count : 7 * count].reshape(count, 3), numbers[7 * count :]
    demand(bool((np.diff(times) > 0).all()), "knots of a track do not ascend")
    k = np.clip(np.searchsorted(times, returns.time, "right") - 1, 0, count - 2)
    part = (returns.time - times[k]) / (times[k + 1] - times[k])

    def between(values: np.ndarray, axis: int) -> np.ndarray:
        return values[k, axis] + part * (values[k + 1, axis] - values[k, axis])

    (sr, cr), (sp, cp), (sy, cy) = (sincos(between(angles, axis)) for axis in range(3))
    mount, lever = quaternion(*fixed[:4].tolist()), fixed[4:]
    px, py, pz = returns.points.T
    b0, b1, b2 = (mount[p, 0] * px + mount[p, 1] * py + mount[p, 2] * pz + lever[p] for p in range(3))
    y, z = cr * b1 - sr * b2, sr * b1 + cr * b2
    x, z = cp * b0 + sp * z, cp * z - sp * b0
    out = (cy * x - sy * y + between(places, 0), sy * x + cy * y + between(places, 1), z + between(places, 2))
    returns.points = np.stack(out, axis=1)


def spline(head: Bytes, returns: Returns) -> None:
    """Stage 31."""
    spacing, finer = head.varints(2)
    firings = returns.firings
    count = max(2, (firings - 1 + spacing - 1) // spacing + 1)
    quanta = np.ldexp(1.0, np.array([-19, -19, -25, -28, -28, -23]) - finer)
    knots = wide(knots_of(head.rest(), count, 6)) * quanta
    index = np.arange(firings)
    k = np.minimum(index // spacing, count - 2)
    part = (wide(index - k * spacing) / float(spacing))[:, None]
    pose = knots[k] * (1.0 - part) + knots[k + 1] * part
    g = pose[:, 3:].T
    scale = 1.0 / (1.0 + 0.25 * (g[0] * g[0] + g[1] * g[1] + g[2] * g[2]))
    rotation = np.empty((firings, 3, 3))
    for column in range(3):
        b = returns.far.base[:, column]
        c = _cross(g, b)
        d = _cross(g, c)
        for p in range(3):
            rotation[:, p, column] = b[p] + scale * (c[p] + 0.5 * d[p])
    returns.points = posed(returns.points, returns.firing, rotation, pose[:, :3])
