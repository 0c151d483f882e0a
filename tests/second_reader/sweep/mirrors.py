"""Sensors whose two angles are corrected as they turn (docs/format/sweep.md, stage 38)."""

from __future__ import annotations

import numpy as np

from second_reader import ans
from second_reader.ans import Stream
from second_reader.bytestream import Bytes, demand
from second_reader.counters import Counters, bit, integer
from second_reader.sweep.arithmetic import f32, wide
from second_reader.sweep.returns import Returns
from second_reader.sweep.trig import sincos_single

TURN, PART, SINGLE = 9216000, 256, 7


def fine_angles(head: Bytes, returns: Returns) -> None:
    """Stage 38."""
    distance_law, law, modern, frame, lasers, size = head.varints(6)
    tick = returns.unit(head.numbers("d")[0])
    azimuths, elevations = (np.array([head.signed() for _ in range(lasers)], np.int64) for _ in range(2))
    demand(returns.ranges.shape[1] == lasers, "a grid has not the lasers of its angles")
    rest = head.rest()
    parts = np.array(ans.decode(rest[:size], _code_parts, returns.azimuths.tolist()), np.int64)
    pairs = zip(returns.ring.tolist(), returns.firing.tolist(), strict=True)
    corrections = np.array(ans.decode(rest[size:], _code_corrections, list(pairs)), np.int64).reshape(-1, 2)
    azimuth = PART * (returns.column + corrections[:, 0]) + parts[returns.firing] + azimuths[returns.ring]
    elevation = PART * corrections[:, 1] + elevations[returns.ring]
    ticks = wide(returns.ticks)
    if distance_law == 0:
        distance = wide(f32(ticks * tick))
    else:
        distance = wide(f32(ticks) * np.float32(tick)) if distance_law == 1 else ticks * tick
    rise, fall = _sincos(elevation, law, modern)
    sine, cosine = _sincos(azimuth, law, modern)
    level = wide(f32(distance * fall))
    across, along, up = wide(f32(level * sine)), wide(f32(level * cosine)), wide(f32(distance * rise))
    x, y = ((along, -across), (across, along), (along, across), (-across, along))[frame]
    returns.points = np.stack([x, y, up], axis=1)


def _sincos(index: np.ndarray, law: int, modern: int) -> tuple[np.ndarray, np.ndarray]:
    index = wide(index % TURN)
    if law != SINGLE:
        return sincos_single(index * 6.283185307179586 / TURN, 0)
    return sincos_single(wide(f32(2 * index) * np.float32(3.1415927410125732) / np.float32(TURN)), modern)


def _wrapped(units: int) -> int:
    return (units + TURN // 2) % TURN - TURN // 2


def _code_parts(stream: Stream, azimuth: list[int]) -> list[int]:
    counters, parts = Counters(), []
    usual = before = 0
    for i, whole in enumerate(azimuth):
        guess = _wrapped(before + ((usual + 8) >> 4) - PART * whole)
        parts.append(guess + integer(stream, counters, min(i, 1), 250))
        here = PART * whole + parts[-1]
        step = _wrapped(here - before)
        if i < 2:
            usual = 16 * step
        elif abs(step - ((usual + 8) >> 4)) < 4 * PART:
            usual += (16 * step - usual) >> 3
        before = here
    return parts


class _Lately:
    """Of a laser's angle: its correction, the firing where that began, how many the one before lasted, its way."""

    def __init__(self):
        self.value, self.began, self.gap, self.way = 0, 0, 64, 0


def _code_corrections(stream: Stream, cells: list[tuple[int, int]]) -> list[int]:
    counters, lately, found = Counters(), {}, []
    for ring, firing in cells:
        for which in range(2):
            last = lately.setdefault((which, ring), _Lately())
            lasted, gap = max(firing - last.began, 0), max(last.gap, 1)
            context = min(4 * lasted // gap, 7) * 7 + min(gap.bit_length(), 6)
            if bit(stream, counters, which << 8 | context, 250):
                falls = bit(stream, counters, which << 8 | 128 | last.way, 250)
                size = 1 + integer(stream, counters, 8 + which, 250)
                last.value += -size if falls else size
                last.began, last.gap, last.way = firing, lasted, 2 if falls else 1
            found.append(last.value)
    return found
