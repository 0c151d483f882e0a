"""What is seen of clouds that lie elsewhere: on a map, with points that are nowhere, in several pieces."""

from __future__ import annotations

import io

import numpy as np
import pytest

import lizip
from lizip import simulator
from lizip.container import Container
from lizip.decoder import Decoder
from lizip.report.drawn import drawn, view_of
from lizip.report.scene import is_around, scene_of


def scene_from(data):
    return scene_of(Decoder(Container(io.BytesIO(lizip.compress(data)))))


def test_a_cloud_on_a_map_is_seen_as_a_whole():
    raw = np.frombuffer(simulator.kitti(1, firings=60), "<f4").reshape(-1, 4).copy()
    raw[:, 0] += 4000
    assert not is_around(raw[:, :3])
    scene = scene_from(raw.tobytes())
    assert "range" not in scene.numbers or not scene.is_grid or np.nanmax(scene.numbers["range"]) < 200
    view = view_of(scene.xyz, True)
    assert abs(view.centre[0] - 4000) < 100
    points = drawn(scene, True)["points"]
    assert abs(points["low"][0]) < 500


def test_a_sweep_is_seen_around_its_sensor():
    rng = np.random.default_rng(1)
    xyz = rng.normal(0, 20, (5000, 3))
    view = view_of(xyz, True)
    assert view.centre.tolist() == [0, 0]
    assert 20 < view.span[0] < 200


def test_points_that_are_nowhere_are_not_drawn():
    raw = np.frombuffer(simulator.kitti(1, firings=60), "<f4").reshape(-1, 4).copy()
    raw[::7, :3] = np.nan
    scene = scene_from(raw.tobytes())
    assert np.isnan(scene.xyz).all(axis=1).sum() == len(raw[::7])
    assert drawn(scene, True)["drawn"] == len(raw) - len(raw[::7])


def test_sweeps_in_one_file_are_seen_together():
    one = simulator.kitti(1, firings=250) + simulator.kitti(2, firings=250)
    scene = scene_from(one)
    assert len(scene.xyz) == len(one) // 16
    assert scene.numbers["bits"].sum() == pytest.approx(8 * len(lizip.compress(one)), rel=0.02)


def test_nothing_returned_is_nowhere():
    scene = scene_from(simulator.nuscenes(1, firings=300, no_return_share=0.2))
    assert (scene.numbers["range"][np.isfinite(scene.numbers["range"])] > 0).all()
    assert 0.05 < np.isnan(scene.xyz[:, 0]).mean() < 0.4


def test_a_part_of_a_sweep_is_still_seen_from_its_sensor():
    raw = np.frombuffer(simulator.kitti(1), "<f4").reshape(-1, 4)
    ahead = raw[(raw[:, 0] > 2) & (np.abs(raw[:, 1]) < raw[:, 0])]
    assert is_around(raw[:, :3])
    assert is_around(ahead[:, :3])
    assert not is_around(ahead[:, :3] + [3000, 0, 0])
    view = view_of(ahead[:, :3].astype(float), True)
    assert view.centre[0] > 5
