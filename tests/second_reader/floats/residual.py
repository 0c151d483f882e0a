"""A number by its difference from the cheapest of six guesses (docs/format/floats.md, Cheapest guess)."""

from __future__ import annotations

import struct

from second_reader.ans import Stream
from second_reader.counters import Counters, bit, raw, tree
from second_reader.mixer import Weights, mixed

GUESSES = 6
WHOLE = 1023 << 8
_FAST, _SLOW = 6, 7
_SECOND = 1 << 40
_LIMIT = 250


def logarithm(x: float) -> int:
    """About 256 (1023 + log2 x): the upper bits of a double."""
    return struct.unpack("<q", struct.pack("<d", x))[0] >> 44


def near(one: int, other: int) -> bool:
    """Whether the difference of two numbers is coded as such."""
    return abs((one >> 3) - (other >> 3)) < 1 << 58


def miss(value: int, guess: int) -> int:
    """Bit length of a difference; 62 where it is none."""
    return abs(value - guess).bit_length() if near(value, guess) else 62


def onward(a: int, b: int, c: int) -> int:
    """a + b - c."""
    return a + b - c if max(abs(a >> 2), abs(b >> 2), abs(c >> 2)) < 1 << 58 else a


class Residuals:
    """Adaptive state of some kinds of numbers ("banks")."""

    def __init__(self, banks: int):
        self.lengths, self.shared = Counters(), Counters()
        self.weights = Weights((0.55, 0.55))
        self.costs = [[WHOLE] * (GUESSES + 2) for _ in range(banks)]

    def best(self, bank: int) -> int:
        """The guess that was closest lately."""
        costs = self.costs[bank]
        return min(range(GUESSES), key=costs.__getitem__)

    def learn(self, bank: int, taken: int, distances: list[float]) -> None:
        """By how much the guesses missed; all above 0."""
        costs, latest = self.costs[bank], [logarithm(distance) for distance in distances]
        for k in range(GUESSES):
            costs[k] += (latest[k] - costs[k]) >> 6
        costs[_FAST] += (latest[taken] - costs[_FAST]) >> 2
        costs[_SLOW] += (latest[taken] - costs[_SLOW]) >> 4

    def code(self, stream: Stream, bank: int, depth: int, grain: int, around: tuple[int, int], guess: int) -> int:
        """The number, given how large the residuals `around` were."""
        fast, slow = (min(max((self.costs[bank][k] - grain) >> 8, 0), 23) for k in (_FAST, _SLOW))
        first = ((bank * 24 + fast) * 24 + slow) * 64
        one, other = (min(length >> 1, 15) for length in around)
        second = _SECOND + (bank * 256 + one * 16 + other) * 64
        length = self._length(stream, bank, first, second, depth)
        if length == 0:
            return guess
        if length >= 63:
            high = stream.raw(32)
            return (high - ((high >> 31) << 32)) << 32 | stream.raw(32)
        base = bank * 1024
        negative = bit(stream, self.shared, base + length, _LIMIT)
        low, size = length - 1, 1
        for _ in range(min(low, 2)):
            low -= 1
            size = 2 * size + bit(stream, self.shared, base + 64 + 4 * length + size, _LIMIT)
        size = size << low | raw(stream, low)
        return guess - size if negative else guess + size

    def _length(self, stream: Stream, bank: int, first: int, second: int, depth: int) -> int:
        node = 1
        for _ in range(depth):
            weights = (self.weights[bank * 64 + node],)
            node = 2 * node + mixed(stream, self.lengths, (first + node, second + node), weights, _LIMIT, 16)
        length = node - (1 << depth)
        escape = (1 << depth) - 1
        return length if length < escape else tree(stream, self.shared, bank * 1024 + 512, 6, _LIMIT)
