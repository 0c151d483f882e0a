"""The mixer's steps as vectors against the plain functions that say what they are to compute, for 1 to 8 inputs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lizip.entropy.adaptive import RATE, STRETCH
from lizip.entropy.mixing import CONFIDENCE, fresh_weights
from lizip.entropy.vectors import doubted, first, further, items_at, learn, logits_of, move, stride_of, weigh
from lizip.jit import kernel

INPUTS = st.integers(1, 8)
SETS = st.lists(st.sampled_from([0, 8, 16, 24, 32]), min_size=1, max_size=3, unique=True).map(tuple)
SEEDS = st.integers(0, 1 << 30)


@kernel
def weigh_in_kernel(weights, sets, logits):
    return weigh(weights, sets, logits)


@kernel
def learn_in_kernel(weights, sets, error, rate, logits):
    learn(weights, sets, error, rate, logits)


@kernel
def move_in_kernel(counters, places, target, limit):
    move(counters, places, items_at(counters, places), RATE, target, limit)


@kernel
def places_in_kernel(places, like, by):
    return further(first(places, like), by)


@kernel
def logits_in_kernel(values):
    logits = logits_of(values, STRETCH)
    return logits + doubted(logits, values, CONFIDENCE)


def copies(array):
    return array.copy(), array.copy()


def random_counters(random, count: int, most: int = 255):
    return (random.integers(-(1 << 21), 1 << 21, count) << 8 | random.integers(0, most + 1, count)).astype(np.int32)


def random_logits(random, inputs: int) -> tuple:
    return tuple(map(int, random.integers(-2047, 2048, inputs)))


@given(SEEDS, INPUTS, SETS)
def test_weigh(seed, inputs, sets):
    random = np.random.default_rng(seed)
    weights = random.integers(-(1 << 28), 1 << 28, 40).astype(np.int32)
    weights.reshape(-1, stride_of(inputs))[:, inputs:] = 0
    logits = random_logits(random, inputs)
    assert weigh_in_kernel(weights, sets, logits) == weigh.plain(weights, sets, logits)


@given(SEEDS, INPUTS, SETS, st.integers(-65536, 65536), st.sampled_from([14, 15, 16]))
def test_learn(seed, inputs, sets, error, rate):
    random = np.random.default_rng(seed)
    one, other = copies(random.integers(-(1 << 20), 1 << 20, 40).astype(np.int32))
    logits = random_logits(random, inputs)
    learn_in_kernel(one, sets, error, rate, logits)
    learn.plain(other, sets, error, rate, logits)
    np.testing.assert_array_equal(one, other)


@given(SEEDS, INPUTS, st.sampled_from([-(1 << 21), (1 << 21) - 1]), st.integers(1, 255))
def test_move(seed, inputs, target, limit):
    random = np.random.default_rng(seed)
    one, other = copies(random_counters(random, 40, limit))
    places = tuple(map(int, random.permutation(40)[:inputs]))
    move.plain(other, places, items_at.plain(other, places), RATE, target, limit)
    move_in_kernel(one, places, target, limit)
    np.testing.assert_array_equal(one, other)


@given(SEEDS, INPUTS)
def test_logits(seed, inputs):
    values = tuple(map(int, random_counters(np.random.default_rng(seed), inputs)))
    plain = logits_of.plain(values, STRETCH)
    assert logits_in_kernel(values) == plain + doubted.plain(plain, values, CONFIDENCE)


@given(SEEDS, INPUTS, st.integers(-1000, 1000))
def test_places(seed, inputs, by):
    places = tuple(map(int, np.random.default_rng(seed).integers(0, 1 << 40, 8)))
    assert places_in_kernel(places, (0,) * inputs, by) == further.plain(first.plain(places, (0,) * inputs), by)


@pytest.mark.parametrize("inputs", range(1, 9))
def test_weights_beyond_the_inputs_are_nothing(inputs):
    weights = fresh_weights(3, [0.5] * inputs).reshape(3, -1)
    assert weights.shape == (3, stride_of(inputs))
    assert np.all(weights[:, :inputs] == 1 << 15)
    assert not weights[:, inputs:].any()
