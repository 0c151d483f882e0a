"""Depth cameras: organised clouds, or what is left of them, whose points are pixels and depths."""

from __future__ import annotations

import numpy as np

from lizip.cloud import Cloud
from lizip.sensor.fit.camera.pixels import find_pixels
from lizip.sensor.fit.camera.solution import solution_of
from lizip.sensor.fit.missing import find_missing
from lizip.sensor.model import Solution
from lizip.sensor.state import SensorState

_LEAST_POINTS = 512


class Camera:
    """The solver."""

    def solve(self, cloud: Cloud, level: str, state: SensorState) -> Solution | None:
        """Find pixels and lens; see `lizip.sensor.Solver`."""
        columns = list(cloud.columns.values())
        if cloud.count < _LEAST_POINTS or len(columns) < 3:
            return None
        if any(column.dtype != np.dtype("<f4") for column in columns[:3]):
            return None
        xyz = np.stack(columns[:3], axis=1)
        missing, nothing = find_missing(xyz)
        solid = np.isfinite(xyz).all(axis=1) & ~missing
        pixels = find_pixels(xyz, solid)
        return None if pixels is None else solution_of(cloud, xyz, pixels, missing, nothing)


SOLVER = Camera()
