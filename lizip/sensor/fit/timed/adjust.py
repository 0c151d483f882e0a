"""Gauss-Newton steps on a law: from points whose ranges are known, or from their directions alone. Encoder only."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lizip.exact.linear import multiply, solve_definite
from lizip.exact.screw import rotation_of
from lizip.exact.ulp import unit32
from lizip.jit import kernel
from lizip.sensor.fit.timed.law import FIXED, LOCAL, Law, derive, knots_of, make_work, predict
from lizip.sensor.stages.euler_track import segment_of

_STEADY = 2.5
_RIDGE = 1e-14
_WANDERS = 500.0
"""How far a knot moves in a step for no good reason, slots."""


class Sample(NamedTuple):
    """Points that take part in a fit.

    Attributes
    ----------
    stored : (M, 3) float64
    points : (M, 3) float64
        In the sensor's frame; of any length where directions alone count.
    times : (M,) float64
        Slots.
    group : (M,) int64
        Block or packet, whose time is free.
    """

    stored: np.ndarray
    points: np.ndarray
    times: np.ndarray
    group: np.ndarray


class Free(NamedTuple):
    """What a step may change.

    Attributes
    ----------
    fixed : float
        Whether lever, mount and far axes are free: how far they are believed to lie from where they were, in units of
        `DOUBTS`; 0: they are not.
    inner : bool
        Whether the times of inner knots are.
    groups : int
        Number of groups of points whose time is free; 0: none is.
    loose : float
        How far a group's time may be off, slots.
    yaw : bool
        Whether the knots may turn about the stored z; where elevations alone count they cannot.
    """

    fixed: float = 0.0
    inner: bool = False
    groups: int = 0
    loose: float = 100.0
    yaw: bool = True


DOUBTS = np.array([0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.05, 0.05])
"""Standard deviations of lever (m), mount and far axes (rad)."""


@kernel
def _tangents(d0, d1, d2, out):
    """Two unit vectors across the direction (d0, d1, d2): level, and up."""
    flat = np.sqrt(d0 * d0 + d1 * d1) + 1e-300
    out[0, 0], out[0, 1], out[0, 2] = -d1 / flat, d0 / flat, 0.0
    out[1, 0], out[1, 1], out[1, 2] = -d2 * d0 / flat, -d2 * d1 / flat, flat


@kernel
def _accumulate(knots, axes, sample, miss, weight, across, columns, work, normals):
    """Add all points to the normal equations.

    `miss` (M, 3) is stored minus predicted; `weight` (M, 3) of its coordinates, or (M, 3) of the two directions across
    the ray where `across` is true. `axes` are those of the far frame, mount and lever; `columns` is scratch; `normals`
    h (P, P), g (P,), and by (G, P), own (G, 2) for the groups' times.
    """
    far, mount, lever = axes
    h, g, by, own = normals
    k = np.int64(0)
    size = knots.times.size
    used = columns.used
    rows, index, value = columns.rows, columns.index, columns.value
    for i in range(miss.shape[0]):
        if weight[i, 0] + weight[i, 1] + weight[i, 2] == 0.0:
            continue
        k = segment_of(knots.times, sample.times[i], k)
        s0, s1, s2 = sample.points[i, 0], sample.points[i, 1], sample.points[i, 2]
        derive(knots, far, mount, lever, sample.times[i], k, s0, s1, s2, work)
        for c in range(12):
            index[c] = 6 * k + c
        index[12] = 6 * size + k
        index[13] = 6 * size + k + 1
        for c in range(14, LOCAL):
            index[c] = 7 * size + c - 14
        rows[:, :] = 0.0
        if across:
            place = (sample.times[i] - knots.times[k]) / (knots.times[k + 1] - knots.times[k])
            o0 = knots.spots[k, 0] + place * (knots.spots[k + 1, 0] - knots.spots[k, 0])
            o1 = knots.spots[k, 1] + place * (knots.spots[k + 1, 1] - knots.spots[k, 1])
            o2 = knots.spots[k, 2] + place * (knots.spots[k + 1, 2] - knots.spots[k, 2])
            d0 = sample.stored[i, 0] - (far[0, 0] * o0 + far[1, 0] * o1 + far[2, 0] * o2)
            d1 = sample.stored[i, 1] - (far[0, 1] * o0 + far[1, 1] * o1 + far[2, 1] * o2)
            d2 = sample.stored[i, 2] - (far[0, 2] * o0 + far[1, 2] * o1 + far[2, 2] * o2)
            r = np.sqrt(d0 * d0 + d1 * d1 + d2 * d2) + 1e-300
            _tangents(d0 / r, d1 / r, d2 / r, rows)
        else:
            rows[0, 0], rows[1, 1], rows[2, 2] = 1.0, 1.0, 1.0
        for m in range(3):
            w = weight[i, m]
            if w == 0.0:
                continue
            a0, a1, a2 = rows[m, 0], rows[m, 1], rows[m, 2]
            e = a0 * miss[i, 0] + a1 * miss[i, 1] + a2 * miss[i, 2]
            for c in range(used):
                value[c] = a0 * work.jacobian[0, c] + a1 * work.jacobian[1, c] + a2 * work.jacobian[2, c]
            for c in range(used):
                p = index[c]
                scaled = w * value[c]
                g[p] += scaled * e
                for q in range(c + 1):
                    h[p, index[q]] += scaled * value[q]
            if by.shape[0] > 0:
                speed = a0 * work.speed[0] + a1 * work.speed[1] + a2 * work.speed[2]
                n = sample.group[i]
                own[n, 0] += w * speed * speed
                own[n, 1] += w * speed * e
                for c in range(used):
                    by[n, index[c]] += w * speed * value[c]


class Columns(NamedTuple):
    """Scratch of `_accumulate`: (3, 3) float64, (LOCAL,) int64, (LOCAL,) float64; how many derivatives count.

    Those behind belong to numbers that are held.
    """

    rows: np.ndarray
    index: np.ndarray
    value: np.ndarray
    used: int


@kernel
def _eliminate(by, own, h, g):
    """Take the groups' times out of the normal equations (lower triangle)."""
    for n in range(by.shape[0]):
        for p in range(g.size):
            x = by[n, p]
            if x == 0.0:
                continue
            x /= own[n, 0]
            g[p] -= x * own[n, 1]
            for q in range(p + 1):
                h[p, q] -= x * by[n, q]


