"""How well poses explain points: normal equations per firing. Encoder only.

A pose maps a sensor point s to the far frame as x = T + M s; its perturbation (d, w) moves that to x + d + w x (M s).
"""

from __future__ import annotations

from lizip.jit import kernel


@kernel
def firing_normals(points, sensor, weight, rotation, shift, gate, begin, end, matrix, vector, stats, residual):
    """Fill normal equations (F, 6, 6) J'WJ and (F, 6) J'Wr of the pose perturbation (d, w) of firings begin to end.

    Points and sensor points (F, R, 3), m, are in the far frame's axes and in the sensor frame; `weight` (F, R, 3) is 1
    / standard deviation by axis, 0 leaves a point out, as does a miss of more than `gate` of them on any axis. Poses
    are (F, 3, 3), (F, 3). Fills `stats` (F, 4) with points that counted and their weighted squares by axis, and
    `residual` (F, R, 3): points minus posed sensor points.
    """
    for i in range(begin, end):
        for p in range(6):
            vector[i, p] = 0.0
            for q in range(6):
                matrix[i, p, q] = 0.0
        for p in range(4):
            stats[i, p] = 0.0
        for j in range(points.shape[1]):
            s0 = sensor[i, j, 0]
            s1 = sensor[i, j, 1]
            s2 = sensor[i, j, 2]
            v0 = rotation[i, 0, 0] * s0 + rotation[i, 0, 1] * s1 + rotation[i, 0, 2] * s2
            v1 = rotation[i, 1, 0] * s0 + rotation[i, 1, 1] * s1 + rotation[i, 1, 2] * s2
            v2 = rotation[i, 2, 0] * s0 + rotation[i, 2, 1] * s1 + rotation[i, 2, 2] * s2
            e0 = points[i, j, 0] - shift[i, 0] - v0
            e1 = points[i, j, 1] - shift[i, 1] - v1
            e2 = points[i, j, 2] - shift[i, 2] - v2
            residual[i, j, 0] = e0
            residual[i, j, 1] = e1
            residual[i, j, 2] = e2
            w0 = weight[i, j, 0]
            w1 = weight[i, j, 1]
            w2 = weight[i, j, 2]
            if w0 == 0.0 or max(abs(e0) * w0, abs(e1) * w1, abs(e2) * w2) > gate:
                continue
            w0 *= w0
            w1 *= w1
            w2 *= w2
            stats[i, 0] += 1.0
            stats[i, 1] += e0 * e0 * w0
            stats[i, 2] += e1 * e1 * w1
            stats[i, 3] += e2 * e2 * w2
            # rows of J: x (1 0 0 | 0 v2 -v1), y (0 1 0 | -v2 0 v0), z (0 0 1 | v1 -v0 0)
            vector[i, 0] += w0 * e0
            vector[i, 1] += w1 * e1
            vector[i, 2] += w2 * e2
            vector[i, 3] += w2 * v1 * e2 - w1 * v2 * e1
            vector[i, 4] += w0 * v2 * e0 - w2 * v0 * e2
            vector[i, 5] += w1 * v0 * e1 - w0 * v1 * e0
            matrix[i, 0, 0] += w0
            matrix[i, 1, 1] += w1
            matrix[i, 2, 2] += w2
            matrix[i, 0, 4] += w0 * v2
            matrix[i, 0, 5] -= w0 * v1
            matrix[i, 1, 3] -= w1 * v2
            matrix[i, 1, 5] += w1 * v0
            matrix[i, 2, 3] += w2 * v1
            matrix[i, 2, 4] -= w2 * v0
            matrix[i, 3, 3] += w1 * v2 * v2 + w2 * v1 * v1
            matrix[i, 3, 4] -= w2 * v0 * v1
            matrix[i, 3, 5] -= w1 * v0 * v2
            matrix[i, 4, 4] += w0 * v2 * v2 + w2 * v0 * v0
            matrix[i, 4, 5] -= w0 * v1 * v2
            matrix[i, 5, 5] += w0 * v1 * v1 + w1 * v0 * v0
        for p in range(1, 6):
            for q in range(p):
                matrix[i, p, q] = matrix[i, q, p]
