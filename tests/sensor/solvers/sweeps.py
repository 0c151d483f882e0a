"""What tests of sensors share: points of a cloud, solved, packed, unpacked and rebuilt."""

from functools import lru_cache

import numpy as np

from lizip.cloud import Cloud
from lizip.errors import CorruptError
from lizip.packing import Unpacker
from lizip.sensor.model import unpack_model
from lizip.sensor.solvers import azimuth_rings, static
from lizip.sensor.state import SensorState

NAMES = ("x", "y", "z", "intensity", "ring", "time")


@lru_cache(maxsize=8)
def kept(make, *arguments, **options):
    """What a simulator makes, which tests that change a copy of the same sweep share."""
    return make(*arguments, **options)


def cloud_of(points):
    """A cloud of points (N, K), or of a list of columns (N,)."""
    columns = points if isinstance(points, list) else points.T
    return Cloud("bin", b"\4", dict(zip(NAMES, columns, strict=False)))


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


def check_columns(solution, columns):
    """Rebuild a list of columns (N,) bit for bit."""
    schema = cloud_of(columns).schema
    again = rebuilt(solution.model.pack(), grids_of(solution), schema, len(columns[0]))
    for k, column in enumerate(columns):
        np.testing.assert_array_equal(again[:, k], np.ascontiguousarray(column).view(f"<u{column.dtype.itemsize}"))


def damaged(packed, times, seed=3):
    """Packed bytes with one bit turned over, some cut off as well."""
    rng = np.random.default_rng(seed)
    for _ in range(times):
        broken = bytearray(packed)
        broken[rng.integers(len(broken))] ^= 1 << rng.integers(8)
        yield bytes(broken[: rng.integers(len(broken))] if rng.random() < 0.3 else broken)


def noticed_or_harmless(points, solution, times):
    """Whether damage to a model is noticed, or gives as many points as there were."""
    schema, grids = cloud_of(points).schema, grids_of(solution)
    for broken in damaged(solution.model.pack(), times):
        try:
            assert len(rebuilt(broken, grids, schema, len(points))) == len(points)
        except CorruptError:
            continue


def stage_of(solution, kind):
    """The stage of a class, or None."""
    return next((stage for stage in solution.model.parts[0].stages if type(stage) is kind), None)
