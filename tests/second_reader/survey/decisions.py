"""Decisions, numbers, symbols and ranks of a survey (docs/format/survey.md, Decisions)."""

from __future__ import annotations

from second_reader.ans import Stream
from second_reader.counters import Counters, bit, integer, raw
from second_reader.mixer import Weights, mixed

NODES = 32
_OCTAVES = [((x + 1) ** 4).bit_length() - 1 for x in range(4096)]


def quarter_octave(x: int) -> int:
    """About 4 log2(x + 1)."""
    return _OCTAVES[max(x, 0)] if x < 4096 else _OCTAVES[min(x >> 6, 4094)] + 24


def scramble(x: int) -> int:
    """Spread a number over 31 bits."""
    x = (x ^ (x >> 31)) & 0x7FFFFFFF
    x *= 0x2C1B3C6D
    x = (x ^ (x >> 28)) & 0x7FFFFFFF
    x *= 0x297A2D39
    return (x ^ (x >> 30)) & 0x7FFFFFFF


class Model:
    """Contexts of a column, some of them mixed for a decision."""

    def __init__(self, stream: Stream, inputs: int, slots: int):
        self.stream, self.inputs, self.slots = stream, inputs, slots
        self.counters, self.weights = Counters(), Weights([1.25 / inputs] * inputs)

    def row(self, k: int, key: int) -> int:
        """First counter of input k in the context of a key."""
        slot = key if 0 <= key < self.slots else scramble(key) & (self.slots - 1)
        return (k * self.slots + slot) * NODES

    def rows(self, *keys: int) -> list[int]:
        """Those of inputs 0, 1, ..."""
        return [self.row(k, key) for k, key in enumerate(keys)]

    def decide(self, rows: list[int], weight_set: int, node: int) -> int:
        """A decision."""
        places = [row + node for row in rows[: self.inputs]]
        weights = (self.weights[weight_set * NODES + node],)
        return mixed(self.stream, self.counters, places, weights, 250, 14, doubted=True)

    def alone(self, at: int) -> int:
        """A decision under one counter."""
        return bit(self.stream, self.counters, at, 250)

    def number(self, rows: list[int], weight_set: int, scale: int, unmixed: bool) -> int:
        """A number that is usually below 2**scale."""
        positive = self.alone(rows[1]) if unmixed else self.decide(rows, weight_set, 0)
        step, low, width = 0, 0, scale
        while self.decide(rows, weight_set, 1 + 2 * step + positive if step < 2 else min(3 + step, 7)):
            low += 1 << width
            step += 1
            width = scale + step - 1
        place, left, first = 0, width, 8 + min(step, 2) * 3
        for turn in range(min(left, 2 if step < 2 else 1)):
            left -= 1
            node = first + 1 + place if turn else first
            place = 2 * place + (self.alone(rows[0] + node) if unmixed else self.decide(rows, weight_set, node))
        size = low + (place << left | raw(self.stream, left))
        return size if positive else -1 - size

    def _deeper(self, rows: list[int], prefix: int) -> list[int]:
        mask = self.slots - 1
        return [(k * self.slots + (scramble(row * 65599 + prefix) & mask)) * NODES for k, row in enumerate(rows)]

    def symbol(self, rows: list[int], depth: int, guess: int) -> int:
        """A symbol below 2**depth: the guess, or its bits."""
        if self.decide(rows, 0, 0):
            return guess
        node, prefix = 1, 0
        for left in range(depth - 1, -1, -1):
            found = self.decide(rows, 0, node)
            node, prefix = 2 * node + found, 2 * prefix + found
            if node >= NODES:
                node, rows = 1, self._deeper(rows, (prefix + 1) * 64 + left)
        return prefix

    def rank(self, rows: list[int]) -> int:
        """A rank, small where frequent."""
        length = 0
        while length < 16 and self.decide(rows, 0, 1 + length):
            length += 1
        if length == 0:
            return 0
        rows, found = self._deeper(rows, length), 1
        for _ in range(length):
            found = 2 * found + (self.decide(rows, 0, found) if found < NODES else self.stream.raw(1))
        return found - 1


def parameters(stream: Stream, count: int, counters: Counters | None = None) -> list[int]:
    """Numbers that the encoder chose."""
    counters = Counters() if counters is None else counters
    return [integer(stream, counters, 0, 255) for _ in range(count)]


def coefficients(stream: Stream, blocks: int, width: int) -> list[float]:
    """Fitted coefficients, each given that of the block before; as one list."""
    counters, found = Counters(), []
    for k in range(blocks * width):
        before = found[k - width] if k >= width else 0
        found.append(before + integer(stream, counters, int(k >= width), 255))
    return [each / 4096 for each in found]


def predicted(factors: list[float], at: int, features: list[float], width: int) -> float:
    """Sum of features times coefficients, in four partial sums."""
    sums = [0.0] * 4
    for k in range(width):
        sums[k & 3] += features[k] * factors[at + k]
    return (sums[0] + sums[1]) + (sums[2] + sums[3])
