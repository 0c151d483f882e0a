"""Sensors at rest in bad conditions: nothing but a plane in view, packets that never came."""

import pytest
import sweeps

from lizip.simulator import os_sensor, turning
from lizip.simulator.conditions import Conditions
from lizip.simulator.scene import street


def side_bits(points, most_exceptions=0.02):
    """Bits a point beside the grid, of points that come back."""
    solution = sweeps.round_trip(points, round(most_exceptions * len(points)))
    return len(solution.model.pack()) * 8 / len(points)


@pytest.mark.parametrize("seed", [5, 6])
def test_open_field(seed):
    """From the height of a plane its points are all at one slope, as if of one beam."""
    points = os_sensor.sweep(seed, rings=128, layout="beam", scene=street(seed, 0.0)).records
    assert side_bits(points) < 0.6


@pytest.mark.parametrize("conditions", [Conditions(lost=0.3), Conditions(gaps=3, gap=4)], ids=["many packets", "gaps"])
def test_lasers_do_not_wait_for_lost_packets(conditions):
    """What a laser is ahead by goes with the step to the next firing, but not with that over a gap."""
    cells = turning.sweep(5, turning.MODELS["vlp16"], advance="exact", conditions=conditions).records
    assert side_bits(cells[(cells[:, :3] != 0).any(axis=1)]) < 1.5
