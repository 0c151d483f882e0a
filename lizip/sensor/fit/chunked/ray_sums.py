"""How returns miss the ray model: elevation and heading of a laser, range a whole number of ticks. Encoder only."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lizip.exact.trig import sincos, sines_of
from lizip.jit import inlined_kernel, kernel


class Rays(NamedTuple):
    """What the ray model knows of each return.

    Attributes
    ----------
    stored : (N, 3) float32
    laser : (N,) int64
    angle : (N,) float64
        Azimuth in the sensor's frame, rad, less the group's heading.
    late : (N,) float64
        Time of the return less that of its group's pose, us.
    use : (N,) bool
        Whether it counts.
    """

    stored: np.ndarray
    laser: np.ndarray
    angle: np.ndarray
    late: np.ndarray
    use: np.ndarray


@kernel
def _to_world(matrix, vector, turn, work, mixed):
    """Turn the normal equations of one group from the sensor's axes to the stored frame's."""
    for half in range(2):
        for a in range(3):
            total = 0.0
            other = 0.0
            for k in range(3):
                total += turn[a, k] * vector[3 * half + k]
                other += turn[a, k] * mixed[3 * half + k]
            work[3 * half + a, 0] = total
            work[3 * half + a, 1] = other
    for a in range(6):
        vector[a] = work[a, 0]
        mixed[a] = work[a, 1]
    for a in range(6):
        for b in range(a):
            matrix[b, a] = matrix[a, b]
    for half in range(2):
        for a in range(3):
            for b in range(6):
                total = 0.0
                for k in range(3):
                    total += turn[a, k] * matrix[3 * half + k, b]
                work[3 * half + a, b] = total
    for a in range(6):
        for half in range(2):
            for b in range(3):
                total = 0.0
                for k in range(3):
                    total += work[a, 3 * half + k] * turn[b, k]
                matrix[a, 3 * half + b] = total


@kernel
def _clear(matrix, vector, turn):
    """Begin the sums of a group."""
    for a in range(6):
        vector[a] = 0.0
        for b in range(6):
            matrix[a, b] = 0.0
    for a in range(8):
        turn[a] = 0.0


@kernel
def _own_motion(matrix, speed, spin, row):
    """Velocity and spin of a pose in the sensor's axes, to row[6:9] and row[9:12]."""
    for a in range(3):
        row[6 + a] = 0.0
        row[9 + a] = 0.0
        for k in range(3):
            row[6 + a] += matrix[k, a] * speed[k]
            row[9 + a] += matrix[k, a] * spin[k]


@inlined_kernel
def _add_range(matrix, vector, ray, weight, residual):
    """Add a range's residual along a ray, which only shifts change (lower triangle)."""
    f0, f1, f2 = weight * ray[0], weight * ray[1], weight * ray[2]
    vector[0] += f0 * residual
    vector[1] += f1 * residual
    vector[2] += f2 * residual
    matrix[0, 0] += f0 * ray[0]
    matrix[1, 0] += f1 * ray[0]
    matrix[1, 1] += f1 * ray[1]
    matrix[2, 0] += f2 * ray[0]
    matrix[2, 1] += f2 * ray[1]
    matrix[2, 2] += f2 * ray[2]


@inlined_kernel
def _add_row(matrix, vector, row, weight, residual):
    """Add a residual with derivatives row[:6] (lower triangle)."""
    for a in range(6):
        f = weight * row[a]
        vector[a] += f * residual
        for b in range(a + 1):
            matrix[a, b] += f * row[b]


@kernel
def _eliminate(matrix, vector, turn):
    """Take the group's heading out of its equations."""
    for a in range(6):
        vector[a] -= turn[a] * turn[7] / turn[6]
        for b in range(a + 1):
            matrix[a, b] -= turn[a] * turn[b] / turn[6]


