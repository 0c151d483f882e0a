"""Points kept in float64 after a transform: rotation, origin and arithmetic are found from them alone."""

import io

import numpy as np
import pytest

import lizip
from lizip.relations.motion import WIDE, WIDE_FUSED, moved
from lizip.sensor.fit.outer.origin import find_origins
from lizip.sensor.fit.outer.reduction import short_basis
from lizip.sensor.fit.outer.wide import undo_wide
from lizip.simulator import hdl32, os_sensor
from lizip.simulator.drivers import sweep
from lizip.simulator.motion import rotation
from lizip.simulator.sensors import SENSORS

TURN, SHIFT = rotation(0.7, 0.02, -0.03), np.array([1.2, -0.3, 1.73])


def matrix(shift=SHIFT):
    return np.column_stack([TURN, shift])


def records(which):
    if which == "moving":
        return np.frombuffer(hdl32.sweep(3).data, "<f4").reshape(-1, 5)
    if which == "organised":
        return np.frombuffer(os_sensor.sweep(3, 16, 1024, drop_missing=False).data, "<f4").reshape(-1, 4)
    return sweep(3, SENSORS["qt64"], "nebula Hesai", span=0.5).records


def in_doubles(points, way, shift=SHIFT):
    out = points.astype("<f8")
    out[:, :3] = moved(points[:, :3], matrix(shift), way)
    return out


@pytest.mark.parametrize("way", [WIDE, WIDE_FUSED])
@pytest.mark.parametrize("which", ["moving", "organised", "driver"])
def test_every_bit_follows(which, way):
    points = records(which)
    inner, motion = undo_wide(in_doubles(points, way)[:, :3])
    np.testing.assert_array_equal(inner, points[:, :3])
    assert motion.arithmetic == way
    assert motion.body == b""


@pytest.mark.parametrize("which", ["moving", "driver"])
def test_files_are_as_small_as_before_the_transform(which):
    points = records(which)
    packed = lizip.compress(in_doubles(points, WIDE))
    assert lizip.decompress(packed).tobytes() == in_doubles(points, WIDE).tobytes()
    assert len(packed) < 1.02 * len(lizip.compress(points)) + 200
    assert lizip.info(io.BytesIO(packed))["codec"] == "sweep"


def test_a_shift_that_nobody_printed_is_told_by_whole_ranges():
    points = records("driver")
    stored = in_doubles(points, WIDE_FUSED, np.array([1.23456789123, -0.34567891234, 1.73918239185]))
    inner, motion = undo_wide(stored[:, :3])
    np.testing.assert_array_equal(inner, points[:, :3])
    assert motion.apply(inner).tobytes() == stored[:, :3].tobytes()


CAMERA = np.array(
    [
        [7.533745e-03, -9.999714e-01, -6.166020e-04],
        [1.480249e-02, 7.280733e-04, -9.998902e-01],
        [9.998621e-01, 7.523790e-03, 1.480755e-02],
    ]
)


@pytest.mark.parametrize("shift", [(0.943713, 0.0, 1.84023), (-0.004069766, -0.07631618, -0.2717806)])
def test_matrices_of_seven_digits(shift):
    """A turn that somebody printed is not quite one; KITTI's to the camera."""
    points = records("driver")
    stored = moved(points[:, :3], np.column_stack([CAMERA, shift]), WIDE)
    inner, motion = undo_wide(stored)
    assert motion.body == b""
    # up to a turn by half
    np.testing.assert_array_equal(np.abs(inner), np.abs(points[:, :3]))
    np.testing.assert_array_equal(inner[:, 2], points[:, 2])
    assert np.linalg.det(motion.matrix[:, :3]) > 0


def test_a_shift_of_six_decimals_is_told_among_all_places_of_the_origin():
    points = records("moving")
    inner, motion = undo_wide(in_doubles(points, WIDE_FUSED, np.array([0.943713, 0.0, 1.840231]))[:, :3])
    np.testing.assert_array_equal(inner, points[:, :3])
    assert motion.body == b""


@pytest.mark.parametrize("nothing", [np.nan, np.copysign(np.nan, -1), np.inf, -np.inf])
def test_missing_points_stay(nothing):
    stored = in_doubles(records("driver"), WIDE)[:, :3]
    stored[::9] = nothing
    inner, motion = undo_wide(stored)
    assert motion.apply(inner).tobytes() == stored.tobytes()
    assert 8 * len(motion.body) < len(stored) or np.isinf(nothing)  # what is infinite is said each time


def test_other_doubles_are_left_alone():
    draw = np.random.default_rng(1)
    assert undo_wide(draw.normal(size=(5000, 3)) * 20) is None
    assert undo_wide(np.zeros((5000, 3))) is None
    assert undo_wide(draw.normal(size=(100, 3))) is None
    assert undo_wide(np.full((5000, 3), np.nan)) is None
    bent = in_doubles(records("driver"), WIDE)[:, :3]
    assert undo_wide(bent + 1e-4 * np.sin(bent)) is None


def test_a_lattice_from_some_of_its_vectors():
    draw = np.random.default_rng(2)
    steps = TURN * np.array([1.0, 4.0, 0.25]) * 2.0**-22
    vectors = draw.integers(-1_000_000, 1_000_000, (12, 3)) @ steps.T
    basis = short_basis(vectors, 1e-15)
    lengths = np.sort(np.sqrt((basis**2).sum(axis=1)))
    np.testing.assert_allclose(lengths, np.array([0.25, 1.0, 4.0]) * 2.0**-22, rtol=1e-9)


def test_where_the_origin_was():
    points = records("driver")[:, :3].astype(np.float64)
    first = int(np.argmax(np.abs(points[:200]).min(axis=1)))
    found = find_origins(points - points[first])
    assert (np.abs(found.middle - points[first]) < found.wide).all()
    assert found.fit(points[first][None]).all()
    np.testing.assert_array_equal(found.nearest(points[first] + 1e-7), points[first])
