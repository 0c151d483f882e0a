"""The order of a file ring after ring by azimuth, against numpy's stable sort."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lizip.sensor.stages.order import azimuth_keys, sorted_rings


def turning(rings=5, size=400, begin=1.9):
    """Points (N, 2) and rings of a sensor that turns once, from an azimuth on."""
    rng = np.random.default_rng(2)
    ring = np.repeat(np.arange(rings), size)
    azimuth = begin + np.tile(np.linspace(0, 2 * np.pi, size, endpoint=False), rings)
    reach = rng.uniform(1, 80, rings * size)
    return np.stack([reach * np.cos(azimuth), reach * np.sin(azimuth), 0 * reach], axis=1), ring, azimuth


@pytest.mark.parametrize("begin", [0.0, 1.9, 4.0])
def test_keys_sort_as_azimuths_do(begin):
    points, ring, azimuth = turning(begin=begin)
    keys = np.empty(len(ring))
    azimuth_keys(points, ring, keys)
    turned = np.argsort(8 * ring + azimuth % (2 * np.pi), kind="stable")
    np.testing.assert_array_equal(sorted_rings(ring, keys), turned)


def test_points_on_the_axis_have_a_key():
    keys = np.empty(5)
    points = np.array([[0.0, 0, 1], [-0.0, -0.0, 1], [0, 1, 0], [-1, 0, 0], [0, -1, 0]])
    azimuth_keys(points, np.zeros(5, np.int64), keys)
    np.testing.assert_array_equal(keys, [0, 0, 1, 2, 3])


@given(hnp.arrays(np.int64, st.integers(0, 60), elements=st.integers(0, 3)), st.data())
def test_any_keys_are_sorted_and_equal_ones_stay(ring, data):
    whole = data.draw(hnp.arrays(np.int64, len(ring), elements=st.integers(0, 4)))
    if data.draw(st.booleans()):
        ring = np.sort(ring)
    keys = 8.0 * ring + whole
    np.testing.assert_array_equal(sorted_rings(ring, keys), np.argsort(keys, kind="stable"))


def test_keys_in_the_worst_order_take_no_longer_than_a_sort():
    ring = np.zeros(1 << 20, np.int64)  # by insertion this would take an hour
    keys = np.linspace(1.9, 0, len(ring))
    np.testing.assert_array_equal(sorted_rings(ring, keys), np.arange(len(ring))[::-1])
