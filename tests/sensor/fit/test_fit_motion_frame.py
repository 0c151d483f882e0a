"""Sweeps of a moving sensor that were moved once more: the sensor's frame at the end is found in the new one."""

import io

import numpy as np
import pytest

import lizip
from lizip import simulator
from lizip.sensor.fit.motion.frame import find_moved_frame


@pytest.fixture(scope="module")
def sweep():
    return np.frombuffer(simulator.nuscenes(11), "<f4").reshape(-1, 5)


def pose(yaw, pitch, roll, shift):
    cy, sy, cp, sp, cr, sr = (f(a) for a in (yaw, pitch, roll) for f in (np.cos, np.sin))
    turn = np.array([[cy, -sy, 0], [sy, cy, 0], [0, 0, 1]]) @ np.array([[cp, 0, sp], [0, 1, 0], [-sp, 0, cp]])
    return turn @ np.array([[1, 0, 0], [0, cr, -sr], [0, sr, cr]]), np.array(shift)


def moved(sweep, turn, shift):
    out = sweep.copy()
    out[:, :3] = sweep[:, :3].astype(np.float64) @ turn.T + shift
    return out


POSES = [pose(1.57, 0.01, -0.008, (0.94, 0.01, 1.84)), pose(0, 0, 0, (1.2, 0, 1.73)), pose(-2.1, 0.08, 0.1, (5, -3, 1))]


@pytest.mark.parametrize(("turn", "shift"), POSES)
def test_the_sensor_is_found_to_a_millimetre(sweep, turn, shift):
    points = moved(sweep, turn, shift)
    nothing = np.zeros(len(points), bool)
    mount = find_moved_frame(np.ascontiguousarray(points[:, :3]), [points[:, 3], points[:, 4]], nothing)
    assert np.abs(mount.shift - shift).max() < 1.5e-3
    assert np.abs(mount.rotation[:, 2] - turn[:, 2]).max() < 3e-4


def test_what_is_no_firing_of_such_a_sensor_has_none():
    draws = np.random.default_rng(1)
    for points in (draws.normal(size=(32 * 300, 3)) * 10, np.zeros((32 * 300, 3)), np.full((32 * 300, 3), 1e3)):
        points = points.astype("<f4")
        assert find_moved_frame(points, [], np.zeros(len(points), bool)) is None
    lines = np.outer(np.arange(32 * 300), np.ones(3)).astype("<f4")
    assert find_moved_frame(lines, [], np.zeros(len(lines), bool)) is None


@pytest.mark.parametrize("fields", [4, 5])
def test_a_moved_sweep_is_still_a_sweep(sweep, fields):
    data = np.ascontiguousarray(moved(sweep, *POSES[0])[:, :fields]).tobytes()
    packed = lizip.compress(data)
    assert lizip.decompress(packed) == data
    alone = lizip.compress(np.ascontiguousarray(sweep[:, :fields]).tobytes())
    # two roundings more leave a few bits of noise
    assert 8 * (len(packed) - len(alone)) < 7 * len(sweep)


@pytest.mark.parametrize("turn", [np.array([[0, -1, 0], [0, 0, -1], [1, 0, 0]]), np.diag([1, -1, -1])])
def test_any_frame_comes_back(sweep, turn):
    data = moved(sweep, turn @ POSES[0][0], POSES[0][1]).tobytes()
    assert lizip.decompress(lizip.compress(data)) == data


@pytest.mark.parametrize(("yaw", "shift"), [(0.02, (0.1, -3, 0.02)), (-0.01, (0.05, -7, -0.03))])
def test_a_gathered_sweep_is_found_without_rings(yaw, shift):
    """As nuscenes-devkit gathers them: what is near removed, then moved into the frame of a later sweep."""
    records = np.frombuffer(simulator.nuscenes(15), "<f4").reshape(-1, 5)
    far = records[~((np.abs(records[:, 0]) < 1) & (np.abs(records[:, 1]) < 1))]
    turn, shift = pose(yaw, 0.001, 0.001, shift)
    points = moved(far, turn, shift)
    mount = find_moved_frame(np.ascontiguousarray(points[:, :3]), [points[:, 3]], np.zeros(len(points), bool))
    assert np.abs(mount.shift - shift).max() < 0.02
    assert np.abs(mount.rotation[:, 2] - turn[:, 2]).max() < 3e-3
    data = np.ascontiguousarray(points[:, :4]).tobytes()
    packed = lizip.compress(data)
    assert lizip.decompress(packed) == data
    assert 8 * len(packed) < 25 * len(points)


@pytest.mark.parametrize("seed", [11, 12, 14])
@pytest.mark.parametrize(("turn", "shift"), [POSES[1], pose(0.02, 0.02, 0.01, (1.2, -0.3, 1.73))])
def test_a_moved_sweep_may_be_cropped_then(seed, turn, shift):
    """What is ahead of a vehicle, and all that returned nothing: that is at the sensor, which is ahead of the axle."""
    points = moved(np.frombuffer(simulator.nuscenes(seed), "<f4").reshape(-1, 5), turn, shift)
    ahead = points[points[:, 0] > 0]
    data = ahead.tobytes()
    packed = lizip.compress(data)
    assert lizip.decompress(packed) == data
    assert lizip.info(io.BytesIO(packed))["codec"] == "sweep"
    assert 8 * len(packed) < 20 * len(ahead)
