"""Pose laws of few digits: next to the law that they stand for, and found again from one that is nearly right."""

from dataclasses import replace

import numpy as np
import pytest

from lizip.sensor.fit.motion.coarse_law import coarse_law, coarse_track
from lizip.sensor.fit.motion.law_track import Track, condense
from lizip.sensor.stages.pose_law import FAST_QUANTA, FIXED_QUANTA, SLOW_QUANTA, TIME_QUANTUM, Law, law_poses

FIRINGS, PACKET, PERIOD = 600, 12, 46.08


def law_of(rng, bends=1.0):
    """A law with two inner knots of either kind, of which a second one bends it so much."""
    steps = np.full(FIRINGS // PACKET - 1, 553)
    begin = -float((FIRINGS // PACKET - 1) * 553)
    times = np.array([begin, -19000.3, -8000.7, 0.0])
    fast, slow = rng.normal(0, 1e-3, (4, 2)), np.cumsum(rng.normal(0, 0.1, (4, 3)), axis=0)
    for values in (fast, slow):
        line = np.interp(times[2], times[[1, 3]], [0.0, 1.0])
        straight = values[1] + line * (values[3] - values[1])
        values[2] = straight + bends * (values[2] - straight)

    def whole(values, quanta):
        return np.rint(values / quanta).astype(np.int64)

    inner, fixed = whole(times[1:-1], TIME_QUANTUM), whole(np.array([-1.8, 0.9023, 0.0051, 1.8449]), FIXED_QUANTA)
    nothing = np.zeros(6, np.int64)
    return Law(steps, inner, whole(fast, FAST_QUANTA), inner, whole(slow, SLOW_QUANTA), fixed, nothing, nothing), begin


def poses_of(law):
    return law_poses(law, FIRINGS, 0, PACKET, PERIOD)


def test_a_coarse_law_is_near_and_coarse_already():
    law, begin = law_of(np.random.default_rng(1))
    coarse = coarse_law(law, begin + PACKET * PERIOD)
    (turn, shift), (other, place) = poses_of(law), poses_of(coarse)
    assert np.abs(shift - place).max() < 2e-4
    assert np.abs(turn - other).max() < 2e-6
    assert len(coarse.fast) == len(coarse.slow) == 4
    again = coarse_law(coarse, begin + PACKET * PERIOD)
    for name, values in vars(coarse).items():
        np.testing.assert_array_equal(values, getattr(again, name), name)


def test_knots_that_bend_nothing_are_left_out():
    law, begin = law_of(np.random.default_rng(1), bends=0.0)
    coarse = coarse_law(law, begin + PACKET * PERIOD)
    assert len(coarse.fast) == len(coarse.slow) == 3
    assert np.abs(poses_of(law)[1] - poses_of(coarse)[1]).max() < 2e-4


@pytest.mark.parametrize("off", [-1.2e-8, 0.0, 1.2e-8])
@pytest.mark.parametrize("quarters", range(4))
def test_it_is_found_again_in_axes_turned_by_quarters(quarters, off):
    """Axes that are known to some billionths of a radian."""
    rng = np.random.default_rng(2)
    law, begin = law_of(rng)
    start = begin + PACKET * PERIOD
    coarse = coarse_law(law, start)
    track = track_of(coarse, quarters)
    rotation, shift = replace(track, slow=track.slow + np.array([0.0, 0.0, off])).poses()
    sensor = rng.uniform(-40, 40, (FIRINGS, 8, 3))
    points = (rotation[:, None] * sensor[:, :, None]).sum(axis=3) + shift[:, None]
    noisy = replace(
        track,
        fast=track.fast + rng.normal(0, 3e-9, track.fast.shape),
        slow=track.slow + rng.normal(0, [3e-7, 3e-7, 3e-9], track.slow.shape),
        fixed=track.fixed + np.array([1e-4, 1e-4, 1e-4, -1e-4]),
    )
    rotation, shift = noisy.poses()
    normals = condense(points, sensor, np.full(points.shape, 1e8), rotation, shift, 1e9)
    found = coarse_track(noisy, normals)
    for name in ("fast_times", "fast", "slow_times", "slow", "fixed"):
        most = SLOW_QUANTA if name == "slow" else np.array(1e-12)
        assert (np.abs(getattr(found, name) - getattr(track, name)) <= 0.51 * most).all(), name


def track_of(law, quarters):
    """The law as fits see it, in axes turned by so many quarters."""
    times = np.arange(FIRINGS // PACKET)[:, None] * 553.0 + np.arange(PACKET) * PERIOD
    times = times.ravel() - times[-1, -1]
    start = times[PACKET]
    fast_times = np.concatenate([[start], law.fast_times * TIME_QUANTUM, [0.0]])
    slow_times = np.concatenate([[start], law.slow_times * TIME_QUANTUM, [0.0]])
    slow = law.slow * SLOW_QUANTA
    for _ in range(quarters):
        slow = np.stack([-slow[:, 1], slow[:, 0], slow[:, 2] + np.pi / 2], axis=1)
    return Track(times, PACKET, fast_times, law.fast * FAST_QUANTA, slow_times, slow, law.fixed * FIXED_QUANTA)
