"""Depth cameras: organised clouds, or what is left of them, whose points are pixels and depths."""

from __future__ import annotations

import numpy as np

from lizip.cloud import Cloud
from lizip.sensor.fit.camera.doubles import find_doubles
from lizip.sensor.fit.camera.pixels import find_pixels
from lizip.sensor.fit.camera.solution import solution_of
from lizip.sensor.fit.missing import find_missing
from lizip.sensor.model import Solution
from lizip.sensor.state import SensorState

_LEAST_POINTS = 512
_KINDS = (np.dtype("<f4"), np.dtype("<f8"))


class Camera:
    """The solver."""

    def solve(self, cloud: Cloud, level: str, state: SensorState) -> Solution | None:
        """Find pixels and lens; see `lizip.sensor.Solver`."""
        columns = list(cloud.columns.values())
        if cloud.count < _LEAST_POINTS or len(columns) < 3:
            return None
        if any(column.dtype not in _KINDS for column in columns[:3]):
            return None
        wide = np.stack(columns[:3], axis=1)  # of float64 where one of the columns is
        with np.errstate(all="ignore"):
            xyz = wide.astype(np.float32)
        missing, nothing = find_missing(xyz)
        solid = np.isfinite(xyz).all(axis=1) & ~missing
        pixels = find_pixels(xyz, solid)
        if pixels is None:
            return None
        doubles = None
        if wide.dtype == np.dtype("<f8") and (doubles := find_doubles(wide, xyz, pixels)) is None:
            return None
        return solution_of(cloud, xyz, pixels, missing, nothing, doubles)


SOLVER = Camera()
