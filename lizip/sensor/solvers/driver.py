"""Sensors at rest in their own frame, computed by a public driver from the integers of its packets."""

from __future__ import annotations

import numpy as np

from lizip.cloud import Cloud
from lizip.sensor.fit.driver.law import find_driver
from lizip.sensor.fit.driver.polar import find_polar
from lizip.sensor.fit.driver.solution import find_missing, solution_of
from lizip.sensor.model import Solution
from lizip.sensor.state import SensorState

_LEAST_POINTS = 512


class ByDriver:
    """The solver."""

    def solve(self, cloud: Cloud, level: str, state: SensorState) -> Solution | None:
        """Find lasers, law and blocks; see `lizip.sensor.Solver`."""
        columns = list(cloud.columns.values())
        if cloud.count < _LEAST_POINTS or len(columns) < 3:
            return None
        if any(column.dtype != np.dtype("<f4") for column in columns[:3]):
            return None
        xyz = np.stack(columns[:3], axis=1)
        missing = find_missing(xyz)
        polar = find_polar(xyz, ~missing.which)
        found = None if polar is None else find_driver(polar)
        return None if found is None else solution_of(cloud, xyz, polar, found, missing)


SOLVER = ByDriver()
