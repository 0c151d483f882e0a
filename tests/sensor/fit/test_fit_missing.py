"""What is stored where nothing returned: any position that is there often enough, in a row or here and there."""

import numpy as np
import pytest

from lizip.sensor.fit.missing import find_missing, find_seen

DRAWS = np.random.default_rng(4)
NOTHINGS = [(0, 0, 0), (np.nan, np.nan, np.nan), (np.inf, np.inf, np.inf), (-np.inf, 0, np.inf)]


def scattered(nothing, share):
    """Points (5000, 3) float32, a share of which, no two of them side by side, are none."""
    points = DRAWS.normal(size=(5000, 3)).astype("<f4")
    absent = np.zeros(5000, bool)
    absent[np.arange(0, 5000, round(1 / share))] = True
    points[absent] = nothing
    return points, absent


@pytest.mark.parametrize("nothing", NOTHINGS)
def test_scattered_ones_are_found(nothing):
    points, absent = scattered(nothing, 0.01)
    missing, words = find_missing(points)
    assert (missing == absent).all()
    assert words.tobytes() == np.array(nothing, "<f4").tobytes()


def test_few_are_none_but_what_is_no_number():
    assert not find_missing(scattered(NOTHINGS[0], 0.002)[0])[0].any()
    for nothing in NOTHINGS[1:]:
        points, absent = scattered(nothing, 0.0003)
        assert (find_missing(points)[0] == absent).all()


def test_what_is_no_number_is_found_beside_more_that_are_too_few():
    points, _ = scattered(NOTHINGS[0], 0.003)
    points[7] = np.nan
    missing, words = find_missing(points)
    assert np.flatnonzero(missing).tolist() == [7]
    assert np.isnan(words.view("<f4")).all()


def test_what_no_sensor_has_seen():
    points = DRAWS.normal(size=(600, 3)).astype("<f4") + np.float32(5000)
    missing = np.zeros(600, bool)
    missing[10] = True
    points[[20, 21, 22]] = np.nan, np.inf, 1e30
    points[23, 2] += 2000
    seen = find_seen(points, missing)
    assert np.flatnonzero(~seen).tolist() == [10, 20, 21, 22, 23]
    assert not find_seen(points, np.ones(600, bool)).any()


def test_one_position_over_and_over_is_found():
    points, _ = scattered((1, 2, 3), 0.01)
    points[100:400] = 1.2, -0.3, 1.7
    missing, words = find_missing(points)
    assert np.flatnonzero(missing).tolist() == list(range(100, 400))
    assert words.view("<f4").tolist() == np.array([1.2, -0.3, 1.7], "<f4").tolist()
