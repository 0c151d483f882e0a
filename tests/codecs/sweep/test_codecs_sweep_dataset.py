"""What predictors learn from comes out of files."""

import numpy as np

from lizip.codecs.sweep.dataset import grid_of
from lizip.simulator import os_sensor


def test_the_grid_of_a_file_is_what_was_measured():
    sweep = os_sensor.sweep(1, columns=512, rings=16)
    grid = grid_of(sweep.data)
    assert grid.ranges.shape == (512, 16)
    np.testing.assert_array_equal((grid.ranges > 0).sum(axis=0), (sweep.ranges > 0).sum(axis=0))
    assert abs(np.median(grid.ranges[grid.ranges > 0]) - np.median(sweep.ranges[sweep.ranges > 0])) < 20
    assert grid.intensity.max() == sweep.intensity[sweep.ranges > 0].max()


def test_others_have_none():
    assert grid_of(b"no sweep at all") is None
