"""The law of a moving sensor whose points have poses of their own, in numbers that a fit can hold. Encoder only.

What `EulerTrack` computes from position and Euler angles of the vehicle, is held here by where the sensor is and how it
is turned at the knots, in the stored frame: mount, lever and the far frame's axes then act between knots alone.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lizip.exact.linear import multiply
from lizip.exact.rotation import (
    euler,
    eulers_of,
    products,
    quaternion_of_rotation,
    rotation_of_quaternion,
    turned,
)
from lizip.exact.trig import TURN, sincos
from lizip.jit import kernel
from lizip.sensor.stages.euler_track import EulerTrack, euler_points

LOCAL = 22
"""Columns of a point's derivatives: six numbers of the knot before, six of the one after, their times, lever, mount,
two of the far frame's axes."""
FIXED = 8
"""Numbers that all knots share: lever (3), mount (3), far axes (2)."""
_OWN_FRAME = 3.0
"""How far the sensor may be from the origin of its vehicle's frame, m."""


class Law(NamedTuple):
    """A track.

    Attributes
    ----------
    times : (K,) float64
        Of the knots, slots.
    turns : (K, 3, 3) float64
        From the sensor's to the stored axes.
    places : (K, 3) float64
        Where the sensor is, stored frame, m.
    far : (3, 3) float64
        From the stored axes to those whose third Euler's yaw turns about.
    mount : (3, 3) float64
        From the sensor's to the vehicle's axes.
    lever : (3,) float64
        Sensor in the vehicle's frame, m.
    """

    times: np.ndarray
    turns: np.ndarray
    places: np.ndarray
    far: np.ndarray
    mount: np.ndarray
    lever: np.ndarray

    @property
    def in_own_frame(self) -> bool:
        """Whether points are stored in the frame of the sensor's vehicle: the sensor is near the origin at the end."""
        return bool(np.abs(self.places[-1, :2]).max() < _OWN_FRAME)

    def stage(self) -> EulerTrack:
        """The stage that computes points in the far frame's axes."""
        rotations = products(products(self.far, self.turns), self.mount.T)
        angles = eulers_of(rotations)
        angles[1:, 2] = angles[0, 2] + np.cumsum(_wrapped(np.diff(angles[:, 2])))
        places = multiply(self.places, self.far.T) - multiply(rotations, self.lever[:, None])[:, :, 0]
        return EulerTrack(self.times, angles, places, quaternion_of_rotation(self.mount), self.lever)

    def resampled(self, times: np.ndarray) -> Law:
        """The same track by its poses at other times (K',)."""
        stage = self.stage()
        origin = np.zeros((len(times), 3))
        points = [stage.points(times, origin + axis) for axis in (np.zeros(3), *np.eye(3))]
        stored = [multiply(point, np.ascontiguousarray(self.far)) for point in points]
        turns = np.stack([end - stored[0] for end in stored[1:]], axis=2)
        return self._replace(times=times, turns=turns, places=stored[0])


def _wrapped(angle: np.ndarray) -> np.ndarray:
    return angle - TURN * np.rint(angle / TURN)


