"""The stages of nuScenes' chain one by one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lizip.errors import CorruptError, LizipError
from lizip.sensor.nuscenes.azimuths import decode_azimuths, encode_azimuths, find_phase, settle_blocks
from lizip.sensor.nuscenes.firing import fit_blocks, hdl32e, place_points, ring_azimuth
from lizip.sensor.nuscenes.frame import find_far_frame, snap, ulp
from lizip.sensor.nuscenes.header import Header, powers_of, quaternion_of, rotation_of
from lizip.sensor.nuscenes.law import Law, decode_law, encode_law, firing_times, law_poses, packets
from lizip.sensor.nuscenes.residual import at_ordinal, ordinal, unit_at
from lizip.sensor.nuscenes.segments import find_segments
from lizip.simulator import hdl32

floats = st.floats(width=32, allow_nan=True, allow_infinity=True)


@given(floats)
def test_every_float32_has_its_place(value):
    place = ordinal(np.float64(value))
    assert np.float32(at_ordinal(place)).tobytes() == np.float32(value).tobytes()


@given(st.integers(-(2**31), 2**31 - 1))
def test_every_place_has_its_float32(place):
    value = at_ordinal(place)
    if not np.isnan(value):
        assert ordinal(value) == place


def test_places_are_ordered_and_zeros_apart():
    values = [-np.inf, -1.0, -1e-45, -0.0, 0.0, 1e-45, 1.0, np.inf]
    places = [ordinal(v) for v in values]
    assert places == sorted(places)
    assert len(set(places)) == len(places)
    assert ordinal(-0.0) == -1
    assert ordinal(0.0) == 0


@given(st.floats(1e-30, 1e30))
def test_unit_is_the_spacing(value):
    assert unit_at(value) == np.spacing(np.float32(value))


def test_sensor_points_are_float32_arithmetic():
    sensor = hdl32e()
    ranges, block, advance = np.full((1, 32), 12345), np.array([18000]), np.array([33])
    out = np.empty((1, 32, 3))
    place_points(ranges, block, advance, *sensor.tables, out)
    distance = np.float32(12345) * np.float32(0.002)
    for ring in range(32):
        azimuth = np.deg2rad(18000 - np.floor(33 * sensor.slot[ring] / 40 + 0.5)) * 0.01
        level = distance * sensor.cos_elevation[ring]
        assert out[0, ring, 0] == level * np.float32(np.cos(azimuth))
        assert out[0, ring, 2] == distance * sensor.sin_elevation[ring]
    np.testing.assert_array_equal(snap(out), out)


def simulated_azimuths(firings, seed, keep=0.7):
    sweep = hdl32.sweep(seed, firings=firings)
    block, advance = sweep.truth["block_azimuth"] % 36000, sweep.truth["advance"]
    slot = hdl32e().slot
    azimuth = np.array([[ring_azimuth(b, d, s) for s in slot] for b, d in zip(block, advance, strict=True)])
    ranges = (np.random.default_rng(seed).random(azimuth.shape) < keep).astype(np.int64)
    return block, advance, azimuth, ranges, int(sweep.truth["phase"])


def test_azimuth_rule_is_recovered():
    block, _, azimuth, ranges, phase = simulated_azimuths(300, 5)
    found, turn, misses = (np.zeros(300, np.int64) for _ in range(3))
    fit_blocks(ranges, azimuth, hdl32e().slot, found, turn, misses)
    assert (misses <= 0).all()
    assert find_phase(found, turn, 12) == phase
    assert settle_blocks(ranges, azimuth, hdl32e().slot, phase, 12, misses, found, turn) <= 3
    np.testing.assert_array_equal(found, block)
    again = decode_azimuths(encode_azimuths(found, turn, phase, 12), 300, phase, 12)
    np.testing.assert_array_equal(again, (found, turn))


@given(st.integers(1, 60), st.integers(0, 11), st.integers(0, 10000))
def test_any_azimuths_come_back(firings, phase, seed):
    rng = np.random.default_rng(seed)
    block, advance = rng.integers(0, 36000, firings), rng.integers(-1000, 1000, firings)
    stream = encode_azimuths(block, advance, phase, 12)
    np.testing.assert_array_equal(decode_azimuths(stream, firings, phase, 12), (block, advance))


@given(st.lists(st.floats(-1, 1), min_size=4, max_size=4).filter(lambda q: np.dot(q, q) > 0.01))
def test_quaternion_and_back(numbers):
    quaternion = np.array(numbers)
    rotation = rotation_of(quaternion)
    np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-12)
    np.testing.assert_allclose(rotation_of(quaternion_of(rotation)), rotation, atol=1e-12)


def a_header():
    errors = powers_of(np.array([1e-6, 1e-6, 1e-7, 5e-8, 5e-8, 4e-9]))
    quaternion = np.array([0.5, 0.5, -0.5, 0.5])
    return Header(1, 7, np.array([1, 0, 1]), quaternion, np.array([1234.5, 0.0, 1.8]), errors, 0)


def test_header_comes_back():
    header = a_header()
    again = Header.unpack(header.pack())
    assert (again.model, again.phase, again.denominator) == (1, 7, 0)
    for name in ("rounded", "quaternion", "offset", "sigma"):
        np.testing.assert_array_equal(getattr(again, name), getattr(header, name))
    for end in range(len(header.pack())):
        with pytest.raises(LizipError):
            Header.unpack(header.pack()[:end])


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


def test_segments_find_the_kinks():
    rng = np.random.default_rng(1)
    times = np.arange(600) * 46.0
    bends = np.maximum(0, times - times[200]) * 1e-3 - np.maximum(0, times - times[420]) * 2e-3
    samples = np.stack([bends, 2 * bends, -bends], axis=1) + rng.normal(size=(600, 3)) * 1e-3
    kinks = find_segments(times, samples, np.tile(np.eye(3) * 1e6, (600, 1, 1)), 6, 60.0, 1e9)
    # a kink inside a group of samples may cost a short segment of its own
    assert 2 <= len(kinks) <= 4
    assert all(min(abs(kink - true) for true in (200, 420)) <= 12 for kink in kinks)
    assert min(kinks) <= 212
    assert max(kinks) >= 408


@pytest.mark.parametrize(
    "position",
    [(650.0, 1600.0), (1024.0, 2048.0), (511.0, -255.0), (40.0, 900.0), (5200.0, 9000.0), (-72.0, 78.0), (45.0, -34.0)],
)
def test_far_frame_is_found(position):
    sweep = hdl32.sweep(7, firings=1085, map_position=position)
    points = sweep.records[:, :3].astype(np.float64).reshape(-1, 32, 3)
    frame = find_far_frame(points)
    assert frame is not None
    assert frame.rounded.all()
    truth = sweep.truth["rotations"][-1]
    assert np.abs(np.abs(truth @ frame.axes.T).max(axis=1) - 1).max() < 1e-9


def test_far_frame_of_noise_is_none():
    points = np.random.default_rng(1).normal(size=(200, 32, 3)) * 20
    assert find_far_frame(points) is None


def test_a_hint_from_elsewhere_does_no_harm():
    def frame_of(position, hint=None):
        sweep = hdl32.sweep(8, firings=1085, map_position=position)
        return find_far_frame(sweep.records[:, :3].astype(np.float64).reshape(-1, 32, 3), hint)

    cold = frame_of((800.0, -1010.0))
    for elsewhere in ((800.6, -1010.2), (-2040.0, 66.0), (5200.0, 9000.0)):
        warm = frame_of((800.0, -1010.0), frame_of(elsewhere))
        assert warm.rounded.all()
        same = np.abs(cold.axes @ warm.axes.T)
        np.testing.assert_allclose(same, np.rint(same), atol=1e-9)
        np.testing.assert_array_equal(same @ ulp(warm.offset) // 1e-9, ulp(cold.offset) // 1e-9)
