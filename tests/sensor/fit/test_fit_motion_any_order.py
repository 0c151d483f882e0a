"""Points of a moving sensor in any order come back in the order of its firings."""

from __future__ import annotations

import numpy as np
import pytest

from lizip import simulator
from lizip.sensor.fit.motion.any_order import firing_order
from lizip.sensor.fit.motion.cells import MOST_FIRINGS
from lizip.sensor.fit.motion.firing import RINGS
from lizip.sensor.fit.motion.silent import _aligned
from lizip.simulator import hdl32

SPEEDS = [0.0, 1.0, 8.0, 25.0]


def points_of(speed, seed=2):
    sweep = hdl32.sweep(seed, speed=speed)
    return np.frombuffer(sweep.data, "<f4").reshape(-1, sweep.fields)


def listed(points, fields):
    """Where shuffled points stood before, one after the other in the order that is found; None where none is."""
    mixed = np.random.default_rng(1).permutation(len(points))
    order = firing_order(points[mixed, :3].astype(np.float64), list(points[mixed, 3:fields].T))
    assert order is None or np.array_equal(np.sort(order), np.arange(len(points)))
    return None if order is None else mixed[order]


def far(points):
    return (points[:, :3] ** 2).sum(axis=1) > 4.0


@pytest.mark.parametrize("speed", SPEEDS)
@pytest.mark.parametrize("fields", [4, 5])
def test_returns_are_listed_as_by_the_sensor(speed, fields):
    points = points_of(speed)
    points = points[far(points)]
    assert (np.diff(listed(points, fields)) == 1).mean() > 0.995


@pytest.mark.parametrize("speed", SPEEDS)
@pytest.mark.parametrize("fields", [4, 5])
def test_so_they_are_among_those_that_returned_nothing(speed, fields):
    points = points_of(speed)
    back = listed(points, fields)
    rank = np.cumsum(far(points))
    assert (np.diff(rank[back[far(points)[back]]]) == 1).mean() > 0.97


@pytest.mark.parametrize("speed", [4.0, 8.0])
@pytest.mark.parametrize("fields", [4, 5])
def test_what_returned_nothing_fills_the_cells(speed, fields):
    """Of what lies in one place and has no ring, nobody knows which is which."""
    points = points_of(speed)
    back = points[listed(points, fields)]
    assert (back[:, :3] == points[:, :3]).all(axis=1).mean() > 0.999


def test_places_follow_one_another_as_firings_do():
    """Also where some are off by a few firings, and some cells too many or too few."""
    draw = np.random.default_rng(3)
    free = draw.integers(0, 9, 400)
    at = np.flatnonzero(free)
    sizes = free[at]
    sizes[::20] += 1
    when = at + 3.0 * np.sin(at / 60.0) + draw.normal(0, 0.2, len(at))
    assert (_aligned(free, sizes, when) == at).all()


@pytest.mark.parametrize("seed", [3, 4])
def test_a_sensor_that_tilts(seed):
    """By half a degree in a turn: more than firings and rings could be told by without."""
    points = points_of(8.0, seed).astype(np.float64)
    left = 1.0 - np.arange(len(points)) / len(points)
    tilt = 0.008 * left**2
    points[:, 1], points[:, 2] = points[:, 1] - tilt * points[:, 2], points[:, 2] + tilt * points[:, 1]
    points = points[far(points)]
    assert (np.diff(listed(points, 4)) == 1).mean() > 0.99


def test_other_sensors_are_declined():
    points = np.frombuffer(simulator.ouster(1, columns=1024, span=0.3), "<f4").reshape(-1, 4)
    assert listed(points, 4) is None
    assert firing_order(np.zeros((20000, 3)), []) is None


def test_many_sweeps_are_declined_at_once(monkeypatch):
    monkeypatch.setattr("lizip.sensor.fit.motion.any_order.far_rings", None)
    assert firing_order(np.zeros((MOST_FIRINGS * RINGS + 1, 3)), []) is None
