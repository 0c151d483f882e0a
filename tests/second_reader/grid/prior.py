"""What a sweep leaves to the next, and what that makes of it (docs/format/grid.md, Grids that follow others)."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from second_reader.bytestream import Bytes
from second_reader.grid.rings import BLEND, Ring, quarter_octave, token

RANGE, SPREAD, SEEN, LEVEL, COUNT = range(5)
_UNKNOWN = [0, 0, -1, -1, 0]
SHARE = round(0.1 * 65536)

Facts = list[list[list[int]]]


class Left(NamedTuple):
    """What a grid leaves: its coder, how often what was seen, and its form."""

    cells: object
    facts: Facts
    bits: int


def shifted(head: Bytes, before: Left, rows: int) -> tuple[Facts, bool]:
    """What is expected in each cell, and whether the sensor stands."""
    how = head.varint()
    shift = head.signed() if how & 1 else None
    rings = len(before.facts[0])
    facts = []
    for row in range(rows):
        at = -1 if shift is None else row + shift
        known = before.facts[at] if 0 <= at < len(before.facts) else [_UNKNOWN] * rings
        facts.append([list(each) for each in known])
    return facts, bool(how >> 1)


def expected_range(facts: list[int]) -> int:
    """In ticks, 0 if unknown."""
    return (facts[RANGE] + 8) >> 4


def add_guesses(ring: Ring, guesses: list[int], expected: int) -> None:
    """Two more guesses for a range."""
    guesses.append(expected)
    moved = guesses[0] + expected - ring.before if ring.before > 0 else expected + (ring.change >> 4)
    guesses.append(moved)


def centre_of(own: Ring, above: Ring, guesses: list[int], near: int) -> int:
    """The blend of all guesses."""
    errors = [2 * a + b for a, b in zip(own.errors + own.off, above.errors + above.off, strict=True)]
    reach, least = guesses[0], errors[0]
    for i in (9, 10):
        if errors[i] < least:
            reach, least = guesses[i], errors[i]
    total = weights = 0.0
    for guess, error in zip(guesses, errors, strict=True):
        if abs(guess - reach) <= near:
            weight = BLEND[min(error >> 2, 4095)]
            total += weight * float(guess - reach)
            weights += weight
    return min(max(reach + math.floor(total / weights + 0.5), 1), (1 << 24) - 1)


def learn(ring: Ring, guesses: list[int], expected: int, value: int) -> None:
    """Take a range in."""
    if expected > 0:
        for i in range(2):
            ring.off[i] += ((min(abs(value - guesses[9 + i]), 600) << 3) - ring.off[i]) >> 3
        ring.change += ((min(max(value - expected, -4096), 4096) << 4) - ring.change) >> 3
    ring.before = expected


def flag_context(row: list[list[int]], r: int, past: int, up: int, down: int) -> int:
    """Of a return flag."""
    seen = row[r][SEEN] >> 4
    above = row[r - 1][SEEN] >> 6 if r > 0 else seen >> 2
    return (seen if seen >= 0 else 16) * 64 + (past & 3) * 16 + (up & 1) * 8 + (down & 1) * 4 + (above & 3)


def range_context(facts: list[int], expected: int, centre: int) -> tuple[int, int]:
    """Of a residual, and the class of the spread."""
    kind = 16 if expected <= 0 else min(quarter_octave(facts[SPREAD] >> 2) >> 1, 15)
    return kind * 48 + (token(expected - centre) if expected > 0 else 0), kind


def level_contexts(facts: list[int], expected: int, value: int, bits: int, fine: int) -> tuple[int, int]:
    """Two of an intensity; value is 0 without a return."""
    if facts[LEVEL] < 0 or value <= 0:
        return 1024, (1 << 12) + fine
    level, off = min((facts[LEVEL] + 8) >> 4, 255), abs(value - expected)
    match = sum(off >= bound for bound in (12, 50, 200))
    some = level >> max(bits - 6, 0) if bits < 8 else quarter_octave(level)
    return level * 4 + match, some * 64 + fine


def left_by(known: Facts | None, ranges: np.ndarray, intensity: np.ndarray, bits: int, most: int) -> Facts:
    """The facts that a grid leaves."""
    facts, low = [], max(bits - 8, 0)
    upper = ((intensity >> low) << 4 if bits else np.full_like(ranges, -1)).tolist()
    for i, (row, levels) in enumerate(zip(ranges.tolist(), upper, strict=True)):
        line = known[i] if known else [_UNKNOWN] * len(row)
        cells = zip(line, row, levels, strict=True)
        facts.append([_cell(cell, value << 4, own, bits, most) for cell, value, own in cells])
    return facts


def _cell(cell: list[int], value: int, own: int, bits: int, most: int) -> list[int]:
    before, spread, seen, level, count = cell
    now, rest = 255 if value else 0, min(count, most) + 1
    seen = now if seen < 0 else seen + (now - seen) // 3
    if not value:
        return [before, spread, seen, level, count] if count else [0, 128, seen, -1, 0]
    miss = abs(value - before)
    if count == 0 or miss > 384 + 8 * spread:
        return [value, 128 if count == 0 else min(2 * spread, 1 << 20), seen, own, 1]
    before, spread = before + (value - before) // rest, spread + (miss - spread) // (rest + 1)
    return [before, spread, seen, level + (own - level) // rest if bits else level, min(rest, 255)]
