"""Stages of moving sensors one by one: azimuths of firings, far frame, pose law."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lizip.errors import CorruptError, LizipError
from lizip.exact.rotation import quaternion_of_rotation, rotation_of_quaternion
from lizip.packing import pack_varint
from lizip.sensor.fit.motion.blocks import find_phase, fit_blocks, settle_blocks
from lizip.sensor.fit.motion.firing import hdl32e, place_points
from lizip.sensor.returns import Returns
from lizip.sensor.stages.cells import CellOrder, Cells
from lizip.sensor.stages.far_frame import FarFrame, powers_of
from lizip.sensor.stages.firing_azimuths import FiringAzimuths, columns_of
from lizip.sensor.stages.pose import Mount
from lizip.sensor.stages.pose_law import Law, decode_law, encode_law, firing_times, law_poses, packets
from lizip.simulator import hdl32


def test_sensor_points_are_float32_arithmetic():
    sensor = hdl32e()
    ranges, block, advance = np.full((1, 32), 12345), np.array([17900]), np.array([33])
    out = place_points(sensor, ranges, block, advance)
    distance = np.float32(12345) * np.float32(0.002)
    for ring in range(32):
        azimuth = np.deg2rad(17900 - np.floor(33 * sensor.rhythm.slot[ring] / 40 + 0.5)) * 0.01
        level = distance * sensor.cos_elevation[ring]
        assert out[0, ring, 0] == level * np.float32(np.cos(azimuth))
        assert out[0, ring, 2] == distance * sensor.sin_elevation[ring]
    np.testing.assert_array_equal(out.astype(np.float32), out)


def simulated_azimuths(firings, seed, keep=0.7):
    sweep = hdl32.sweep(seed, firings=firings)
    block, advance = sweep.truth["block_azimuth"] % 36000, sweep.truth["advance"]
    azimuth = columns_of(hdl32e().rhythm, block[:, None], advance[:, None], np.arange(32))
    ranges = (np.random.default_rng(seed).random(azimuth.shape) < keep).astype(np.int64)
    return block, advance, azimuth, ranges, int(sweep.truth["phase"])


def test_azimuth_rule_is_recovered():
    block, _, azimuth, ranges, phase = simulated_azimuths(300, 5)
    found, turn, misses = (np.zeros(300, np.int64) for _ in range(3))
    rhythm = hdl32e().rhythm
    fit_blocks(ranges, azimuth, rhythm.slot, found, turn, misses)
    assert (misses <= 0).all()
    assert find_phase(found, turn, 12) == phase
    assert settle_blocks(ranges, azimuth, rhythm.slot, phase, 12, misses, found, turn) <= 3
    np.testing.assert_array_equal(found, block)
    again = FiringAzimuths.of(rhythm, found, turn, phase).decode(rhythm, 300)
    np.testing.assert_array_equal(again, (found, turn))


@given(st.integers(1, 60), st.integers(0, 11), st.integers(0, 10000))
def test_any_azimuths_come_back(firings, phase, seed):
    rng = np.random.default_rng(seed)
    block, advance = rng.integers(0, 36000, firings), rng.integers(-1000, 1000, firings)
    stage = FiringAzimuths.unpack(FiringAzimuths.of(hdl32e().rhythm, block, advance, phase).pack())
    np.testing.assert_array_equal(stage.decode(hdl32e().rhythm, firings), (block, advance))


@given(st.lists(st.floats(-1, 1), min_size=4, max_size=4).filter(lambda q: np.dot(q, q) > 0.01))
def test_quaternion_and_back(numbers):
    quaternion = np.array(numbers)
    rotation = rotation_of_quaternion(quaternion)
    np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-12)
    np.testing.assert_allclose(rotation_of_quaternion(quaternion_of_rotation(rotation)), rotation, atol=1e-12)


def a_far_frame():
    errors = powers_of(np.array([1e-6, 1e-6, 1e-7, 5e-8, 5e-8, 4e-9]))
    quaternion = np.array([0.9, 0.01, -0.02, 0.4])
    return FarFrame(quaternion, np.array([1234.5, 0.0, 1.8]), np.array([1, 0, 1]), errors)


MOVED = Mount(np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]), np.array([1.0, 2.0, 3.0]))


@pytest.mark.parametrize("mount", [None, MOVED])
def test_far_frame_comes_back(mount):
    stage = replace(a_far_frame(), mount=mount)
    again = FarFrame.unpack(stage.pack())
    assert (again.mount is None) == (mount is None)
    if mount is not None:
        np.testing.assert_array_equal(again.mount.shift, mount.shift)
        np.testing.assert_allclose(again.far.axes @ mount.rotation, again.far.base, atol=1e-15)
    for name in ("rounded", "quaternion", "offset", "sigma"):
        np.testing.assert_array_equal(getattr(again, name), getattr(stage, name))
    for end in range(len(stage.pack())):
        with pytest.raises(LizipError):
            FarFrame.unpack(stage.pack()[:end])


@pytest.mark.parametrize(
    "change",
    [
        {"quaternion": np.array([0.5, 0.5, -0.5, 0.5])},
        {"quaternion": np.array([0.1, 0.1, 0.1, 0.1])},
        {"quaternion": np.array([np.nan, 0.0, 0.0, 1.0])},
        {"offset": np.array([1e9, 0.0, 0.0])},
        {"offset": np.array([0.0, 0.0, np.nan])},
        {"sigma": np.array([200, 0, 0, 0, 0, 0])},
        {"mount": replace(MOVED, rotation=MOVED.rotation[[2, 0, 1]])},
        {"mount": replace(MOVED, shift=np.array([np.nan, 0.0, 0.0]))},
    ],
    ids=["on its side", "no rotation", "not a number", "too far", "nowhere", "impossible error", "moved", "moved away"],
)
def test_impossible_far_frames_are_corrupt(change):
    with pytest.raises(CorruptError):
        FarFrame.unpack(replace(a_far_frame(), **change).pack())


def a_law(firings=400, phase=5, seed=0, fast=6, slow=5):
    rng = np.random.default_rng(seed)
    count = int(packets(firings, phase, 12)[0][-1])
    steps = np.where(np.arange(count) % 25 == 3, 553, 554)
    begin = firing_times(steps, firings, phase, 12, 553 / 12)[phase] * 64

    def times(number):
        return np.sort(rng.choice(np.arange(int(begin) + 9, -9, 97), number - 2, replace=False))

    return Law(
        steps,
        times(fast),
        np.cumsum(rng.integers(-(1 << 22), 1 << 22, (fast, 2)), axis=0),
        times(slow),
        np.cumsum(rng.integers(-(1 << 20), 1 << 20, (slow, 3)), axis=0),
        rng.integers(-(1 << 31), 1 << 31, 4),
        rng.integers(-(1 << 10), 1 << 10, 6),
        rng.integers(-(1 << 10), 1 << 10, 6),
    )


@given(st.integers(100, 1200), st.integers(0, 11), st.integers(0, 1000), st.integers(2, 9), st.integers(2, 9))
def test_laws_come_back(firings, phase, seed, fast, slow):
    law = a_law(firings, phase, seed, fast, slow)
    again = decode_law(encode_law(law, firings), firings, phase, 12)
    for name, value in vars(law).items():
        np.testing.assert_array_equal(getattr(again, name), value)


def test_law_poses_are_rotations_and_continuous():
    law = a_law()
    law.step[:] = law.rate[:] = 0
    rotation, shift = law_poses(law, 400, 5, 12, 553 / 12)
    np.testing.assert_allclose(rotation @ rotation.transpose(0, 2, 1), np.tile(np.eye(3), (400, 1, 1)), atol=1e-14)
    assert np.abs(np.diff(rotation, axis=0)).max() < 1e-3
    assert np.abs(np.diff(shift, axis=0)).max() < 1e-2


def test_law_with_knots_out_of_order_is_corrupt():
    law = a_law()
    law.fast_times = law.fast_times[::-1].copy()
    with pytest.raises(CorruptError):
        law_poses(law, 400, 5, 12, 553 / 12)


def test_packets_are_counted_from_the_first_whole_one():
    number, place = packets(30, 5, 12)
    assert number[:6].tolist() == [0] * 5 + [1]
    assert place[:7].tolist() == [7, 8, 9, 10, 11, 0, 1]
    assert packets(24, 0, 12)[0].tolist() == [0] * 12 + [1] * 12
    times = firing_times(np.array([554, 553, 554]), 30, 5, 12, 553 / 12)
    assert times[-1] == 0
    assert times[17] - times[5] == 553


def some_returns(seed, absent):
    """Returns of a random grid in which some cells without a return are no points."""
    rng = np.random.default_rng(seed)
    ranges = (rng.integers(0, 3, (40, 32)) * rng.integers(1, 9999, (40, 32))).astype(np.int32)
    intensity = rng.integers(0, 2, ranges.shape).astype(np.int32) * 7
    returns = Returns(ranges, intensity if absent >= 0 else None, (), 0)
    hdl32e().profile.apply(returns)
    return returns


@given(st.integers(0, 999), st.sampled_from([-1, 7]), st.sampled_from([0.0, 0.3, 1.0]))
def test_cells_and_blanks_come_back(seed, absent, share):
    rng = np.random.default_rng(seed)
    returns = some_returns(seed, absent)
    present = (returns.ranges > 0) | (absent < 0 if absent < 0 else returns.intensity != absent)
    silent = returns.ranges[present] == 0
    ring = np.nonzero(present)[1][silent]
    blank = rng.random(len(ring)) < share
    words = np.array([1, 2, 3], np.uint32)
    Cells.unpack(Cells.of(absent, words, ring, blank).pack()).apply(returns)
    np.testing.assert_array_equal(np.stack([returns.row, returns.ring]), np.nonzero(present))
    np.testing.assert_array_equal(returns.ticks, returns.ranges[present])
    found = np.zeros(len(silent), bool) if returns.blank is None else returns.blank
    np.testing.assert_array_equal(found[silent], blank)
    assert not found[~silent].any()


@given(st.integers(0, 999), st.integers(0, 7), st.sampled_from([0.0, 0.4]))
def test_orders_of_cells_come_back(seed, kind, share):
    returns = some_returns(seed, -1)
    Cells().apply(returns)
    behind = np.random.default_rng(seed).random(len(returns.ring)) < share
    row, ring = (-returns.row if kind & 4 else returns.row), (-returns.ring if kind & 2 else returns.ring)
    order = np.lexsort((*((row, ring) if kind & 1 else (ring, row)), behind))
    expected = np.stack([returns.row, returns.ring])[:, order]
    CellOrder.unpack(CellOrder.of(kind, returns.ticks, behind).pack()).apply(returns)
    np.testing.assert_array_equal(np.stack([returns.row, returns.ring]), expected)


def test_impossible_cells_are_corrupt():
    for stage, data in ((Cells, pack_varint(1 << 17)), (Cells, b"\1\0\0"), (CellOrder, b"\x08")):
        with pytest.raises(CorruptError):
            stage.unpack(data)
    returns = some_returns(0, -1)
    with pytest.raises(CorruptError):
        Cells(7).apply(returns)
