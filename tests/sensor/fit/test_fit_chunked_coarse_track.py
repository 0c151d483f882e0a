"""Tracks of few digits: near the track that they stand for, and no other when made coarser again."""

import numpy as np

from lizip.exact.screw import Track, poses_at, rotations_of
from lizip.sensor.fit.chunked.coarse_track import retimed
from lizip.sensor.stages.screw import COARSE, QUANTA, Screw


def track_of(rng, knots):
    times = np.arange(knots) * 9752.2 - 6994.3 + rng.normal(0, 0.4, knots)
    turns = rotations_of(np.cumsum(rng.normal(0, 3e-3, (knots, 3)), axis=0))
    return Track(times, turns, np.cumsum(rng.normal(0, 0.1, (knots, 3)), axis=0))


def coarse(track):
    return Screw.of(retimed(track), coarse=True)


def test_a_coarse_track_is_near():
    rng = np.random.default_rng(3)
    for knots in (2, 3, 4, 12):
        track = track_of(rng, knots)
        again = coarse(track).track()
        times = np.linspace(track.times[0], track.times[-1], 200)
        one, other = poses_at(track, times), poses_at(again, times)
        assert np.abs(one.places - other.places).max() < 5e-5
        assert np.abs(one.turns - other.turns).max() < 1e-6


def test_one_that_is_coarse_stays():
    track = track_of(np.random.default_rng(4), 9)
    once = coarse(track)
    assert coarse(once.track()) == once
    assert Screw.of(once.track()) == once
    assert len(once.pack()) < len(Screw.of(track).pack()) + 8
    numbers = once.track()
    assert (numbers.times == np.rint(numbers.times)).all()
    assert (numbers.places / np.ldexp(QUANTA, COARSE)[4:] % 1 == 0).all()


def test_the_outermost_knots_follow_from_the_others():
    times = coarse(track_of(np.random.default_rng(5), 7)).track().times
    assert times[1] - times[0] == times[2] - times[1]
    assert times[-1] - times[-2] == times[-2] - times[-3]
