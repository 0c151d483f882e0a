"""Sectors of a moving sensor's turn, as users crop them: the last firing, whose pose is the frame, may be gone."""

import numpy as np
import pytest
import sweeps

from lizip import simulator
from lizip.sensor.solvers.moving import SOLVER


def sector(records, middle, half):
    """Those within `half` degrees of an azimuth (0: ahead, clockwise), without what is at the sensor."""
    x, y = records[:, 0].astype(np.float64), records[:, 1].astype(np.float64)
    away = (np.degrees(np.arctan2(x, y)) - middle + 180) % 360 - 180
    return records[(np.abs(away) < half) & (np.sqrt(x * x + y * y) > 1)]


def bits(records):
    """Bits a point of everything but ranges and intensities."""
    solution = sweeps.round_trip(records, solver=SOLVER)
    return 8 * len(solution.model.pack()) / len(records)


DRAWS = np.random.default_rng(5)
SECTORS = [(0, 35), (0, 90), *zip(DRAWS.uniform(-20, 100, 3), DRAWS.uniform(30, 60, 3), strict=True)]


@pytest.mark.parametrize(("middle", "half"), SECTORS)
def test_a_sector_is_explained(middle, half):
    records = np.frombuffer(sweeps.kept(simulator.nuscenes, 12), "<f4").reshape(-1, 5)
    assert bits(sector(records, middle, half)) < 10
