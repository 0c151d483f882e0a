"""Noise on a moving sensor's points shows before any pose is looked for."""

import numpy as np
import pytest
from sweeps import cloud_of

from lizip.sensor.fit.motion.firing import hdl32e
from lizip.sensor.fit.motion.sharp import is_sharp
from lizip.sensor.solvers import moving
from lizip.sensor.state import SensorState
from lizip.simulator import hdl32

FAST = hdl32.sweep(5).records[:, :3]


def noisy(points, sigma):
    return points + np.random.default_rng(1).normal(0, sigma, points.shape).astype("<f4")


@pytest.mark.parametrize("first", [0.0, 0.5, 0.7])
def test_what_a_sensor_saw_is_sharp_wherever_the_sweep_ends(first):
    cells = FAST.reshape(-1, 32, 3)
    assert is_sharp(cells[: int((1 - 0.5 * first) * len(cells))], hdl32e())


def test_missing_points_and_few_points_are_no_noise():
    cells = FAST.reshape(-1, 32, 3).copy()
    cells[np.random.default_rng(0).random(cells.shape[:2]) < 0.6] = np.nan
    assert is_sharp(cells, hdl32e())
    assert is_sharp(noisy(cells[:3], 0.01), hdl32e())


@pytest.mark.parametrize("sigma", [0.0005, 0.003, 0.05])
def test_noise_is_not(sigma):
    assert not is_sharp(noisy(FAST, sigma).reshape(-1, 32, 3), hdl32e())


def test_no_pose_is_looked_for_under_noise(monkeypatch):
    def observe(*_):
        raise AssertionError("a sweep was tracked that nothing can explain")

    monkeypatch.setattr(moving, "observe", observe)
    assert moving.SOLVER.solve(cloud_of(noisy(FAST, 0.002)), "default", SensorState()) is None
    with pytest.raises(AssertionError, match="tracked"):
        moving.SOLVER.solve(cloud_of(FAST), "default", SensorState())
