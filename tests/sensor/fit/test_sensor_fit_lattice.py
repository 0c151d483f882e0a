"""The far frame and the kinks of a track, found from points alone."""

import numpy as np
import pytest

import lizip
from lizip.sensor.fit.lattice.frame import find_far_frame, ulp
from lizip.sensor.fit.motion.segments import find_segments
from lizip.simulator import hdl32


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


@pytest.mark.parametrize("step", [4, 5, 6])
@pytest.mark.parametrize("of", ["firings", "points"])
def test_far_frame_is_found_in_a_thinned_sweep(of, step):
    """Neighbours on a ring are several firings apart."""
    points = hdl32.sweep(7).records[:, :3].astype(np.float64)
    place = np.arange(len(points)) // (32 if of == "firings" else 1)
    points[place % step > 0] = np.nan
    frame = find_far_frame(points.reshape(-1, 32, 3))
    assert frame is not None
    assert frame.rounded[:2].all()


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


@pytest.mark.parametrize("position", [(-580.0, 86.0), (650.0, 1600.0)])
def test_far_frame_is_found_where_ranges_are_coarse(position):
    """Steps of 20 cm: neighbours on a ring are level, or too far from each other to be looked at."""
    sweep = hdl32.sweep(7, firings=1085, map_position=position)
    data = np.asarray(lizip.decompress(lizip.compress(sweep.records, max_error=0.1)))
    assert not np.array_equal(data, sweep.records)
    frame = find_far_frame(data[:, :3].astype(np.float64).reshape(-1, 32, 3))
    assert frame is not None
    assert frame.rounded.all()
    truth = sweep.truth["rotations"][-1]
    assert np.abs(np.abs(truth @ frame.axes.T).max(axis=1) - 1).max() < 1e-9
