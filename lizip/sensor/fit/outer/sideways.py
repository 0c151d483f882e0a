"""A cloud on the axes that sensors have: the third one upwards, the others so that the sensor turned clockwise.

Cameras, game engines and left-handed frames have other axes; what changes signs and places of coordinates only, takes
nothing from them. Upwards is where surroundings reach least far, and farther to one side than to the other: most points
are on the ground.
"""

from __future__ import annotations

import numpy as np

from lizip.relations.motion import FORWARD, Motion
from lizip.sensor.fit.missing import find_missing

_LEAST_POINTS, _SAMPLE, _NEAREST = 512, 20_000, 1.0
_FLAT = 0.7
"""How far surroundings reach upwards at most, as a share of how far they reach in other directions."""
_REACHED = (0.02, 0.5, 0.98)
"""Quantiles of a coordinate: how far surroundings reach, and their middle. The median distance from the middle told
the wrong axis of 3 % of all parts of sweeps (eight sensors, 70 to 360 degrees); quantiles of 0.1 and 0.9 told the wrong
way up of a tenth of them. These were wrong once in six hundred."""
_BLOCK, _LEAST_BLOCKS, _STEADY, _LARGEST = 64, 16, 0.75, 0.1
"""So many points show a heading; so many of the steps between them go one way, and are smaller than this (turns)."""
_ORDERS = ((1, 2, 0), (2, 0, 1), (0, 1, 2))
"""Which axes become x, y and z where the first, the second or the third one is upright: turns all."""


def undo_sideways(xyz: np.ndarray, others: list[np.ndarray]) -> tuple[np.ndarray, Motion] | None:
    """Find points (N, 3) float32 on a sensor's axes of which points xyz (N, 3) float32 have other signs, or in another
    order; None when they seem to be on such axes."""
    with np.errstate(invalid="ignore", over="ignore"):
        square = (xyz * xyz).sum(axis=1)
        seen = xyz[~find_missing(xyz)[0] & (square > _NEAREST**2) & np.isfinite(square)]
    found = upright_axis(seen[:: max(1, len(seen) // _SAMPLE)]) if len(seen) >= _LEAST_POINTS else None
    if found is None:
        return None
    upright, sign = found
    order, signs = list(_ORDERS[upright]), np.array([1.0, sign, sign], np.float32)
    if _turns_backwards(seen[:, order] * signs):
        signs[1] *= -1
    if order == [0, 1, 2] and (signs > 0).all():
        return None
    inner = np.ascontiguousarray(xyz[:, order] * signs)
    matrix = np.zeros((3, 4))
    matrix[order, [0, 1, 2]] = signs
    return inner, Motion.of(inner, xyz, matrix, FORWARD)


def upright_axis(points: np.ndarray) -> tuple[int, int] | None:
    """The upright axis of points (N, 3) and whether it points up (1) or down (-1)."""
    lower, middle, upper = np.quantile(points, _REACHED, axis=0)
    reach = upper - lower
    upright = int(np.argmin(reach))
    if reach[upright] > _FLAT * np.delete(reach, upright).min():
        return None
    return upright, 1 if (upper + lower - 2 * middle)[upright] > 0 else -1


def _turns_backwards(points: np.ndarray) -> bool:
    """Whether blocks of points (N, 3), in the order of the file, turn steadily counterclockwise."""
    blocks = points[: len(points) // _BLOCK * _BLOCK, :2].reshape(-1, _BLOCK, 2).sum(axis=1)
    heading = np.arctan2(blocks[:, 1], blocks[:, 0]) / (2 * np.pi)
    step = np.diff(heading)
    step = step - np.rint(step)
    return len(step) >= _LEAST_BLOCKS and bool(((step > 0) & (step < _LARGEST)).mean() > _STEADY)
