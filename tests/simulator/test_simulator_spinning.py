"""Simulated sweeps have the properties that the real ones were found to have."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from lizip import simulator
from lizip.simulator import hdl32, hdl64


@pytest.fixture(scope="module")
def kitti():
    return hdl64.sweep(5, firings=500)


@pytest.fixture(scope="module")
def nuscenes():
    return hdl32.sweep(5, firings=240)


@pytest.mark.parametrize("make", [simulator.kitti, simulator.nuscenes])
def test_a_seed_decides_every_byte(make):
    first, again, other = make(3, firings=60), make(3, firings=60), make(4, firings=60)
    assert hashlib.sha256(first).digest() == hashlib.sha256(again).digest()
    assert first != other


def test_kitti_numbers_are_decimal(kitti):
    points = kitti.records
    millimetres = np.rint(points[:, :3].astype(np.float64) * 1000)
    assert ((millimetres / 1000).astype("<f4") == points[:, :3]).all()
    hundredths = np.rint(points[:, 3].astype(np.float64) * 100)
    assert ((hundredths / 100).astype("<f4") == points[:, 3]).all()
    assert 0 <= hundredths.min() < hundredths.max() <= 99


def test_kitti_keeps_negative_zeros():
    assert any(
        np.signbit(points[points == 0]).any()
        for points in (hdl64.sweep(seed, firings=700).records for seed in range(6))
    )


def test_kitti_is_ordered_ring_by_ring(kitti):
    azimuth = np.arctan2(kitti.records[:, 1], kitti.records[:, 0]).astype(np.float64) % (2 * np.pi)
    counts = (kitti.ranges > 0).sum(axis=0)
    for ring, end in enumerate(np.cumsum(counts)):
        inside = azimuth[end - counts[ring] : end]
        assert (np.diff(inside) > -0.01).all()


def test_kitti_columns_step_by_one_two_or_three(kitti):
    steps = np.diff(kitti.truth["columns"])
    assert set(steps.tolist()) <= {1, 2, 3, 4}
    assert (steps == 2).mean() > 0.7
    assert (steps == 1).any()


def test_kitti_ranges_are_on_the_lattice():
    calibration = hdl64.Calibration.draw(9)
    sweep = hdl64.sweep(9, firings=300, calibration=calibration)
    x, y, z = sweep.records[:, :3].astype(np.float64).T
    ring = np.repeat(np.arange(64), (sweep.ranges > 0).sum(axis=0))
    along = np.sqrt(x * x + y * y - calibration.horizontal[ring] ** 2)
    cosine, sine = np.cos(calibration.vertical[ring]), np.sin(calibration.vertical[ring])
    reach = (along + calibration.origin[ring] * sine) * cosine + (z - calibration.origin[ring] * cosine) * sine
    ticks = (reach - calibration.offset[ring]) / hdl64.TICK
    assert np.abs(ticks - np.rint(ticks)).max() < 0.5 * np.sqrt(3) * 0.0005 / hdl64.TICK * 2
    assert sorted(np.rint(ticks).astype(int)) == sorted(sweep.ranges[sweep.ranges > 0])


def test_kitti_crop_is_what_the_camera_sees():
    full, crop = hdl64.sweep(2, firings=1200), hdl64.sweep(2, firings=1200, camera=True)
    x, y = crop.records[:, 0], crop.records[:, 1]
    assert 0 < len(crop.records) < len(full.records) / 3
    assert (x > 0).all()
    assert (np.abs(y / x) < 1).all()
    kept = {record.tobytes() for record in full.records}
    assert all(record.tobytes() in kept for record in crop.records)


def test_nuscenes_has_whole_firings(nuscenes):
    records = nuscenes.records
    assert len(records) == 240 * 32
    assert (records[:, 4] == np.tile(np.arange(32), 240)).all()
    assert (records[:, 3] == np.rint(records[:, 3])).all()
    assert 0 <= records[:, 3].min() < records[:, 3].max() <= 255


def test_nuscenes_no_returns_lie_at_the_sensor(nuscenes):
    points, silent = nuscenes.records[:, :3].reshape(240, 32, 3), nuscenes.ranges == 0
    assert silent.any()
    for firing in np.nonzero(silent.sum(axis=1) > 1)[0]:
        assert len(np.unique(points[firing][silent[firing]].view(np.uint32), axis=0)) == 1
    last = points[-1][silent[-1]]
    assert np.abs(last).max(initial=0) < 1e-3


def test_nuscenes_points_lie_on_the_map_lattice():
    sweep = hdl32.sweep(7, firings=200, map_position=(700.0, 1500.0), speed=10.0)
    points = sweep.records[:, :3].astype(np.float64)
    there = points @ sweep.truth["rotations"][-1].T + sweep.truth["positions"][-1]
    near = np.abs(points).max(axis=1) < 8  # where the stored floats are fine enough to show it
    for axis, step in ((0, 2.0**-14), (1, 2.0**-13)):
        inside = near & (np.abs(there[:, axis]) > 513) & (np.abs(there[:, axis]) < 2047)
        lattice = there[inside, axis] / np.maximum(step, np.spacing(there[inside, axis].astype(np.float32)))
        assert np.abs(lattice - np.rint(lattice)).max() < 0.02
    free = hdl32.sweep(7, firings=200, map_position=(700.0, 1500.0), speed=10.0, far_frame=False)
    assert free.data != sweep.data
    assert np.abs(free.records - sweep.records)[:, :3].max() < 3e-4


def test_nuscenes_azimuths_follow_the_slot_rule(nuscenes):
    step = -np.diff(nuscenes.truth["block_azimuth"])
    advance = nuscenes.truth["advance"][:-1]
    place = (np.arange(239) - int(nuscenes.truth["phase"])) % 12
    assert (advance[place != 11] == step[place != 11]).all()
    assert 29 <= step.min() < step.max() <= 37
    times = nuscenes.truth["times"]
    starts = times[:-1][place == 0]
    assert (starts == np.rint(starts)).all()
    assert set(np.diff(starts)) <= {553.0, 554.0}


@pytest.mark.parametrize("share", [0.0, 0.3, 0.7])
def test_nuscenes_share_of_no_returns(share):
    sweep = hdl32.sweep(1, firings=150, no_return_share=share)
    assert abs((sweep.ranges == 0).mean() - share) < 0.01


def test_nuscenes_standing_still_repeats_one_position():
    sweep = hdl32.sweep(3, firings=150, speed=0.0, map_position=(0.0, 0.0))
    assert np.ptp(sweep.truth["positions"][:, :2], axis=0).max() < 1e-3
