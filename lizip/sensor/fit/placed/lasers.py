"""Which laser each point is of, where elevations seen from the origin do not tell: by a column that says it."""

from __future__ import annotations

import numpy as np

from lizip.cloud import Cloud
from lizip.exact.trig import arctangent2
from lizip.jit import kernel
from lizip.sensor.stages.driver import MAX_LASERS

_SAMPLE = 4096
_FEWEST = 8
_NARROW = 0.1
"""Points of one laser lie within this share of the spread of all elevations."""


@kernel
def elevations(points, height, rises):
    """Fill rises (K,) with elevations (rad) of points (K, 3) seen from `height` above the origin."""
    for i in range(points.shape[0]):
        x, y = np.float64(points[i, 0]), np.float64(points[i, 1])
        rises[i] = arctangent2(np.float64(points[i, 2]) - height, np.sqrt(x * x + y * y))


def lasers_by_column(cloud: Cloud, xyz: np.ndarray, missing: np.ndarray) -> np.ndarray | None:
    """Laser (N,) int64 of points xyz (N, 3) by the first column of integers that tells it, -1 for those `missing`."""
    some = np.flatnonzero(~missing)
    some = some[:: 1 + len(some) // _SAMPLE]
    rises = np.empty(len(some))
    elevations(np.ascontiguousarray(xyz[some]), 0.0, rises)
    for column in list(cloud.columns.values())[3:]:
        if column.dtype.kind not in "iu":
            continue
        labels, laser = np.unique(column[some], return_inverse=True)
        if not _FEWEST <= len(labels) <= MAX_LASERS:
            continue
        counts = np.bincount(laser)
        mean = np.bincount(laser, rises) / counts
        spread = np.sort(np.abs(rises - mean[laser]))[len(some) // 2]
        if spread < _NARROW * np.sort(np.abs(rises - rises.mean()))[len(some) // 2]:
            whole = np.where(missing, -1, column.astype(np.int64))
            return whole if whole.max() < MAX_LASERS and int(column.min()) >= 0 else None
    return None
