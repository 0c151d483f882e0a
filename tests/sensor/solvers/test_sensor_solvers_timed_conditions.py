"""A sensor with a pose for each point in bad conditions."""

import numpy as np
import pytest
import sweeps

from lizip.sensor.fit.timed.sensor import pandar64 as sensor
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


def test_a_knot_that_comes_up_to_the_end_ends_the_track():
    """On a highway, where times of packets and of poses are hard to tell apart."""
    sweep = sweeps.kept(pandar64.sweep, 1000, speed=36.0)
    found = solve(np.ascontiguousarray(sweep.records[:, :3]), sensor())
    assert found is not None
    seen, law = found
    assert (np.diff(law.times) > 0).all()
    assert (seen.ticks == sweep.truth["ticks"][seen.place]).mean() > 0.999
