"""Coordinates that had been printed, as a stage."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lizip.errors import CorruptError
from lizip.sensor.returns import Returns
from lizip.sensor.stages.digits import IN_ALL, Digits, printed

SANE = st.floats(-1e9, 1e9, width=32).filter(lambda value: value == 0 or abs(value) > 1e-12)


@given(st.lists(SANE, min_size=1), st.integers(0, 9))
def test_decimals_are_as_printed(values, decimals):
    stored = np.array(values, np.float32)
    expected = np.array([float(f"{value:.{decimals}f}") for value in stored.tolist()], np.float32)
    assert np.array_equal(printed(stored, decimals).view(np.uint32), expected.view(np.uint32))


@given(st.lists(SANE, min_size=1), st.integers(1, 9))
def test_digits_are_as_printed(values, digits):
    stored = np.array(values, np.float32)
    expected = np.array([float(f"{value:.{digits}g}") for value in stored.tolist()], np.float32)
    assert np.array_equal(printed(stored, IN_ALL + digits).view(np.uint32), expected.view(np.uint32))


@given(st.lists(st.integers(0, (1 << 32) - 1), min_size=1), st.integers(0, 2 * IN_ALL - 1))
def test_whatever_comes_is_printed_the_same_twice(words, form):
    """And what is no number, or too large, stays."""
    stored = np.array(words, np.uint32).view(np.float32)
    once = printed(stored, form)
    with np.errstate(invalid="ignore"):
        kept = ~(np.abs(stored) < 1e10)
    assert np.array_equal(once[kept].view(np.uint32), stored[kept].view(np.uint32))
    assert np.array_equal(printed(once, form).view(np.uint32), once.view(np.uint32))


def test_the_stage_prints_the_first_three_columns():
    names = ("x", "y", "z", "i")
    returns = Returns(np.ones((1, 1), np.int32), None, tuple((name, np.dtype("<f4")) for name in names), 1)
    returns.columns = {name: np.array([1.23456789], np.float32) for name in names}
    stage = Digits.unpack(Digits(IN_ALL + 6).pack())
    stage.apply(returns)
    assert [float(returns.columns[name][0]) for name in names] == [np.float32(1.23457)] * 3 + [np.float32(1.23456789)]


def test_impossible_stages_are_refused():
    with pytest.raises(CorruptError):
        Digits.unpack(bytes([2 * IN_ALL]))
    returns = Returns(np.ones((1, 1), np.int32), None, (("x", np.dtype("<f4")),), 1)
    with pytest.raises(CorruptError):
        Digits(6).apply(returns)
