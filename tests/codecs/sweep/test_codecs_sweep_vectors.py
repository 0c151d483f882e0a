"""Vectors against the plain functions that say what they are to compute."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lizip.codecs.sweep.vectors import DIFFERENCES, HIDDEN, dot, layer, learn, move, signed_logs, weigh
from lizip.jit import kernel

LOGITS = st.lists(st.integers(-2047, 2047), min_size=7, max_size=7)
SEEDS = st.integers(0, 1 << 30)


@kernel
def weigh_in_kernel(weights, a, b, x):
    return weigh(weights, np.uintp(a), np.uintp(b), x[0], x[1], x[2], x[3], x[4], x[5], x[6])


@kernel
def learn_in_kernel(weights, a, b, error, rate, x):
    learn(weights, np.uintp(a), np.uintp(b), error, rate, x[0], x[1], x[2], x[3], x[4], x[5], x[6])


@kernel
def move_in_kernel(counters, at, rates, target, limit):
    i0, i1, i2, i3, i4, i5 = at[0], at[1], at[2], at[3], at[4], at[5]
    move(
        counters, i0, i1, i2, i3, i4, i5,
        np.int64(counters[i0]), np.int64(counters[i1]), np.int64(counters[i2]),
        np.int64(counters[i3]), np.int64(counters[i4]), np.int64(counters[i5]),
        rates[0], rates[1], rates[2], rates[3], rates[4], rates[5], target, limit,
    )  # fmt: skip


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


@given(SEEDS, LOGITS)
def test_weigh(seed, logits):
    weights = np.random.default_rng(seed).integers(-(1 << 28), 1 << 28, 40).astype(np.int32)
    x = np.array(logits, np.int64)
    for a, b in ((0, 8), (32, 3), (5, 5)):
        assert weigh_in_kernel(weights, a, b, x) == weigh.plain(weights, a, b, *logits)


@given(SEEDS, LOGITS, st.integers(-65536, 65536), st.sampled_from([15, 16]))
def test_learn(seed, logits, error, rate):
    one, other = copies(np.random.default_rng(seed).integers(-(1 << 20), 1 << 20, 40).astype(np.int32))
    for a, b in ((0, 8), (32, 16)):
        learn_in_kernel(one, a, b, error, rate, np.array(logits, np.int64))
        learn.plain(other, a, b, error, rate, *logits)
    np.testing.assert_array_equal(one, other)


@given(SEEDS, st.sampled_from([-(1 << 21), (1 << 21) - 1]), st.integers(1, 255))
def test_move(seed, target, limit):
    random = np.random.default_rng(seed)
    value, seen = random.integers(-(1 << 21), 1 << 21, 40), random.integers(0, limit + 1, 40)
    one, other = copies((value << 8 | seen).astype(np.int32))
    at, rates = random.permutation(40)[:6].astype(np.uintp), random.integers(1, 40961, 6)
    move.plain(other, *at, *one[at], *rates, target, limit)
    move_in_kernel(one, at, rates, target, limit)
    np.testing.assert_array_equal(one, other)


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
