"""Further columns and intensities: integers where they are integers, bits where they are not."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lizip.errors import CorruptError
from lizip.sensor.extras import decode_extra, encode_extra
from lizip.sensor.intensity import DENOMINATORS, from_integers, to_integers

DTYPES = st.sampled_from(["<f4", "<f8", "u1", "<u2", "<i4", "<i8"])


@given(st.data(), DTYPES, st.integers(1, 60))
def test_any_column_comes_back(data, dtype, count):
    column = data.draw(hnp.arrays(np.uint8, count * np.dtype(dtype).itemsize)).view(dtype)
    ring = data.draw(hnp.arrays(np.int32, count, elements=st.integers(-1, 3)))
    again = decode_extra(encode_extra(column, ring, 4), column.dtype, ring, 4)
    assert again.dtype == column.dtype
    assert again.tobytes() == column.tobytes()


def test_a_function_of_the_ring_costs_its_table():
    ring = np.random.default_rng(0).integers(0, 32, 5000).astype(np.int32)
    column = (ring * 3).astype("<u2")
    column[[7, 70]] = 999
    stream = encode_extra(column, ring, 32)
    assert len(stream) < 100
    np.testing.assert_array_equal(decode_extra(stream, column.dtype, ring, 32), column)


@given(st.binary(max_size=60))
def test_hostile_columns(data):
    ring = np.arange(20, dtype=np.int32) % 4 - 1
    try:
        column = decode_extra(data, np.dtype("<f4"), ring, 3)
    except CorruptError:
        return
    assert len(column) == 20


@pytest.mark.parametrize("denominator", DENOMINATORS)
def test_integers_behind_intensities_are_found(denominator):
    integers = np.random.default_rng(1).integers(0, 250, 3000)
    index, found, exact = to_integers(from_integers(integers, denominator))
    np.testing.assert_array_equal(from_integers(found, DENOMINATORS[index]), from_integers(integers, denominator))
    assert exact.all()


@given(hnp.arrays(np.uint32, st.integers(1, 50)))
def test_exact_means_the_same_bits(bits):
    values = bits.view(np.float32)
    result = to_integers(values)
    if result is not None:
        index, integers, exact = result
        stored = from_integers(integers, DENOMINATORS[index])
        np.testing.assert_array_equal(stored[exact].view(np.uint32), bits[exact])


def test_real_numbers_are_no_integers():
    assert to_integers(np.random.default_rng(2).normal(size=500).astype(np.float32)) is None
