"""Rings end where the azimuth falls back."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lizip.sensor.fit.rings import pseudo_angle, split_rings


@given(st.floats(0, 6.28), st.floats(0, 6.28), st.floats(0.1, 100))
def test_pseudo_angle_rises_with_the_azimuth(a, b, distance):
    first, second = (pseudo_angle(distance * math.cos(t), distance * math.sin(t)) for t in sorted((a, b)))
    assert first <= second + 1e-12


def test_rings_are_split_at_every_fall():
    turns = [np.sort(np.random.default_rng(r).uniform(0, 2 * np.pi, 50 + r)) for r in range(6)]
    azimuth = np.concatenate(turns)
    x, y = np.cos(azimuth).astype(np.float32), np.sin(azimuth).astype(np.float32)
    bounds = split_rings(x, y, 10)
    np.testing.assert_array_equal(bounds, np.cumsum([0] + [len(turn) for turn in turns]))


def test_shuffled_points_have_no_rings():
    azimuth = np.random.default_rng(0).uniform(0, 2 * np.pi, 2000)
    assert split_rings(np.cos(azimuth).astype(np.float32), np.sin(azimuth).astype(np.float32), 100) is None
