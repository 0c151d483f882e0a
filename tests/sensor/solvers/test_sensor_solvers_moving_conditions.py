"""Moving sensors in bad conditions: packets lost, rain, walls beside, jerks."""

import numpy as np
import pytest
import sweeps

from lizip import simulator
from lizip.sensor.solvers.moving import SOLVER
from lizip.simulator.conditions import Conditions


def side_bits(seed, **options):
    """Bits a point beside the grid, of a sweep that comes back."""
    data = sweeps.kept(simulator.nuscenes, seed, **options)
    records = np.frombuffer(data, "<f4").reshape(-1, 5).copy()
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
