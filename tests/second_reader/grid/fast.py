"""The fast level: flags, ranges and intensities in three streams of symbols (docs/format/grid.md, Fast)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from second_reader.ans import Stream
from second_reader.bytestream import Bytes
from second_reader.grid.network import eighth_octave as octave_of
from second_reader.grid.symbols import Mix, Rows, in_three, in_two

_f = np.float32
_BITS = (0, 0, 1, 1, 2, 3, 4)
_BEGIN = (0, 1, 2, 4, 6, 10, 18, 34)
_TERMS = (
    ((0, 1, 1, 0, 1, 1, 0, 0), (0, 1 / 3, -1, 0, 0.5, 1, 0, 0)),
    ((0, 2, 0, 0, 2, 0, 0, 0), (0, 1 / 3, 0, 0, 1 / 6, 0, 0, 0)),
    ((0, 0, 0, 0, 3, 0, 0, 0), (0, 0, 0, 0, -1 / 6, 0, 0, 0)),
    ((0, 0, 0, 0, 4, 0, 0, 0), (0, 0, 0, 0, -1 / 3, 0, 0, 0)),
)
_USED = np.array((1, 1, 1, 1, 1, 1, 0, 0), np.float32)


def octave(x: int) -> int:
    """8 log2(1 + x)."""
    return octave_of(x + 1)


def _sum(vector: np.ndarray) -> np.float32:
    """Eight numbers added up in halves."""
    while len(vector) > 1:
        half = len(vector) // 2
        vector = vector[:half] + vector[half:]
    return vector[0]


class FastCells:
    """All that adapts over a grid coded by symbols."""

    def __init__(self, rings: int, near: int, bits: int, everywhere: int, shares: list[int]):
        self.flags, self.ranges = _Flags(rings), _Ranges(rings, near)
        self.levels = _Levels(rings, bits, everywhere, shares) if bits else None

    def decode(self, data: bytes, ranges: np.ndarray, intensity: np.ndarray, first: int, last: int) -> None:
        """A segment of rows."""
        head = Bytes(data)
        parts: list[tuple[Any, bytes]] = [(self.flags, head.string()), (self.ranges, head.string())]
        parts += [(self.levels, head.rest())] if self.levels else []
        head.end()
        for model, body in parts:
            stream = Stream(body)
            for row in range(first, last):
                model.row(stream, ranges[row], intensity[row])
            stream.end()


class _Flags:
    """Which cells have a return, four rings a symbol; those that have get the range 1."""

    def __init__(self, rings: int):
        groups = -(-rings // 4)
        self.rows, self.last, self.before = Rows(), [0] * (groups + 1), [0] * (groups + 1)

    def row(self, stream: Stream, ranges: np.ndarray, intensity: np.ndarray) -> None:
        above = 0
        for group in range(len(self.last) - 1):
            was = self.last[group]
            one = (self.before[group] << 4 | was) << 2 | above << 1 | (self.last[group + 1] & 1)
            symbol = in_two(stream, self.rows[one], self.rows[1 << 20 | group << 4 | was])
            self.before[group], self.last[group], above = was, symbol, symbol >> 3
            for r in range(4 * group, min(4 * group + 4, len(ranges))):
                ranges[r] = symbol >> (r - 4 * group) & 1


class _Ranges:
    """Ranges of the cells that have one. Ring r stands at r + 1."""

    def __init__(self, rings: int, near: int):
        self.near, self.rows, self.weights = _f(near), Rows(), Mix()
        self.held = np.full((rings + 2, 8), 3000, np.int64)
        self.past, self.level = [3000] * (rings + 2), [512] * (rings + 2)
        self.errors = np.full((rings + 2, 8), 25, np.float32)

    def row(self, stream: Stream, ranges: np.ndarray, intensity: np.ndarray) -> None:
        for r in range(len(ranges)):
            here = int(self.held[r + 1, 0])
            if ranges[r]:
                ranges[r] = self._range(stream, r, here, len(ranges))
            self.past[r + 1] = here

    def _range(self, stream: Stream, r: int, here: int, count: int) -> int:
        own = r + 1
        over, under = own - (r > 0), own + (r < count - 1)
        up = int(self.held[over, 0])
        offsets, offset = self._blend(own, over, up - self.past[over] if r > 0 else 0)
        centre = max(here + math.floor(float(offset) + 0.5), 1)
        mine, level = self.level[own], self.level
        expected = min((18 * mine + 8 * level[over] + 6 * level[under]) >> 10, 63)
        size, minus = self._residual(stream, expected, up - centre, here - centre)
        value = min(max(centre + (size ^ minus), 1), (1 << 24) - 1)
        self.held[own, 1:] = self.held[own, :-1].copy()
        self.held[own, 0] = value
        miss = np.minimum(np.abs(_f(value - here) - offsets), _f(600))
        self.errors[own] += (miss - self.errors[own]) * _f(0.125)
        level[own] = mine + ((((octave(size) << 4) - mine) * 13) >> 6)
        return value

    def _blend(self, own: int, over: int, moved: int) -> tuple[np.ndarray, np.float32]:
        step = (self.held[own] - self.held[own, 0]).astype(np.float32)
        offset = np.zeros(8, np.float32)
        for order, factors in _TERMS:
            offset = offset + step[list(order)] * np.array(factors, np.float32)
        offset[3] = _f(moved)
        error = (self.errors[own] + self.errors[own]) + (self.errors[over] + _f(1))
        weight = _USED / (error * error * error)
        weight = np.where(np.abs(offset) <= self.near, weight, _f(0))
        return offset, _sum(weight * offset) / _sum(weight)

    def _residual(self, stream: Stream, expected: int, up: int, last: int) -> tuple[int, int]:
        unit = max((expected >> 2) - 1, 0)

        def sized(difference: int) -> int:
            minus = difference >> 63
            return 8 + ((min(max((octave(difference ^ minus) >> 2) - 2 * unit, -1), 6) + 1) ^ minus)

        minus = up >> 63
        of_up = 24 + (min(octave(up ^ minus) >> 2, 23) ^ minus)
        rows = self.rows[expected], self.rows[1 << 20 | of_up], self.rows[2 << 20 | (sized(up) * 16 + sized(last))]
        symbol = in_three(stream, rows, self.weights[min(expected >> 2, 15)])
        minus = (symbol >> 3) - 1
        return self._size(stream, unit, (symbol ^ minus) & 7), minus

    def _size(self, stream: Stream, unit: int, which: int) -> int:
        if which < 7:
            return (_BEGIN[which] << unit) + stream.raw(_BITS[which] + unit)
        row = 3 << 20 | min(unit, 11) * 2
        length = in_two(stream, self.rows[row], self.rows[row + 1])
        if length == 15:
            length += stream.raw(4)
        return min((((1 << length) + 33) << unit) + stream.raw(min(length + unit, 26)), 2 * ((1 << 24) - 1))


class _Levels:
    """Intensities: which run of values, then the place in it."""

    def __init__(self, rings: int, bits: int, everywhere: int, shares: list[int]):
        self.everywhere, self.low = everywhere, max(bits - 8, 0)
        self.runs = _runs(shares)
        self.run = {value: k for k, run in enumerate(self.runs) for value in run}
        self.place = {value: k for run in self.runs for k, value in enumerate(run)}
        self.rows, self.weights = Rows(), Mix()
        self.seen = [[[8, 8] for _ in range(rings + 2)] for _ in range(2)]
        self.held = [[3000, 3000] for _ in range(rings + 2)]

    def row(self, stream: Stream, ranges: np.ndarray, intensity: np.ndarray) -> None:
        for r, value in enumerate(ranges.tolist()):
            if value or self.everywhere:
                intensity[r] = self._level(stream, r, value, len(ranges))

    def _level(self, stream: Stream, r: int, value: int, count: int) -> int:
        kind, own = int(value == 0), r + 1
        seen = self.seen[kind]
        left, second = seen[own]
        up = seen[own - 1][0] if r > 0 else left
        near, distance = up, 0
        if value:
            near = self._nearest(own, count, value, (left, second, up))
            distance = min(octave(value >> 5) >> 2, 19)
        run_of, rows, ring = self.run, self.rows, kind * count + r
        of_left = run_of.get(left, 0)
        contexts = (
            (kind * 16 + of_left) * 16 + run_of.get(second, 0),
            ring * 20 + distance,
            ring * 16 + run_of.get(near, 0),
        )
        three = tuple(rows[k << 30 | context] for k, context in enumerate(contexts))
        run = in_three(stream, three, self.weights[kind * 16 + of_left])
        same = 1 + self.place.get(left, 0) if of_left == run else 0
        top = self.runs[run][self._place(stream, kind, run, same, r)]
        seen[own] = [top, left]
        return self._fine(stream, top) if self.low else top

    def _nearest(self, own: int, count: int, value: int, known: tuple[int, int, int]) -> int:
        held, (left, second, up) = self.held, known
        near, best = left, abs(value - held[own][0])
        if abs(value - held[own - 1][0]) + 8 < best:
            near, best = up, abs(value - held[own - 1][0]) + 8
        if abs(value - held[own + 1][0]) + 6 < best and own < count:
            near, best = self.seen[0][own + 1][0], abs(value - held[own + 1][0]) + 6
        if abs(value - held[own][1]) + 6 < best:
            near = second
        held[own] = [value, held[own][0]]
        return near

    def _place(self, stream: Stream, kind: int, run: int, same: int, r: int) -> int:
        size = len(self.runs[run])
        if size <= 1:
            return 0
        low = (size - 1 >> 4).bit_length()
        of_same = 3 << 30 | (kind * 16 + run) * 17 + min((same + (1 << low) - 1) >> low, 16)
        top = in_two(stream, self.rows[of_same], self.rows[4 << 30 | (r * 16 + run)])
        return top << low | stream.raw(low)

    def _fine(self, stream: Stream, top: int) -> int:
        upper, lower, value = max(self.low - 4, 0), min(self.low, 4), 0
        own, common = 5 << 30 | top * 17, 5 << 30 | 256 * 17
        if upper:
            value = in_two(stream, self.rows[own], self.rows[common])
        rest = in_two(stream, self.rows[own + 1 + value], self.rows[common + 1 + value])
        return top << self.low | (value & ((1 << upper) - 1)) << lower | (rest & ((1 << lower) - 1))


def _runs(shares: list[int]) -> list[list[int]]:
    """The values that occur, cut into at most sixteen runs of about equal weight."""
    values = [value for value, share in enumerate(shares) if share] or [0]
    weights = [1 << max(shares[value] - 1, 0) for value in values]
    runs: list[list[int]] = [[]]
    left, inside = sum(weights), 0
    for value, weight in zip(values, weights, strict=True):
        still = 16 - len(runs) + 1
        full = len(runs[-1]) >= 16 or (2 * inside + weight) * still > 2 * left
        if runs[-1] and still > 1 and full:
            left, inside = left - inside, 0
            runs.append([])
        runs[-1].append(value)
        inside += weight
    return runs
