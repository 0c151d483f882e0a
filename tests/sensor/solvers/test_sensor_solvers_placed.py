"""An HDL-64E by its public drivers: each laser's place and corrections are found from the points alone."""

import io
from typing import Any, Literal

import numpy as np
import pytest

import lizip
from lizip.exact.trig import DEGREE
from lizip.sensor.fit.placed.find import find_placed
from lizip.sensor.fit.placed.laser import fit_laser
from lizip.sensor.fit.placed.lasers import lasers_by_line
from lizip.sensor.fit.placed.model import ASIDE, ELEVATION, MORE_X, UP, make_scratch
from lizip.sensor.stages.driver_arithmetic import PLACED, PLACED_EXACT, PLACED_SINGLE
from lizip.simulator.driver_columns import with_columns
from lizip.simulator.drivers import sweep
from lizip.simulator.sensors import SENSORS

MODEL: Any = SENSORS["hdl64"]
ROS: Literal["velodyne_pointcloud"] = "velodyne_pointcloud"
ROS_2 = "velodyne_pointcloud, new libm"


@pytest.fixture(scope="module")
def sent():
    return {driver: sweep(5, MODEL, driver, span=0.4) for driver in (ROS, ROS_2, "PCL")}


@pytest.mark.parametrize("driver", [ROS, "PCL"])
def test_a_laser_is_seen_as_it_sits(sent, driver):
    """Also one that looks nearly level: heights tell little of it."""
    scratch, laser = make_scratch(), sent[driver].truth["laser"]
    for k in (np.argmin(np.abs(MODEL.elevation)), np.argmin(MODEL.elevation)):
        points = sent[driver].records[laser == k, :3].astype(np.float64)
        points = points if driver == "PCL" else np.stack([-points[:, 1], points[:, 0], points[:, 2]], axis=1)
        found = fit_laser(scratch, np.ascontiguousarray(points), MODEL.elevation[k] * DEGREE + 0.002)
        assert found is not None
        assert found.tick == MODEL.tick
        assert abs(found.numbers[ELEVATION] - MODEL.elevation[k] * DEGREE) < 1e-6
        assert abs(found.numbers[ASIDE] - MODEL.lateral[k]) < 1e-5
        if driver == ROS:
            assert abs(found.numbers[UP] - MODEL.up[k]) < 1e-5
            assert abs(found.numbers[MORE_X] - (MODEL.further_x - MODEL.further)[k]) < 1e-4


@pytest.mark.parametrize(
    ("driver", "angles"), [(ROS, {PLACED}), (ROS_2, {PLACED, PLACED_SINGLE}), ("PCL", {PLACED_EXACT})]
)
def test_most_points_come_out_exactly(sent, driver, angles):
    polar, found = find_placed(np.ascontiguousarray(sent[driver].records[:, :3]), sent[driver].truth["laser"])
    assert found.driver.law.angle in angles
    assert len(polar.order) > 0.99 * len(sent[driver].records)
    assert found.share > 0.6


def test_other_sensors_are_none():
    other = sweep(5, SENSORS["hdl32"], ROS, span=0.2)
    assert find_placed(np.ascontiguousarray(other.records[:, :3]), other.truth["laser"]) is None


@pytest.mark.parametrize("missing", ["dropped", "NaN"])
def test_sweeps_come_back(missing):
    """With the driver's ring column, which says the lasers."""
    records = with_columns(sweep(6, MODEL, ROS, missing=missing, span=0.3), MODEL, ROS)
    packed = lizip.compress(records)
    assert lizip.decompress(packed).tobytes() == records.tobytes()
    info = lizip.info(io.BytesIO(packed))
    assert "driver" in info["streams"]
    assert info["exceptions"] < 0.01 * len(records)
    assert 8 * len(packed) < 17 * len(records)


def test_without_a_column_lines_tell_the_lasers():
    records = with_columns(sweep(6, MODEL, "PCL", span=0.3), MODEL, "PCL")
    packed = lizip.compress(records)
    assert lizip.decompress(packed).tobytes() == records.tobytes()
    info = lizip.info(io.BytesIO(packed))
    assert "driver" in info["streams"]
    assert info["exceptions"] < 0.01 * len(records)
    assert 8 * len(packed) < 15 * len(records)


def test_lines_are_those_of_lasers(sent):
    points, laser = np.ascontiguousarray(sent["PCL"].records[:, :3]), sent["PCL"].truth["laser"]
    found = lasers_by_line(points, np.zeros(len(points), bool))
    pairs = np.unique(np.stack([found, laser], axis=1)[found >= 0], axis=0)
    assert len(pairs) == len(np.unique(laser)) == len(np.unique(pairs[:, 0]))
    assert np.count_nonzero(found < 0) < 0.01 * len(points)
    assert lasers_by_line(points[:, ::-1].copy(), np.zeros(len(points), bool)) is None
