"""Normal equations of poses: how points miss their model, summed over returns that share a pose. Encoder only.

A pose maps a sensor point p to the stored frame as T + M p; its perturbation (d, w) moves that to x + d + w x (M p).
Two models: rays (elevation and heading of a laser, range a whole number of ticks), and sensor points in full, by
float64 or bit for bit by the float32 chain.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lizip.exact.trig import sincos
from lizip.jit import kernel


class Sums(NamedTuple):
    """What a pass over the points leaves.

    Attributes
    ----------
    matrix, vector : (G, 6, 6), (G, 6) float64
        Normal equations of (d, w) of each group.
    residual : (N, 3) float64
        Stored minus model, along the model's axes.
    rate : (N, 3) float64
        By how much the model moves a microsecond of pose time, along the same axes.
    ticks : (N,) float64
        Range in ticks (ray model only).
    turn : (G, 8) float64
        Of the group's heading (ray model only): 6 mixed terms, square, right side.
    """

    matrix: np.ndarray
    vector: np.ndarray
    residual: np.ndarray
    rate: np.ndarray
    ticks: np.ndarray
    turn: np.ndarray


def new_sums(groups: int, points: int) -> Sums:
    """Make room for a pass."""
    return Sums(
        np.zeros((groups, 6, 6)),
        np.zeros((groups, 6)),
        np.zeros((points, 3)),
        np.zeros((points, 3)),
        np.zeros(points),
        np.zeros((groups, 8)),
    )


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
        Whether to fill in what is known of each return.
    """
    tick, sigma_r, sigma_a = sizes[0], sizes[1], sizes[2]
    for g in range(every[0], starts.size - 1, every[1]):
        matrix, vector, turn, m = sums.matrix[g], sums.vector[g], sums.turn[g], poses.turns[g]
        for a in range(6):
            vector[a] = 0.0
            for b in range(6):
                matrix[a, b] = 0.0
        for a in range(8):
            turn[a] = 0.0
        # velocity and spin of the pose in the sensor's axes
        for a in range(3):
            row[6 + a] = 0.0
            row[9 + a] = 0.0
            for k in range(3):
                row[6 + a] += m[k, a] * poses.speed[g, k]
                row[9 + a] += m[k, a] * poses.spin[g, k]
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
                if not rays.use[j]:
                    continue
            size = rr * sigma_a + 1e-6
            if sigma_r > 0.0:
                share = residual_r / sigma_r
                weight = 1.0 / (sigma_r * sigma_r * (1.0 + share * share))
                f0, f1, f2 = weight * u0, weight * u1, weight * u2
                vector[0] += f0 * residual_r
                vector[1] += f1 * residual_r
                vector[2] += f2 * residual_r
                matrix[0, 0] += f0 * u0
                matrix[1, 0] += f1 * u0
                matrix[1, 1] += f1 * u1
                matrix[2, 0] += f2 * u0
                matrix[2, 1] += f2 * u1
                matrix[2, 2] += f2 * u2
            # along the elevation: n = e, y x e = rr (u x e) = rr (se cross ...) = -rr z with z the way of the heading
            share = residual_e / size
            weight = 1.0 / (size * size * (1.0 + share * share))
            row[0], row[1], row[2] = e0, e1, e2
            row[3], row[4], row[5] = rr * st, -rr * ct, 0.0
            for a in range(6):
                f = weight * row[a]
                vector[a] += f * residual_e
                for b in range(a + 1):
                    matrix[a, b] += f * row[b]
            share = residual_z / size
            weight = 1.0 / (size * size * (1.0 + share * share))
            row[0], row[1], row[2] = -st, ct, 0.0
            row[3], row[4], row[5] = rr * e0, rr * e1, rr * e2
            for a in range(6):
                f = weight * row[a]
                vector[a] += f * residual_z
                for b in range(a + 1):
                    matrix[a, b] += f * row[b]
            if free:
                across = rr * ce
                for a in range(6):
                    turn[a] += weight * across * row[a]
                turn[6] += weight * across * across
                turn[7] += weight * across * residual_z
        if free and turn[6] > 0.0:
            for a in range(6):
                vector[a] -= turn[a] * turn[7] / turn[6]
                for b in range(a + 1):
                    matrix[a, b] -= turn[a] * turn[b] / turn[6]
        _to_world(matrix, vector, m, work, turn)


