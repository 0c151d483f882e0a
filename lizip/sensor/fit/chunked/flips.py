"""Numbers of poses that became the float32 on the other side of a tie: what they say of the track. Encoder only.

A pose a billionth of a metre off makes one number in a hundred another float32, and with it a dozen points that share
it. Taken for errors of these points that is a hundred times what the pose is off by, and drowns what single points
tell. So points are aimed at with the flips that bring most of them right, and at the tie where a number is beyond it.
"""

from __future__ import annotations

import numpy as np

from lizip.exact.screw import Track, poses_at
from lizip.sensor.fit.chunked.knots import Groups
from lizip.sensor.fit.chunked.point_sums import Placed
from lizip.sensor.stages.fused import cast_poses, find_flips, transform


def aimed_at(track: Track, placed: Placed, groups: Groups) -> tuple[Placed, float]:
    """Points to fit a track to next time, and which share of them the track gives to the bit already, with flips."""
    poses, group, points = poses_at(track, groups.times), groups.of, placed.points
    cast, other, _ = cast_poses(poses.turns, poses.places)
    actual = placed.stored.astype(np.float32)
    found = _transformed(points, cast, group)
    wrong = np.asarray((found != actual).any(axis=1))
    some = np.isin(group, group[wrong & placed.use]) & placed.use
    flips = find_flips(points[some], group[some], actual[some], poses.turns, poses.places)
    flipped = np.asarray(flips.any(axis=(1, 2)))[group]
    of, moved = group[flipped], points[flipped]
    numbers = np.concatenate([poses.turns, poses.places[:, :, None]], axis=2)
    beyond = np.where(flips, 0.5 * (cast.astype(np.float64) + other.astype(np.float64)) - numbers, 0.0)[of]
    there = _transformed(moved, np.where(flips, other, cast), of)
    wrong[flipped] = (there != actual[flipped]).any(axis=1)
    aim = placed.stored.copy()
    aim[flipped] += found[flipped].astype(np.float64) - there.astype(np.float64) + beyond[:, :, 3]
    for axis in range(3):
        aim[flipped] += beyond[:, :, axis] * moved[:, axis, None]
    return placed._replace(stored=aim), 1.0 - float(wrong.mean())


def _transformed(points: np.ndarray, poses: np.ndarray, group: np.ndarray) -> np.ndarray:
    out, whole = np.empty(points.shape, np.float32), np.empty(points.shape)
    transform(points, np.ascontiguousarray(poses), group, out, whole)
    return out
