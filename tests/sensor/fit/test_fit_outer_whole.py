"""Clouds in whole millimetres and centimetres: integers or floats, of any type, cost what they cost in metres."""

import numpy as np
import pytest

import lizip
from lizip import simulator
from lizip.sensor.fit.outer.whole import undo_whole


@pytest.fixture(scope="module")
def points():
    """A part of a sweep, (N, 4) float32, with millimetres in it."""
    return np.frombuffer(simulator.kitti(1, firings=250), "<f4").reshape(-1, 4)


def whole(points, unit):
    return np.rint(points[:, :3].astype(np.float64) * unit) + 0.0


@pytest.mark.parametrize("unit", [1000, 100])
@pytest.mark.parametrize("kind", ["<f4", "<f8", "<i2", "<i4", "<i8"])
def test_units_are_found(points, unit, kind):
    stored = np.clip(whole(points, unit), -32000, 32000).astype(kind)
    inner, motion = next(undo_whole(list(stored.T)))
    assert motion.matrix[0, 0] == unit
    assert not motion.body
    assert motion.apply(inner).astype(kind).tobytes() == stored.tobytes()


def test_odd_values_come_back(points):
    stored = whole(points, 1000).astype("<f4")
    odd = np.array([0x7FC00000, 0x7F800001, 0xFFC12345, 0x7F800000, 0xFF800000, 0x80000000, 0], "<u4").view("<f4")
    stored[::30] = np.resize(odd, stored[::30].shape)
    inner, motion = next(undo_whole(list(stored.T)))
    assert motion.apply(inner).tobytes() == stored.tobytes()


def test_others_are_left(points):
    for other in (points[:, :3], whole(points, 1000)[:400], whole(points, 1e6), np.zeros((900, 3))):
        assert not list(undo_whole(list(other.T)))
    assert not list(undo_whole([column.astype("<f2") for column in points[:, :3].T]))
    almost = whole(points, 1000)
    almost[-1, 2] += 0.5
    assert not list(undo_whole(list(almost.T)))


@pytest.mark.parametrize("kind", ["<f4", "<i4", "<i8"])
def test_a_sweep_takes_as_many_bytes_in_millimetres(points, kind):
    usual = len(lizip.compress(points.copy()))
    records = np.empty(len(points), [*((axis, kind) for axis in "xyz"), ("intensity", "<f4")])
    for axis, column in zip("xyz", whole(points, 1000).T, strict=True):
        records[axis] = column
    records["intensity"] = points[:, 3]
    packed = lizip.compress(records)
    assert lizip.decompress(packed).tobytes() == records.tobytes()
    assert len(packed) < 1.02 * usual + 200


def test_doubles_that_float32_has_not_are_left(points):
    """One NaN of a double's own among them: they cannot be float32 on the way."""
    stored = whole(points, 1000)
    stored[5, 1] = np.array(0x7FF8000000000001, "<u8").view("<f8")
    assert lizip.decompress(lizip.compress(stored)).tobytes() == stored.tobytes()
