"""Sensors at rest: a profile that ships, else what the sweep before left, else what is found out from the scan."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lizip.cloud import Cloud
from lizip.sensor.fit.any_order import find_any_order
from lizip.sensor.fit.azimuth_rings import find_azimuth_rings, on_decimal_lattice
from lizip.sensor.fit.found import Found, solution_of
from lizip.sensor.fit.missing import find_missing
from lizip.sensor.model import TITLES, Solution
from lizip.sensor.stages.axes import OTHERS
from lizip.sensor.state import SensorState

_LEAST_POINTS = 512
_NEARLY_ALL = 0.99
"""Share of the points in order from which on other axes are not tried."""


class Static:
    """The solver."""

    def solve(self, cloud: Cloud, level: str, state: SensorState) -> Solution | None:
        """Find calibration, firings and order; see `lizip.sensor.Solver`."""
        columns = list(cloud.columns.values())
        if cloud.count < _LEAST_POINTS or len(columns) < 3:
            return None
        if any(column.dtype != np.dtype("<f4") for column in columns[:3]):
            return None
        xyz = np.stack(columns[:3], axis=1)
        missing, nothing = find_missing(xyz)
        if np.count_nonzero(~missing) < _LEAST_POINTS:
            return None
        found = _find_azimuth_rings(xyz, missing, nothing, level, state)
        if found is not None:
            return solution_of(cloud, found, TITLES.index("Velodyne HDL-64E as in KITTI"))
        found = _find_others(xyz, missing, nothing, level, state)
        return None if found is None else solution_of(cloud, found, TITLES.index("spinning sensor"))


SOLVER = Static()


def _find_azimuth_rings(
    xyz: np.ndarray, missing: np.ndarray, nothing: np.ndarray, level: str, state: SensorState
) -> Found | None:
    """Rings in azimuth order, perhaps with axes swapped or turned round; missing points are left out."""
    rest = xyz[~missing] if missing.any() else xyz
    if not on_decimal_lattice(rest):
        return None
    found = find_azimuth_rings(rest, level, state)
    for axes in OTHERS:
        if found is not None and len(found.place) >= _NEARLY_ALL * len(rest):
            break
        other = find_azimuth_rings(axes.undone(rest), level, state, axes)
        if other is not None and (found is None or len(other.place) > len(found.place)):
            found = replace(other, axes=axes)
    if found is None or not missing.any():
        return found
    turned = found.axes.undone(nothing.view(np.float32)[None])[0].view(np.uint32)
    return found.among(missing, turned)


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
