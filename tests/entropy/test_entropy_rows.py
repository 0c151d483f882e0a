"""Rows of symbols: vectors against the plain functions that say what they are to compute."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lizip.entropy.rows import LANES, TOP, adapt, find_in_three, find_in_two, fresh_rows
from lizip.jit import kernel

SEEDS = st.integers(0, 1 << 30)


@kernel
def two_in_kernel(rows, a, b, quantile):
    return find_in_two(rows, a, b, quantile)


@kernel
def three_in_kernel(rows, a, b, c, of_a, of_b, quantile):
    return find_in_three(rows, a, b, c, of_a, of_b, quantile)


@kernel
def adapt_in_kernel(rows, at, symbol, rate, seen):
    adapt(rows, at, symbol, rate, seen)


def used_rows(seed):
    """Four rows that have seen symbols of some kind."""
    random = np.random.default_rng(seed)
    rows = fresh_rows(4)
    for row in range(4):
        for symbol in random.integers(0, random.integers(1, 17), random.integers(0, 400)):
            adapt.plain(rows, row * LANES, symbol, random.integers(1, 7), 60)
    return rows, random


@given(SEEDS)
def test_find(seed):
    rows, random = used_rows(seed)
    a, b, c = (random.permutation(4)[:3] * LANES).tolist()
    of_a = int(random.integers(1024, 62465))
    of_b = int(random.integers(1024, 63489 - of_a)) if of_a < 62464 else 1024
    for quantile in (0, 32767, *random.integers(0, 32768, 30).tolist()):
        assert two_in_kernel(rows, a, b, quantile) == find_in_two.plain(rows, a, b, quantile)
        found = three_in_kernel(rows, a, b, c, of_a, of_b, quantile)
        assert found == find_in_three.plain(rows, a, b, c, of_a, of_b, quantile)


@given(SEEDS, st.integers(0, 15), st.integers(1, 6), st.integers(0, 60))
def test_adapt(seed, symbol, rate, seen):
    rows, _ = used_rows(seed)
    other = rows.copy()
    adapt_in_kernel(rows, LANES, symbol, rate, seen)
    adapt.plain(other, LANES, symbol, rate, seen)
    np.testing.assert_array_equal(rows, other)


@given(st.lists(st.tuples(st.integers(0, 15), st.integers(1, 6)), max_size=600))
def test_rows_stay_in_order(steps):
    """Whatever comes: intervals neither overlap nor leave the row."""
    rows = fresh_rows(1)
    for symbol, rate in steps:
        adapt_in_kernel(rows, 0, symbol, rate, 0)
    assert (np.diff(rows[:LANES].astype(int)) >= 0).all()
    assert rows[:LANES].max() <= TOP
