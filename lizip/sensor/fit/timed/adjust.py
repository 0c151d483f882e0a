"""Gauss-Newton steps on a law: from points whose ranges are known, or from their directions alone. Encoder only."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lizip.exact.linear import multiply, solve_definite
from lizip.exact.rotation import products
from lizip.exact.screw import rotation_of, rotations_of
from lizip.exact.ulp import unit32
from lizip.jit import kernel
from lizip.sensor.fit.timed.law import FIXED, LOCAL, Law, knots_of, make_work, predict
from lizip.sensor.fit.timed.normals import accumulate, eliminate, make_columns

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
    knots = knots_of(law)
    axes, normals = (law.far, law.mount, law.lever), (h, g, by, own)
    accumulate(knots, axes, sample, miss, weight, across, make_columns(used), make_work(), normals)
    late = own[:, 1].copy()
    eliminate(by, own, h, g)
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
    turns = products(rotations_of(knots[:, :3]), law.turns)
    tilt = np.array([fixed[6], fixed[7], 0.0])
    return Law(
        law.times + change[6 * count : 7 * count],
        turns,
        law.places + knots[:, 3:],
        multiply(rotation_by(tilt), law.far),
        multiply(rotation_by(fixed[3:6]), law.mount),
        law.lever + fixed[:3],
    )