@kernel
def units_of(stored, out):
    """Fill out (M, 3) with the float32 units of stored (M, 3)."""
    for i in range(stored.shape[0]):
        for m in range(3):
            out[i, m] = unit32(stored[i, m])


class Step(NamedTuple):
    """What came of a step.

    Attributes
    ----------
    law : Law
    scale : float
        How large misses are against what was expected, before the step.
    late : (G,) float64
        How late each group was, slots.
    sure : (G,) float64
        Standard deviation of that.
    change : (FIXED,) float64
        How lever, mount and far axes changed.
    """

    law: Law
    scale: float
    late: np.ndarray
    sure: np.ndarray
    change: np.ndarray


def median_of(values: np.ndarray) -> float:
    """Median of |values| (M,)."""
    return float(np.median(np.abs(values))) if len(values) else 0.0


def misses(law: Law, sample: Sample) -> np.ndarray:
    """Stored minus predicted, (M, 3)."""
    return sample.stored - predict(law, sample.times, sample.points)


def coordinate_step(law: Law, sample: Sample, free: Free, floor: float, centre: np.ndarray, cut: float = 8.0) -> Step:
    """One step from coordinates: each counts by its float32 unit and a `floor` (m) of noise.

    `centre` (FIXED,) says how far lever, mount and far axes are from where they are believed to be.
    """
    miss = misses(law, sample)
    units = np.empty(miss.shape)
    units_of(sample.stored, units)
    sigma = np.sqrt(units * units / 6 + floor * floor)
    z = np.abs(miss / sigma)
    scale = max(1.0, 1.4826 * float(np.median(z)))
    weight = 1 / (1 + (z / (_STEADY * scale)) ** 2) / (sigma * scale) ** 2
    weight[z.max(axis=1) > cut * _STEADY * scale] = 0
    return _step(law, sample, miss, weight, False, free, centre, scale)