class Placed(NamedTuple):
    """What the point model knows of each return.

    Attributes
    ----------
    stored : (N, 3) float32
    points : (N, 3) float32
        In the sensor's frame.
    sigma : (N, 3) float64
        What the rounding may do, m.
    late : (N,) float64
        Time of the return less that of its group's pose, us.
    use : (N,) bool
        Whether it counts.
    """

    stored: np.ndarray
    points: np.ndarray
    sigma: np.ndarray
    late: np.ndarray
    use: np.ndarray


@kernel
def _fused(a, b, c):
    """Nearly always `lizip.sensor.stages.fused.fused`, and three times as fast."""
    return np.float32(np.float64(a) * np.float64(b) + np.float64(c))


@kernel
def point_sums(placed, starts, poses, scale, exact, stride, sums):
    """Pass over the returns of every `stride`-th group by the point model; returns the cost.

    `scale` multiplies the sigmas; `exact` takes the float32 chain's own points, whose residuals are zero where right.
    """
    cost = 0.0
    for g in range(0, starts.size - 1, stride):
        matrix, vector, m, t = sums.matrix[g], sums.vector[g], poses.turns[g], poses.places[g]
        m00, m01, m02, m10, m11, m12 = m[0, 0], m[0, 1], m[0, 2], m[1, 0], m[1, 1], m[1, 2]
        m20, m21, m22 = m[2, 0], m[2, 1], m[2, 2]
        f00, f01, f02 = np.float32(m00), np.float32(m01), np.float32(m02)
        f10, f11, f12 = np.float32(m10), np.float32(m11), np.float32(m12)
        f20, f21, f22 = np.float32(m20), np.float32(m21), np.float32(m22)
        t0, t1, t2 = np.float32(t[0]), np.float32(t[1]), np.float32(t[2])
        s0, s1, s2 = poses.speed[g, 0], poses.speed[g, 1], poses.speed[g, 2]
        w0, w1, w2 = poses.spin[g, 0], poses.spin[g, 1], poses.spin[g, 2]
        for a in range(6):
            vector[a] = 0.0
            for b in range(6):
                matrix[a, b] = 0.0
        for j in range(starts[g], starts[g + 1]):
            p0, p1, p2 = placed.points[j, 0], placed.points[j, 1], placed.points[j, 2]
            y0 = m00 * p0 + m01 * p1 + m02 * p2
            y1 = m10 * p0 + m11 * p1 + m12 * p2
            y2 = m20 * p0 + m21 * p1 + m22 * p2
            if exact:
                x0 = np.float64(_fused(f02, p2, _fused(f00, p0, f01 * p1)) + t0)
                x1 = np.float64(_fused(f12, p2, _fused(f10, p0, f11 * p1)) + t1)
                x2 = np.float64(_fused(f22, p2, _fused(f20, p0, f21 * p1)) + t2)
            else:
                x0, x1, x2 = y0 + t[0], y1 + t[1], y2 + t[2]
            r0, r1, r2 = s0 + w1 * y2 - w2 * y1, s1 + w2 * y0 - w0 * y2, s2 + w0 * y1 - w1 * y0
            late = placed.late[j]
            e0 = placed.stored[j, 0] - x0 - r0 * late
            e1 = placed.stored[j, 1] - x1 - r1 * late
            e2 = placed.stored[j, 2] - x2 - r2 * late
            sums.residual[j, 0], sums.residual[j, 1], sums.residual[j, 2] = e0, e1, e2
            sums.rate[j, 0], sums.rate[j, 1], sums.rate[j, 2] = r0, r1, r2
            if not placed.use[j]:
                continue
            k0, k1, k2 = placed.sigma[j, 0] * scale, placed.sigma[j, 1] * scale, placed.sigma[j, 2] * scale
            h0, h1, h2 = e0 * e0 / (k0 * k0), e1 * e1 / (k1 * k1), e2 * e2 / (k2 * k2)
            cost += h0 / (1.0 + 0.25 * h0) + h1 / (1.0 + 0.25 * h1) + h2 / (1.0 + 0.25 * h2)
            h0 = 1.0 / (k0 * k0 * (1.0 + 0.25 * h0))
            h1 = 1.0 / (k1 * k1 * (1.0 + 0.25 * h1))
            h2 = 1.0 / (k2 * k2 * (1.0 + 0.25 * h2))
            vector[0] += h0 * e0
            vector[1] += h1 * e1
            vector[2] += h2 * e2
            vector[3] += h2 * y1 * e2 - h1 * y2 * e1
            vector[4] += h0 * y2 * e0 - h2 * y0 * e2
            vector[5] += h1 * y0 * e1 - h0 * y1 * e0
            matrix[0, 0] += h0
            matrix[1, 1] += h1
            matrix[2, 2] += h2
            matrix[0, 4] += h0 * y2
            matrix[0, 5] -= h0 * y1
            matrix[1, 3] -= h1 * y2
            matrix[1, 5] += h1 * y0
            matrix[2, 3] += h2 * y1
            matrix[2, 4] -= h2 * y0
            matrix[3, 3] += h1 * y2 * y2 + h2 * y1 * y1
            matrix[3, 4] -= h2 * y0 * y1
            matrix[3, 5] -= h1 * y0 * y2
            matrix[4, 4] += h0 * y2 * y2 + h2 * y0 * y0
            matrix[4, 5] -= h0 * y1 * y2
            matrix[5, 5] += h0 * y1 * y1 + h1 * y0 * y0
        for a in range(1, 6):
            for b in range(a):
                matrix[a, b] = matrix[b, a]
    return cost


