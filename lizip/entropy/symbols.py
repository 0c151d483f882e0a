"""A coder of symbols, sixteen to an alphabet, that takes a fifth of the time of as many binary decisions.

A symbol is coded in the mixture of two or three rows of probabilities (`lizip.entropy.rows`), which then move towards
it. As with `lizip.entropy.coder`, one call serves both directions, and a stream is, word for word, what
`constriction.stream.stack.AnsCoder` gives for the same symbols under `Categorical(perfect=False)` with the weights
(512 share - 1) of the sixteen shares, which sum up to 2**15.

What changes with every symbol is passed from call to call as a tuple `now`, so that it stays in registers: the state,
the place (words left when decoding, symbols logged when encoding), and the place among the raw bits.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lizip.entropy.coder import WORD, open_decoder
from lizip.entropy.rows import LANES, TOP, adapt, find_in_three, find_in_two
from lizip.errors import CorruptError
from lizip.jit import inlined_kernel, kernel
from lizip.packing import pack_varint

RATES = np.array([1, 1, 2, 2, 2, 2] + [3] * 6 + [4] * 12 + [5] * 24 + [6] * 16, np.int64)
"""Of a row that was used so often: about 1 / (n + 1.5), down to 1/64."""

_MOST_USES = 60
_STEP = np.float32(0.02)
"""By how much weights learn."""

EVEN = 21845
"""Weight of a row of three before it has learnt."""

_LEAST = 1024
"""Least weight of a row; the third has at least twice as much."""
_BOTH = (1 << 16) - 2 * _LEAST

_SHIFT, _LOW = np.uint64(24), np.uint64(1 << 32)
_SPARE = np.uint64(9)
"""Bits of constriction's probabilities beyond those of the shares."""

Now = tuple[np.uint64, int, int]


class Symbols(NamedTuple):
    """Memory of one stream.

    Attributes
    ----------
    words : (W,) uint32
        ANS words after one to spare (decoder only).
    log : (L,) uint32
        Start and share of each symbol's interval, start << 16 | share (encoder only; empty: a decoder).
    raw : (R,) uint32
        Raw bits, and two words to spare; zeros in an encoder.
    """

    words: np.ndarray
    log: np.ndarray
    raw: np.ndarray


@inlined_kernel
def _take(coder, now, quantile, start, end):
    """Code an interval of the 2**15 shares."""
    state, at, bit = now
    if coder.log.size > 0:
        coder.log[np.uintp(at)] = np.uint32(start << 16 | (end - start))
        return state, at + 1, bit
    rest = (state & np.uint64(511)) | np.uint64(quantile - start) << _SPARE
    state = (np.uint64(end - start) << _SPARE) * (state >> _SHIFT) + rest
    need = np.int64(state < _LOW) & np.int64(at > 0)
    word = np.uint64(coder.words[np.uintp(at)]) & np.uint64(0 - need)
    return (state << np.uint64(need << 5)) | word, at - need, bit


@inlined_kernel
def _bounds(rows, at, symbol):
    """Start and end of a symbol in one row, without a branch (there is a row to spare)."""
    last = -np.int64(symbol == LANES - 1)
    start = np.int64(rows[np.uintp(at + symbol)]) & -np.int64(symbol > 0)
    return start, (np.int64(rows[np.uintp(at + symbol + 1)]) & ~last) | (TOP & last)


@inlined_kernel
def _learn(rows, at, symbol):
    seen = np.int64(rows[np.uintp(at)])
    adapt(rows, at, symbol, np.int64(RATES[np.uintp(seen)]), min(seen + 1, _MOST_USES))


@inlined_kernel
def code_in_two(coder, now, rows, a, b, symbol):
    """Code a symbol, 0 to 15, in the mean of rows number a and b; returns it and what `now` becomes."""
    a, b = a * LANES, b * LANES
    quantile = np.int64((now[0] & np.uint64((1 << 24) - 1)) >> _SPARE)
    if coder.log.size == 0:
        symbol = find_in_two(rows, a, b, quantile)
    of_a, of_b = _bounds(rows, a, symbol), _bounds(rows, b, symbol)
    start = (of_a[0] >> 1) + (of_b[0] >> 1) + symbol
    end = (of_a[1] >> 1) + (of_b[1] >> 1) + symbol + 1
    end += (32768 - end) & -np.int64(symbol == LANES - 1)
    now = _take(coder, now, quantile, start, end)
    _learn(rows, a, symbol)
    _learn(rows, b, symbol)
    return symbol, now


