"""Depth cameras: pixels, lens and arithmetic are found from the points alone, whatever the axes, order and gaps."""

import io

import numpy as np
import pytest
from sweeps import cloud_of, grids_of, stage_of

import lizip
from lizip import simulator
from lizip.cloud import Cloud
from lizip.errors import CorruptError
from lizip.packing import Unpacker
from lizip.sensor.model import Returns, unpack_model
from lizip.sensor.solvers.camera import SOLVER
from lizip.sensor.stages.doubles import Doubles
from lizip.sensor.stages.pinhole import DOUBLE, UNITS, Lens, Pinhole
from lizip.sensor.state import SensorState
from lizip.simulator.camera import DRIVERS, depth_image


def bits_of(columns):
    """All columns side by side, bit for bit."""
    return np.concatenate(
        [np.ascontiguousarray(c).view(np.uint32).reshape(len(c), -1) for c in columns.values()], axis=1
    )


def solved(points, most_corrected=0.0, most_exceptions=0.0, cloud=None):
    """The solution, after it gave back every bit."""
    cloud = cloud or cloud_of(points)
    solution = SOLVER.solve(cloud, "default", SensorState())
    assert solution is not None
    unpacker = Unpacker(solution.model.pack())
    again = bits_of(unpack_model(unpacker, cloud.count).rebuild(grids_of(solution), cloud.schema))
    np.testing.assert_array_equal(again, bits_of(cloud.columns))
    assert solution.about.notes["exceptions"] <= most_exceptions * cloud.count
    assert solution.about.notes["corrected"] <= most_corrected * cloud.count
    return solution


@pytest.mark.parametrize("driver", DRIVERS)
@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("whole", [True, False])
def test_every_arithmetic_is_found(driver, seed, whole):
    image = depth_image(seed)
    points = image.points(driver)
    solution = solved(points if whole else points[~np.isnan(points[:, 0])])
    (grid,) = solution.grids
    assert np.count_nonzero(grid.ranges) == np.count_nonzero(image.counts)
    if whole:
        assert grid.ranges.shape == image.counts.shape
        assert ((grid.ranges > 0) == (image.counts > 0)).all()


@pytest.mark.parametrize("unit", UNITS)
def test_units(unit):
    image = depth_image(4, unit=unit, missing=0.0)
    stage = stage_of(solved(image.points("double", unit)), Pinhole)
    assert len(stage.levels) == len(np.unique(image.counts[image.counts > 0]))


@pytest.mark.parametrize("axes", [(0, 1, 2), (2, 0, 1), (0, 2, 1), (1, 0, 2)])
@pytest.mark.parametrize("signs", [(1, 1, 1), (1, -1, -1), (-1, 1, 1), (1, 1, -1)])
def test_any_convention_of_axes(axes, signs):
    points = depth_image(5, width=120, height=90).points("double")
    solved(np.ascontiguousarray(points[:, axes] * np.float32(signs)))


def test_down_the_columns():
    assert stage_of(solved(depth_image(6).points("double", rows=False)), Pinhole).swapped


def test_rows_from_below_and_from_the_right():
    points = depth_image(7).points("depth first").reshape(120, 160, 3)
    solved(np.ascontiguousarray(points[::-1]).reshape(-1, 3))
    solved(np.ascontiguousarray(points[:, ::-1]).reshape(-1, 3))


def test_cut_out_and_thinned():
    points = depth_image(8, width=240, height=160).points("double").reshape(160, 240, 3)
    solved(np.ascontiguousarray(points[20:140, 50:200]).reshape(-1, 3))
    solved(np.ascontiguousarray(points[::2, ::2]).reshape(-1, 3))
    near = points.reshape(-1, 3)
    solved(near[near[:, 2] < 2.5])


def test_zeros_instead_of_nan():
    points = depth_image(9).points("double")
    solved(np.nan_to_num(points, nan=0.0))


def test_points_of_another_world_are_exceptions():
    points = depth_image(10).points("counts first")
    solid = np.flatnonzero(~np.isnan(points[:, 0]))[::97]
    points[solid] += np.float32(0.313)
    solved(points, most_corrected=0.001, most_exceptions=0.02)


