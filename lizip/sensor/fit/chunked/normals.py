"""Normal equations of poses: how points miss their model, summed over returns that share a pose. Encoder only.

A pose maps a sensor point p to the stored frame as T + M p; its perturbation (d, w) moves that to x + d + w x (M p).
Two models: `ray_sums` and `point_sums`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

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
