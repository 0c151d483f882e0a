"""Vectors against the plain functions that say what they are to compute."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lizip.codecs.sweep.vectors import DIFFERENCES, HIDDEN, dot, layer, signed_logs
from lizip.jit import kernel

SEEDS = st.integers(0, 1 << 30)


@kernel
def layer_in_kernel(x, weights, bias, y, pairs, shift):
    layer(x, weights, bias, y, pairs, shift)


@kernel
def dot_in_kernel(x, weights, begin):
    return dot(x, weights, begin)


@kernel
def signed_logs_in_kernel(differences, logs):
    signed_logs(differences, logs)


def copies(array):
    return array.copy(), array.copy()


@given(SEEDS, st.integers(1, 32), st.integers(0, 9))
def test_layer(seed, pairs, shift):
    random = np.random.default_rng(seed)
    x = random.integers(-255, 256, 2 * pairs).astype(np.int16)
    weights = random.integers(-1023, 1024, 2 * pairs * HIDDEN).astype(np.int16)
    bias = random.integers(-100_000, 100_000, HIDDEN).astype(np.int32)
    one, other = copies(np.full(HIDDEN, -1, np.int16))
    layer_in_kernel(x, weights, bias, one, pairs, shift)
    layer.plain(x, weights, bias, other, pairs, shift)
    np.testing.assert_array_equal(one, other)


@given(SEEDS, st.integers(0, 100))
def test_dot(seed, begin):
    random = np.random.default_rng(seed)
    x = random.integers(0, 256, HIDDEN).astype(np.int16)
    weights = random.choice([-1023, 1023, 5], HIDDEN + 100).astype(np.int16)
    assert dot_in_kernel(x, weights, begin) == dot.plain(x, weights, begin)


@given(st.lists(st.integers(-(1 << 26), 1 << 26), min_size=DIFFERENCES, max_size=DIFFERENCES))
def test_signed_logs(differences):
    one, other = copies(np.zeros(DIFFERENCES + 4, np.int16))
    signed_logs_in_kernel(np.array(differences, np.int32), one)
    signed_logs.plain(np.array(differences, np.int32), other)
    np.testing.assert_array_equal(one, other)


def test_signed_logs_are_odd_and_eight_steps_an_octave():
    differences = np.zeros(DIFFERENCES, np.int32)
    differences[:10] = 0, 1, 3, 7, 15, 1023, 1 << 26, -1, -3, -(1 << 26)
    logs = np.zeros(DIFFERENCES, np.int16)
    signed_logs_in_kernel(differences, logs)
    assert logs[:10].tolist() == [0, 8, 16, 24, 32, 80, 127, -8, -16, -127]
