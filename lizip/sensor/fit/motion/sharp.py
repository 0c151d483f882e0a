"""Whether a sweep's points are sharp: no pose of a sensor explains what noise was added to. Encoder only.

A few firings in a row have one pose, but for their speed; at the right one, points are on their rings' cones, to within
the rounding of their coordinates.
"""

from __future__ import annotations

import numpy as np

from lizip.exact.linear import multiply, solve_definite
from lizip.sensor.fit.motion.firing import Sensor
from lizip.sensor.stages.pose import AT_ORIGIN, Mount

_FIRINGS, _WINDOWS = 40, 3
_NEAREST, _FEWEST = 1.0, 128
_STEPS = 6
_MOST = 1.5e-4
"""Metres by which half of the points are off a cone, at most; coordinates in a map are rounded to half of it."""


def is_sharp(stored: np.ndarray, sensor: Sensor, end: Mount = AT_ORIGIN) -> bool:
    """Whether the last of points (F, R, 3), NaN where there are none, may be those of a sensor posed as at the `end`.

    So they may where they are too few to tell.
    """
    last = len(stored)
    for _ in range(_WINDOWS):
        miss = _miss(stored[max(0, last - _FIRINGS) : last], sensor, end)
        if miss is None or miss < _MOST:
            return True
        last -= _FIRINGS
    return False


def _miss(stored: np.ndarray, sensor: Sensor, end: Mount) -> float | None:
    """Metres by which points (F, R, 3) are off the cones of their rings, the median at the best pose; None: too few."""
    points = end.to_sensor(stored.reshape(-1, 3)).astype(np.float64)
    with np.errstate(invalid="ignore"):
        which = np.flatnonzero((points * points).sum(axis=1) > _NEAREST**2)
    if len(which) < _FEWEST:
        return None
    points, ring = points[which], which % stored.shape[1]
    time = (which // stored.shape[1]) / len(stored) - 0.5
    cosine, sine = sensor.cos_elevation[ring].astype(np.float64), sensor.sin_elevation[ring].astype(np.float64)
    miss = np.zeros(len(points))
    for _ in range(_STEPS):
        x, y, z = points.T
        level = np.sqrt(x * x + y * y) + 1e-9
        miss = z * cosine - level * sine
        away = np.stack([-sine * x / level, -sine * y / level, cosine], axis=1)
        turns = np.stack([away[:, 2] * y - away[:, 1] * z, away[:, 0] * z - away[:, 2] * x], axis=1)
        rows = np.concatenate([turns, away, away * time[:, None]], axis=1)
        middle = np.median(np.abs(miss))
        weight = 1.0 / (1.0 + (miss / (3 * middle + 1e-9)) ** 2)
        weighted = (rows * weight[:, None]).T
        matrix = multiply(weighted, rows) + 1e-9 * np.eye(rows.shape[1])
        change = solve_definite(matrix, multiply(weighted, miss[:, None])[:, 0])
        a, b = change[:2]
        points -= np.stack([b * z, -a * z, a * y - b * x], axis=1)
        points -= change[2:5] + change[5:] * time[:, None]
    return float(np.median(np.abs(miss)))
