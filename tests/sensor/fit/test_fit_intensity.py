"""The column of intensities is found, whatever single rings look like."""

import numpy as np

from lizip.sensor.fit.intensity import find_intensity


def test_a_ring_that_saw_nothing_hides_no_intensities():
    draws = np.random.default_rng(3)
    ring = np.repeat([0, 1, 2], [900, 500, 500])
    light = draws.integers(1, 90, len(ring)).astype("<f4")
    light[ring == 0] = 0
    columns = [*draws.normal(size=(3, len(ring))).astype("<f4"), ring.astype("<f4"), light]
    found = find_intensity(columns, ring, np.arange(len(ring)))
    assert found is not None
    assert found.column == 4
    np.testing.assert_array_equal(found.integers, light)


def test_columns_that_never_change_along_rings_are_no_intensities():
    ring = np.repeat([0, 1, 2], 500)
    columns = [*np.random.default_rng(4).normal(size=(3, len(ring))).astype("<f4"), ring.astype("<f4")]
    assert find_intensity(columns, ring, np.arange(len(ring))) is None
