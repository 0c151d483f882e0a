"""Rotation vectors and screw motion."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lizip.exact.screw import Track, poses_at, rotations_of, vector_of, vectors_between

number = st.floats(-1, 1)
vectors = st.tuples(number, number, number).map(np.array)


def exponential(vector):
    """Rotation by the power series of the matrix exponential."""
    x, y, z = vector
    skew = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    total, term = np.eye(3), np.eye(3)
    for k in range(1, 40):
        term = term @ skew / k
        total = total + term
    return total


@given(vectors, st.floats(-9, 1))
def test_rotations_are_the_matrix_exponential(vector, power):
    vector = vector * 10.0**power / 4
    np.testing.assert_allclose(rotations_of(vector[None])[0], exponential(vector), atol=1e-14)


@given(vectors, vectors)
def test_vectors_between_undo_rotations(vector, base):
    before = rotations_of(base[None])
    after = rotations_of(0.8 * vector[None]) @ before
    np.testing.assert_allclose(vectors_between(after, before)[0], 0.8 * vector, atol=1e-12)


@given(vectors, st.floats(0, 3.1))
def test_vector_of_any_rotation(vector, angle):
    length = np.linalg.norm(vector)
    vector = angle * (vector / length if length > 1e-3 else np.array([0.0, 0.0, 1.0]))
    np.testing.assert_allclose(vector_of(rotations_of(vector[None])[0]), vector, atol=1e-9)


def test_vector_of_half_turns():
    for axis in np.eye(3):
        half = rotations_of(np.pi * axis[None])[0]
        np.testing.assert_allclose(np.abs(vector_of(half)), np.pi * axis, atol=1e-9)


def random_track(seed, turn=0.01):
    rng = np.random.default_rng(seed)
    angles = np.cumsum(turn * rng.normal(size=(6, 3)), axis=0)
    places = np.cumsum(0.1 * rng.normal(size=(6, 3)), axis=0)
    return Track(np.cumsum(rng.uniform(0.5, 1.5, 6)), rotations_of(angles), places)


def test_a_track_goes_through_its_knots():
    track = random_track(1)
    poses = poses_at(track, track.times)
    np.testing.assert_allclose(poses.turns, track.turns, atol=1e-15)
    np.testing.assert_allclose(poses.places, track.places, atol=1e-15)


def test_motion_is_the_same_in_any_frame():
    """A point fixed to the body 2 m beside its origin moves as if it were the origin."""
    track, lever = random_track(2), np.array([2.0, -1.0, 0.5])
    moved = track._replace(places=track.places + track.turns @ lever)
    times = np.linspace(track.times[0], track.times[-1], 50)
    one, other = poses_at(track, times), poses_at(moved, times)
    np.testing.assert_allclose(one.places + one.turns @ lever, other.places, atol=2e-8)


def test_rates_are_those_of_the_motion():
    track = random_track(3)
    times = np.linspace(track.times[0], track.times[-1], 40)[1:-1] + 1e-3
    step = 1e-6
    before, here, after = (poses_at(track, times + d) for d in (-step, 0.0, step))
    np.testing.assert_allclose((after.places - before.places) / (2 * step), here.speed, atol=1e-6)
    np.testing.assert_allclose(vectors_between(after.turns, before.turns) / (2 * step), here.spin, atol=1e-6)
