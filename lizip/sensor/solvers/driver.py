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
from lizip.sensor.fit.outer.driven import find_driven
from lizip.sensor.fit.outer.unmoved import Own, solved_before
from lizip.sensor.fit.placed.find import find_placed
from lizip.sensor.fit.placed.lasers import lasers_by_column, lasers_by_line
from lizip.sensor.model import Solution
from lizip.sensor.state import SensorState

_LEAST_POINTS = 512
_OFTEN = 64
_NOWHERE = np.full(3, np.float32(np.nan)).view(np.uint32)
"""Where no point stayed."""


class ByDriver:
    """The solver."""

    def solve(self, cloud: Cloud, level: str, state: SensorState) -> Solution | None:
        """Find lasers, law and blocks; see `lizip.sensor.Solver`."""
        xyz = stored_points(cloud, _LEAST_POINTS)
        if xyz is None:
            return None
        solution = _in_own_frame(cloud, xyz)
        return _before_moved(cloud, xyz) if solution is None and level != "fast" else solution


def _in_own_frame(cloud: Cloud, xyz: np.ndarray) -> Solution | None:
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


def _before_moved(cloud: Cloud, xyz: np.ndarray) -> Solution | None:
    """Points that were moved after a driver had computed them, and rounded to nothing else than float32."""
    if find_decimal(xyz):
        return None
    missing = find_missing(xyz)
    there = np.flatnonzero(~missing.which & ~_repeated(xyz))
    found = find_driven(np.ascontiguousarray(xyz[there])) if len(there) >= _LEAST_POINTS else None
    if found is None:
        return None
    nothing = missing.nothing if missing.which.any() else _NOWHERE

    def solve(inner: Cloud) -> Solution | None:
        points = stored_points(inner, _LEAST_POINTS)
        return None if points is None else _in_own_frame(inner, points)

    return solved_before(cloud, Own(there[found[0]], found[1], True), nothing, solve)


def _repeated(xyz: np.ndarray) -> np.ndarray:
    """Points (N,) that are what stands for no return, moved: one of them, often."""
    values, counts = np.unique(xyz[:, 0], return_counts=True)
    usual = int(np.argmax(counts))
    return xyz[:, 0] == (values[usual] if counts[usual] > _OFTEN else np.nan)


def _fine_decimal(xyz: np.ndarray) -> int:
    """What points (N, 3) were rounded to, if that leaves enough to tell how they were computed; else 0."""
    decimal = find_decimal(xyz)
    return 0 if hides_arithmetic(decimal) else decimal


SOLVER = ByDriver()
