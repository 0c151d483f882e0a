"""Sensors at rest in any order of points: what the sweep before left, else what is found out from the scan."""

from __future__ import annotations

import numpy as np

from lizip.cloud import Cloud
from lizip.sensor.fit.any_order import find_any_order
from lizip.sensor.fit.coordinates import stored_points
from lizip.sensor.fit.driver.lens import find_lens
from lizip.sensor.fit.driver.solution import find_missing as missing_of
from lizip.sensor.fit.driver.solution import solution_of as by_driver
from lizip.sensor.fit.found import Found, solution_of
from lizip.sensor.fit.missing import find_missing
from lizip.sensor.model import TITLES, Solution
from lizip.sensor.state import SensorState

_LEAST_POINTS = 512


class Static:
    """The solver."""

    def solve(self, cloud: Cloud, level: str, state: SensorState) -> Solution | None:
        """Find calibration, firings and order; see `lizip.sensor.Solver`."""
        xyz = stored_points(cloud, _LEAST_POINTS)
        if xyz is None:
            return None
        missing, nothing = find_missing(xyz)
        if np.count_nonzero(~missing) < _LEAST_POINTS:
            return None
        found = _find_others(xyz, missing, nothing, level, state)
        if found is None:
            return None
        lens = find_lens(xyz, found.place, found.ring, found.calibration)
        if lens is not None and (solution := by_driver(cloud, xyz, *lens, missing_of(xyz))) is not None:
            return solution
        return solution_of(cloud, found, TITLES.index("spinning sensor"))


SOLVER = Static()


def _find_others(
    xyz: np.ndarray, missing: np.ndarray, nothing: np.ndarray, level: str, state: SensorState
) -> Found | None:
    """Spinning sensors without a profile; missing points that follow no grid are left out."""
    found = find_any_order(xyz, missing, nothing, level, state)
    if found is not None or not missing.any():
        return found
    rest = xyz[~missing]
    found = find_any_order(rest, np.zeros(len(rest), bool), nothing, level, state)
    return None if found is None else found.among(missing, nothing)
