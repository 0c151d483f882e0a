"""Sensors at rest in their own frame, computed by a public driver from the integers of its packets."""

from __future__ import annotations

from lizip.cloud import Cloud
from lizip.sensor.fit.coordinates import stored_points
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
        xyz = stored_points(cloud, _LEAST_POINTS)
        if xyz is None:
            return None
        missing = find_missing(xyz)
        polar = find_polar(xyz, ~missing.which)
        found = None if polar is None else find_driver(polar)
        return None if polar is None or found is None else solution_of(cloud, xyz, polar, found, missing)


SOLVER = ByDriver()
