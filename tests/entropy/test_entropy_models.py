"""Counters, trees, integers, tokens, mixing: the way back for any values, size near the entropy, any words decode."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lizip.entropy.adaptive import (
    INTEGER_NODES,
    QUARTER_OCTAVE,
    RATE,
    SQUASH,
    STRETCH,
    bit_length,
    code_bit,
    code_integer,
    code_tree,
    fresh_counters,
    quarter_octave,
)
from lizip.entropy.coder import LOG, RAW, finish_decoder, finish_encoder, open_decoder, open_encoder
from lizip.entropy.mixing import code_mixed, fresh_weights
from lizip.entropy.tokens import code_residual, fresh_tokens
from lizip.errors import CorruptError
from lizip.jit import kernel

int64s = st.integers(-(1 << 63), (1 << 63) - 1)


@kernel
def run_trees(coder, counters, depth, values):
    for i in range(values.size):
        values[i] = code_tree(coder, counters, 0, depth, 255, values[i])


@kernel
def run_integers(coder, counters, values):
    for i in range(values.size):
        values[i] = code_integer(coder, counters, INTEGER_NODES * (i & 1), 250, values[i])


@kernel
def run_residuals(coder, tokens, depth, predicted, values):
    for i in range(values.size):
        near = values[i - 1] & 3 if i else np.int64(0)
        values[i] = code_residual(coder, tokens, i & 1, near, (i >> 1) & 1, depth, predicted[i], values[i])


@kernel
def run_mixed(coder, counters, weights, bits):
    last = np.int64(0)
    for i in range(bits.size):
        places = (np.int64(1), 9 + last, 17 + (i & 7))
        given = (np.int64(100) if last & 1 else np.int64(-100),)
        bit = code_mixed(coder, counters, places, given, weights, (np.int64(0), np.int64(4)), 200, 15, bits[i])
        bits[i] = bit
        last = (2 * last + bit) & 7


def both_ways(run, fresh, values, decisions: int, raw: int = 64):
    """Encode, decode with models of the same kind, compare; returns the stream."""
    coder = open_encoder(decisions * len(values), raw * len(values))
    kept = values.copy()
    run(coder, *fresh(), kept)
    assert np.array_equal(kept, values)
    stream = finish_encoder(coder)
    coder = open_decoder(stream)
    got = np.zeros_like(values)
    run(coder, *fresh(), got)
    finish_decoder(coder)
    assert np.array_equal(got, values)
    return stream


def residuals(count: int, seed: int):
    random = np.random.default_rng(seed)
    wide = random.integers(-(1 << 63), (1 << 63) - 1, (2, count))
    return wide >> random.integers(0, 64, (2, count))


def mixed():
    return fresh_counters(32), fresh_weights(2, [1.1 / 8] * 4)


def every_model(count: int, seed: int) -> bytes:
    """Streams of all models on the same values, for comparing machines."""
    values, predicted = residuals(count, seed)
    small = np.abs(values) & 31
    return b"".join(
        (
            both_ways(run_trees, lambda: (fresh_counters(32), 5), small, 5),
            both_ways(run_integers, lambda: (fresh_counters(2 * INTEGER_NODES),), values >> 2, 12),
            both_ways(run_residuals, lambda: (fresh_tokens(4, 2, 2), 4, predicted), values, 14),
            both_ways(run_residuals, lambda: (fresh_tokens(4, 2, 2), 5, predicted), values, 14),
            both_ways(run_mixed, mixed, small & 1, 1),
        )
    )


def test_every_model_on_wild_values():
    assert every_model(5000, 1)


@settings(deadline=None, max_examples=50)
@given(st.integers(1, 10), st.lists(st.integers(0, 1023), min_size=1, max_size=60))
def test_trees(depth, values):
    values = np.array(values, np.int64) & ((1 << depth) - 1)
    both_ways(run_trees, lambda: (fresh_counters(1 << depth), depth), values, depth)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(-(1 << 62) + 1, (1 << 62) - 1), min_size=1, max_size=40))
def test_integers(values):
    both_ways(run_integers, lambda: (fresh_counters(2 * INTEGER_NODES),), np.array(values, np.int64), 12)


@settings(deadline=None, max_examples=100)
@given(st.lists(st.tuples(int64s, int64s), min_size=1, max_size=40), st.sampled_from([4, 5]))
def test_residuals_of_any_int64(pairs, depth):
    values, predicted = np.array(pairs, np.int64).T.copy()
    both_ways(run_residuals, lambda: (fresh_tokens(4, 2, 2), depth, predicted), values, 14)


@settings(deadline=None, max_examples=30)
@given(st.lists(st.integers(0, 1), min_size=1, max_size=200))
def test_mixing(bits):
    both_ways(run_mixed, mixed, np.array(bits, np.int64), 1)


@pytest.mark.parametrize("chance", [0.001, 0.1, 0.5, 0.97])
def test_a_counter_learns_its_probability(chance):
    bits = (np.random.default_rng(0).random(20_000) < chance).astype(np.int64)
    entropy = -len(bits) * (chance * np.log2(chance) + (1 - chance) * np.log2(1 - chance))
    stream = both_ways(run_trees, lambda: (fresh_counters(2), 1), bits, 1)
    assert 8 * len(stream) < entropy * 1.03 + 150


def test_mixing_finds_the_context_that_knows():
    """A bit that the last three decide costs next to nothing, though two of the four inputs say nothing."""
    bits = np.array([1, 1, 1, 0, 1, 0, 0] * 1000, np.int64)
    assert 8 * len(both_ways(run_mixed, mixed, bits, 1)) < 0.03 * len(bits)


def test_residuals_cost_their_entropy():
    values = np.random.default_rng(1).normal(0, 300, 30_000).astype(np.int64)
    stream = both_ways(run_residuals, lambda: (fresh_tokens(4, 2, 2), 5, np.zeros_like(values)), values, 14)
    ideal = np.log2(300 * np.sqrt(2 * np.pi * np.e))
    assert 8 * len(stream) / len(values) < 1.02 * ideal


@pytest.mark.parametrize("seed", range(8))
def test_any_words_decode_to_something(seed):
    """Hostile words: no crash, values in range; the end is checked by `finish_decoder`."""
    random = np.random.default_rng(seed)
    for _ in range(20):
        words = int(random.integers(0, 60))
        stream = bytes([words]) + random.bytes(4 * words + 4 * int(random.integers(0, 20)))
        values = np.zeros(400, np.int64)
        for run, fresh in (
            (run_trees, (fresh_counters(32), 5)),
            (run_integers, (fresh_counters(2 * INTEGER_NODES),)),
            (run_residuals, (fresh_tokens(4, 2, 2), 4, values.copy())),
            (run_mixed, mixed()),
        ):
            coder = open_decoder(stream)
            run(coder, *fresh, values)
            assert coder.at[LOG] == 0
            with pytest.raises(CorruptError):
                finish_decoder(coder)
        assert coder.at[RAW] <= 400


@kernel
def count_ones(coder, counters, limit, bits):
    for i in range(bits.size):
        code_bit(coder, counters, 0, limit, bits[i])


def test_counters_stay_within_their_bounds():
    """22 bits of probability never leave (0, 1), whatever comes and however long."""
    for bit in (0, 1):
        counters = fresh_counters(1)
        coder = open_encoder(100_000)
        count_ones(coder, counters, 255, np.full(100_000, bit))
        assert -(1 << 21) <= int(counters[0]) >> 8 < 1 << 21
        chances = coder.log[: coder.at[LOG]] >> 1
        assert chances.min() >= 256
        assert chances.max() <= (1 << 24) - 256


def test_tables_are_part_of_the_format():
    """To the last number: streams decode by them."""
    numbers = b"".join(table.astype("<i4").tobytes() for table in (SQUASH, STRETCH, RATE))
    assert hashlib.sha256(numbers).hexdigest() == "0bfde8085c5b8a110cbc7eae1c882a54dd18666beab5981871998fd653e444fa"


def test_tables():
    assert len(SQUASH) == 6144
    assert np.all(np.diff(SQUASH) >= 0)
    assert np.all(np.diff(STRETCH) >= 0)
    assert np.array_equal(STRETCH, -STRETCH[::-1])
    middle = SQUASH[3072 + STRETCH[100:-100]] / 65536
    assert np.abs(middle - (np.arange(100, 3996) + 0.5) / 4096).max() < 0.001
    assert all(QUARTER_OCTAVE[x] == int(np.floor(4 * np.log2(x + 1) + 1e-9)) for x in range(4096))


@settings(deadline=None)
@given(st.integers(0, (1 << 63) - 1))
def test_bit_length(value):
    assert bit_length(np.int64(value)) == value.bit_length()


def test_classes_of_what_no_decoder_asks():
    """Beyond what is meant they stay inside their tables."""
    assert bit_length(np.int64(-(1 << 63))) == 64
    assert bit_length(np.int64(-1)) == 64
    assert quarter_octave(np.int64(-5)) == 0
    assert quarter_octave(np.int64(1 << 62)) == 71


@settings(deadline=None)
@given(st.integers(0, (1 << 18) - 1))
def test_quarter_octave_grows(value):
    low, high = quarter_octave(np.int64(value)), quarter_octave(np.int64(min(value + 64, (1 << 18) - 1)))
    assert 0 <= low <= high <= 71
