"""A sensor with a pose for each point in bad conditions."""

import numpy as np
import pytest
import sweeps

import lizip.sensor.fit.timed.solve as timed
from lizip.sensor.fit.timed.law import predict
from lizip.sensor.fit.timed.packets import _phase_of
from lizip.sensor.fit.timed.sensor import pandar64 as sensor
from lizip.sensor.fit.timed.solve import _away as away
from lizip.sensor.fit.timed.solve import solve
from lizip.simulator import pandar64
from lizip.simulator.conditions import Conditions


def test_between_walls_near_points_tell_the_track():
    sweep = sweeps.kept(pandar64.sweep, 3, conditions=Conditions(walls=2.5))
    found = solve(np.ascontiguousarray(sweep.records[:, :3]), sensor())
    assert found is not None
    seen = found[0]
    assert (seen.ring == sweep.truth["rings"][seen.place]).mean() > 0.999
    assert len(seen.place) > 0.99 * len(sweep.records)


@pytest.mark.parametrize("world", [False, True])
@pytest.mark.parametrize(
    "conditions",
    [Conditions(rain=0.25, silence=0.4), Conditions(reach=0.4, silence=0.8), Conditions(walls=1.6)],
    ids=["heavy rain", "few returns", "walls so near that some blocks see nothing else"],
)
def test_neighbours_in_the_file_that_are_not_on_one_ring_and_near_points(conditions, world):
    sweep = sweeps.kept(pandar64.sweep, 2, world=world, conditions=conditions)
    found = solve(np.ascontiguousarray(sweep.records[:, :3]), sensor())
    assert found is not None
    seen, law = found
    assert len(seen.place) > 0.998 * len(sweep.records)
    assert (seen.ticks == sweep.truth["ticks"][seen.place]).mean() > 0.999
    # where times are right, points are: to some units of float32
    assert np.median(np.abs(predict(law, seen.times, seen.points) - seen.stored)) < 4e-6


def test_packets_are_told_where_all_times_are_stretched():
    """Knots are not yet where they should be: the first half of a sweep looks shorter, the second longer."""
    draws, packets = np.random.default_rng(1), 308
    steps = 230.0 + 3.0 * draws.normal(size=(packets, 6))
    steps[:, 1] += 7.0 * np.sin(np.arange(packets) / 50)
    steps[packets // 2 :] += 7.0
    gaps = steps.ravel()
    told = draws.random(len(gaps)) < 0.9
    assert _phase_of(gaps, told, 6) == 2
    told[:500] = False
    assert _phase_of(gaps, told, 6) == 2


@pytest.mark.parametrize(
    ("seed", "world", "conditions"), [(1000, False, {}), (1000, True, {}), (1001, True, {"walls": 4.0})]
)
def test_a_vehicle_tilts_otherwise_in_the_second_half(seed, world, conditions):
    sweep = sweeps.kept(pandar64.sweep, seed, world=world, conditions=Conditions(**conditions))
    found = solve(np.ascontiguousarray(sweep.records[:, :3]), sensor())
    assert found is not None
    seen = found[0]
    assert len(seen.place) > 0.999 * len(sweep.records)
    assert (seen.ticks == sweep.truth["ticks"][seen.place]).mean() > 0.999
    blocks = sweep.truth["blocks"][seen.place] - seen.block
    assert (blocks == blocks[0]).all()


def test_half_a_sweep_whose_track_hardly_bends(monkeypatch):
    """How the sensor sits is not told by one bend: a fit that runs away is made again, with less freedom."""
    points = sweeps.kept(pandar64.sweep, 7).records[:, :3]
    ahead = np.ascontiguousarray(points[points[:, 0] > 0])
    better = away(*solve(ahead, sensor()))
    monkeypatch.setattr(timed, "_DOUBTS", timed._DOUBTS[:1])
    assert better < away(*solve(ahead, sensor())) - 0.1


def test_a_knot_that_comes_up_to_the_end_ends_the_track():
    """On a highway, where times of packets and of poses are hard to tell apart."""
    sweep = sweeps.kept(pandar64.sweep, 1000, speed=36.0)
    found = solve(np.ascontiguousarray(sweep.records[:, :3]), sensor())
    assert found is not None
    seen, law = found
    assert (np.diff(law.times) > 0).all()
    assert (seen.ticks == sweep.truth["ticks"][seen.place]).mean() > 0.999


@pytest.mark.parametrize("seed", [4, 5])
def test_a_highway_that_goes_anywhere_in_the_frame_of_a_map(seed):
    sweep = sweeps.kept(pandar64.sweep, seed, world=True, speed=36.0)
    found = solve(np.ascontiguousarray(sweep.records[:, :3]), sensor())
    assert found is not None
    assert len(found[0].place) > 0.999 * len(sweep.records)
