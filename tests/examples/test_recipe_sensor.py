"""The tests that a new sensor needs, for the worked example of the recipe."""

import numpy as np
import pytest

import lizip
from lizip.cloud import Cloud
from lizip.errors import CorruptError
from lizip.packing import Unpacker
from lizip.sensor.model import Returns, unpack_model
from lizip.sensor.state import SensorState

NAMES = ("x", "y", "z", "intensity")


def cloud_of(records):
    return Cloud("bin", b"\4", {name: records[:, i] for i, name in enumerate(NAMES)})


def solved(fan, records):
    """The solution, after what it packs gave back every bit."""
    cloud = cloud_of(records)
    solution = fan.SOLVER.solve(cloud, "default", SensorState())
    assert solution is not None
    model = unpack_model(Unpacker(solution.model.pack()), cloud.count)
    columns = model.rebuild([(grid.ranges, grid.intensity) for grid in solution.grids], cloud.schema)
    again = np.stack([columns[name] for name in NAMES], axis=1)
    assert again.tobytes() == records.tobytes()
    return solution


@pytest.mark.parametrize("seed", [1, 2])
def test_every_bit_and_every_range(fan, seed):
    simulated = fan.sweep(seed)
    solution = solved(fan, simulated.records)
    np.testing.assert_array_equal(solution.grids[0].ranges, simulated.ranges)
    assert solution.about.notes["exceptions"] == 0


def test_what_no_cell_explains_is_an_exception(fan):
    records = fan.sweep(1).records.copy()
    records[100:110, 0] += 1.0
    records[200, :3] = np.nan
    records[300, :3] = 0.0
    assert 10 < solved(fan, records).about.notes["exceptions"] <= 13


def test_it_declines_what_is_not_its_own(fan):
    records = fan.sweep(1).records.copy()
    moved = records + np.array([0.01, 0, 0, 0], np.float32)
    shuffled = records[np.random.default_rng(1).permutation(len(records))]
    for other in (records[:100], moved, shuffled, records.astype("<f8")):
        assert fan.SOLVER.solve(cloud_of(other), "default", SensorState()) is None


def test_hostile_streams(fan):
    with pytest.raises(CorruptError):
        fan.Fan.unpack(b"\0")
    schema = cloud_of(np.zeros((1, 4), "<f4")).schema
    with pytest.raises(CorruptError):
        fan.Fan().apply(Returns(np.ones((3, 5), np.int32), None, schema, 15))


def test_file(fan):
    data = fan.sweep(3).data
    points = np.frombuffer(data, "<f4").reshape(-1, 4)
    packed = lizip.compress(points)
    assert lizip.decompress(packed).tobytes() == data
    assert "fan" in lizip.info(packed)["streams"]
    assert len(packed) < 0.5 * len(lizip.compress(points, codec="floats"))
