"""Float32 arithmetic of drivers, checked against numpy doing the same steps."""

import numpy as np
import pytest

from lizip.errors import CorruptError
from lizip.sensor.stages.arithmetic import (
    DEGREES,
    DIRECTIONS,
    PRODUCTS,
    RADIANS,
    TABLES,
    Arithmetic,
    beam_point,
    beam_points,
    driver_points,
)

STEP = -2 * np.pi / 36000
TABLE = np.array(
    [[0.0, 0.0, np.cos(0.2), np.sin(0.2), 0.0, 0.0], [0.0, 0.001, np.cos(-0.1), np.sin(-0.1), 0.02, -0.01]]
)


def points_of(form, angles=0, quarters=0):
    rng = np.random.default_rng(1)
    beam, column = rng.integers(0, 2, 3000).astype(np.int32), rng.integers(0, 36000, 3000).astype(np.int32)
    ticks, points = rng.integers(500, 50000, 3000).astype(np.int32), np.empty((3000, 3))
    driver_points(TABLE, STEP, 36000.0, 0.002, form, angles, quarters, beam, column, ticks, points)
    plain = np.empty((3000, 3))
    beam_points(TABLE, STEP, 0.002, False, beam, column, ticks, np.empty((3, 16)), plain)
    return beam, column, ticks, points, plain


@pytest.mark.parametrize("hypotenuse", [False, True])
@pytest.mark.parametrize("runs", [1, 7, 8, 40])
def test_points_have_the_same_bits_however_many_of_a_beam_follow_one_another(hypotenuse, runs):
    rng = np.random.default_rng(runs)
    table = np.concatenate([TABLE, [[-0.4, 40.0, 0.9, 0.1, 0.3, 0.2]]])  # the last beam's root is of less than 0
    beam = np.repeat(rng.integers(0, 3, 200), rng.integers(1, 2 * runs, 200)).astype(np.int32)
    column, ticks = (rng.integers(1, most, len(beam)).astype(np.int32) for most in (36000, 50000))
    points = np.empty((len(beam), 3))
    beam_points(table, STEP, 0.002, hypotenuse, beam, column, ticks, np.empty((3, 16)), points)
    pairs = zip(beam.tolist(), column.astype(float).tolist(), ticks.astype(float).tolist(), strict=True)
    one_by_one = [beam_point(table, b, STEP, 0.002, hypotenuse, c, t) for b, c, t in pairs]
    assert points.tobytes() == np.array(one_by_one).tobytes()


@pytest.mark.parametrize("form", [DIRECTIONS, PRODUCTS, TABLES])
def test_every_way_is_right_to_some_ulps(form):
    *_, points, plain = points_of(form)
    np.testing.assert_array_equal(points, points.astype(np.float32))
    assert np.abs(points - plain).max() < 4 * np.spacing(np.float32(128))
    assert (points.astype(np.float32) != plain.astype(np.float32)).any()


@pytest.mark.parametrize("angles", [RADIANS, DEGREES])
@pytest.mark.parametrize("quarters", range(4))
def test_tables_of_float32_angles_point_the_same_way(angles, quarters):
    *_, points, plain = points_of(TABLES, angles, quarters)
    assert np.abs(points - plain).max() < 1e-6 * 100


def test_products_are_those_of_float32():
    beam, column, ticks, points, _ = points_of(PRODUCTS)
    kind = np.float32
    angle = column * STEP
    reach = ticks.astype(kind) * kind(0.002)
    level = reach * TABLE[beam, 2].astype(kind) + TABLE[beam, 4].astype(kind)
    x = level * np.cos(angle).astype(kind) - TABLE[beam, 1].astype(kind) * np.sin(angle).astype(kind)
    assert (points[:, 0] == x).mean() > 0.999


def test_arithmetic_is_packed():
    for arithmetic in (Arithmetic(), Arithmetic(DIRECTIONS), Arithmetic(TABLES, DEGREES, 3)):
        assert Arithmetic.unpack(arithmetic.pack()) == arithmetic
    with pytest.raises(CorruptError):
        Arithmetic.unpack(b"\x7f")
