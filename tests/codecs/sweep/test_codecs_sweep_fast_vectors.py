"""Vectors of the fast level against the plain functions that say what they are to compute."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lizip.codecs.sweep.fast.vectors import WIDTH, blend, eighth_octave, learn, push
from lizip.jit import kernel

SEEDS = st.integers(0, 1 << 30)


@kernel
def blend_in_kernel(held, errors, offsets, own, above, moved, near):
    return blend(held, errors, offsets, own, above, moved, near)


@kernel
def learn_in_kernel(errors, offsets, own, distance):
    learn(errors, offsets, own, distance)


@kernel
def push_in_kernel(held, own, value):
    push(held, own, value)


@kernel
def eighth_octave_in_kernel(x):
    return eighth_octave(x)


@given(SEEDS, st.integers(0, 24), st.integers(1, 1 << 20))
def test_blend_and_learn(seed, bits, near):
    random = np.random.default_rng(seed)
    held = (np.int64(1) + random.integers(0, 1 << bits, 3 * WIDTH)).astype(np.int32)
    errors = [(600 * random.random(3 * WIDTH) ** 4).astype(np.float32)] * 2
    errors[1] = errors[1].copy()
    offsets = [np.zeros(WIDTH, np.float32), np.zeros(WIDTH, np.float32)]
    moved, distance = (int(x) for x in random.integers(-(1 << bits), (1 << bits) + 1, 2))
    compiled = blend_in_kernel(held, errors[0], offsets[0], WIDTH, 0, moved, near)
    plain = blend.plain(held, errors[1], offsets[1], WIDTH, 0, moved, near)
    assert np.float32(compiled).tobytes() == np.float32(plain).tobytes()
    assert abs(compiled) <= near
    learn_in_kernel(errors[0], offsets[0], WIDTH, distance)
    learn.plain(errors[1], offsets[1], WIDTH, distance)
    assert offsets[0].tobytes() == offsets[1].tobytes()
    assert errors[0].tobytes() == errors[1].tobytes()
    assert (errors[0] >= 0).all()


@given(SEEDS)
def test_push(seed):
    held = np.random.default_rng(seed).integers(0, 1 << 24, 3 * WIDTH).astype(np.int32)
    other = held.copy()
    push_in_kernel(held, WIDTH, 77)
    push.plain(other, WIDTH, 77)
    np.testing.assert_array_equal(held, other)
    assert held[WIDTH] == 77


@given(st.integers(0, (1 << 31) - 2))
def test_eighth_octave(x):
    assert eighth_octave_in_kernel(x) == eighth_octave.plain(x)
    assert abs(eighth_octave.plain(x) - 8 * np.log2(1 + x)) < 1.7
