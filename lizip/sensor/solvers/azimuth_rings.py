"""Rings one after the other in azimuth order, on a decimal lattice, as KITTI's; axes may be swapped or turned round.

A profile that ships, else what the sweep before left, else what is found out from the scan. What is not on such a
lattice is declined within a millisecond, so this solver comes first.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lizip.cloud import Cloud
from lizip.sensor.fit.azimuth_rings import find_azimuth_rings
from lizip.sensor.fit.coordinates import stored_points
from lizip.sensor.fit.decimals import find_decimal
from lizip.sensor.fit.found import Found, solution_of
from lizip.sensor.fit.missing import find_missing
from lizip.sensor.model import TITLES, Grid, Solution
from lizip.sensor.stages.axes import OTHERS
from lizip.sensor.state import SensorState

_LEAST_POINTS = 512
_NEARLY_ALL = 0.99
"""Share of the points in order from which on other axes are not tried."""

_BLOCKS, _FULL = 64, 1 << 16
"""Lasers of an HDL-64E, in two blocks, the upper and the lower, with resolutions and powers of their own; and returns
from which on each block has enough to learn from: two full sweeps of KITTI get 0.05 and 0.19 % smaller."""


class AzimuthRings:
    """The solver."""

    def solve(self, cloud: Cloud, level: str, state: SensorState) -> Solution | None:
        """Find calibration and firings; see `lizip.sensor.Solver`."""
        xyz = stored_points(cloud, _LEAST_POINTS)
        if xyz is None or not find_decimal(xyz):
            return None
        missing, nothing = find_missing(xyz)
        if np.count_nonzero(~missing) < _LEAST_POINTS:
            return None
        found = _find_azimuth_rings(xyz, missing, nothing, level, state)
        if found is None:
            return None
        del xyz, missing
        solution = solution_of(cloud, found, TITLES.index("Velodyne HDL-64E as in KITTI"))
        grids = [grid._replace(halves=_is_full(grid)) for grid in solution.grids]
        return solution._replace(grids=grids)


SOLVER = AzimuthRings()


def _is_full(grid: Grid) -> bool:
    """Whether both blocks of lasers have much to say."""
    return grid.ranges.shape[1] == _BLOCKS and int(np.count_nonzero(grid.ranges)) >= _FULL


def _find_azimuth_rings(
    xyz: np.ndarray, missing: np.ndarray, nothing: np.ndarray, level: str, state: SensorState
) -> Found | None:
    """Rings in azimuth order, perhaps with axes swapped or turned round; missing points are left out."""
    rest = xyz[~missing] if missing.any() else xyz
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
