"""Columns as integers: every form comes back exactly, and roundings to short mantissas or binary steps are found."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lizip.codecs.floats.numbers import BINARY, DIVIDED, ORDINAL, Numbers, find_numbers
from lizip.errors import CorruptError
from lizip.packing import Unpacker

HALVES = st.lists(st.integers(0, (1 << 16) - 1), min_size=1, max_size=50)


def there_and_back(column: np.ndarray) -> Numbers:
    numbers = find_numbers(column)
    again = numbers.to_values(numbers.to_coded(column), column.dtype)
    assert again.tobytes() == column.tobytes()
    assert Numbers.unpack(Unpacker(numbers.pack()), column.dtype) == numbers
    return numbers


@settings(deadline=None)
@given(HALVES, st.sampled_from(["<f2", "<f4", "<f8"]))
def test_any_halves_come_back(bits, kind):
    with np.errstate(all="ignore"):
        column = np.array(bits, np.uint16).view(np.float16).astype(kind)
    there_and_back(column)


@settings(deadline=None)
@given(st.lists(st.integers(-(1 << 31), (1 << 31) - 1), min_size=1, max_size=50), st.integers(0, 23))
def test_any_short_mantissas_come_back(bits, spare):
    there_and_back((np.array(bits, np.int32) >> spare << spare).view(np.float32))


@settings(deadline=None)
@given(st.lists(st.integers(-(1 << 22), 1 << 22), min_size=1, max_size=50), st.integers(0, 40))
def test_any_binary_steps_come_back(steps, places):
    there_and_back((np.array(steps) * 2.0**-places).astype(np.float32))


@pytest.mark.parametrize("kind", ["<f2", "<f4", "<f8"])
def test_halves_count_by_one(kind):
    values = np.random.default_rng(0).normal(0, 20, 5000).astype(np.float16)
    numbers = there_and_back(values.astype(kind))
    assert (numbers.form, numbers.size, numbers.exponent) == (ORDINAL, 4, 13)
    ordered = np.unique(values)
    steps = np.diff(numbers.to_coded(ordered[np.abs(ordered) > 1e-4].astype(kind)))
    assert (steps > 0).all()
    assert np.median(steps) < 64


def test_ordinals_of_a_short_mantissa_beat_steps_where_they_are_coarser():
    rows = np.random.default_rng(1).integers(0, 1 << 20, 5000)
    lattice = there_and_back((rows * 2.0**-9).astype(np.float32))
    assert (lattice.form, lattice.exponent) == (DIVIDED, BINARY + 9)


def test_impossible_exponents_are_refused():
    for form, size, exponent in ((ORDINAL, 4, 24), (ORDINAL, 2, 1), (DIVIDED, 4, 10), (DIVIDED, 4, BINARY + 41)):
        packed = Numbers(form, size, exponent).pack()
        with pytest.raises(CorruptError):
            Numbers.unpack(Unpacker(packed), np.dtype("<f4"))
