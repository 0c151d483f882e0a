"""How far back the best predictor of a point stands: the ring's period, the scan line's length, or just one point."""

from __future__ import annotations

import numpy as np

from lizip.codecs.floats.track import HISTORY, HOT
from lizip.jit import kernel

_PROBES = 128
_RARE = 0.04
"""Share of the probes below which a lag is chance."""


def find_lags(xyz: np.ndarray) -> tuple[int, ...]:
    """The lags at which the best predictors of a point of xyz (3, N) float64 stand most often; finite, from the sensor.

    There are `HOT`, the most frequent first; 1 is among them.
    """
    count = xyz.shape[1]
    reach = min(HISTORY - 1, count // 2)
    if reach < 2:
        return (1,) * HOT
    at = np.linspace(reach, count - 1, _PROBES).astype(np.int64)
    nearest = np.zeros(_PROBES, np.int64)
    _nearest(np.ascontiguousarray(xyz), at, reach, nearest)
    lags, counts = np.unique(nearest, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    hot = [int(lags[k]) for k in order[: HOT - 1] if counts[k] > _RARE * _PROBES or k == order[0]]
    hot += [1] * (1 not in hot)
    return tuple((hot + [hot[-1]] * HOT)[:HOT])


@kernel
def _nearest(xyz, at, reach, nearest):
    """Find the lag of the best predictor of each of the points `at`: alike in range, direction and slope."""
    for p in range(at.size):
        j = at[p]
        x, y, z = xyz[0, j], xyz[1, j], xyz[2, j]
        radius = np.sqrt(x * x + y * y) + 1e-3
        least = np.inf
        for lag in range(1, reach + 1):
            a, b, c = xyz[0, j - lag], xyz[1, j - lag], xyz[2, j - lag]
            inverse = 1.0 / (np.sqrt(a * a + b * b) + 1e-3)
            across = 0.002 + abs(a * y - b * x) * inverse
            slope = 0.002 + abs(z - c * radius * inverse)
            away = 0.02 + abs(1.0 / inverse - radius)
            distance = away * across * slope
            if distance < least:
                least = distance
                nearest[p] = lag


def find_period(x: np.ndarray, y: np.ndarray) -> int:
    """How many points a line has, where the azimuth runs on within a line and jumps back between lines; 0: no lines."""
    azimuth = np.arctan2(y.astype(np.float32), x.astype(np.float32))
    azimuth = azimuth[(x != 0) | (y != 0)]
    jumps = np.flatnonzero(np.abs(np.diff(azimuth)) > 0.5)
    if len(jumps) < 3 or len(jumps) > len(x) // 64:
        return 0
    period = int(np.median(np.diff(jumps)))
    return period if 32 <= period < HISTORY else 0
