"""Intensities of a grid: a tree shaped by how often they occur (docs/format/grid.md, Intensities)."""

from __future__ import annotations

import bisect
import math

from second_reader.ans import Stream
from second_reader.counters import Counters, bit, tree
from second_reader.grid.rings import Ring, quarter_octave
from second_reader.mixer import SQUASH, STRETCH, Refinements, Weights, mixed

LEVEL_BLEND = [float((1 << 60) // (4 * e + 8) ** 4) for e in range(2048)]
NEAR = [round(65536 / (1 + (k / 22) ** 2)) for k in range(256)]


def read_shares(stream: Stream, levels: int) -> list[int]:
    """The share of each value."""
    counters, shares, before = Counters(), [], 0
    for _ in range(levels):
        before = tree(stream, counters, before << 4, 4, 30)
        shares.append(before)
    return shares


class Node:
    """A decision: is the value at least `split`? Then one of two nodes or values follows."""

    def __init__(self, number: int, split: int):
        self.number, self.split = number, split
        self.after: list[Node | int] = []


def tree_of(shares: list[int]) -> Node | int:
    """The tree of values that occur; a value alone is no node."""
    values = [value for value, share in enumerate(shares) if share] or [0]
    sums = [0]
    for value in values:
        sums.append(sums[-1] + (1 << max(shares[value] - 1, 0)))
    numbers = iter(range(len(values)))

    def middle(first: int, last: int, depth: int) -> int:
        if depth >= 12:
            return (first + last) // 2
        half = (sums[first] + sums[last]) / 2
        at = min(max(bisect.bisect_left(sums, half, first, last), first + 1), last - 1)
        return at - 1 if at - 1 > first and half - sums[at - 1] < sums[at] - half else at

    def grown(first: int, last: int, depth: int) -> Node | int:
        if last - first == 1:
            return values[first]
        at = middle(first, last, depth)
        node = Node(next(numbers), values[at])
        node.after = [grown(first, at, depth + 1), grown(at, last, depth + 1)]
        return node

    return grown(0, len(values), 0)


class Expected:
    """What an intensity is expected to be, in sixteenths of its upper eight bits, and how surely."""

    def __init__(self, rings: list[Ring], r: int, flag: int):
        self.own, above = rings[r + 1], rings[r]
        self.flag = flag
        left, second, third = self.own.first[flag], self.own.second[flag], self.own.third[flag]
        up, before = (above.first[flag], above.second[flag]) if r > 0 else (left, left)
        self.guesses = [
            16 * (left + second + third) // 3,
            16 * up,
            16 * min(max(left + up - before, 0), 255),
            _beside(rings, r, flag, left, up),
        ]
        errors = zip(self.own.level_errors[flag], above.level_errors[flag], strict=True)
        weights = [LEVEL_BLEND[min(2 * one + other >> 2, 2047)] for one, other in errors]
        total = all_weights = 0.0
        for guess, weight in zip(self.guesses, weights, strict=True):
            total += weight * guess
            all_weights += weight
        self.blend = math.floor(total / all_weights + 0.5)
        spread = 2 * self.own.spread[flag] + above.spread[flag]
        self.sharp = (1 << 24) // (5 + (spread * 205 >> 13))

    def chance_below(self, split: int) -> int:
        """16-bit chance that it is below a split."""
        return SQUASH[min(max((16 * split - 8 - self.blend) * self.sharp >> 16, -3072), 3071) + 3072]

    def learn(self, level: int) -> None:
        """Take in what it was."""
        errors, spread = self.own.level_errors[self.flag], self.own.spread
        for k, guess in enumerate(self.guesses):
            errors[k] += ((abs(16 * level - guess) >> 1) - errors[k]) >> 3
        spread[self.flag] += ((abs(16 * level - self.blend) << 3) - spread[self.flag]) >> 2


def _beside(rings: list[Ring], r: int, flag: int, left: int, up: int) -> int:
    """Mean of five intensities beside a cell, those nearest in range counting most."""
    own = rings[r + 1]
    is_last, is_first = r == len(rings) - 3, r == 0
    down = left if is_last else rings[r + 2].first[flag]
    up2 = rings[r - 1].first[flag] if r > 1 else up
    levels = left, own.second[flag], up, down, up2
    shares = 10, 6, 9, 9, 4
    if not flag:
        return (16 * sum(share * level for share, level in zip(shares, levels, strict=True)) + 19) // 38
    value, latest = own.held[0], own.held[1]
    above = latest if is_first else rings[r].held[0]
    beyond = rings[r - 1].held[0] if r > 1 else latest
    ranges = latest, own.held[2], above, latest if is_last else rings[r + 2].held[0], beyond
    shift = max(value.bit_length() - 14, -1)
    offs = (abs(value - each) << 1 if shift < 0 else abs(value - each) >> shift for each in ranges)
    weights = [share * NEAR[min(off, 255)] for share, off in zip(shares, offs, strict=True)]
    total = sum(weight * level for weight, level in zip(weights, levels, strict=True))
    return math.floor(16.0 * total / sum(weights) + 0.5)


class Levels:
    """The models of intensities."""

    def __init__(self, shares: list[int], bits: int):
        self.root, self.bits = tree_of(shares), bits
        self.counters, self.low_bits = Counters(), Counters()
        first = [0.1] * 6 + [0.15]
        self.by_node, self.by_level, self.by_close = Weights(first), Weights(first), Weights([0.0] * 7)
        self.by_match, self.refined = Weights([0.0] * 8), Refinements()

    def code(self, stream: Stream, rings: list[Ring], r: int, flag: int, guesses: list[int], more=None) -> int:
        """An intensity of a cell with (flag 1) or without a return; guesses are those of the cell's range."""
        bases, level, close, fine = self._contexts(rings, r, flag, guesses)
        always, kind, limit = [self.by_level[level], self.by_close[close]], 1 - flag, 70
        if more:
            *contexts, match, limit = more(fine)
            bases[5:] = [(6 + k << 20 | context) << 8 for k, context in enumerate(contexts)]
            always.append(self.by_match[match])
        expected = Expected(rings, r, flag)
        node, below, above = self.root, 0, 1 << 16
        while isinstance(node, Node):
            number = node.number
            chance = expected.chance_below(node.split)
            given = STRETCH[((above - chance + 8) << 12) // (above - below + 16)]
            sets, row = (self.by_node[kind * 256 + number], *always), self.refined[kind * 256 + number]
            places = [base + number for base in bases]
            found = mixed(stream, self.counters, places, sets, limit, 16, given, refined=row)
            below, above = (chance, above) if found else (below, chance)
            node = node.after[found]
        expected.learn(node)
        own = rings[r + 1]
        own.third[flag], own.second[flag], own.first[flag] = own.second[flag], own.first[flag], node
        low, rest = max(self.bits - 8, 0), 1
        for _ in range(low):
            rest = 2 * rest + bit(stream, self.low_bits, node * 256 + rest, 70)
        return node << low | (rest - (1 << low))

    def _contexts(self, rings: list[Ring], r: int, flag: int, guesses: list[int]) -> tuple[list[int], int, int, int]:
        own, count, bits, kind = rings[r + 1], len(rings) - 2, self.bits, 1 - flag
        left, left2, left3 = own.first[flag], own.second[flag], own.third[flag]
        up = rings[r].first[flag] if r > 0 else left
        coarse, coarse_up = min(quarter_octave(left) >> 1, 15), min(quarter_octave(up) >> 1, 15)
        if bits < 8:
            levels, rows = 1 << min(bits, 6), 4096
            fine, fine2 = left >> max(bits - 6, 0), left2 >> max(bits - 6, 0)
            some = [each >> max(bits - 5, 0) for each in (left, left2, left3)]
        else:
            levels, rows = 33, 2048
            fine, fine2 = quarter_octave(left), quarter_octave(left2)
            some = [quarter_octave(each) >> 1 for each in (left, left2, left3)]
        if flag:
            value = own.held[0]
            distance = min(quarter_octave(value >> 5) >> 1, 19)
            near, whose, best = self._nearest(rings, r, value, guesses, (left, left2, up))
            pair = fine * levels + fine2
            triple = ((some[0] << 10 | some[1] << 5 | some[2]) * 40503 >> 4) & (rows - 1)
        else:
            distance, near, pair, triple = 0, up, levels * levels + fine, rows + fine
            whose = best = 0
        contexts = (
            pair,
            triple,
            kind * 256 + near,
            (kind * count + r) * 20 + distance,
            (kind * levels + fine) * 20 + distance,
            (kind * count + r) * 16 + coarse,
        )
        bases = [(k << 20 | context) << 8 for k, context in enumerate(contexts)]
        close = kind * 64 + whose * 16 + min(quarter_octave(best) >> 1, 15)
        return bases, kind * 256 + coarse * 16 + coarse_up, close, fine

    @staticmethod
    def _nearest(
        rings: list[Ring], r: int, value: int, guesses: list[int], known: tuple[int, int, int]
    ) -> tuple[int, int, int]:
        """Intensity of the neighbour nearest in range, which it is, and how far."""
        left, left2, up = known
        near, whose, best = left, 0, abs(value - guesses[0])
        if abs(value - guesses[5]) + 8 < best:
            near, whose, best = up, 1, abs(value - guesses[5]) + 8
        if abs(value - guesses[6]) + 6 < best and r < len(rings) - 3:
            near, whose, best = rings[r + 2].first[1], 2, abs(value - guesses[6]) + 6
        if abs(value - guesses[8]) + 6 < best:
            near, whose, best = left2, 3, abs(value - guesses[8]) + 6
        return near, whose, best
