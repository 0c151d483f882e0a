"""Intensities: integers where they are integers, bits where they are not."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lizip.sensor.fit.intensity import to_integers
from lizip.sensor.stages.intensity import DENOMINATORS, from_integers


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
