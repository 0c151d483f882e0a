"""Fit of a pose spline: one banded least-squares problem over the firings' normal equations. Encoder only."""

from __future__ import annotations

import numpy as np

from lizip.exact.linear import solve_banded
from lizip.jit import kernel
from lizip.sensor.fit.motion.rigid import firing_normals
from lizip.sensor.stages.pose_spline import QUANTA, interpolate, knot_count, pose_matrices

_STIFF = np.array([2e-5, 2e-5, 2e-6, 5e-6, 5e-6, 5e-6])
"""How far a knot may lie from the line through its neighbours before it costs, by number."""
_LARGEST = 1 << 50


@kernel
def _to_numbers(pose, matrix, vector, i, scratch, target):
    """Carry a firing's normal equations from a turn w to the Cayley vector: w = (I + [g] / 2) dg / (1 + |g|^2 / 4).

    Leaves J'AJ in scratch[0] and J'b + J'AJ pose in target (6,).
    """
    g0 = pose[i, 3]
    g1 = pose[i, 4]
    g2 = pose[i, 5]
    scale = 1.0 / (1.0 + 0.25 * (g0 * g0 + g1 * g1 + g2 * g2))
    for p in range(6):
        for q in range(6):
            scratch[1, p, q] = 0.0
    for p in range(3):
        scratch[1, p, p] = 1.0
        scratch[1, 3 + p, 3 + p] = scale
    scratch[1, 3, 4] = -0.5 * g2 * scale
    scratch[1, 3, 5] = 0.5 * g1 * scale
    scratch[1, 4, 3] = 0.5 * g2 * scale
    scratch[1, 4, 5] = -0.5 * g0 * scale
    scratch[1, 5, 3] = -0.5 * g1 * scale
    scratch[1, 5, 4] = 0.5 * g0 * scale
    for p in range(6):
        for q in range(6):
            total = 0.0
            for r in range(6):
                total += matrix[i, p, r] * scratch[1, r, q]
            scratch[2, p, q] = total
    for p in range(6):
        target[p] = 0.0
        for q in range(6):
            total = 0.0
            for r in range(6):
                total += scratch[1, r, p] * scratch[2, r, q]
            scratch[0, p, q] = total
            target[p] += scratch[1, q, p] * vector[i, q] + total * pose[i, q]


@kernel
def _assemble(pose, matrix, vector, spacing, stiff, scratch, target, band, right):
    """Normal equations of all knots, lower band of width 13 (`solve_banded`), with a weak pull to straightness."""
    for row in range(band.shape[0]):
        right[row] = 0.0
        for k in range(band.shape[1]):
            band[row, k] = 0.0
    count = band.shape[0] // 6
    for i in range(pose.shape[0]):
        _to_numbers(pose, matrix, vector, i, scratch, target)
        k = min(i // spacing, count - 2)
        part = np.float64(i - k * spacing) / np.float64(spacing)
        for p in range(6):
            right[6 * k + p] += target[p] * (1.0 - part)
            right[6 * k + 6 + p] += target[p] * part
            for q in range(6):
                value = scratch[0, p, q]
                if q <= p:
                    band[6 * k + p, p - q] += value * (1.0 - part) * (1.0 - part)
                    band[6 * k + 6 + p, p - q] += value * part * part
                band[6 * k + 6 + p, 6 + p - q] += value * part * (1.0 - part)
    for k in range(count):
        for p in range(6):
            w = 1.0 / (stiff[p] * stiff[p])
            band[6 * k + p, 0] += 1e-3
            if k + 2 < count:
                band[6 * k + p, 0] += w
                band[6 * k + 6 + p, 0] += 4.0 * w
                band[6 * k + 12 + p, 0] += w
                band[6 * k + 6 + p, 6] -= 2.0 * w
                band[6 * k + 12 + p, 6] -= 2.0 * w
                band[6 * k + 12 + p, 12] += w


def fit_spline(
    points: np.ndarray,
    sensor: np.ndarray,
    weights: tuple[np.ndarray, ...],
    base: np.ndarray,
    pose: np.ndarray,
    spacing: int,
    gates: tuple[float, ...],
    finer: int = 0,
) -> np.ndarray:
    """Fit knots (K, 6) int64, every `spacing` firings, in units of `QUANTA` / 2**finer, by Gauss-Newton.

    Points and sensor points (F, R, 3), m, are in the far frame's axes and in the sensor frame; `base` (3, 3) turns the
    one into the other for a zero Cayley vector; `pose` (F, 6) is where to start. Each round has weights (F, R, 3), 1 /
    standard deviation by axis, and a gate, the standard deviations beyond which a point does not count.
    """
    firings, rings, _ = points.shape
    count = knot_count(firings, spacing)
    rotation, shift = np.empty((firings, 3, 3)), np.empty((firings, 3))
    matrix, vector, stats = np.empty((firings, 6, 6)), np.empty((firings, 6)), np.empty((firings, 4))
    residual = np.empty((firings, rings, 3))
    band, right = np.empty((6 * count, 13 if count > 2 else 12)), np.empty(6 * count)
    pose = pose.copy()
    for weight, gate in zip(weights, gates, strict=True):
        pose_matrices(pose, base, rotation, shift)
        firing_normals(
            points, sensor, weight, rotation, shift, float(gate), 0, firings, matrix, vector, stats, residual
        )
        stiff = _STIFF * (spacing / 8)
        _assemble(pose, matrix, vector, spacing, stiff, np.empty((3, 6, 6)), np.empty(6), band, right)
        solve_banded(band, right)
        interpolate(right.reshape(count, 6), spacing, pose)
    # points that determine nothing leave numbers that are none: no worse than any other knot there
    knots = np.nan_to_num(right.reshape(count, 6) / np.ldexp(QUANTA, -finer))
    return np.clip(np.rint(knots), -_LARGEST, _LARGEST).astype(np.int64)
