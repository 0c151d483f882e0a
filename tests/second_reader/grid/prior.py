"""What a key frame makes expect of the grids that follow it (docs/format/grid.md, Grids that follow a key frame's)."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from second_reader.bytestream import Bytes, demand
from second_reader.grid.rings import BLEND, Ring, quarter_octave, token

RANGE, MEAN, ROUGH, SEEN, LEVEL, LEVELS, KIND, OFTEN = range(8)
_UNKNOWN = [0, 0, -1, -1, -1, -1, 0, -1]
SHARE = round(0.1 * 65536)

Facts = list[list[list[int]]]
_NEVER = [0, 0, 0]


class Left(NamedTuple):
    """What a grid leaves: its coder, what is known of each cell, of what, and the bits of its intensities.

    Of a background, and of what follows one, the facts stay; the coder of a background itself is fresh.
    """

    cells: object
    facts: Facts
    known: Facts
    bits: int
    stands: bool = False


def shifted(head: Bytes, before: Left, rows: int) -> tuple[Facts, Facts]:
    """What is expected in each cell, and of what that is known."""
    shifts, rings, blocks = [0], len(before.facts[0]), -(-rows // 16)
    how = head.varint()
    demand(how < 3, "shifts of an unknown kind")
    if how == 1:
        for _ in range(blocks):
            shifts.append(shifts[-1] + head.signed())
    elif how == 2:
        shifts += [head.signed()] * blocks
    facts, known = [], []
    for row in range(rows):
        at = row + shifts[1 + row // 16] if how else -1
        inside = 0 <= at < len(before.facts)
        facts.append(before.facts[at] if inside else [_UNKNOWN] * rings)
        known.append(before.known[at] if inside else [_NEVER] * rings)
    return facts, known


def remembered(
    known: Facts | None, ranges: np.ndarray, intensity: np.ndarray, near: int, bits: int
) -> tuple[Facts, Facts]:
    """Facts of a grid and all that it follows, and what they are made of."""
    low = max(bits - 8, 0)
    upper = (intensity >> low).tolist() if bits else np.zeros_like(ranges).tolist()
    known = known or [[_NEVER] * ranges.shape[1]] * len(ranges)
    rows = zip(known, ranges.tolist(), upper, strict=True)
    after = [[_met(*cell, near) for cell in zip(*row, strict=True)] for row in rows]
    shape = (*ranges.shape, 3)
    means = (np.array(after, np.int64).reshape(shape) + 8) >> 4
    return left_by(means[..., 0], means[..., 1] << low, near, bits), after


def _met(known: list[int], value: int, level: int, near: int) -> list[int]:
    """What is known of a cell after one more range."""
    mean, light, times = known
    value, level = value << 4, level << 4 if value else 0
    if times and (value > 0) == (mean > 0) and abs(value - mean) <= near << 4:
        times = min(times + 1, 32)
        half = times >> 1
        return [mean + (value - mean + half) // times, light + (level - light + half) // times, times]
    return [mean, light, times - 1] if times > 1 else [value, level, 1]


def _smooth(facts: list[int]) -> int:
    return (facts[MEAN] + 8) >> 4


def add_guesses(ring: Ring, guesses: list[int], facts: list[int]) -> None:
    """Three more guesses for a range."""
    smooth = _smooth(facts)
    moved = guesses[0] + smooth - ring.before if ring.before > 0 else smooth + (ring.change >> 4)
    guesses += [facts[RANGE], smooth, moved]


def centre_of(own: Ring, above: Ring, guesses: list[int], near: int, facts: list[int]) -> int:
    """The blend of all guesses, or what a background knows."""
    errors = [2 * a + b for a, b in zip(own.errors + own.off, above.errors + above.off, strict=True)]
    reach, least = guesses[0], errors[0]
    for i in (9, 10, 11):
        if errors[i] < least:
            reach, least = guesses[i], errors[i]
    if facts[KIND] & 1 and reach != guesses[0]:
        return min(max(facts[RANGE], 1), (1 << 24) - 1)
    total = weights = 0.0
    for guess, error in zip(guesses, errors, strict=True):
        if abs(guess - reach) <= near:
            weight = BLEND[min(error >> 2, 4095)]
            total += weight * float(guess - reach)
            weights += weight
    return min(max(reach + math.floor(total / weights + 0.5), 1), (1 << 24) - 1)


def learn(ring: Ring, guesses: list[int], facts: list[int], value: int) -> None:
    """Take a range in."""
    ring.before = 0
    if facts[RANGE] > 0:
        ring.before = smooth = _smooth(facts)
        for i in range(3):
            ring.off[i] += ((min(abs(value - guesses[9 + i]), 600) << 3) - ring.off[i]) >> 3
        ring.change += ((min(max(value - smooth, -4096), 4096) << 4) - ring.change) >> 3


def flag_context(facts: list[int], past: int, up: int, down: int) -> int:
    """Of a return flag."""
    if facts[OFTEN] >= 0:
        return (33 + facts[OFTEN]) * 64 + (past & 3) * 16 + (up & 1) * 8 + (down & 1) * 4
    seen = facts[SEEN]
    strong = min(quarter_octave(max(facts[LEVELS], 0)) >> 2, 3) if seen & 1 else 0
    return (seen if seen >= 0 else 32) * 64 + (past & 3) * 16 + (up & 1) * 8 + (down & 1) * 4 + strong


def range_context(facts: list[int], centre: int) -> tuple[int, int]:
    """Of a residual, and the class of how rough the cell is."""
    expected, rough = facts[RANGE], facts[ROUGH]
    kind = 16 if rough < 0 else min(quarter_octave(rough >> 2) >> 1, 15)
    kind = 17 if expected <= 0 else 17 + facts[KIND] if facts[KIND] else kind
    return kind * 12 + (token(expected - centre) >> 2 if expected > 0 else 0), kind


def level_contexts(facts: list[int], value: int, bits: int, fine: int) -> tuple[int, int, int, int]:
    """Two of an intensity, which weights, and the limit of counters; value is 0 without a return."""
    level, limit = facts[LEVEL], 250 if facts[KIND] else 70
    if level < 0 or value <= 0:
        return 1024, (1 << 12) + fine, 4, limit
    match = sum(abs(value - facts[RANGE]) >= bound for bound in (12, 50, 200))
    some = level >> max(bits - 6, 0) if bits < 8 else quarter_octave(level)
    return facts[LEVELS] * 4 + match, some * 64 + fine, match, limit


def left_by(ranges: np.ndarray, intensity: np.ndarray, near: int, bits: int) -> Facts:
    """What is known of each cell."""
    upper = (intensity >> max(bits - 8, 0)).tolist() if bits else None
    grid, rows, rings = ranges.tolist(), *ranges.shape
    return [[_cell(grid, upper, f, r, rows, rings, near) for r in range(rings)] for f in range(rows)]


def _cell(grid: list, upper: list | None, f: int, r: int, rows: int, rings: int, near: int) -> list[int]:
    def at(row: int, ring: int) -> int:
        return grid[row][ring] if 0 <= row < rows and 0 <= ring < rings else 0

    a, v, b = at(f - 1, r), at(f, r), at(f + 1, r)
    around = (v, a, b, at(f, r - 1), at(f, r + 1))
    seen = sum((each > 0) << k for k, each in enumerate(around))
    level = levels = -1
    value, mean = v, v << 4
    if v:
        if a and b and abs(a - v) <= near and abs(b - v) <= near:
            mean = ((a + v + b) << 4) // 3
        if upper:
            level = upper[f][r]
            beside = [upper[f + s][r] for s, each in ((-1, a), (1, b)) if each and abs(each - v) <= near]
            levels = (level + sum(beside)) // (1 + len(beside))
    elif a and b and abs(a - b) <= near:
        value, mean = (a + b) >> 1, (a + b) << 3
    threes = [(at(g - 1, r), at(g, r), at(g + 1, r)) for g in (f - 1, f, f + 1)]
    bends = [abs(x - 2 * y + z) for x, y, z in threes if x and y and z]
    rough = 8 * sum(bends) // len(bends) if bends else -1
    return [value, mean, rough, seen, level, levels, 0, -1]
