"""What tests of sensors share: points of a cloud, solved, packed, unpacked and rebuilt."""

import numpy as np

from lizip.cloud import Cloud
from lizip.packing import Unpacker
from lizip.sensor.model import unpack_model
from lizip.sensor.solvers import azimuth_rings, static
from lizip.sensor.state import SensorState

NAMES = ("x", "y", "z", "intensity", "ring", "time")


def cloud_of(points):
    """A cloud of the columns of points (N, K)."""
    return Cloud("bin", b"\4", {NAMES[i]: points[:, i] for i in range(points.shape[1])})


def solve(points, level="default", state=None, solver=None):
    """What a solver, of static sensors mostly, makes of points (N, K) float32."""
    cloud, state = cloud_of(points), state or SensorState()
    if solver is not None:
        return solver.solve(cloud, level, state)
    return azimuth_rings.SOLVER.solve(cloud, level, state) or static.SOLVER.solve(cloud, level, state)


def grids_of(solution):
    return [(grid.ranges, grid.intensity) for grid in solution.grids]


def rebuilt(packed, grids, schema, count):
    """Columns (N, K) of a packed model, as bits."""
    unpacker = Unpacker(packed)
    model = unpack_model(unpacker, count)
    unpacker.finish()
    columns = model.rebuild(grids, schema)
    return np.stack([np.ascontiguousarray(columns[name]).view(np.uint32) for name, _ in schema], axis=1)


def round_trip(points, most_exceptions=None, level="default", solver=None):
    """Solve points and rebuild them bit for bit; returns the solution."""
    solution = solve(points, level, solver=solver)
    assert solution is not None
    again = rebuilt(solution.model.pack(), grids_of(solution), cloud_of(points).schema, len(points))
    np.testing.assert_array_equal(again, points.view(np.uint32))
    if most_exceptions is not None:
        assert solution.about.notes["exceptions"] <= most_exceptions
    return solution


def stage_of(solution, kind):
    """The stage of a class, or None."""
    return next((stage for stage in solution.model.parts[0].stages if type(stage) is kind), None)
