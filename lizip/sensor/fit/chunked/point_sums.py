"""How returns miss sensor points known in full, by float64 or bit for bit by the float32 chain. Encoder only."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lizip.jit import kernel


class Placed(NamedTuple):
    """What the point model knows of each return.

    Attributes
    ----------
    stored : (N, 3) float64
        Where they are, or should come out.
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
def point_sums(placed, starts, poses, scale, exact, stride, look, sums):
    """Pass over the returns of every `stride`-th group by the point model; returns the cost.

    `scale` multiplies the sigmas; `exact` takes the float32 chain's own points, whose residuals are zero where right.
    `look` fills in what is known of each return, instead of the groups' equations.
    """
    cost = 0.0
    for g in range(0, starts.size - 1, stride):
        own = 0 if look else g
        matrix, vector, m, t = sums.matrix[own], sums.vector[own], poses.turns[g], poses.places[g]
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
            if not (look or placed.use[j]):
                continue
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
            if look:
                sums.residual[j, 0], sums.residual[j, 1], sums.residual[j, 2] = e0, e1, e2
                sums.rate[j, 0], sums.rate[j, 1], sums.rate[j, 2] = r0, r1, r2
            if not placed.use[j]:
                continue
            k0, k1, k2 = placed.sigma[j, 0] * scale, placed.sigma[j, 1] * scale, placed.sigma[j, 2] * scale
            h0, h1, h2 = e0 * e0 / (k0 * k0), e1 * e1 / (k1 * k1), e2 * e2 / (k2 * k2)
            cost += h0 / (1.0 + 0.25 * h0) + h1 / (1.0 + 0.25 * h1) + h2 / (1.0 + 0.25 * h2)
            if look:
                continue
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
