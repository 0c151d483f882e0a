"""Columns on a lattice: within the bound, whatever the numbers are, and such as the codecs find again."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lizip.codecs.floats.forms import find_numbers
from lizip.codecs.floats.numbers import ORDINAL
from lizip.near.fields import Field
from lizip.near.lattice import rounded
from lizip.near.measure import column_error

BOUNDS = [1e-6, 1e-5, 1e-4, 0.001, 0.0037, 0.01, 0.1, 7.5, 1e12]
FLOATS = ("<f4", "<f8", "<f2")
INTEGERS = ("<i4", "<u1", "<i2", "<u2", "<i8", "<u8", "<u4")


def exceeds(before, after, bound):
    """Exactly, number by number."""
    for a, b in zip(before.tolist(), after.tolist(), strict=True):
        if not np.isfinite(a):
            continue
        if not np.isfinite(b) or abs(Fraction(b) - Fraction(a)) > bound:
            return True
    return False


def columns(kinds):
    every = [hnp.arrays(kind, st.integers(1, 40), elements=hnp.from_dtype(np.dtype(kind))) for kind in kinds]
    near = [hnp.arrays(kind, st.integers(1, 40), elements=st.floats(-100, 100, width=16)) for kind in kinds[:2]]
    return st.one_of(*every, *(near if kinds is FLOATS else []))


@given(columns(FLOATS), st.sampled_from(BOUNDS))
@example(np.array([np.nan, 1.2345, -0.0, np.inf], "<f4"), 0.01)
@example(np.array([1e-45, 1.2345, 3e38], "<f4"), 0.01)
@example(np.array([16777215.0, 8388608.5], "<f4"), 0.26)
def test_floats_stay_within_the_bound_and_what_is_not_finite_stays(column, bound):
    field = Field("x", Fraction(repr(bound)), Fraction(1))
    moved = rounded(column, field)
    assert moved.dtype == column.dtype
    assert not exceeds(column, moved, field.bound)
    odd = ~np.isfinite(column)
    assert moved[odd].tobytes() == column[odd].tobytes()
    error = column_error(column, moved)
    assert error is not None
    assert error <= field.bound


@given(columns(INTEGERS), st.sampled_from([0.3, 1.0, 2.9, 100.0, 1e12]))
def test_integers_stay_within_the_bound(column, bound):
    moved = rounded(column, Field("X", Fraction(repr(bound)), Fraction(1)))
    assert moved.dtype == column.dtype
    assert not exceeds(column, moved, Fraction(repr(bound)))


@given(columns(FLOATS), st.data())
def test_an_error_is_never_told_too_small(column, data):
    """Whatever two columns hold: what is measured is at least the true largest difference."""
    other = data.draw(hnp.arrays(column.dtype, len(column), elements=hnp.from_dtype(column.dtype)))
    error = column_error(column, other)
    finite = np.isfinite(column)
    if error is None:
        assert (
            not np.isfinite(other[finite]).all()
            or column[~finite].tobytes() != other[~finite].tobytes()
            or (np.abs(column[finite].astype(np.float64) - other[finite].astype(np.float64)) == np.inf).any()
        )
    else:
        pairs = zip(column[finite].tolist(), other[finite].tolist(), strict=True)
        assert error >= max((abs(Fraction(b) - Fraction(a)) for a, b in pairs), default=0)


def test_integers_that_differ_by_all_there_is_are_told_apart():
    ends = np.array([-(2**31), 2**31 - 1], "<i4")
    assert column_error(ends, ends[::-1].copy()) == 2**32 - 1


@pytest.mark.parametrize("bound", BOUNDS[1:7])
@pytest.mark.parametrize("kind", ["<f4", "<f8"])
def test_codecs_find_the_lattice_again_and_it_is_as_coarse_as_allowed(bound, kind):
    column = np.random.default_rng(3).normal(size=5000).astype(kind) * 10
    moved = rounded(column, Field("x", Fraction(repr(bound)), Fraction(1)))
    numbers = find_numbers(moved)
    assert numbers.form != ORDINAL
    step = np.diff(np.unique(moved).astype(np.float64)).min()
    # float32 at 50 m has hardly more digits than 10 um
    assert (0.9 if kind == "<f4" and bound < 1e-4 else 1.8) * bound < step < 2 * bound


@pytest.mark.parametrize("far", [20.0, 90.0, 150.0, 250.0])
def test_far_floats_have_a_binary_lattice_where_decimals_leave_no_room(far):
    """At 10 um: a float32 beyond 64 m is 7.6 um from the next, beyond 128 m 15.3 um, and that is 2**-16 m."""
    column = np.append(np.random.default_rng(3).normal(size=5000) * 10, far).astype("<f4")
    moved = rounded(column, Field("x", Fraction(1, 100_000), Fraction(1)))
    assert np.array_equal(moved * 2.0**16, np.rint(moved * 2.0**16))
    assert column_error(column, moved) <= Fraction(1, 100_000)
    assert find_numbers(moved).form != ORDINAL


@pytest.mark.parametrize(("bound", "step"), [(0.0004, 0.001), (0.001, 0.001), (0.0015, 0.002), (0.01, 0.019)])
def test_numbers_that_are_decimals_stay_decimals(bound, step):
    column = (np.random.default_rng(3).integers(-50000, 50000, 5000) / 1000).astype("<f4")
    moved = rounded(column, Field("x", Fraction(repr(bound)), Fraction(1)))
    assert np.diff(np.unique(np.rint(moved.astype(np.float64) * 1000))).min() == round(step * 1000)
