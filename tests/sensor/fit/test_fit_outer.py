"""Sweeps that were moved after a rounding: lattice, place of the sensor and arithmetic are found, whatever was done."""

import numpy as np
import pytest

import lizip
from lizip import simulator
from lizip.relations import motion
from lizip.sensor.fit.outer.lattice import find_lattice
from lizip.sensor.fit.outer.undo import undo_motion


@pytest.fixture(scope="module")
def sweep():
    return np.frombuffer(simulator.kitti(3), "<f4").reshape(-1, 4)


def pose(seed, tilt=0.2, reach=2.0):
    draws = np.random.default_rng(seed)
    yaw, pitch, roll = draws.uniform(-3, 3), *draws.uniform(-tilt, tilt, 2)
    cy, sy, cp, sp, cr, sr = (f(a) for a in (yaw, pitch, roll) for f in (np.cos, np.sin))
    turn = np.array([[cy, -sy, 0], [sy, cy, 0], [0, 0, 1]]) @ np.array([[cp, 0, sp], [0, 1, 0], [-sp, 0, cp]])
    return turn @ np.array([[1, 0, 0], [0, cr, -sr], [0, sr, cr]]), draws.uniform(-reach, reach, 3)


def in_double(xyz, turn, shift):
    return (xyz.astype(np.float64) @ turn.T + shift).astype("<f4")


def forward(xyz, turn, shift):
    return np.stack([((m[0] * xyz[:, 0] + m[1] * xyz[:, 1]) + m[2] * xyz[:, 2]) + t for m, t in single(turn, shift)], 1)


def backward(xyz, turn, shift):
    return np.stack([m[0] * xyz[:, 0] + (m[1] * xyz[:, 1] + (m[2] * xyz[:, 2] + t)) for m, t in single(turn, shift)], 1)


def product(xyz, turn, shift):
    return xyz @ turn.astype("<f4").T + shift.astype("<f4")


def single(turn, shift):
    return list(zip(turn.astype("<f4"), shift.astype("<f4"), strict=True))


@pytest.mark.parametrize("way", [in_double, forward, backward, product])
@pytest.mark.parametrize("seed", [1, 2])
def test_a_transform_is_undone(sweep, way, seed):
    xyz = np.ascontiguousarray(sweep[:, :3])
    stored = np.ascontiguousarray(way(xyz, *pose(seed)))
    inner, found = undo_motion(stored)
    assert found.apply(inner).tobytes() == stored.tobytes()
    assert 8 * len(found.body) < 0.3 * len(xyz)
    # up to whole quarter turns that leave the third axis, which cost nothing
    assert (inner[:, 2] == xyz[:, 2]).mean() > 0.99


def test_shift_and_scale_are_undone(sweep):
    xyz = np.ascontiguousarray(sweep[:, :3])
    for stored in (xyz + np.array([1.2, 0, 1.73], "<f4"), xyz * np.float32(1.05)):
        inner, found = undo_motion(stored)
        assert found.apply(inner).tobytes() == stored.tobytes()
        assert (inner[:, 2] == xyz[:, 2]).mean() > 0.99


def test_sideways_frames_are_undone(sweep):
    xyz = np.ascontiguousarray(sweep[:, :3])
    turn, shift = pose(4, 0.02)
    stored = in_double(xyz, np.array([[0, -1, 0], [0, 0, -1], [1, 0, 0]]) @ turn, shift)
    inner, _ = undo_motion(stored)
    assert (inner[:, 2] == xyz[:, 2]).mean() > 0.99


def test_what_was_not_moved_is_left(sweep):
    assert undo_motion(np.ascontiguousarray(sweep[:, :3])) is None
    for other in (simulator.nuscenes(1), simulator.ouster(1)):
        xyz = np.frombuffer(other, "<f4").reshape(-1, 5 if len(other) % 16 else 4)[:, :3]
        assert undo_motion(np.ascontiguousarray(xyz)) is None
    assert undo_motion(np.random.default_rng(1).normal(size=(5000, 3)).astype("<f4")) is None
    assert undo_motion(np.zeros((5000, 3), "<f4")) is None
    assert undo_motion(np.full((5000, 3), np.nan, "<f4")) is None


@pytest.mark.parametrize("unit", [0.01, 0.001])
def test_the_lattice_of_a_walk_is_found(unit):
    draws = np.random.default_rng(1)
    steps = draws.integers(-30, 31, (3000, 3)).cumsum(axis=0)
    turn, shift = pose(5)
    lattice = find_lattice((steps * unit @ turn.T + shift).astype("<f4"))
    assert abs(lattice.unit / unit - 1) < 1e-5


def test_zeros_and_nan_among_moved_points(sweep):
    stored = in_double(np.ascontiguousarray(sweep[:, :3]), *pose(6))
    stored[::40] = np.nan
    stored = np.concatenate([stored, np.zeros((len(stored) // 12, 3), "<f4")])
    inner, found = undo_motion(stored)
    assert found.apply(inner).tobytes() == stored.tobytes()
    assert 8 * len(found.body) < 0.5 * len(stored)


@pytest.mark.parametrize("way", [in_double, forward])
def test_a_moved_sweep_costs_what_it_cost_before(sweep, way):
    stored = sweep.copy()
    stored[:, :3] = way(np.ascontiguousarray(sweep[:, :3]), *pose(7))
    packed = lizip.compress(stored.tobytes())
    assert lizip.decompress(packed) == stored.tobytes()
    assert len(packed) < 1.04 * len(lizip.compress(sweep.tobytes())) + 200


def test_what_is_stored_as_float64_is_undone_as_well(sweep):
    stored = sweep.astype("<f8")
    stored[:, :3] = in_double(np.ascontiguousarray(sweep[:, :3]), *pose(8))
    packed = lizip.compress(stored.tobytes())
    assert lizip.decompress(packed) == stored.tobytes()


def test_arithmetics_are_told_apart(sweep):
    xyz = np.ascontiguousarray(sweep[:, :3])
    _, found = undo_motion(np.ascontiguousarray(backward(xyz, *pose(9))))
    assert found.arithmetic == motion.BACKWARD
