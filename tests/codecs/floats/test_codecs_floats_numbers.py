"""Columns as integers: every form comes back exactly, and roundings to short mantissas or binary steps are found."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lizip.codecs.floats.forms import find_nearly, find_numbers
from lizip.codecs.floats.numbers import BINARY, DIVIDED, MULTIPLIED, ORDINAL, Numbers
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


def test_offsets_that_no_column_has_are_refused():
    for offset in (-(1 << 63), -(1 << 62), 1 << 62):
        packed = Numbers(DIVIDED, 4, 2, True, offset, 1, 5).pack()
        with pytest.raises(CorruptError):
            Numbers.unpack(Unpacker(packed), np.dtype("<f4"))


@settings(deadline=None)
@given(st.lists(st.integers(-(1 << 23), 1 << 23), min_size=1, max_size=50), st.integers(1, 7))
def test_any_products_with_a_float32_come_back(steps, places):
    there_and_back(np.array(steps).astype(np.float32) * np.float32(10.0**-places))


def test_integers_times_a_float32_are_told_from_quotients():
    steps = np.random.default_rng(2).integers(-50_000, 50_000, 3000)
    product = there_and_back(steps.astype(np.float32) * np.float32(0.001))
    assert (product.form, product.exponent, product.single) == (MULTIPLIED, 3, True)
    quotient = there_and_back((steps / 1000).astype(np.float32))
    assert (quotient.form, quotient.exponent, quotient.single) == (DIVIDED, 3, False)


@pytest.mark.parametrize("kind", ["<f4", "<f8"])
@pytest.mark.parametrize(("most", "apart"), [(9, 1), (60, 50), (1 << 20, 1)], ids=["symbols", "values", "numbers"])
def test_missing_values_are_below_all_others(kind, most, apart):
    steps = np.random.default_rng(3).integers(-most, most, 3000)
    steps[5::7] *= apart
    column = (steps / 100).astype(np.float32).astype(kind)
    column[::5] = np.nan
    numbers = there_and_back(column)
    coded = numbers.to_coded(column)
    assert (numbers.form, numbers.exponent) == (DIVIDED, 2)
    assert (coded[::5] == 0).all()
    assert (coded[1::5] > 0).all()
    assert numbers.alphabet == (0 if most > 100 else coded.max() + 1)


@pytest.mark.parametrize("apart", [1, 50], ids=["steps", "values"])
@pytest.mark.parametrize(("different", "alphabet"), [(255, 256), (256, 0)])
def test_symbols_are_at_most_256_and_what_is_missing_is_one(different, alphabet, apart):
    steps = np.arange(3000) % different
    steps[steps > 9] *= apart
    column = (steps / 100).astype(np.float32)
    column[::7] = np.nan
    assert there_and_back(column).alphabet == alphabet


def test_nan_of_several_kinds_come_back():
    column = (np.arange(3000, dtype=np.float32) / 8).astype(np.float32)
    column.view(np.uint32)[::3] = 0x7FC00000 + np.arange(1000) % 2
    there_and_back(column)


def test_nothing_but_missing_values_come_back():
    there_and_back(np.full(500, np.nan, np.float32))


def test_one_odd_value_in_128_is_kept_apart_and_one_in_a_hundred_is_not():
    random = np.random.default_rng(4)
    steps = random.integers(0, 1000, 12_800)
    for odd, kept in ((90, True), (128, False)):
        column = (steps / 100).astype(np.float32)
        column[random.permutation(len(column))[:odd]] = random.random(odd) * 1e-12
        numbers, rows = find_nearly(column)
        assert (numbers.form, numbers.exponent) == ((DIVIDED, 2) if kept else (ORDINAL, 0))
        assert len(rows) == (odd if kept else 0)


def test_a_few_further_decimals_among_few_values_are_symbols_still():
    column = np.zeros(10_000, np.float32)
    column[::500] = 0.25
    numbers, rows = find_nearly(column)
    assert numbers.alphabet
    assert not len(rows)


def test_one_value_that_is_no_float32_does_not_make_a_column_wide():
    column = np.random.default_rng(5).normal(0, 20, 5000).astype(np.float32).astype(np.float64)
    column[77] = 0.1
    numbers, rows = find_nearly(column)
    assert (numbers.size, rows.tolist()) == (4, [77])
