"""A sensor on a moving vehicle, each of whose points has a pose at its own time (PandaSet)."""

from __future__ import annotations

import numpy as np

from lizip.cloud import Cloud
from lizip.sensor.fit.coordinates import stored_points
from lizip.sensor.fit.decimals import find_decimal, noise_of
from lizip.sensor.fit.inside import is_coarse
from lizip.sensor.fit.missing import find_missing, find_seen
from lizip.sensor.fit.timed.describe import describe
from lizip.sensor.fit.timed.sensor import pandar64
from lizip.sensor.fit.timed.solve import solve
from lizip.sensor.model import TITLES, About, Solution, SweepModel
from lizip.sensor.state import SensorState

_MOST_ODD = 0.1


class Timed:
    """The solver."""

    def solve(self, cloud: Cloud, level: str, state: SensorState) -> Solution | None:
        """Find ranges, packets' times and track; see `lizip.sensor.Solver`."""
        xyz = stored_points(cloud)
        if xyz is None:
            return None
        missing, nothing = find_missing(xyz)
        present = np.flatnonzero(find_seen(xyz, missing))
        sensor, decimal = pandar64(), find_decimal(xyz)
        if is_coarse(decimal, sensor.beams.tick):
            return None
        found = solve(xyz[present], sensor, noise_of(decimal))
        if found is None:
            return None
        seen, law = found
        seen.place = present[seen.place]
        part, grid, notes = describe(cloud, xyz, seen, law, missing, nothing, decimal)
        if notes["exceptions"] > _MOST_ODD * cloud.count:
            return None
        return Solution(SweepModel([part]), [grid], About(TITLES.index("Hesai Pandar64 as in PandaSet"), notes))


SOLVER = Timed()
