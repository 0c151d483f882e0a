"""Sweeps rounded after the sensor's arithmetic, so that its ticks do not show any more: explained all the same."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from sweeps import kept, round_trip, stage_of

import lizip
from lizip.sensor.fit.decimals import find_decimal
from lizip.sensor.fit.inside import settle_ranges
from lizip.sensor.solvers import chunked, moving, timed
from lizip.sensor.stages.corrections import Corrections
from lizip.sensor.stages.places import Places
from lizip.sensor.stages.rounding import HALF, UNSIGNED, Rounding, round_points
from lizip.simulator import hdl32, hdl64, os_sensor, pandar64, vlp32
from lizip.simulator.conditions import Conditions

GRAINS = {
    "float16": HALF,
    "centimetres": 100,
    "millimetres": 1000,
    "of 10 micrometres": 100_000,
    "micrometres": 1_000_000,
}


def firings(seed=1):
    data = os_sensor.sweep(seed, rings=32, columns=1024).data
    return np.frombuffer(data, "<f4").reshape(-1, 4).copy()


def rounded(points, grain):
    points[:, :3] = round_points(points[:, :3].astype(np.float64), grain)[0]
    return points


def bits(data):
    packed = lizip.compress(data)
    assert lizip.decompress(packed) == data
    info = lizip.info(io.BytesIO(packed))
    return 8 * len(packed) / info["points"], info["codec"]


@pytest.mark.parametrize("grain", GRAINS)
def test_a_spinning_sensor_comes_back(grain):
    points = firings()
    exact, _ = bits(points.tobytes())
    solution = round_trip(rounded(points, GRAINS[grain]), most_exceptions=len(points) // 50)
    assert stage_of(solution, Rounding) == Rounding(GRAINS[grain])
    size, codec = bits(points.tobytes())
    assert codec == "sweep"
    assert size < exact + 4


def test_what_float32_rounds_more_coarsely_is_no_sign_of_decimals():
    far = np.random.default_rng(1).uniform(1100, 1900, (4000, 3)).astype(np.float32)
    assert find_decimal(far) == 0
    far[:, 2] = np.round(far[:, 2] - 1500, 4)
    assert find_decimal(far) == 10_000
    near = np.random.default_rng(2).uniform(-40, 40, (4000, 3)).astype(np.float32)
    assert find_decimal(near) == 0
    assert find_decimal(np.round(near.astype(np.float64), 5).astype(np.float32)) == 100_000


def test_numbers_of_six_digits_are_no_decimals():
    points = np.random.default_rng(3).uniform(-60, 60, (4000, 3)) * np.array([1, 1, 0.05])
    digits = np.array([f"{each:.6g}" for each in points.ravel()], np.float32).reshape(-1, 3)
    assert find_decimal(digits) == 0
    assert find_decimal(np.round(points, 5).astype(np.float32)) == 100_000
    assert find_decimal(np.round(points, 6).astype(np.float32)) == 1_000_000


def test_rings_of_a_profile_come_back_through_two_roundings():
    points = np.frombuffer(hdl64.sweep(3).data, "<f4").reshape(-1, 4).copy()
    exact, _ = bits(points.tobytes())
    solution = round_trip(rounded(points, HALF), most_exceptions=len(points) // 50)
    assert stage_of(solution, Rounding) == Rounding(HALF + 1000)
    assert bits(points.tobytes())[0] < exact + 3


def test_columns_of_float16_are_taken_for_what_they_hold():
    points = rounded(firings(), HALF)
    file = io.BytesIO()
    np.save(file, points.astype(np.float16))
    size, codec = bits(file.getvalue())
    assert codec == "sweep"
    assert size < 1.05 * bits(points.tobytes())[0] + 0.2


def test_settled_ranges_are_steady_and_inside():
    """Along x alone, a centimetre holds five ticks of 2 mm: the range stays while it can."""
    true = 10 + 0.004 * np.sin(np.arange(200.0))
    xyz = np.zeros((200, 3), np.float32)
    xyz[:, 0] = np.rint(true * 100) / 100
    ticks = np.rint(xyz[:, 0] / 0.002).astype(np.int32)
    points = np.zeros((200, 3))
    points[:, 0] = ticks * 0.002
    ahead = points + np.array([0.002, 0, 0])
    settle_ranges(xyz, np.zeros(200, np.int32), 100, points, ahead, ticks)
    again = round_points(np.column_stack([ticks * 0.002, 0 * true, 0 * true]), 100)[0]
    np.testing.assert_array_equal(again, xyz)
    assert np.count_nonzero(np.diff(ticks)) <= 2 * np.count_nonzero(np.diff(xyz[:, 0]))


MOVING: dict[str, tuple[Any, dict[str, Any]]] = {
    "at rest": (hdl32, {"speed": 0.0}),
    "fast": (hdl32, {"speed": 30.0}),
    "turning": (hdl32, {"speed": 12.0, "yaw_rate": 0.8}),
    "with few returns": (hdl32, {"speed": 5.0, "no_return_share": 0.5}),
    "of 64 lasers": (pandar64, {"speed": 30.0}),
    "of 64 lasers between walls": (pandar64, {"speed": 8.0, "conditions": Conditions(walls=6.0)}),
    "two that turn": (vlp32, {"speed": 12.0, "yaw_rate": 0.8}),
}


@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize("which", MOVING)
def test_sweeps_of_moving_sensors_come_back_from_millimetres(which, signed):
    simulator, options = MOVING[which]
    sweep = kept(simulator.sweep, 3, **options)
    points = rounded(np.frombuffer(sweep.data, "<f4").reshape(-1, sweep.fields).copy(), 1000)
    points[:, :3] += 0.0 if not signed else -0.0
    solver = {pandar64: timed, hdl32: moving, vlp32: chunked}[simulator].SOLVER
    solution = round_trip(points, solver=solver)
    zeros = points[:, :3][points[:, :3] == 0]
    assert stage_of(solution, Rounding).decimal % UNSIGNED == 1000
    assert simulator is vlp32 or stage_of(solution, Rounding).decimal == 1000 + UNSIGNED * (not np.signbit(zeros).any())
    ranges = solution.grids[0].ranges
    assert sum(np.count_nonzero(grid.ranges) for grid in solution.grids) > 0.99 * np.count_nonzero(sweep.ranges)
    if simulator is hdl32 and ranges.shape == sweep.ranges.shape:
        assert (ranges == sweep.ranges).mean() > 0.99
    assert len(stage_of(solution, Corrections).pack()) < len(points) * 0.8 / 8
    assert len(stage_of(solution, Places).pack()) < len(points) * 0.8 / 8


@pytest.mark.parametrize(("which", "more"), [("fast", 10), ("of 64 lasers", 3), ("two that turn", 3)])
def test_sweeps_of_moving_sensors_come_back_from_five_decimals(which, more):
    simulator, options = MOVING[which]
    sweep = kept(simulator.sweep, 3, **options)
    points = np.frombuffer(sweep.data, "<f4").reshape(-1, sweep.fields).copy()
    exact, _ = bits(points.tobytes())
    size, codec = bits(rounded(points, 100_000).tobytes())
    assert codec == "sweep"
    assert size < exact + more
