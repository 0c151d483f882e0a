"""Every law of the driver's stage: the second reader computes the same bits."""

from __future__ import annotations

import numpy as np
import pytest
from second_reader.bytestream import Bytes
from second_reader.sweep import drivers
from second_reader.sweep.returns import Returns

from lizip.sensor.stages.driver import Driver, DriverLaw, Printed
from lizip.sensor.stages.driver_arithmetic import FINE_ANGLES, LENS, PLACED_ANGLES, PLACED_EXACT
from lizip.sensor.stages.driver_places import PLACES

LASERS = 16


def _driver(angle: int, distance: int, sine: int, frame: int, draws: np.random.Generator) -> Driver:
    size, most = (25600, 0) if angle in FINE_ANGLES else (1000, 3)
    elevations = Printed(draws.integers(-25 * size, 25 * size, LASERS), most, bool(sine))
    offsets = Printed(draws.integers(-5 * size, 5 * size, LASERS), most, bool(sine))
    lens = draws.normal(0, 0.05, 2).astype(np.float32) if angle == LENS else np.zeros(2, np.float32)
    lengths = (Printed(draws.integers(-900, 1500, LASERS), 3, False) for _ in range(PLACES))
    places = tuple(lengths) if angle in PLACED_ANGLES else ()
    return Driver(DriverLaw(distance, angle, sine, frame), 0.002, elevations, offsets, lens, places)


@pytest.mark.parametrize("distance", range(3))
@pytest.mark.parametrize("angle", range(PLACED_EXACT + 1))
def test_every_law_is_computed_to_the_bit(angle, distance):
    """With no file between: what the stage wrote is read, and points of returns anywhere are the same bits."""
    draws = np.random.default_rng(100 * angle + distance)
    for sine, frame in ((0, 0), (1, 1), (1, 2), (0, 3)):
        driver = _driver(angle, distance, sine, frame, draws)
        laser, azimuth = draws.integers(0, LASERS, 3000), draws.integers(-2000, 40000, 3000)
        ticks = draws.integers(0, 60000, 3000)
        returns = Returns(np.zeros((1, LASERS), np.int64), None, None, 3000)
        returns.ring, returns.column, returns.ticks = laser, azimuth, ticks
        drivers.driver(Bytes(driver.pack()), returns)
        expected = Driver.unpack(driver.pack()).points(laser, azimuth, ticks)
        assert np.array_equal(returns.points.view(np.int64), expected.view(np.int64))