def predict(law: Law, times: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Stored coordinates (M, 3) float64 of points (M, 3) of the sensor's frame at times (M,)."""
    stage = law.stage()
    out = np.empty(points.shape)
    mount = rotation_of_quaternion(stage.mount)
    euler_points(stage.times, stage.angles, stage.places, mount, law.lever, times, points, out)
    return multiply(out, np.ascontiguousarray(law.far))


class Knots(NamedTuple):
    """What derivatives need of the knots.

    Attributes
    ----------
    times, angles, places : (K,), (K, 3), (K, 3) float64
        As in `EulerTrack`.
    rates : (K, 3, 3) float64
        Changes of the three angles by rotation vectors in far axes.
    arms : (K, 3, 3) float64
        Changes of the turned lever by the three angles (columns).
    turns : (K, 3, 3) float64
        From the vehicle's to the far axes.
    spots : (K, 3) float64
        The sensor in far axes.
    """

    times: np.ndarray
    angles: np.ndarray
    places: np.ndarray
    rates: np.ndarray
    arms: np.ndarray
    turns: np.ndarray
    spots: np.ndarray


def knots_of(law: Law) -> Knots:
    """Work out what derivatives need."""
    stage = law.stage()
    rates, arms, turns = (np.empty((len(law.times), 3, 3)) for _ in range(3))
    _turn_knots(stage.angles, law.lever, rates, arms, turns)
    return Knots(law.times, stage.angles, stage.places, rates, arms, turns, multiply(law.places, law.far.T))


@kernel
def _turn_knots(angles, lever, rates, arms, turns):
    """Fill in `Knots` what depends on the angles."""
    for k in range(angles.shape[0]):
        euler(angles[k, 0], angles[k, 1], angles[k, 2], turns[k])
        sp, cp = sincos(angles[k, 1])
        sy, cy = sincos(angles[k, 2])
        rate, arm = rates[k], arms[k]
        rate[0, 0], rate[0, 1], rate[0, 2] = cy / cp, sy / cp, 0.0
        rate[1, 0], rate[1, 1], rate[1, 2] = -sy, cy, 0.0
        rate[2, 0], rate[2, 1], rate[2, 2] = cy * sp / cp, sy * sp / cp, 1.0
        # the turned lever, which axes of roll (Rz Ry ex), pitch (Rz ey) and yaw (ez) turn about themselves
        u0, u1, u2 = turned(turns[k], lever[0], lever[1], lever[2])
        arm[0, 0], arm[1, 0], arm[2, 0] = sy * cp * u2 + sp * u1, -sp * u0 - cy * cp * u2, cy * cp * u1 - sy * cp * u0
        arm[0, 1], arm[1, 1], arm[2, 1] = cy * u2, sy * u2, -sy * u1 - cy * u0
        arm[0, 2], arm[1, 2], arm[2, 2] = -u1, u0, 0.0


class Work(NamedTuple):
    """Memory of `derive`, made once.

    Attributes
    ----------
    jacobian : (3, LOCAL) float64
        Of the point at hand.
    speed : (3,) float64
        Its change with time.
    by_angle : (3, 3) float64
        Its change by roll, pitch and yaw (columns), far axes.
    turn : (3, 3) float64
        From the vehicle's to the far axes at its time.
    """

    jacobian: np.ndarray
    speed: np.ndarray
    by_angle: np.ndarray
    turn: np.ndarray


def make_work() -> Work:
    """Make that memory."""
    return Work(np.zeros((3, LOCAL)), np.zeros(3), np.zeros((3, 3)), np.zeros((3, 3)))


@kernel
def derive(knots, far, mount, lever, t, k, s0, s1, s2, used, work):
    """Fill `work` for one point s of the sensor's frame at time t of segment k: the first `used` columns, 14 or all."""
    length = knots.times[k + 1] - knots.times[k]
    part = (t - knots.times[k]) / length
    rise0 = knots.angles[k + 1, 0] - knots.angles[k, 0]
    rise1 = knots.angles[k + 1, 1] - knots.angles[k, 1]
    rise2 = knots.angles[k + 1, 2] - knots.angles[k, 2]
    pitch = knots.angles[k, 1] + part * rise1
    yaw = knots.angles[k, 2] + part * rise2
    euler(knots.angles[k, 0] + part * rise0, pitch, yaw, work.turn)
    turn = work.turn
    m0, m1, m2 = turned(mount, s0, s1, s2)
    u0, u1, u2 = turned(turn, m0 + lever[0], m1 + lever[1], m2 + lever[2])
    sy, cy = sincos(yaw)
    by = work.by_angle
    # axes of roll (the vehicle's x), of pitch (the levelled y) and of yaw (up), each crossed with the turned point
    a0, a1, a2 = turn[0, 0], turn[1, 0], turn[2, 0]
    by[0, 0] = a1 * u2 - a2 * u1
    by[1, 0] = a2 * u0 - a0 * u2
    by[2, 0] = a0 * u1 - a1 * u0
    by[0, 1] = cy * u2
    by[1, 1] = sy * u2
    by[2, 1] = -sy * u1 - cy * u0
    by[0, 2] = -u1
    by[1, 2] = u0
    by[2, 2] = 0.0
    v0 = knots.places[k + 1, 0] - knots.places[k, 0] + by[0, 0] * rise0 + by[0, 1] * rise1 + by[0, 2] * rise2
    v1 = knots.places[k + 1, 1] - knots.places[k, 1] + by[1, 0] * rise0 + by[1, 1] * rise1 + by[1, 2] * rise2
    v2 = knots.places[k + 1, 2] - knots.places[k, 2] + by[2, 0] * rise0 + by[2, 1] * rise1
    for p in range(3):
        way = far[0, p] * v0 + far[1, p] * v1 + far[2, p] * v2
        work.speed[p] = way / length
        work.jacobian[p, 12] = -(1.0 - part) * way / length
        work.jacobian[p, 13] = -part * way / length
    for side in range(2):
        j = k + side
        share = part if side == 1 else 1.0 - part
        for q in range(3):
            # what a rotation about the stored axis q at the knot changes, in far axes
            _by_turn(knots, work, far, j, share, far[0, q], far[1, q], far[2, q], 6 * side + q, 1.0)
            for p in range(3):
                work.jacobian[p, 6 * side + 3 + q] = share if p == q else 0.0
    if used > 14:
        _derive_fixed(knots, far, part, k, (m0, m1, m2), (u0, u1, u2), work)


@kernel
def _derive_fixed(knots, far, part, k, levelled, about, work):
    """Fill the columns of lever, mount and far axes, of a point in the vehicle's axes and, turned, about its origin."""
    m0, m1, m2 = levelled
    u0, u1, u2 = about
    turn = work.turn
    for c in range(14, LOCAL):
        for p in range(3):
            work.jacobian[p, c] = 0.0
    for side in range(2):
        j = k + side
        share = part if side == 1 else 1.0 - part
        for q in range(3):
            # lever: turned at the knot as well
            r0, r1, r2 = knots.turns[j, 0, q], knots.turns[j, 1, q], knots.turns[j, 2, q]
            _add_columns(work, far, 14 + q, -share, r0, r1, r2)
            # mount: the knots' turns go the other way about the vehicle's axis q
            _by_turn(knots, work, far, j, share, -r0, -r1, -r2, 17 + q, 0.0)
        for q in range(2):
            w0 = 1.0 if q == 0 else 0.0
            _by_turn(knots, work, far, j, share, w0, 1.0 - w0, 0.0, 20 + q, 0.0)
            c0, c1, c2 = knots.spots[j, 0], knots.spots[j, 1], knots.spots[j, 2]
            if q == 0:
                _add_columns(work, far, 20, share, 0.0, -c2, c1)
            else:
                _add_columns(work, far, 21, share, c2, 0.0, -c0)
    for q in range(3):
        _add_columns(work, far, 14 + q, 1.0, turn[0, q], turn[1, q], turn[2, q])
        # a turn of the mount about the vehicle's axis q moves the point by e_q x (mount s)
        if q == 0:
            n0, n1, n2 = 0.0, -m2, m1
        elif q == 1:
            n0, n1, n2 = m2, 0.0, -m0
        else:
            n0, n1, n2 = -m1, m0, 0.0
        d0, d1, d2 = turned(turn, n0, n1, n2)
        _add_columns(work, far, 17 + q, 1.0, d0, d1, d2)
    x0 = u0 + knots.places[k, 0] + part * (knots.places[k + 1, 0] - knots.places[k, 0])
    x1 = u1 + knots.places[k, 1] + part * (knots.places[k + 1, 1] - knots.places[k, 1])
    x2 = u2 + knots.places[k, 2] + part * (knots.places[k + 1, 2] - knots.places[k, 2])
    _add_columns(work, far, 20, -1.0, 0.0, -x2, x1)
    _add_columns(work, far, 21, -1.0, x2, 0.0, -x0)


@kernel
def _add_columns(work, far, column, share, d0, d1, d2):
    """Add a change in far axes to a column of the Jacobian, in stored axes."""
    for p in range(3):
        work.jacobian[p, column] += share * (far[0, p] * d0 + far[1, p] * d1 + far[2, p] * d2)


@kernel
def _by_turn(knots, work, far, j, share, w0, w1, w2, column, fresh):
    """What turning knot j by (w0, w1, w2), in far axes, changes: the angles, and where the turned lever ends."""
    arms, by = knots.arms, work.by_angle
    g0, g1, g2 = turned(knots.rates[j], w0, w1, w2)
    d0 = (by[0, 0] - arms[j, 0, 0]) * g0 + (by[0, 1] - arms[j, 0, 1]) * g1 + (by[0, 2] - arms[j, 0, 2]) * g2
    d1 = (by[1, 0] - arms[j, 1, 0]) * g0 + (by[1, 1] - arms[j, 1, 1]) * g1 + (by[1, 2] - arms[j, 1, 2]) * g2
    d2 = (by[2, 0] - arms[j, 2, 0]) * g0 + (by[2, 1] - arms[j, 2, 1]) * g1 + (by[2, 2] - arms[j, 2, 2]) * g2
    if fresh == 1.0:
        for p in range(3):
            work.jacobian[p, column] = 0.0
    _add_columns(work, far, column, share, d0, d1, d2)
