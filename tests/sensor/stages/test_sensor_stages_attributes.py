"""Further columns: integers where they are integers, bits where they are not."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lizip.errors import CorruptError
from lizip.sensor.stages.attributes import Cells, decode_attribute, encode_attribute

DTYPES = st.sampled_from(["<f4", "<f8", "u1", "<u2", "<i4", "<i8"])


def cells_of(numbers):
    """Ring, firing, ticks (3, N) int64 from -1 to 3."""
    return Cells(numbers[0], numbers[1], np.maximum(numbers[2], 0), 4, 4)


@given(st.data(), DTYPES, st.integers(1, 60))
def test_any_column_comes_back(data, dtype, count):
    column = data.draw(hnp.arrays(np.uint8, count * np.dtype(dtype).itemsize)).view(dtype)
    cells = cells_of(data.draw(hnp.arrays(np.int64, (3, count), elements=st.integers(-1, 3))))
    again = decode_attribute(encode_attribute(column, cells), column.dtype, cells)
    assert again.dtype == column.dtype
    assert again.tobytes() == column.tobytes()


@pytest.mark.parametrize("name", ["ring", "firing", "ticks"])
def test_what_follows_from_the_cell_costs_next_to_nothing(name):
    rng = np.random.default_rng(0)
    cells = Cells(rng.integers(0, 32, 5000), rng.integers(0, 90, 5000), rng.integers(0, 60000, 5000), 32, 90)
    column = (getattr(cells, name) * 8).astype("<u4")
    column[[4007, 4070]] = 999
    stream = encode_attribute(column, cells)
    assert len(stream) < 100
    np.testing.assert_array_equal(decode_attribute(stream, column.dtype, cells), column)


def test_smooth_columns_are_coded_by_ring():
    rng = np.random.default_rng(0)
    ring = np.arange(20000, dtype=np.int64) % 16
    column = (1000 * ring + np.cumsum(rng.integers(-3, 4, 20000))).astype("<u2")
    cells = Cells(ring, ring, ring, 16, 16)
    stream = encode_attribute(column, cells)
    assert 8 * len(stream) < 7 * len(column)
    np.testing.assert_array_equal(decode_attribute(stream, column.dtype, cells), column)


@given(st.binary(max_size=60))
def test_hostile_columns(data):
    cells = cells_of(np.tile(np.arange(20) % 4 - 1, (3, 1)))
    try:
        column = decode_attribute(data, np.dtype("<f4"), cells)
    except CorruptError:
        return
    assert len(column) == 20