@kernel
def ray_sums(rays, starts, heading, poses, elevations, sizes, free, every, look, sums, row, work):
    """Pass over the returns by the ray model.

    Parameters
    ----------
    starts : (G + 1,) int64
        First return of each group.
    heading : (G,) float64
        Added to the returns' angles.
    elevations : (L, 2) float64
        Cosine and sine.
    sizes : (3,) float64
        Tick (m), expected deviation of ranges (m; 0: ranges do not count) and of angles (rad).
    free : bool
        Whether the headings are unknown: they are eliminated, see `Sums.turn`.
    every : (int, int)
        First group, and from which to the next.
    look : bool
        Whether to fill in what is known of each return, instead of the groups' equations.
    """
    tick, sigma_r, sigma_a = sizes[0], sizes[1], sizes[2]
    for g in range(every[0], starts.size - 1, every[1]):
        own = 0 if look else g
        matrix, vector, turn, m = sums.matrix[own], sums.vector[own], sums.turn[own], poses.turns[g]
        _clear(matrix, vector, turn)
        _own_motion(m, poses.speed[g], poses.spin[g], row)
        s0, s1, s2, w0, w1, w2 = row[6], row[7], row[8], row[9], row[10], row[11]
        for j in range(starts[g], starts[g + 1]):
            if not (look or rays.use[j]):
                continue
            b0 = rays.stored[j, 0] - poses.places[g, 0]
            b1 = rays.stored[j, 1] - poses.places[g, 1]
            b2 = rays.stored[j, 2] - poses.places[g, 2]
            q0 = m[0, 0] * b0 + m[1, 0] * b1 + m[2, 0] * b2
            q1 = m[0, 1] * b0 + m[1, 1] * b1 + m[2, 1] * b2
            q2 = m[0, 2] * b0 + m[1, 2] * b1 + m[2, 2] * b2
            st, ct = sincos(rays.angle[j] + heading[g])
            ce, se = elevations[rays.laser[j], 0], elevations[rays.laser[j], 1]
            u0, u1, u2 = ce * ct, ce * st, se
            e0, e1, e2 = -se * ct, -se * st, ce
            rr = q0 * u0 + q1 * u1 + q2 * u2
            # the model moves while the return is later than its group
            y0, y1, y2 = rr * u0, rr * u1, rr * u2
            v0, v1, v2 = s0 + w1 * y2 - w2 * y1, s1 + w2 * y0 - w0 * y2, s2 + w0 * y1 - w1 * y0
            late = rays.late[j]
            rate_r = v0 * u0 + v1 * u1 + v2 * u2
            rate_e = v0 * e0 + v1 * e1 + v2 * e2
            rate_z = v1 * ct - v0 * st
            rr -= rate_r * late
            ticks = np.rint(rr / tick)
            residual_r = rr - ticks * tick
            residual_e = q0 * e0 + q1 * e1 + q2 * e2 - rate_e * late
            residual_z = q1 * ct - q0 * st - rate_z * late
            if look:
                sums.ticks[j] = ticks
                sums.residual[j, 0], sums.residual[j, 1], sums.residual[j, 2] = residual_r, residual_e, residual_z
                sums.rate[j, 0], sums.rate[j, 1], sums.rate[j, 2] = rate_r, rate_e, rate_z
                continue
            size = rr * sigma_a + 1e-6
            if sigma_r > 0.0:
                share = residual_r / sigma_r
                weight = 1.0 / (sigma_r * sigma_r * (1.0 + share * share))
                _add_range(matrix, vector, (u0, u1, u2), weight, residual_r)
            # along the elevation: n = e, y x e = rr (u x e) = rr (se cross ...) = -rr z with z the way of the heading
            share = residual_e / size
            weight = 1.0 / (size * size * (1.0 + share * share))
            row[0], row[1], row[2] = e0, e1, e2
            row[3], row[4], row[5] = rr * st, -rr * ct, 0.0
            _add_row(matrix, vector, row, weight, residual_e)
            share = residual_z / size
            weight = 1.0 / (size * size * (1.0 + share * share))
            row[0], row[1], row[2] = -st, ct, 0.0
            row[3], row[4], row[5] = rr * e0, rr * e1, rr * e2
            _add_row(matrix, vector, row, weight, residual_z)
            if free:
                across = rr * ce
                for a in range(6):
                    turn[a] += weight * across * row[a]
                turn[6] += weight * across * across
                turn[7] += weight * across * residual_z
        if free and turn[6] > 0.0:
            _eliminate(matrix, vector, turn)
        _to_world(matrix, vector, m, work, turn)


def elevation_table(elevations: np.ndarray) -> np.ndarray:
    """Cosines and sines (L, 2) of elevations (L,) in radians."""
    return np.stack(sines_of(elevations)[::-1], axis=1)
