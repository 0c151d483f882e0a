"""Sensors at rest as their drivers write them have the lattices that they promise."""

import numpy as np
import pytest

from lizip.simulator import turning
from lizip.simulator.motion import rotation


@pytest.mark.parametrize("name", turning.MODELS)
def test_ranges_and_azimuths_lie_on_their_lattices(name):
    model = turning.MODELS[name]
    sweep = turning.sweep(3, model, advance="whole", offsets="whole", span=0.05)
    points = sweep.records.reshape(-1, model.rings, 4)
    seen = sweep.ranges > 0
    assert seen.any()
    assert not points[~seen].any()
    x, y, z = points[seen][:, :3].astype(np.float64).T
    azimuth = np.degrees(np.arctan2(-y, x)) * 100
    assert np.abs(azimuth - np.rint(azimuth)).max() < 0.01
    up = np.broadcast_to(model.up, seen.shape)[seen]
    reach = np.sqrt(np.maximum(x * x + y * y + z * z - up * up, 0)) / model.tick
    assert np.abs(reach - sweep.ranges[seen]).max() < 0.05


def test_a_seed_decides_every_byte():
    make = [turning.sweep(seed, turning.MODELS["vlp16"], span=0.02).data for seed in (1, 1, 2)]
    assert make[0] == make[1] != make[2]


def test_exact_advance_leaves_the_lattice():
    sweep = turning.sweep(3, turning.MODELS["vlp16"], advance="exact", span=0.05)
    points = sweep.records.reshape(-1, 16, 4)[:, 5]
    points = points[(points[:, :3] != 0).any(axis=1)].astype(np.float64)
    azimuth = np.degrees(np.arctan2(-points[:, 1], points[:, 0])) * 100
    assert np.abs(azimuth - np.rint(azimuth)).max() > 0.1


def test_a_mount_is_one_transform():
    points = np.random.default_rng(0).normal(0, 20, (100, 3)).astype(np.float32)
    matrix, shift = rotation(0.3, 0.1, -0.2), np.array([1.0, 2.0, 3.0])
    there = turning.mounted(points, matrix, shift)
    assert np.abs((there - shift) @ matrix - points).max() < 1e-5
    assert (turning.mounted(points, matrix, shift, "float") != there).any()