@kernel
def gather(matrix, vector, poses, every, whole, right, row):
    """Add the groups' normal equations to those of the knots: 7 numbers each, rotation, position and time.

    A group's pose moves by the knots' moves, shared by time, and back along its own motion where knots come later.
    """
    for g in range(every[0], vector.shape[0], every[1]):
        base = 7 * poses.segment[g]
        for a in range(6):
            # the order of knots' numbers: w, d
            row[a] = vector[g, (a + 3) % 6]
        row[6] = 0.0
        for k in range(3):
            row[6] -= poses.speed[g, k] * vector[g, k] + poses.spin[g, k] * vector[g, 3 + k]
        for h in range(2):
            share = poses.share[g] if h else 1.0 - poses.share[g]
            for a in range(7):
                right[base + 7 * h + a] += share * row[a]
        for a in range(7):
            for b in range(a + 1):
                total = 0.0
                if a < 6:
                    total = matrix[g, (a + 3) % 6, (b + 3) % 6]
                elif b < 6:
                    for k in range(3):
                        total -= matrix[g, (b + 3) % 6, k] * poses.speed[g, k]
                        total -= matrix[g, (b + 3) % 6, 3 + k] * poses.spin[g, k]
                else:
                    for k in range(3):
                        for m in range(3):
                            sk, sm = poses.speed[g, k], poses.speed[g, m]
                            wk, wm = poses.spin[g, k], poses.spin[g, m]
                            total += sk * matrix[g, k, m] * sm + wk * matrix[g, 3 + k, 3 + m] * wm
                            total += 2.0 * sk * matrix[g, k, 3 + m] * wm
                after = poses.share[g]
                before = 1.0 - after
                whole[base + a, base + b] += before * before * total
                whole[base + 7 + a, base + 7 + b] += after * after * total
                whole[base + 7 + a, base + b] += before * after * total
                if a != b:
                    whole[base + 7 + b, base + a] += before * after * total


def elevation_table(elevations: np.ndarray) -> np.ndarray:
    """Cosines and sines (L, 2) of elevations (L,) in radians."""
    return np.array([sincos(angle)[::-1] for angle in elevations.tolist()])
