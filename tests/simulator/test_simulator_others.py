"""The two-sensor, Ouster, unordered and airborne clouds have the properties they promise."""

from __future__ import annotations

import io
from typing import Any

import laspy
import numpy as np
import pytest

from lizip import simulator
from lizip.simulator import os_sensor, vlp32
from lizip.simulator.motion import rotation_of_vector


@pytest.mark.parametrize(
    "make",
    [
        lambda seed: simulator.vlp32c_pair(seed, packets=4),
        lambda seed: simulator.ouster(seed, rings=16, columns=64),
        lambda seed: simulator.unordered(seed, points=500),
        lambda seed: simulator.airborne_las(seed, pulses=300),
    ],
    ids=["vlp32c", "ouster", "unordered", "airborne"],
)
def test_a_seed_decides_every_byte(make):
    assert make(1) == make(1)
    assert make(1) != make(2)


def test_vlp32c_pair_rebuilds_from_its_own_integers():
    sweep = vlp32.sweep(6, packets=12, speed=9.0, yaw_rate=0.2)
    records = sweep.records
    assert (sweep.ranges > 0).sum() == len(records)
    assert not records[:, 3:].any()
    upper = int(sweep.truth["upper"])
    ticks = sweep.ranges[: 12 * vlp32.PACKET]
    distance = np.linalg.norm(records[:upper, :3] - np.array(vlp32.UPPER.position, np.float32), axis=1)
    reach = ticks[ticks > 0] * 0.004
    # The vehicle moves by 9 m/s for 8 ms, so the range from the starting position is off by at most that.
    assert np.abs(distance - reach).max() < 0.08


def test_vlp32c_standing_still_shows_the_range_lattice():
    sweep = vlp32.sweep(6, packets=6, speed=0.0)
    upper = int(sweep.truth["upper"])
    points = sweep.records[:upper, :3].astype(np.float64) - np.array(vlp32.UPPER.position)
    ticks = np.linalg.norm(points, axis=1) / 0.004
    assert np.abs(ticks - np.rint(ticks)).max() < 0.1


def test_vlp32c_chunks_hold_at_most_a_firing_and_a_bit():
    times = np.sort(np.random.default_rng(1).integers(0, 24 * 50, 900)) * vlp32.SLOT_TIME
    first, middle = vlp32.chunks(times)
    ends = np.append(first[1:], len(times))
    assert first[0] == 0
    assert (first <= middle).all()
    assert (middle < ends).all()
    assert (times[ends - 1] - times[first] < vlp32.CHUNK).all()
    assert (times[first[1:]] - times[first[:-1]] >= vlp32.CHUNK).all()


@pytest.mark.parametrize("tick", [0.001, 0.002, 0.004])
def test_ouster_points_are_those_of_the_public_formula(tick):
    beams = os_sensor.Beams.draw(3, 16)
    sweep = os_sensor.sweep(3, rings=16, columns=128, tick=tick, beams=beams)
    x, y, z = sweep.records[:, :3].astype(np.float64).T
    firing, ring = np.nonzero(sweep.ranges)
    level = np.hypot(x, y)
    z = z - os_sensor.LIFT
    # r follows from z and, where the beam is nearly level, from the distance to the beam's origin
    encoder = 2 * np.pi * (1 - firing / 128)
    ox, oy = -beams.origin * np.cos(encoder), -beams.origin * np.sin(encoder)
    reach = np.sqrt((x - ox) ** 2 + (y - oy) ** 2 + z**2) + beams.origin
    ticks = reach / tick
    assert np.abs(ticks - np.rint(ticks)).max() < 0.02
    assert (np.rint(ticks) == sweep.ranges[firing, ring]).all()
    assert level.max() < 150


def test_ouster_layouts_hold_the_same_points():
    firing = os_sensor.sweep(4, rings=8, columns=64).records
    beam = os_sensor.sweep(4, rings=8, columns=64, layout="beam").records
    grid = os_sensor.sweep(4, rings=8, columns=64, layout="beam", drop_missing=False)
    assert sorted(map(bytes, firing)) == sorted(map(bytes, beam))
    assert (firing != beam).any()
    assert len(grid.records) == 8 * 64
    assert ((grid.records == 0).all(axis=1) == (grid.ranges.T == 0).ravel()).all()
    layout: Any = "spiral"
    with pytest.raises(ValueError, match="layout"):
        os_sensor.sweep(4, rings=8, columns=64, layout=layout)


def test_ouster_with_an_encoder_of_its_own():
    turned = os_sensor.sweep(4, rings=8, columns=1800, span=0.2, counts=36000).truth["turned"]
    steps = np.diff(turned * 36000)
    assert np.abs(steps - np.rint(steps)).max() < 1e-6
    assert set(np.rint(steps)) == {18, 19, 20, 21, 22}


def test_unordered_has_no_order():
    points = np.frombuffer(simulator.unordered(2, points=3000), "<f4").reshape(-1, 4)
    assert len(points) == 3000
    step = np.linalg.norm(np.diff(points[:, :3], axis=0), axis=1)
    assert np.median(step) > 2.0


@pytest.mark.parametrize("point_format", range(11))
def test_airborne_las_is_read_by_laspy(point_format):
    las = laspy.read(io.BytesIO(simulator.airborne_las(8, point_format, pulses=2000)))
    assert las.header.point_format.id == point_format
    assert len(las.points) > 2000
    assert np.array(las.return_number).max() > 2
    assert (np.array(las.return_number) <= np.array(las.number_of_returns)).all()
    assert {2, 5} <= set(np.unique(las.classification).tolist())
    first = np.array(las.return_number) == 1
    assert first.sum() == 2000
    if "gps_time" in las.point_format.dimension_names:
        assert (np.diff(las.gps_time) >= 0).all()
        assert len(np.unique(las.gps_time)) == 2000


def test_rotation_of_vector_turns_and_keeps_lengths():
    vectors = np.array([[0.0, 0.0, np.pi / 2], [1e-6, 0.0, 0.0], [0.3, -0.2, 0.1]])
    turns = rotation_of_vector(vectors)
    assert np.allclose(turns[0] @ [1, 0, 0], [0, 1, 0])
    assert np.allclose(turns @ turns.transpose(0, 2, 1), np.eye(3))
    assert np.allclose(turns[1] @ [0, 1, 0], [0, 1, 1e-6])
