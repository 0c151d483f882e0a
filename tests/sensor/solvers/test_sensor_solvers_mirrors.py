"""Sweeps of a sensor whose two angles are corrected as it turns: everything is found from the points alone."""

import numpy as np
import pytest
from sweeps import cloud_of, grids_of, rebuilt, stage_of

import lizip
from lizip.sensor.fit.driver.fine import angles_of, find_fine_law, find_lasers
from lizip.sensor.solvers.driver import SOLVER
from lizip.sensor.stages.blocks import ALL_CELLS, ALL_COMPUTED, RETURNS, Blocks
from lizip.sensor.stages.driver_arithmetic import FINE, FINE_SINGLE, UNIT_IN_DOUBLE, UNIT_IN_SINGLE
from lizip.sensor.stages.fine_angles import FineAngles
from lizip.sensor.stages.seconds import Seconds
from lizip.sensor.state import SensorState
from lizip.simulator import at128, hdl64
from lizip.simulator.conditions import Conditions

LAWS = {"nebula": (UNIT_IN_DOUBLE, FINE_SINGLE), "SDK": (UNIT_IN_SINGLE, FINE)}


def solved(points, most_exceptions):
    """The solution, after it gave back every bit."""
    solution = SOLVER.solve(cloud_of(points), "default", SensorState())
    assert solution is not None
    again = rebuilt(solution.model.pack(), grids_of(solution), cloud_of(points).schema, len(points))
    np.testing.assert_array_equal(again, points.view(np.uint32))
    assert solution.about.notes["exceptions"] <= most_exceptions * len(points)
    assert solution.about.notes["corrected"] == 0
    return solution


@pytest.mark.parametrize("driver", LAWS)
@pytest.mark.parametrize("seed", [1, 2])
def test_both_laws_are_found(driver, seed):
    points = at128.sweep(seed, driver, blocks=300).records
    solution = solved(points, 0.005)
    stage = stage_of(solution, FineAngles)
    assert (stage.law.distance, stage.law.angle) == LAWS[driver]
    assert stage.law.frame == 1
    assert stage_of(solution, Blocks).form == RETURNS


@pytest.mark.parametrize("driver", LAWS)
def test_angles_and_lasers_are_those_of_the_packets(driver):
    sweep = at128.sweep(4, driver)  # whole: lasers that see nothing for long come back elsewhere
    points = np.ascontiguousarray(sweep.records[:, :3])
    law, tick = find_fine_law(points)
    angles = angles_of(law, tick, points)
    laser, elevation = find_lasers(angles)
    known = laser >= 0
    assert known.mean() > 0.999
    assert (elevation[known] % at128.TURN == sweep.truth["elevation"][known]).mean() > 0.999
    off = (sweep.truth["azimuth"] - angles.azimuth) % at128.TURN
    assert (angles.wide >> off & 1).all()
    pairs = np.unique(np.stack([laser[known], sweep.truth["laser"][known]]), axis=1)
    assert pairs.shape[1] == len(np.unique(pairs[0])) == len(np.unique(pairs[1]))


def test_few_bits_a_point():
    points = at128.sweep(5, "nebula").records
    packed = lizip.compress(points)
    assert 8 * len(packed) < 12 * len(points)
    np.testing.assert_array_equal(lizip.decompress(packed).view(np.uint32), points.view(np.uint32))


def test_cells_without_returns_have_the_signs_that_were_computed():
    solution = solved(at128.sweep(6, "SDK", blocks=300, missing="zeros").records, 0.005)
    assert stage_of(solution, Blocks).form == ALL_COMPUTED


def test_cells_without_returns_as_nan():
    points = at128.sweep(7, "SDK", blocks=200, missing="zeros").records.copy()
    points[(points[:, :3] == 0).all(axis=1), :3] = np.nan
    solution = solved(points, 0.005)
    assert stage_of(solution, Blocks).form == ALL_CELLS


def test_second_returns_right_behind():
    sweep = at128.sweep(8, "SDK", blocks=200)
    draws = np.random.default_rng(8)
    twice = 1 + (draws.random(len(sweep.records)) < 0.1)
    points = np.repeat(sweep.records, twice, axis=0)
    behind = np.cumsum(twice)[twice > 1] - 1
    law, tick = find_fine_law(np.ascontiguousarray(points[:, :3]))
    stage = FineAngles(law, tick, np.zeros(0, np.int64), np.zeros(0, np.int64))
    ticks = np.rint(np.linalg.norm(points[behind, :3].astype(float), axis=1) / tick) + draws.integers(
        50, 900, len(behind)
    )
    azimuth, elevation = (sweep.truth[name][twice > 1] for name in ("azimuth", "elevation"))
    points[behind, :3] = stage.points(tick, azimuth, elevation, ticks)
    solution = solved(points, 0.005)
    assert stage_of(solution, Seconds) is not None


def test_points_may_be_missing():
    points = at128.sweep(9, "nebula", blocks=300).records
    kept = np.random.default_rng(9).random(len(points)) < 0.6
    solved(np.ascontiguousarray(points[kept]), 0.01)


@pytest.mark.parametrize("spoil", ["moved", "finer", "another sensor"])
def test_other_clouds_are_declined(spoil):
    points = at128.sweep(10, "nebula", blocks=100).records.copy()
    if spoil == "moved":
        points[:, 0] += np.float32(0.31)
    elif spoil == "finer":
        points[:, :3] *= np.float32(1.00037)
    else:
        points = np.frombuffer(hdl64.sweep(1, firings=60).data, "<f4").reshape(-1, 4)
    assert find_fine_law(np.ascontiguousarray(points[:, :3])) is None


def test_rain_that_looks_like_further_returns():
    """What is found of first returns is said again of those behind them: corrections too."""
    records = at128.sweep(5, blocks=300, conditions=Conditions(rain=0.25, silence=0.4)).records
    packed = lizip.compress(records)
    assert lizip.decompress(packed).tobytes() == records.tobytes()
    assert 8 * len(packed) < 20 * len(records)
