"""Exceptions: the fewest points leave the order, and they come back where they were."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lizip.errors import CorruptError
from lizip.sensor.fit.ascent import keep_ascending
from lizip.sensor.stages.exceptions import decode_exceptions, encode_exceptions


def _longest_by_brute_force(keys):
    best = [1] * len(keys)
    for i in range(len(keys)):
        for j in range(i):
            if keys[j] < keys[i]:
                best[i] = max(best[i], best[j] + 1)
    return max(best, default=0)


@given(st.lists(st.floats(-10, 10), max_size=40))
def test_kept_keys_ascend_and_none_more_could(keys):
    keys = np.array(keys)
    keep = keep_ascending(keys)
    assert (np.diff(keys[keep]) > 0).all()
    assert keep.sum() == _longest_by_brute_force(keys)


@given(st.sets(st.integers(0, 10**6), max_size=50), st.data())
def test_exceptions_come_back(places, data):
    places = np.array(sorted(places), np.int64)
    words = data.draw(hnp.arrays(np.uint32, (len(places), 4)))
    stream = encode_exceptions(places, words)
    again, again_words = decode_exceptions(stream, 4, 10**6 + 1)
    np.testing.assert_array_equal(again, places)
    np.testing.assert_array_equal(again_words, words)


def test_places_beyond_the_file_are_refused():
    stream = encode_exceptions(np.array([3, 9]), np.zeros((2, 4), np.uint32))
    with pytest.raises(CorruptError):
        decode_exceptions(stream, 4, 9)


@given(st.binary(max_size=80))
def test_hostile_exceptions(data):
    try:
        places, words = decode_exceptions(data, 1, 100)
    except CorruptError:
        return
    assert len(places) == len(words) <= 100
