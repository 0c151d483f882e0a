"""Adaptive models of single decisions, of trees and of whole numbers (docs/format/entropy.md)."""

from __future__ import annotations

from collections.abc import Hashable

from second_reader.ans import Stream

HALF = 1 << 21
RATE = [int(65536 / (n + 1.6)) for n in range(256)]


class Counters(dict):
    """Counters by number: the probability less one half in 2**-22, << 8, | decisions seen. Fresh ones are 0."""

    def __missing__(self, key: int) -> int:
        return 0


def bit(stream: Stream, counters: Counters, at: Hashable, limit: int) -> int:
    """A decision under one counter."""
    counter = counters[at]
    chance, seen = (counter >> 8) + HALF, counter & 255
    found = stream.bit(min(max(chance << 2 | 2, 256), (1 << 24) - 256))
    chance += ((((1 << 22) - 1 if found else 0) - chance) * RATE[seen]) >> 16
    counters[at] = (chance - HALF) << 8 | min(seen + 1, limit)
    return found


def tree(stream: Stream, counters: Counters, base: int, depth: int, limit: int) -> int:
    """A number of `depth` bits, the most significant first."""
    node = 1
    for _ in range(depth):
        node = 2 * node + bit(stream, counters, base + node, limit)
    return node - (1 << depth)


def raw(stream: Stream, bits: int) -> int:
    """Raw bits of a number, 32 at a time from above."""
    value = 0
    while bits > 0:
        part = min(bits, 32)
        bits -= part
        value = value << part | stream.raw(part)
    return value


NODES = 512
"""Counters of a whole number in one context."""


def integer(stream: Stream, counters: Counters, context: int, limit: int) -> int:
    """A whole number in one context."""
    base = context * NODES
    length = tree(stream, counters, base, 6, limit)
    if length == 0:
        return 0
    negative = bit(stream, counters, base + 64 + length, limit)
    low, value = length - 1, 1
    for _ in range(min(low, 2)):
        low -= 1
        value = 2 * value + bit(stream, counters, base + 128 + 4 * length + value, limit)
    value = value << low | raw(stream, low)
    return -value if negative else value