@inlined_kernel
def code_in_three(coder, now, rows, places, weights, pair, symbol):
    """Code a symbol, 0 to 15, in a mixture of three rows whose weights, weights[2 * pair :], learn; as `code_in_two`.

    The weights, int64 in 2**-16, are those of the first two rows; the third has the rest.
    """
    a, b, c = places[0] * LANES, places[1] * LANES, places[2] * LANES
    first, second = np.int64(weights[np.uintp(2 * pair)]), np.int64(weights[np.uintp(2 * pair + 1)])
    third = (1 << 16) - first - second
    quantile = np.int64((now[0] & np.uint64((1 << 24) - 1)) >> _SPARE)
    if coder.log.size == 0:
        symbol = find_in_three(rows, a, b, c, first, second, quantile)
    of_a, of_b, of_c = _bounds(rows, a, symbol), _bounds(rows, b, symbol), _bounds(rows, c, symbol)
    start = (of_a[0] * first >> 16) + (of_b[0] * second >> 16) + (of_c[0] * third >> 16) + symbol
    end = (of_a[1] * first >> 16) + (of_b[1] * second >> 16) + (of_c[1] * third >> 16) + symbol + 1
    end += (32768 - end) & -np.int64(symbol == LANES - 1)
    now = _take(coder, now, quantile, start, end)
    share = np.float32(end - start)
    step = _STEP / share
    first += np.int64(np.float32(first) * (np.float32(of_a[1] - of_a[0]) - share) * step)
    second += np.int64(np.float32(second) * (np.float32(of_b[1] - of_b[0]) - share) * step)
    first = min(max(first, np.int64(_LEAST)), np.int64(_BOTH - _LEAST))
    weights[np.uintp(2 * pair)] = first
    weights[np.uintp(2 * pair + 1)] = min(max(second, _LEAST), _BOTH - first)
    _learn(rows, a, symbol)
    _learn(rows, b, symbol)
    _learn(rows, c, symbol)
    return symbol, now


@inlined_kernel
def code_bits(coder, now, value, bits):
    """Code 0 <= value < 2**bits, at most 32 bits, as it is; as `code_in_two`."""
    state, at, bit = now
    place, shift = bit >> 5, np.uint64(bit & 31)
    if coder.log.size == 0:
        place = min(place, coder.raw.size - 2)
    low, high = np.uint64(coder.raw[np.uintp(place)]), np.uint64(coder.raw[np.uintp(place + 1)])
    if coder.log.size == 0:
        both = (low | high << np.uint64(32)) >> shift
        value = np.int64(both & ((np.uint64(1) << np.uint64(bits)) - np.uint64(1)))
    else:
        both = low | np.uint64(value) << shift
        coder.raw[np.uintp(place)] = np.uint32(both & np.uint64(0xFFFFFFFF))
        coder.raw[np.uintp(place + 1)] = np.uint32(both >> np.uint64(32))
    return value, (state, at, bit + bits)


@kernel
def _push_all(log, words):
    """Push every symbol, last first, then flush the state; returns the number of words written."""
    state = np.uint64(0)
    count = 0
    for i in range(log.size - 1, -1, -1):
        start, share = np.uint64(log[i] >> np.uint32(16)), np.uint64(log[i] & np.uint32(0xFFFF))
        start, share = start << _SPARE, share << _SPARE
        if state >> np.uint64(40) >= share:
            words[count] = np.uint32(state & np.uint64(0xFFFFFFFF))
            count += 1
            state >>= np.uint64(32)
        whole = state // share
        state = (whole << _SHIFT) + (state - whole * share) + start
    while state:
        words[count] = np.uint32(state & np.uint64(0xFFFFFFFF))
        count += 1
        state >>= np.uint64(32)
    return count


def open_symbols(symbols: int, raw_words: int) -> tuple[Symbols, Now]:
    """Make an encoder for at most so many symbols and full words of raw bits."""
    nothing = np.zeros(0, np.uint32)
    coder = Symbols(nothing, np.empty(max(symbols, 1), np.uint32), np.zeros(raw_words + 2, np.uint32))
    return coder, (np.uint64(0), 0, 0)


def finish_symbols(coder: Symbols, now: Now) -> bytes:
    """The stream of an encoder: number of ANS words, the words, the raw bits in words."""
    _, symbols, bits = now
    words = np.empty(symbols + 2, np.uint32)
    words = words[: _push_all(coder.log[:symbols], words)]
    raw = coder.raw[: -(-bits // 32)]
    return pack_varint(len(words)) + words.astype("<u4").tobytes() + raw.astype("<u4").tobytes()


def read_symbols(stream: bytes) -> tuple[Symbols, Now]:
    """Make a decoder of what `finish_symbols` gave; raises CorruptError when it cannot be a stream."""
    opened = open_decoder(stream)
    spare = np.zeros(2, np.uint32)
    coder = Symbols(np.concatenate([spare[:1], opened.words]), spare[:0], np.concatenate([opened.raw, spare]))
    return coder, (opened.state[0], int(opened.at[WORD]), 0)


def finish_reading(coder: Symbols, now: Now) -> None:
    """Check that a stream was used up exactly; raises CorruptError when it was not."""
    state, left, bits = now
    words = coder.raw.size - 2
    used = words == -(-bits // 32) and not (bits % 32 and int(coder.raw[words - 1]) >> bits % 32)
    if state != 0 or left != 0 or not used:
        raise CorruptError("entropy-coded stream does not end where it should")