def direction_step(law: Law, sample: Sample, free: Free, centre: np.ndarray, level: float = 1.0) -> Step:
    """One step from directions alone; `level` is the share of weight that azimuths have."""
    spot = sample.stored - predict(law, sample.times, np.zeros(sample.points.shape))
    length = np.sqrt((spot * spot).sum(axis=1))
    ray = np.sqrt((sample.points * sample.points).sum(axis=1))
    sample = sample._replace(points=sample.points * (length / ray)[:, None])
    miss = misses(law, sample)
    flat = np.sqrt(spot[:, 0] ** 2 + spot[:, 1] ** 2)
    sideways = (spot[:, 0] * miss[:, 1] - spot[:, 1] * miss[:, 0]) / (flat * length)
    up = (miss[:, 2] * flat - spot[:, 2] * (spot[:, 0] * miss[:, 0] + spot[:, 1] * miss[:, 1]) / flat) / length**2
    weight = np.zeros(miss.shape)
    scale = max(1.4826 * median_of(up), 1e-9)
    for m, (angle, share) in enumerate(((sideways, level), (up, 1.0))):
        sigma = max(1.4826 * median_of(angle), 1e-9)
        w = share / (1 + (angle / (_STEADY * sigma)) ** 2) / (sigma * length) ** 2
        w[np.abs(angle) > 15 * sigma] = 0
        weight[:, m] = w
    return _step(law, sample, miss, weight, True, free, centre, scale)


def _step(
    law: Law,
    sample: Sample,
    miss: np.ndarray,
    weight: np.ndarray,
    across: bool,
    free: Free,
    centre: np.ndarray,
    scale: float,
) -> Step:
    count = len(law.times)
    size = 7 * count + FIXED
    h, g = np.zeros((size, size)), np.zeros(size)
    by, own = np.zeros((free.groups, size)), np.zeros((free.groups, 2))
    own[:, 0] = 1 / free.loose**2
    used = LOCAL if free.fixed else 14 if free.inner else 12
    scratch = Columns(np.zeros((3, 3)), np.zeros(LOCAL, np.int64), np.zeros(LOCAL), used)
    knots = knots_of(law)
    axes, normals = (law.far, law.mount, law.lever), (h, g, by, own)
    _accumulate(knots, axes, sample, miss, weight, across, scratch, make_work(), normals)
    late = own[:, 1].copy()
    _eliminate(by, own, h, g)
    held = np.zeros(size, bool)
    held[6 * count : 7 * count] = not free.inner
    held[[6 * count, 7 * count - 1]] = True
    held[7 * count :] = free.fixed == 0
    held[2 : 6 * count : 6] = not free.yaw
    # where the track hardly bends, a knot's time does not tell: it stays
    h[np.arange(6 * count, 7 * count), np.arange(6 * count, 7 * count)] += 1 / _WANDERS**2
    if free.fixed:
        doubt = 1 / (free.fixed * DOUBTS) ** 2
        h[np.arange(7 * count, size), np.arange(7 * count, size)] += doubt
        g[7 * count :] -= doubt * centre
    h[held] = 0
    h[:, held] = 0
    h[held, held] = 1
    g[held] = 0
    h = np.tril(h) + np.tril(h, -1).T
    unit = np.sqrt(np.abs(np.diag(h))) + 1e-30
    change = solve_definite(h / unit[:, None] / unit + _RIDGE * np.eye(size), g / unit) / unit
    late = (late - multiply(by, change[:, None])[:, 0]) / own[:, 0] if free.groups else late
    return Step(changed(law, change), scale, late, 1 / np.sqrt(own[:, 0]), change[7 * count :])


def rotation_by(vector: np.ndarray) -> np.ndarray:
    """Rotation (3, 3) about and by a vector (3,), rad."""
    out = np.empty((3, 3))
    rotation_of(*(float(v) for v in vector), out)
    return out


def changed(law: Law, change: np.ndarray) -> Law:
    """A law after a change (7 K + FIXED,) of its numbers."""
    count = len(law.times)
    knots, fixed = change[: 6 * count].reshape(-1, 6), change[7 * count :]
    turns = np.stack([multiply(rotation_by(knot[:3]), turn) for knot, turn in zip(knots, law.turns, strict=True)])
    tilt = np.array([fixed[6], fixed[7], 0.0])
    return Law(
        law.times + change[6 * count : 7 * count],
        turns,
        law.places + knots[:, 3:],
        multiply(rotation_by(tilt), law.far),
        multiply(rotation_by(fixed[3:6]), law.mount),
        law.lever + fixed[:3],
    )
