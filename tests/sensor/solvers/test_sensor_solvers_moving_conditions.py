"""Moving sensors in bad conditions: packets lost, rain, walls beside, jerks; sweeps thinned by their users."""

import numpy as np
import pytest
import sweeps

from lizip import simulator
from lizip.sensor.solvers.moving import SOLVER
from lizip.simulator.conditions import Conditions


def side_bits(seed, **options):
    """Bits a point beside the grid, of a sweep that comes back."""
    return side_bits_of(simulated(seed, **options))


def simulated(seed, **options):
    return np.frombuffer(sweeps.kept(simulator.nuscenes, seed, **options), "<f4").reshape(-1, 5).copy()


def side_bits_of(records):
    solution = sweeps.round_trip(records, solver=SOLVER)
    return len(solution.model.pack()) * 8 / len(records)


@pytest.mark.parametrize(
    ("seed", "conditions", "most"),
    [
        (0, Conditions(lost=0.03), 0.5),
        (1, Conditions(lost=0.3), 0.6),
        (0, Conditions(gaps=5, gap=4), 0.5),
        (1, Conditions(gaps=5, gap=4), 0.5),
    ],
    ids=["some packets", "many packets", "gaps", "long gaps"],
)
def test_lost_packets(seed, conditions, most):
    assert side_bits(seed, conditions=conditions) < most


@pytest.mark.parametrize(
    "conditions",
    [
        Conditions(reach=0.4, silence=0.8),
        Conditions(roof=0.33, reach=0.22, lost=0.21),
        Conditions(rain=0.25, silence=0.4),
        Conditions(walls=2.5, roof=0.45, trailer=True),
        Conditions(jerk=6.0),
    ],
    ids=["few returns", "few returns and packets lost", "rain", "walls", "jerks"],
)
def test_little_to_see(conditions):
    assert side_bits(14, conditions=conditions) < 1.5


@pytest.mark.parametrize(("step", "most"), [(3, 3.0), (4, 3.2), (5, 4.5), (6, 3.6)])
def test_every_nth_firing(step, most):
    firings = simulated(31).reshape(-1, 32, 5)
    assert side_bits_of(firings[::step].reshape(-1, 5).copy()) < most


@pytest.mark.parametrize(("step", "most"), [(3, 0.9), (5, 1.0), (6, 1.4), (7, 1.4)])
def test_every_nth_point(step, most):
    assert side_bits_of(simulated(31)[::step].copy()) < most


@pytest.mark.parametrize(
    ("seed", "place", "step", "most"),
    [(1, (2000.0, 960.0), 7, 1.5), (3, (2000.0, 960.0), 7, 1.6), (2, (300.0, 300.0), 7, 1.5)],
)
def test_points_so_thin_that_few_are_near_each_other(seed, place, step, most):
    """Lattices are told by longer pairs then."""
    records = simulated(seed, map_position=place, tilt=(0.04, 0.03))
    assert side_bits_of(records[::step].copy()) < most


@pytest.mark.parametrize(
    ("seed", "place", "step", "most"),
    [(1, (300.0, 300.0), 7, 1.5), (1, (497.0, 86.0), 7, 1.7), (1, (300.0, 300.0), 10, 2.3)],
)
def test_the_lattice_of_few_points_once_it_is_known_what_is_up(seed, place, step, most):
    """Fine lattices, where hardly a pair of near points is level: 22 to 28 bits without."""
    records = simulated(seed, map_position=place, tilt=(0.04, 0.03))
    assert side_bits_of(records[::step].copy()) < most


@pytest.mark.parametrize(("speed", "yaw_rate", "most"), [(23.0, 0.0, 0.4), (17.0, 0.0, 1.0), (8.0, 1.2, 0.4)])
def test_what_is_near_was_removed(speed, yaw_rate, most):
    """No-returns tell no speed then; a sensor that turned by 0.01 degrees a firing more explains as much."""
    records = simulated(1, speed=speed, yaw_rate=yaw_rate, tilt=(0.04, 0.03))
    assert side_bits_of(records[np.hypot(records[:, 0], records[:, 1]) > 2.5].copy()) < most
