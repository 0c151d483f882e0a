"""Sweeps whose axes were swapped or turned round: they are the same sweeps."""

from itertools import permutations, product

import numpy as np
import pytest

import lizip
from lizip import simulator
from lizip.sensor.fit.outer.sideways import undo_sideways
from lizip.simulator import pandar64, vlp32

WAYS = [(order, signs) for order in permutations(range(3)) for signs in product((1, -1), repeat=3)]


@pytest.fixture(scope="module")
def sweep():
    return vlp32.sweep(3, speed=9.0, lost=0.003).records


@pytest.mark.parametrize(("order", "signs"), WAYS)
def test_any_axes_become_those_of_a_sensor(sweep, order, signs):
    xyz = np.ascontiguousarray(sweep[:, :3])
    stored = np.ascontiguousarray(xyz[:, order] * np.array(signs, np.float32))
    stored[::50] = 0.0
    stored[7::50] = np.nan
    found = undo_sideways(stored, [])
    inner = stored if found is None else found[0]
    if found is not None:
        assert found[1].apply(inner).tobytes() == stored.tobytes()
        assert len(found[1].body) < 0.01 * len(xyz)
    far = (xyz[8] != 0) & (inner[8] != 0)
    assert far.all()
    assert inner[8, 2] == xyz[8, 2]
    # a turn about the upright axis and no mirror image
    a, b, c, d = (float(value) for value in (*xyz[8, :2], *xyz[9, :2]))
    e, f, g, h = (float(value) for value in (*inner[8, :2], *inner[9, :2]))
    assert a * d - b * c == pytest.approx(e * h - f * g)


def test_what_stands_upright_is_left(sweep):
    for each in (simulator.nuscenes(2), simulator.ouster(2)):
        xyz = np.frombuffer(each, "<f4").reshape(-1, 5 if len(each) % 16 else 4)[:, :3]
        assert undo_sideways(np.ascontiguousarray(xyz), []) is None
    assert undo_sideways(np.ascontiguousarray(sweep[:, :3]), []) is None
    assert undo_sideways(np.random.default_rng(1).normal(size=(5000, 3)).astype("<f4"), []) is None
    assert undo_sideways(np.zeros((5000, 3), "<f4"), []) is None
    assert undo_sideways(np.full((5000, 3), np.inf, "<f4"), []) is None


def test_other_axes_cost_nothing():
    for points, order, signs in (
        (vlp32.sweep(3, packets=50, speed=9.0, lost=0.003).records, [1, 2, 0], [-1, -1, 1]),  # of a camera
        (pandar64.sweep(2, blocks=600).records, [0, 2, 1], [1, 1, 1]),  # left-handed, y upwards
    ):
        plain, turned = points[:, :3].copy(), points[:, order] * np.array(signs, np.float32)
        packed = lizip.compress(turned.tobytes(), fields=3)
        assert lizip.decompress(packed) == turned.tobytes()
        assert len(packed) < 1.02 * len(lizip.compress(plain.tobytes(), fields=3)) + 100


@pytest.mark.parametrize("name", ["kitti/full_b", "nuscenes/sweep_f", "ouster/os1_128_returns", "pandaset/000500"])
def test_upwards_is_known_of_real_sweeps_and_of_their_sectors(data, name):
    points = np.fromfile(data / f"{name}.bin", "<f4").reshape(-1, 5 if "nuscenes" in name else 4)[:, :3]
    heading = np.degrees(np.arctan2(points[:, 1], points[:, 0]))
    for first in range(0, 360, 60):
        sector = points[(heading - first) % 360 < 180]
        inner, _ = undo_sideways(np.ascontiguousarray(sector[:, [0, 2, 1]]), [])
        np.testing.assert_array_equal(inner[:, 2], sector[:, 2])
