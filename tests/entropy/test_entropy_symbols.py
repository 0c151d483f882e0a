"""The coder of symbols: both directions, constriction as the reference of its words, damage."""

import importlib.util

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lizip.entropy.rows import LANES, fresh_rows
from lizip.entropy.symbols import (
    EVEN,
    code_bits,
    code_in_three,
    code_in_two,
    finish_reading,
    finish_symbols,
    open_symbols,
    read_symbols,
)
from lizip.errors import CorruptError
from lizip.jit import kernel
from lizip.packing import Unpacker


@kernel
def code_all(coder, now, rows, weights, symbols, bits):
    """Code symbols in turn in two rows and in three, each with some bits after it."""
    before = np.int64(0)
    for i in range(symbols.size):
        symbol = np.int64(symbols[i]) & 15
        if i % 2 == 0:
            symbol, now = code_in_two(coder, now, rows, before, before ^ 1, symbol)
        else:
            symbol, now = code_in_three(coder, now, rows, (before, symbols.size % 16, 16), weights, before, symbol)
        size = np.int64(bits[i])
        value, now = code_bits(coder, now, np.int64(symbols[i]) >> 4, size)
        symbols[i] = value << 4 | symbol
        before = symbol
    return now


def fresh():
    return fresh_rows(17), np.full(2 * LANES, EVEN, np.int64)


def made(seed):
    random = np.random.default_rng(seed)
    count = int(random.integers(0, 500))
    bits = random.integers(0, random.integers(1, 33), count)
    values = random.integers(0, 1 << 32, count) & ((1 << bits) - 1)
    low = np.minimum(random.geometric(random.uniform(0.05, 0.95), count) - 1, 15)
    return values << 4 | low, bits


def coded(symbols, bits):
    coder, now = open_symbols(symbols.size, symbols.size)
    now = code_all(coder, now, *fresh(), symbols.copy(), bits)
    return coder, now, finish_symbols(coder, now)


@given(st.integers(0, 1 << 30))
@settings(max_examples=60)
def test_symbols_come_back(seed):
    symbols, bits = made(seed)
    _, _, stream = coded(symbols, bits)
    out = np.zeros(symbols.size, np.int64)
    coder, now = read_symbols(stream)
    finish_reading(coder, code_all(coder, now, *fresh(), out, bits))
    np.testing.assert_array_equal(out, symbols)


@given(st.integers(0, 1 << 30), st.data())
@settings(max_examples=100)
def test_damage_is_noticed_or_harmless(seed, data):
    """Every word of a stream counts; whatever it says, no memory but its own is read."""
    symbols, bits = made(seed)
    _, _, stream = coded(symbols, bits)
    damaged = bytearray(stream)
    if data.draw(st.booleans()):
        damaged = damaged[: data.draw(st.integers(0, len(damaged) - 1))]
    else:
        damaged[data.draw(st.integers(0, len(damaged) - 1))] ^= data.draw(st.integers(1, 255))
    out = np.zeros(symbols.size, np.int64)
    try:
        coder, now = read_symbols(bytes(damaged))
        finish_reading(coder, code_all(coder, now, *fresh(), out, bits))
    except CorruptError:
        return
    assert (out != symbols).any() or bytes(damaged) == stream


@pytest.mark.parametrize("tail", [b"\0\0\0\0", b"\1\0\0\0"])
def test_leftovers_are_refused(tail):
    symbols, bits = made(7)
    _, _, stream = coded(symbols, bits)
    coder, now = read_symbols(stream + tail)
    now = code_all(coder, now, *fresh(), np.zeros(symbols.size, np.int64), bits)
    with pytest.raises(CorruptError):
        finish_reading(coder, now)


@pytest.mark.skipif(importlib.util.find_spec("constriction") is None, reason="needs constriction")
@pytest.mark.parametrize("seed", range(5))
def test_words_are_those_of_constriction(seed):
    """A symbol's share of 2**15, times 2**9, is its probability there; the other symbols share the rest somehow."""
    import constriction

    symbols, bits = made(seed)
    coder, now, stream = coded(symbols, bits)
    starts, shares = coder.log[: now[1]] >> 16, coder.log[: now[1]] & 0xFFFF
    family = constriction.stream.model.Categorical(perfect=False)
    reference = constriction.stream.stack.AnsCoder()
    for start, share in zip(starts[::-1].tolist(), shares[::-1].tolist(), strict=True):
        parts = [start, share, 32768 - start - share]
        outcome = int(start > 0)
        weights = np.array([512 * part - 1 for part in parts if part], np.float32)
        reference.encode_reverse(np.array([outcome], np.int32), family, weights[None])
    unpacker = Unpacker(stream)
    count = unpacker.varint()
    words = np.frombuffer(unpacker.take(4 * count), "<u4")
    np.testing.assert_array_equal(words, reference.get_compressed())
