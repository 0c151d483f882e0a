"""Floats counted: every bit pattern comes back, neighbours are one apart, and kernels say what arrays say."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lizip.exact.ulp import (
    bits_of,
    from_ordinals,
    from_steps,
    ordinal32,
    spacing,
    step32,
    to_ordinals,
    to_steps,
    unit32,
    value32,
)

TYPES = (np.dtype("<f2"), np.dtype("<f4"), np.dtype("<f8"))
types = pytest.mark.parametrize("dtype", TYPES, ids=str)


def some_floats(dtype: np.dtype, count: int = 3000) -> np.ndarray:
    """Random bit patterns and all kinds of special ones."""
    rng = np.random.default_rng(dtype.itemsize)
    info = np.finfo(dtype)
    special = [0.0, -0.0, 1.0, -1.0, info.max, -info.max, info.tiny, info.smallest_subnormal, np.inf, -np.inf, np.nan]
    random = np.frombuffer(rng.bytes(count * dtype.itemsize), dtype)
    return np.concatenate([np.array(special, dtype), random])


@types
def test_every_bit_pattern_has_an_ordinal(dtype):
    values = some_floats(dtype)
    back = from_ordinals(to_ordinals(values), dtype)
    assert back.dtype == dtype
    assert np.array_equal(bits_of(back), bits_of(values))


@types
def test_ordinals_are_in_order_and_one_apart(dtype):
    values = np.sort(_finite(dtype))
    ordinals = to_ordinals(values)
    assert (np.diff(ordinals[values != 0]) >= 0).all()
    above = np.nextafter(values[:-1], dtype.type(np.inf))
    positive = values[:-1] > 0
    assert (to_ordinals(above)[positive] == ordinals[:-1][positive] + 1).all()
    assert to_ordinals(np.array([-0.0, 0.0], dtype)).tolist() == [-1, 0]


def _finite(dtype: np.dtype) -> np.ndarray:
    values = some_floats(dtype)
    return values[np.isfinite(values)]


@types
def test_steps_count_along_the_number_line(dtype):
    values = _finite(dtype)
    steps = to_steps(values)
    back = from_steps(steps, dtype)
    assert (back == values).all()
    assert not np.signbit(back[back == 0]).any()
    inside = np.abs(values) < np.finfo(dtype).max
    assert (from_steps(steps[inside] + 1, dtype) == np.nextafter(values[inside], dtype.type(np.inf))).all()
    assert (from_steps(steps[inside] - 1, dtype) == np.nextafter(values[inside], dtype.type(-np.inf))).all()
    assert to_steps(np.array([-0.0, 0.0], dtype)).tolist() == [0, 0]


@types
def test_steps_stay_finite(dtype):
    most = np.finfo(dtype).max
    assert from_steps(np.array([(1 << 63) - 1, -(1 << 63) + 1]), dtype).tolist() == [most, -most]


@types
def test_spacing(dtype):
    values = _finite(dtype)
    with np.errstate(all="ignore"):
        expected = np.spacing(np.abs(values)).astype(np.float64)
    most = np.finfo(dtype).max
    expected[np.abs(values) == most] = float(np.spacing(np.nextafter(most, dtype.type(0))))
    assert np.array_equal(spacing(values), expected)
    assert np.isfinite(spacing(np.array([np.inf, np.nan], dtype))).all()


def test_kernels_count_as_the_arrays_do():
    values = some_floats(TYPES[1], 300)
    assert [ordinal32(v) for v in values if v == v] == to_ordinals(values[values == values]).tolist()
    assert [step32(b) for b in bits_of(values)] == to_steps(values).tolist()
    finite = _finite(TYPES[1])[:300]
    assert [value32(o) for o in to_ordinals(finite)] == finite.tolist()


@given(st.integers(-(1 << 62), 1 << 62))
def test_kernels_take_any_number(number):
    low = np.array([min(max(number, -(1 << 31)), (1 << 31) - 1)])
    assert np.array_equal(value32(number), from_ordinals(low, TYPES[1])[0], equal_nan=True)


def test_unit_in_the_last_place():
    values = _finite(TYPES[1])
    values = values[(np.abs(values) > 2.0**-100) & (np.abs(values) < 2.0**127)][:300]
    assert [unit32(v) for v in values] == spacing(values).tolist()
    assert unit32(0.0) == 2.0**-126
    assert np.isfinite(unit32(np.inf))
