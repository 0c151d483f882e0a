"""Packet times and Euler tracks: what is written comes back, and what no encoder writes is refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lizip.errors import CorruptError
from lizip.exact.rotation import quaternion_of_rotation, rotation_of_euler
from lizip.sensor.fit.timed.sensor import pandar64
from lizip.sensor.model import Returns
from lizip.sensor.stages.euler_track import EulerTrack
from lizip.sensor.stages.packet_times import PacketTimes, packets_of

SENSOR = pandar64()
TRACK = EulerTrack(
    np.array([0.0, 100.0, 250.0]),
    np.array([[0.01, -0.02, 3.1], [0.02, -0.01, 3.2], [0.0, 0.0, 3.4]]),
    np.array([[10.0, 20.0, 1.0], [11.0, 20.5, 1.1], [14.0, 21.0, 1.0]]),
    quaternion_of_rotation(rotation_of_euler(0.01, 0.02, -0.3)),
    np.array([0.8, 0.1, 1.9]),
)


def returns_of(blocks, ring, block):
    returns = Returns(np.zeros((blocks, 64), np.int32), None, (), len(ring))
    SENSOR.profile.apply(returns)
    returns.firings, returns.firing, returns.ring = blocks, block, ring
    return returns


@given(
    st.integers(0, 5),
    st.integers(1, 90),
    st.lists(st.one_of(st.integers(1380, 1420), st.integers(-(10**6), 10**6)), min_size=16, max_size=16),
)
def test_packet_times_come_back(phase, blocks, steps):
    number, place = packets_of(blocks, phase, 6)
    assert number[0] == 0
    assert place[0] == (6 - phase) % 6
    assert (place[phase::6] == 0).all()
    assert (number[phase::6] == np.arange(len(number[phase::6])) + (phase > 0)).all()
    begins = np.concatenate([[0], np.cumsum(steps)])[: number[-1] + 1]
    stage = PacketTimes.unpack(PacketTimes.of(begins, phase).pack())
    ring, block = np.arange(blocks) % 64, np.arange(blocks)
    returns = returns_of(blocks, ring, block)
    stage.apply(returns)
    np.testing.assert_array_equal(returns.time, begins[number] + 233 * place + SENSOR.slot[ring])


def test_a_track_goes_through_its_knots_and_straight_between():
    track = EulerTrack.unpack(TRACK.pack())
    points = np.random.default_rng(1).normal(size=(7, 3)) * 20
    times = np.array([0.0, 30.0, 100.0, 175.0, 250.0, -10.0, 300.0])
    mount = rotation_of_euler(0.01, 0.02, -0.3)
    for point, time, found in zip(points, times, track.points(times, points), strict=True):
        k = 0 if time < 100 else 1
        part = (time - TRACK.times[k]) / (TRACK.times[k + 1] - TRACK.times[k])
        angles = TRACK.angles[k] + part * (TRACK.angles[k + 1] - TRACK.angles[k])
        place = TRACK.places[k] + part * (TRACK.places[k + 1] - TRACK.places[k])
        expected = place + rotation_of_euler(*angles) @ (mount @ point + TRACK.lever)
        np.testing.assert_allclose(found, expected, atol=1e-12)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("times", np.array([0.0, 100.0, 100.5])),
        ("times", np.array([0.0, np.nan, 200.0])),
        ("times", np.array([0.0])),
        ("angles", np.full((3, 3), 2e3)),
        ("places", np.full((3, 3), np.inf)),
        ("mount", np.zeros(4)),
        ("mount", np.full(4, 2.0)),
        ("lever", np.array([1e9, 0, 0])),
    ],
)
def test_impossible_tracks_are_refused(name, value):
    numbers = {**vars(TRACK), name: value}
    if name == "times":
        numbers["angles"], numbers["places"] = (numbers[other][: len(value)] for other in ("angles", "places"))
    with pytest.raises(CorruptError):
        EulerTrack.unpack(EulerTrack(**numbers).pack())


def test_impossible_packets_are_refused():
    with pytest.raises(CorruptError):
        PacketTimes.unpack(PacketTimes(0, 1 << 31, b"").pack())
    returns = returns_of(12, np.arange(12), np.arange(12))
    with pytest.raises(CorruptError):
        PacketTimes(6, 1398, PacketTimes.of(np.array([0, 1398]), 0).body).apply(returns)
    with pytest.raises(CorruptError):
        PacketTimes.of(np.cumsum(np.arange(40) ** 2), 0).apply(returns)
    with pytest.raises(CorruptError):
        PacketTimes.of(np.array([0, 1398]), 0).apply(Returns(np.zeros((12, 64), np.int32), None, (), 0))
    with pytest.raises(CorruptError):
        TRACK.apply(Returns(np.zeros((12, 64), np.int32), None, (), 0))
