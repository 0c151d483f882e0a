"""Sweeps that a public driver computed and that were moved afterwards, by one rigid transform in float32."""

from __future__ import annotations

import numpy as np

from lizip.cloud import Cloud
from lizip.sensor.fit.coordinates import stored_points
from lizip.sensor.fit.decimals import find_decimal
from lizip.sensor.fit.driver.solution import find_missing
from lizip.sensor.fit.outer.driven import find_driven
from lizip.sensor.fit.outer.unmoved import Own, solved_before
from lizip.sensor.model import Solution
from lizip.sensor.solvers.driver import LEAST_POINTS, in_own_frame
from lizip.sensor.state import SensorState

_OFTEN = 64
_NOWHERE = np.full(3, np.float32(np.nan)).view(np.uint32)
"""Where no point stayed."""


class MovedDriver:
    """The solver."""

    def solve(self, cloud: Cloud, level: str, state: SensorState) -> Solution | None:
        """Find what the driver said, and the transform; see `lizip.sensor.Solver`. Too dear for "fast"."""
        xyz = stored_points(cloud, LEAST_POINTS)
        # what is rounded to decimals shows no float32 before
        if xyz is None or level == "fast" or find_decimal(xyz):
            return None
        missing = find_missing(xyz)
        there = np.flatnonzero(~missing.which & ~_repeated(xyz))
        found = find_driven(np.ascontiguousarray(xyz[there])) if len(there) >= LEAST_POINTS else None
        if found is None:
            return None
        nothing = missing.nothing if missing.which.any() else _NOWHERE

        def solve(inner: Cloud) -> Solution | None:
            points = stored_points(inner, LEAST_POINTS)
            return None if points is None else in_own_frame(inner, points)

        return solved_before(cloud, Own(there[found[0]], found[1], True), nothing, solve)


def _repeated(xyz: np.ndarray) -> np.ndarray:
    """Points (N,) that are what stands for no return, moved: one of them, often."""
    values, counts = np.unique(xyz[:, 0], return_counts=True)
    usual = int(np.argmax(counts))
    return xyz[:, 0] == (values[usual] if counts[usual] > _OFTEN else np.nan)


SOLVER = MovedDriver()
