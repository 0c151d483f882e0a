"""Fused multiply-adds without the instruction: rounded once, ties and all."""

from fractions import Fraction

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from lizip.exact.fused import fused, two_product, two_sum

numbers = st.floats(-1e60, 1e60, allow_subnormal=False).filter(lambda x: x == 0 or abs(x) > 1e-60)


@given(numbers, numbers, numbers)
@example(1.0 + 2.0**-52, 1.0 + 2.0**-52, -1.0)
@example(1.0 + 2.0**-30, 1.0 + 2.0**-23, 2.0**-53)
@example(2.0**27 + 1, 2.0**27 + 1, 2.0**54)
@example(3.0, 2.0**-54, 1.0)
@example(-3.0, 2.0**-54, 1.0)
def test_one_rounding(x, y, z):
    assert fused(x, y, z) == float(Fraction(x) * Fraction(y) + Fraction(z))


def test_ties_are_told_by_what_is_left_out():
    # 1 + 2**-53 is a tie; a little more or less decides
    for little in (2.0**-60, -(2.0**-60)):
        x, y = 2.0**-53 * (1 + little), 1.0
        assert fused(x, y, 1.0) == float(Fraction(x) + 1)
        assert fused(x * 3, y, 1.0) == float(Fraction(x * 3) + 1)


@given(numbers, numbers)
def test_nothing_is_lost(a, b):
    total, left = two_sum(a, b)
    assert Fraction(total) + Fraction(left) == Fraction(a) + Fraction(b)
    product, left = two_product(a, b)
    assert Fraction(product) + Fraction(left) == Fraction(a) * Fraction(b)


def test_random_products_of_coordinates():
    draw = np.random.default_rng(3)
    for x, y, z in draw.normal(size=(3000, 3)) * [1, 50, 50]:
        assert fused(x, y, z) == float(Fraction(float(x)) * Fraction(float(y)) + Fraction(float(z)))