def test_a_coordinate_off_by_an_ulp_is_corrected():
    points = depth_image(11).points("double")
    solid = np.flatnonzero(~np.isnan(points[:, 0]))[::50]
    points[solid, 0] = np.nextafter(points[solid, 0], np.float32(9))
    solution = solved(points, most_corrected=0.02)
    assert solution.about.notes["corrected"] == len(solid)


def test_colours_and_other_columns():
    points = depth_image(12).points("double")
    draw = np.random.default_rng(1)
    columns = {name: points[:, i] for i, name in enumerate("xyz")}
    columns["grey"] = (draw.integers(0, 9, len(points)) + np.arange(len(points)) // 700).astype(np.float32)
    columns["label"] = draw.integers(0, 1 << 31, len(points), dtype=np.int32)
    solved(points, cloud=Cloud("bin", b"\4", columns))


@pytest.mark.parametrize("law", ["quotient", "ray first", "factor"])
@pytest.mark.parametrize("depths", ["counts", "float32"])
@pytest.mark.parametrize("whole", [True, False])
def test_doubles_are_computed_anew(law, depths, whole):
    image = depth_image(14)
    row, column = (each.ravel() for each in np.indices(image.counts.shape))
    depth = image.counts.ravel() / 1000
    depth = depth.astype(np.float32).astype(np.float64) if depths == "float32" else depth
    points = np.full((len(depth), 3), np.nan)
    for axis, (pixel, centre) in enumerate(((column, image.centre), (row, 59.5))):
        away = pixel - centre
        if law == "quotient":
            points[:, axis] = away * depth / image.focal
        else:
            points[:, axis] = away / image.focal * depth if law == "ray first" else away * depth * (1 / image.focal)
    points[:, 2] = depth
    points[depth == 0] = np.nan
    points = points if whole else points[depth > 0]
    solution = solved(points)
    assert stage_of(solution, Doubles).focal == (image.focal, image.focal)
    content = np.ascontiguousarray(points)
    buffer = io.BytesIO()
    np.save(buffer, content)
    coded = lizip.compress(buffer.getvalue())
    assert lizip.decompress(coded) == buffer.getvalue()
    assert lizip.info(io.BytesIO(coded))["sensor"] == "depth camera"


def test_doubles_of_another_kind_are_declined():
    points = depth_image(15).points("double").astype(np.float64)
    assert solved(points[:, :3].astype(np.float32))
    points[points[:, 2] > 0] *= 1 + 1e-12
    assert SOLVER.solve(cloud_of(points), "default", SensorState()) is None


def test_too_many_depths_are_declined():
    points = depth_image(13).points("double")
    points *= (1 + np.random.default_rng(2).random((len(points), 1)) * 0.01).astype(np.float32)
    assert SOLVER.solve(cloud_of(points), "default", SensorState()) is None


@pytest.mark.parametrize("make", [simulator.kitti, simulator.nuscenes, simulator.ouster])
def test_other_sensors_are_declined(make):
    width = 5 if make is simulator.nuscenes else 4
    points = np.frombuffer(make(1), np.float32).reshape(-1, width)
    assert SOLVER.solve(cloud_of(points[:4000]), "default", SensorState()) is None


LENS = Lens(DOUBLE, 0, (2.5, 1.5), (50.0, -50.0))


def test_a_depth_that_is_not_in_the_table_is_refused():
    camera = Pinhole(LENS, np.array([1, 2], np.float32), 2, False, False, None)
    with pytest.raises(CorruptError):
        camera.apply(Returns(np.array([[1, 3]], np.int32), None, (), 2))


def test_an_image_of_another_size_than_the_file_is_refused():
    camera = Pinhole(LENS, np.array([1, 2], np.float32), 2, False, False, np.zeros(3, np.uint32))
    camera.apply(Returns(np.array([[1, 2]], np.int32), None, (), 2))
    with pytest.raises(CorruptError):
        camera.apply(Returns(np.array([[1, 2]], np.int32), None, (), 3))


@pytest.mark.parametrize("at", [0, 1, 2, 35])
def test_damaged_stages_are_refused_or_read(at):
    data = bytearray(Pinhole(LENS, np.array([1, 2], np.float32), 2, False, True, None).pack())
    refused = 0
    for value in range(256):
        data[at] = value
        try:
            Pinhole.unpack(bytes(data))
        except CorruptError:
            refused += 1
    assert refused
