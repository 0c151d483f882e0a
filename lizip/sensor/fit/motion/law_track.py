"""The pose law while it is fitted: its numbers as a track, the firings' normal equations, derivatives. Encoder only."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from lizip.jit import kernel
from lizip.sensor.fit.motion.rigid import firing_normals
from lizip.sensor.stages.pose_law import _locate, evaluate

_LARGEST = 2.0**20
FARTHEST = 400.0
ROOM = 0.45
"""How far a knot may move in one step: us, and as a share of the gap beside it."""
_CLOSEST = 200.0
"""Knots nearer to each other than this become one, us."""
LOCAL = 18
"""Parameters that touch one firing."""


@dataclass
class Track:
    """The law's numbers while they are fitted, in m, rad, us: see `law.Law`; knot times include both ends.

    `begin` is the firing with which the track begins, `apart` (2, 6) the step and rate of those before.
    """

    times: np.ndarray
    begin: int
    fast_times: np.ndarray
    fast: np.ndarray
    slow_times: np.ndarray
    slow: np.ndarray
    fixed: np.ndarray
    apart: np.ndarray = field(default_factory=lambda: np.zeros((2, 6)))

    @property
    def size(self) -> int:
        """Number of parameters of a step (knot times at the ends included)."""
        return 4 + 3 * len(self.fast) + 4 * len(self.slow)

    @property
    def sane(self) -> bool:
        """Whether all numbers are such as a stream can hold."""
        return all((np.abs(value) < _LARGEST).all() for value in (*self.numbers, self.apart))

    @property
    def numbers(self) -> tuple[np.ndarray, ...]:
        """What the kernels take."""
        return self.times, self.fast_times, self.fast, self.slow_times, self.slow, self.fixed

    def poses(self) -> tuple[np.ndarray, np.ndarray]:
        """Rotations (F, 3, 3) and shifts (F, 3)."""
        count = len(self.times)
        rotation, shift = np.empty((count, 3, 3)), np.empty((count, 3))
        evaluate(
            self.times,
            self.begin,
            self.fast_times,
            self.fast,
            self.slow_times,
            self.slow,
            self.fixed,
            self.apart,
            np.empty((3, 3)),
            rotation,
            shift,
        )
        return rotation, shift


def merged(track: Track) -> Track:
    """The track with knots of one kind that have run into each other made one: they tell the same kink."""
    fast_times, fast = _merge(track.fast_times, track.fast)
    slow_times, slow = _merge(track.slow_times, track.slow)
    return replace(track, fast_times=fast_times, fast=fast, slow_times=slow_times, slow=slow)


def _merge(times: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    while len(times) > 2 and (gaps := np.diff(times)).min() < _CLOSEST:
        k = int(gaps.argmin())
        inner = [knot for knot in (k, k + 1) if 0 < knot < len(times) - 1]
        times, values = times.copy(), values.copy()
        if len(inner) == 2:
            times[k] = 0.5 * (times[k] + times[k + 1])
            values[k] = 0.5 * (values[k] + values[k + 1])
        times, values = np.delete(times, inner[-1]), np.delete(values, inner[-1], axis=0)
    return times, values


@dataclass
class Normals:
    """Normal equations of each firing about poses `rotation`, `shift`: matrix (F, 6, 6), vector (F, 6)."""

    rotation: np.ndarray
    shift: np.ndarray
    matrix: np.ndarray
    vector: np.ndarray
    stats: np.ndarray
    residual: np.ndarray

    @property
    def numbers(self) -> tuple[np.ndarray, ...]:
        """What the kernels take."""
        return self.rotation, self.shift, self.matrix, self.vector


def condense(
    points: np.ndarray,
    sensor_points: np.ndarray,
    weight: np.ndarray,
    rotation: np.ndarray,
    shift: np.ndarray,
    gate: float,
) -> Normals:
    """Normal equations of all firings; see `lizip.sensor.fit.motion.rigid.firing_normals`."""
    firings, rings, _ = points.shape
    normals = Normals(
        rotation,
        shift,
        np.empty((firings, 6, 6)),
        np.empty((firings, 6)),
        np.empty((firings, 4)),
        np.empty((firings, rings, 3)),
    )
    firing_normals(
        points,
        sensor_points,
        weight,
        rotation,
        shift,
        float(gate),
        0,
        firings,
        normals.matrix,
        normals.vector,
        normals.stats,
        normals.residual,
    )
    return normals


@kernel
def pose_change(rotation, shift, base_rotation, base_shift, i, out):
    """Perturbation (d, w) that takes the base pose of firing i to another one near it."""
    for p in range(3):
        out[p] = shift[i, p] - base_shift[i, p]
    for p in range(3):
        a = (p + 1) % 3
        b = (p + 2) % 3
        total = 0.0
        for q in range(3):
            total += rotation[i, b, q] * base_rotation[i, a, q] - rotation[i, a, q] * base_rotation[i, b, q]
        out[3 + p] = 0.5 * total


@kernel
def track_cost(rotation, shift, base_rotation, base_shift, matrix, vector, begin, change):
    """Weighted squares gained (negative is better) by moving all firings from `begin` on to other poses."""
    cost = 0.0
    for i in range(begin, shift.shape[0]):
        pose_change(rotation, shift, base_rotation, base_shift, i, change)
        for p in range(6):
            cost -= 2.0 * vector[i, p] * change[p]
            for q in range(6):
                cost += change[p] * matrix[i, p, q] * change[q]
    return cost


@kernel
def firing_jacobian(times, fast_times, fast, slow_times, slow, fixed, i, rotation, turn, jacobian, index):
    """Derivatives (6, 18) of firing i's pose perturbation by its parameters, and their places (18,) in the step.

    `rotation` (F, 3, 3) are the track's, `turn` (3, 3) is scratch; `jacobian` holds 0 where it always does.
    """
    k = _locate(fast_times, times[i])
    m = _locate(slow_times, times[i])
    knots = fast_times.size
    gap = fast_times[k + 1] - fast_times[k]
    u = (times[i] - fast_times[k]) / gap
    roll_rate = (fast[k + 1, 0] - fast[k, 0]) / gap
    pitch_rate = (fast[k + 1, 1] - fast[k, 1]) / gap
    gap = slow_times[m + 1] - slow_times[m]
    v = (times[i] - slow_times[m]) / gap
    for p in range(3):
        # the vehicle's axes, see `evaluate`
        turn[p, 0] = rotation[i, p, 1]
        turn[p, 1] = -rotation[i, p, 0]
        turn[p, 2] = rotation[i, p, 2]
    jacobian[2, 0] = 1.0
    for q in range(3):
        for p in range(3):
            jacobian[p, 1 + q] = turn[p, q]
    l0 = turn[0, 0] * fixed[1] + turn[0, 1] * fixed[2] + turn[0, 2] * fixed[3]
    l1 = turn[1, 0] * fixed[1] + turn[1, 1] * fixed[2] + turn[1, 2] * fixed[3]
    l2 = turn[2, 0] * fixed[1] + turn[2, 1] * fixed[2] + turn[2, 2] * fixed[3]
    # axes of turning: roll about Rz Ry x, pitch about Rz y, yaw about z
    level = np.sqrt(turn[0, 0] * turn[0, 0] + turn[1, 0] * turn[1, 0])
    for c in range(2):
        if c == 0:
            w0 = turn[0, 0]
            w1 = turn[1, 0]
            w2 = turn[2, 0]
        else:
            w0 = -turn[1, 0] / level
            w1 = turn[0, 0] / level
            w2 = 0.0
        for side in range(2):
            q = 6 + 2 * c + side
            part = u if side else 1.0 - u
            jacobian[0, q] = part * (w1 * l2 - w2 * l1)
            jacobian[1, q] = part * (w2 * l0 - w0 * l2)
            jacobian[2, q] = part * (w0 * l1 - w1 * l0)
            jacobian[3, q] = part * w0
            jacobian[4, q] = part * w1
            jacobian[5, q] = part * w2
            index[q] = 4 + knots + 2 * (k + side) + c
    for side in range(2):
        part = v if side else 1.0 - v
        jacobian[0, 12 + side] = part
        jacobian[1, 14 + side] = part
        jacobian[0, 16 + side] = -part * l1
        jacobian[1, 16 + side] = part * l0
        jacobian[5, 16 + side] = part
    slots = 4 + 3 * knots + slow_times.size
    for side in range(2):
        index[4 + side] = 4 + k + side
        index[10 + side] = 4 + 3 * knots + m + side
        for c in range(3):
            index[12 + 2 * c + side] = slots + 3 * (m + side) + c
    x_rate = (slow[m + 1, 0] - slow[m, 0]) / gap
    y_rate = (slow[m + 1, 1] - slow[m, 1]) / gap
    yaw_rate = (slow[m + 1, 2] - slow[m, 2]) / gap
    for p in range(6):
        # a knot's time acts against the rates; jacobian[:, 6] + [:, 7] is the derivative by roll, and so on
        rate = (jacobian[p, 6] + jacobian[p, 7]) * roll_rate + (jacobian[p, 8] + jacobian[p, 9]) * pitch_rate
        jacobian[p, 4] = -rate * (1.0 - u)
        jacobian[p, 5] = -rate * u
        rate = (jacobian[p, 12] + jacobian[p, 13]) * x_rate + (jacobian[p, 14] + jacobian[p, 15]) * y_rate
        rate += (jacobian[p, 16] + jacobian[p, 17]) * yaw_rate
        jacobian[p, 10] = -rate * (1.0 - v)
        jacobian[p, 11] = -rate * v
    for q in range(4):
        index[q] = q
