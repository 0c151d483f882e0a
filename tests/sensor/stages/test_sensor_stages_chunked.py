"""Slots, packets, chunks and screws: what is written comes back, and what no encoder writes is refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lizip.errors import CorruptError
from lizip.exact.screw import Track, poses_at, rotations_of
from lizip.sensor.returns import Returns
from lizip.sensor.stages.chunks import Chunks
from lizip.sensor.stages.packets import FRACTIONS, Packets
from lizip.sensor.stages.screw import Screw
from lizip.sensor.stages.slots import Azimuths, Slots
from lizip.simulator import vlp32


def returns_of(slots, seed=0, packets=5, share=0.7):
    """Returns of a few packets, placed by the stage."""
    rng = np.random.default_rng(seed)
    firing, laser = np.nonzero(rng.uniform(size=(12 * packets, 32)) < share)
    ticks = rng.integers(300, 20000, len(firing))
    returns = Returns(slots.grid(laser, firing, ticks, 12 * packets), None, (), len(firing))
    slots.apply(returns)
    np.testing.assert_array_equal(returns.firing, firing)
    np.testing.assert_array_equal(returns.laser, laser)
    np.testing.assert_array_equal(returns.ticks, ticks)
    return returns


@pytest.mark.parametrize("upside_down", [False, True])
def test_points_are_those_of_the_driver(upside_down):
    slots = Slots.unpack(Slots(0, upside_down).pack())
    returns = returns_of(slots)
    azimuth = 35500 + np.cumsum(np.random.default_rng(1).integers(18, 23, 60))
    Azimuths.unpack(Azimuths.of(slots, azimuth).pack()).apply(returns)
    theta = vlp32.azimuths(azimuth, upside_down)[returns.firing, returns.laser]
    there = vlp32.sensor_points(returns.ticks, theta, returns.laser, upside_down)
    assert (returns.points == there).mean() > 0.999
    np.testing.assert_allclose(returns.points, there, rtol=2e-7)


def test_a_row_of_the_grid_looks_one_way():
    slots = Slots(0, False)
    azimuth = np.rint(19.9066 * np.arange(240)).astype(np.int64)
    theta = np.unwrap(vlp32.azimuths(azimuth, False), axis=0)
    rows = np.arange(240)[:, None] + slots.lags[np.argsort(slots.order)][None, :]
    spread = [np.ptp(theta[rows == row]) for row in range(60, 200)]
    assert max(spread) < np.radians(0.5)


def test_grids_of_other_shapes_are_refused():
    for shape in ((40, 31), (30, 32), (61, 32)):
        with pytest.raises(CorruptError):
            Slots(0, False).apply(Returns(np.zeros(shape, np.int32), None, (), 0))
    slots = Slots(0, False)
    outside = np.zeros((int(slots.lags.max()) + 12, 32), np.int32)
    outside[0, np.argmax(slots.lags)] = 5
    with pytest.raises(CorruptError):
        slots.apply(Returns(outside, None, (), 0))
    with pytest.raises(CorruptError):
        Slots.unpack(b"\x7f")


@given(st.lists(st.integers(-300, 300), min_size=5, max_size=5))
def test_packets_come_back(beside):
    times = (np.floor(663.5523 * np.arange(5) + 0.4) * FRACTIONS).astype(np.int64) + np.array(beside)
    returns = returns_of(Slots(0, False))
    Packets.unpack(Packets.of(times, 663.5523).pack()).apply(returns)
    packet, inside = np.divmod(returns.firing, 12)
    place = 55.294 * inside + 2.304 * (returns.laser // 2)
    np.testing.assert_array_equal(returns.time, times[packet] / FRACTIONS + place)


@pytest.mark.parametrize("lost", [0.0, 0.02])
def test_chunks_come_back(lost):
    """Returns dropped after chunks were made leave chunks that end early and poses beside the middle."""
    returns = returns_of(Slots(0, False), seed=2)
    Packets.of((np.floor(663.5523 * np.arange(5)) * FRACTIONS).astype(np.int64), 663.5523).apply(returns)
    starts, middle = vlp32.chunks(returns.time)
    poses = returns.time[middle]
    keep = np.random.default_rng(3).uniform(size=len(returns.time)) >= lost
    group = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, len(keep))))[keep]
    returns.take(np.flatnonzero(keep))
    first = np.flatnonzero(np.diff(group, prepend=-1))
    stage = Chunks.of(returns, 55500, np.append(first, len(group)), poses[group[first]])
    Chunks.unpack(stage.pack()).apply(returns)
    same = np.abs(returns.pose_times[returns.group] - poses[group]) < 1e-6
    assert same.mean() > (1.0 if lost == 0 else 0.9) - 1e-9
    assert (np.diff(returns.group) >= 0).all()


def test_chunks_of_unordered_times_are_refused():
    returns = returns_of(Slots(0, False))
    returns.time = -np.arange(len(returns.ticks), dtype=np.float64)
    with pytest.raises(CorruptError):
        Chunks(55500, b"\0").apply(returns)


def test_tracks_come_back_to_their_quanta():
    rng = np.random.default_rng(4)
    turns = rotations_of(np.array([0.1, -0.2, 3.0]) + 1e-3 * np.cumsum(rng.normal(size=(12, 3)), axis=0))
    track = Track(9752.2 * np.arange(12) - 4000.0, turns, np.cumsum(rng.normal(0, 0.1, (12, 3)), axis=0))
    again = Screw.unpack(Screw.of(track).pack()).track()
    np.testing.assert_allclose(again.times, track.times, atol=2.0**-13)
    np.testing.assert_allclose(again.turns, track.turns, atol=2.0**-32)
    np.testing.assert_allclose(again.places, track.places, atol=2.0**-30)
    returns = Returns(np.zeros((1, 1), np.int32), None, (), 0)
    returns.pose_times = np.linspace(0, 9e4, 50)
    Screw.of(track).apply(returns)
    np.testing.assert_allclose(returns.shifts, poses_at(track, returns.pose_times).places, atol=1e-8)


def test_impossible_tracks_are_refused():
    still = Track(np.array([0.0, 0.0, 1.0]), rotations_of(np.zeros((3, 3))), np.zeros((3, 3)))
    with pytest.raises(CorruptError):
        Screw.of(still).track()
    with pytest.raises(CorruptError):
        Screw.unpack(b"\0\0\0\1")
    with pytest.raises(CorruptError):
        Screw.unpack(b"\xff\xff\xff\xff\xff\xff\xff\x7f\0\0\2")
