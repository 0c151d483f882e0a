"""Elevations of lasers, float32 radians, that were printed with more decimals than averages of moved points tell.

Heights before the transform were float32 products: with the right sine, their roundings explain what averages leave.
"""

from __future__ import annotations

import numpy as np

from lizip.exact.single import sincos_single
from lizip.exact.ulp import spacing
from lizip.jit import kernel
from lizip.sensor.fit.driver.polar import Polar
from lizip.sensor.stages.driver_arithmetic import laser_distance

_EITHER_WAY, _STEP = 10, 1e-9
"""Float32 angles either way, or such steps (rad) where these are finer."""


def find_loose_elevations(
    polar: Polar, stored: np.ndarray, measured: np.ndarray, distance: int, sine: int
) -> np.ndarray:
    """Elevations (L,) float64 of float32 values, rad, near those that were measured (L,).

    Parameters
    ----------
    polar : Polar
        As the points were before the transform, but for roundings.
    stored : (K, 3) float32
        As they are stored.
    measured : (L,) float64
    distance, sine : int
        Forms of the law, see `lizip.sensor.stages.driver`.
    """
    singles = measured.astype(np.float32)
    steps = np.maximum(spacing(singles), _STEP)
    tried = singles[:, None] + steps[:, None] * np.arange(-_EITHER_WAY, _EITHER_WAY + 1)
    tried = tried.astype(np.float32).astype(np.float64)
    weight = 1.0 / spacing(np.abs(stored).max(axis=1)) ** 2
    left = np.empty(tried.shape)
    heights = np.ascontiguousarray(polar.xyz[:, 2], np.float64)
    _leave_over(heights, weight, polar.ticks, polar.bounds, polar.tick, distance, sine, tried, left)
    return tried[np.arange(len(tried)), np.argmin(left, axis=1)]


@kernel
def _leave_over(heights, weight, ticks, bounds, tick, form, sine, tried, left):
    """Fill left (L, T): squares of what each elevation leaves of the heights (K,) of its laser."""
    for laser in range(bounds.size - 1):
        for k in range(tried.shape[1]):
            up, _ = sincos_single(tried[laser, k], sine)
            total = 0.0
            for i in range(bounds[laser], bounds[laser + 1]):
                distance = laser_distance(np.float64(ticks[i]), tick, form)
                away = np.float64(np.float32(distance * up)) - heights[i]
                total += weight[i] * away * away
            left[laser, k] = total
