"""Rows of three: as numpy does it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lizip.exact.triples import every, some, taken


@given(hnp.arrays(np.int32, hnp.array_shapes(min_dims=2, max_dims=2, min_side=0).map(lambda s: (s[0], 3))))
def test_every_and_some_are_all_and_any(numbers):
    mask = numbers > 0
    assert (every(mask) == mask.all(axis=1)).all()
    assert (some(mask) == mask.any(axis=1)).all()
    assert (some(numbers) == numbers.any(axis=1)).all()


@given(st.sampled_from(["f4", "f8", "i4", "i8", "i2", "?"]), st.integers(1, 4), st.integers(1, 40), st.data())
def test_taken_is_take(kind, width, count, data):
    array = np.frombuffer(data.draw(st.binary(min_size=8 * count * width, max_size=8 * count * width)), "u1")
    array = array[: np.dtype(kind).itemsize * count * width].view(kind).reshape(count, width)
    which = np.array(data.draw(st.lists(st.integers(0, count - 1))), np.int64)
    for given_array in (array, array[::-1], array[:, 0]):
        rows = taken(given_array, which)
        assert rows.dtype == given_array.dtype
        assert rows.tobytes() == given_array.take(which, axis=0).tobytes()
    mask = np.arange(count) % 3 == 1
    assert taken(array, mask).tobytes() == array[mask].tobytes()


@pytest.mark.parametrize("row", [4, 1 << 40, -1])
def test_rows_that_are_not_there_are_refused(row):
    with pytest.raises(IndexError):
        taken(np.zeros((4, 3)), np.array([0, row]))
