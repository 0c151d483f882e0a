"""Numbers of poses beside a tie: where the points that share them are aimed at."""

import numpy as np
import pytest

from lizip.exact.screw import Track, poses_at, rotations_of
from lizip.sensor.fit.chunked.flips import aimed_at
from lizip.sensor.fit.chunked.knots import Groups
from lizip.sensor.fit.chunked.point_sums import Placed
from lizip.sensor.stages.fused import cast_poses, transform

EACH = 12


def seen_from(track, groups, points):
    """What the float32 chain makes of points (N, 3) under the poses of their groups."""
    poses = poses_at(track, groups.times)
    out, whole = np.empty(points.shape, np.float32), np.empty(points.shape)
    transform(points, cast_poses(poses.turns, poses.places)[0], groups.of, out, whole)
    return out


def scene(count=400):
    rng = np.random.default_rng(1)
    points = rng.uniform(-30, 30, (count * EACH, 3)).astype(np.float32)
    turns = rotations_of(np.array([[0.01, -0.002, 0.03], [0.0102, -0.0021, 0.0305], [0.0101, -0.002, 0.031]]))
    track = Track(
        np.array([0.0, 9752.0, 19504.0]), turns, np.array([[1.3, 0.01, 1.6], [1.4, 0.02, 1.6], [1.5, 0.0, 1.61]])
    )
    groups = Groups(np.arange(count + 1) * EACH, np.linspace(0.0, 19504.0, count))
    stored = seen_from(track, groups, points)
    rest = np.full(points.shape, 1e-6), np.zeros(len(points)), np.ones(len(points), bool)
    return track, groups, Placed(stored.astype(np.float64), points, *rest)


def test_a_right_track_aims_at_the_points_themselves():
    track, groups, placed = scene()
    aimed, share = aimed_at(track, placed, groups)
    assert share == 1
    np.testing.assert_array_equal(aimed.stored, placed.stored)


@pytest.mark.parametrize("axis", [0, 2])
@pytest.mark.parametrize("off", [-1.5e-8, 1.5e-8])
def test_numbers_beyond_a_tie_aim_at_the_tie(axis, off):
    """Not at the points, which are a whole last place away."""
    track, groups, placed = scene()
    places = track.places.copy()
    places[:, axis] += off
    near = track._replace(places=places)
    plain = placed.stored - seen_from(near, groups, placed.points)
    aimed, share = aimed_at(near, placed, groups)
    assert 1 - share < (plain != 0).any(axis=1).mean() / 3
    moved = np.flatnonzero((aimed.stored != placed.stored).any(axis=1))
    assert len(moved) >= 2 * EACH
    wanted = plain[moved, axis] - (placed.stored - aimed.stored)[moved, axis]
    # the way to the tie: back to where the track was, and no further
    assert (np.sign(np.median(wanted)), np.abs(np.median(wanted)) <= abs(off)) == (-np.sign(off), True)


def test_points_that_are_not_used_decide_nothing():
    track, groups, placed = scene()
    wild = placed._replace(stored=placed.stored + 5.0, use=np.zeros(len(placed.use), bool))
    aimed, share = aimed_at(track, wild, groups)
    assert share == 0
    np.testing.assert_array_equal(aimed.stored, wild.stored)
