"""Sensors at rest in their own frame, computed by a public driver from the integers of its packets."""

from __future__ import annotations

import numpy as np

from lizip.cloud import Cloud
from lizip.sensor.fit.coordinates import stored_points
from lizip.sensor.fit.decimals import find_decimal, hides_arithmetic
from lizip.sensor.fit.driver.law import find_driver
from lizip.sensor.fit.driver.mirrors import solve_mirrors
from lizip.sensor.fit.driver.polar import find_polar
from lizip.sensor.fit.driver.solution import find_missing, solution_of
from lizip.sensor.fit.placed.find import find_placed
from lizip.sensor.fit.placed.lasers import lasers_by_column, lasers_by_line
from lizip.sensor.model import Solution
from lizip.sensor.state import SensorState

LEAST_POINTS = 512


class ByDriver:
    """The solver."""

    def solve(self, cloud: Cloud, level: str, state: SensorState) -> Solution | None:
        """Find lasers, law and blocks; see `lizip.sensor.Solver`."""
        xyz = stored_points(cloud, LEAST_POINTS)
        return None if xyz is None else in_own_frame(cloud, xyz)


def in_own_frame(cloud: Cloud, xyz: np.ndarray) -> Solution | None:
    """What a driver made of points xyz (N, 3) float32, those of a cloud; None where none did."""
    missing = find_missing(xyz)
    polar = find_polar(xyz, ~missing.which, _fine_decimal(xyz))
    found = None if polar is None else find_driver(polar)
    if polar is not None and found is not None:
        return solution_of(cloud, xyz, polar, found, missing)
    mirrored = solve_mirrors(cloud, xyz, missing)
    if mirrored is not None or polar is not None:
        return mirrored
    laser = lasers_by_column(cloud, xyz, missing.which)
    laser = lasers_by_line(xyz, missing.which) if laser is None else laser
    placed = None if laser is None else find_placed(xyz, laser)
    return None if placed is None else solution_of(cloud, xyz, *placed, missing)


def _fine_decimal(xyz: np.ndarray) -> int:
    """What points (N, 3) were rounded to, if that leaves enough to tell how they were computed; else 0."""
    decimal = find_decimal(xyz)
    return 0 if hides_arithmetic(decimal) else decimal


SOLVER = ByDriver()
