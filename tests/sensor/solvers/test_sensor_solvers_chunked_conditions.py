"""Two sensors of a moving vehicle in bad conditions: walls beside, jerks."""

import numpy as np
import pytest
import sweeps

from lizip.sensor.fit.chunked.parts import find_parts
from lizip.sensor.solvers.chunked import SOLVER
from lizip.sensor.stages.slots import VLP_32C
from lizip.simulator import vlp32
from lizip.simulator.conditions import Conditions


@pytest.mark.parametrize("conditions", [Conditions(walls=2.5), Conditions(jerk=3.0)], ids=["walls", "jerks"])
def test_each_sensor_has_its_own_points(conditions):
    """The motion is rough, or both see the same near by: the azimuth tells where the one ends."""
    sweep = sweeps.kept(vlp32.sweep, 3, conditions=conditions)
    columns = [np.ascontiguousarray(column) for column in sweep.records[:, :3].T]
    assert find_parts(columns, VLP_32C).bounds == [0, int(sweep.truth["upper"]), len(sweep.records)]


def test_where_one_ends_is_told_by_many_points():
    """So far from the one sensor's end that few points lie between it and the end of what is looked at, one is odd."""
    sweep = sweeps.kept(vlp32.sweep, 1000, speed=0.0)
    columns = [np.ascontiguousarray(column) for column in sweep.records[:, :3].T]
    assert find_parts(columns, VLP_32C).bounds == [0, int(sweep.truth["upper"]), len(sweep.records)]


def test_heavy_rain():
    """The nearest point behind many a point is a drop on another ring."""
    sweep = sweeps.kept(vlp32.sweep, 1, conditions=Conditions(rain=0.25, silence=0.4))
    columns = [np.ascontiguousarray(column) for column in sweep.records[:, :3].T]
    parts = find_parts(columns, VLP_32C)
    assert parts is not None
    assert abs(parts.bounds[1] - int(sweep.truth["upper"])) < 16
    assert len(parts.bounds) == 3


@pytest.mark.parametrize("seed", [1, 5])
def test_walls_so_near_that_some_firings_see_nothing_else(seed):
    """What is near tells the track where nothing else does: not found at all, or at 4 to 5 bits, without."""
    sweep = sweeps.kept(vlp32.sweep, seed, conditions=Conditions(walls=1.6))
    solution = sweeps.round_trip(sweep.records, solver=SOLVER)
    assert len(solution.model.pack()) * 8 < 1.5 * len(sweep.records)
