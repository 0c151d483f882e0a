"""Blocks of packets and the drivers that compute points from them (docs/format/sweep.md, stages 15 and 17)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from second_reader import ans
from second_reader.ans import Stream
from second_reader.bytestream import Bytes, demand
from second_reader.counters import Counters, bit, integer
from second_reader.sweep.arithmetic import f32, wide
from second_reader.sweep.places import words3
from second_reader.sweep.returns import Returns
from second_reader.sweep.seconds import marked
from second_reader.sweep.trig import DEGREE, sincos, sincos_single

TURN = 36000
RETURNS, ALL_COMPUTED, ALL_CELLS, RINGS_COMPUTED, RINGS_CELLS, DOUBLED = range(6)
SUM, HUNDREDTHS, SINGLE_HUNDREDTHS, SINGLE_DEGREES, EXACT, EXACT_MOVED = range(6)


class Law(NamedTuple):
    """How a driver computes angles; elevations in radians, offsets as printed."""

    angle: int
    sine: int
    elevations: np.ndarray
    offset: tuple[np.ndarray, int, bool]

    @property
    def offsets(self) -> np.ndarray:
        """Offsets of lasers, radians, float32."""
        return f32(_radians(*self.offset))


def blocks(head: Bytes, returns: Returns) -> None:
    """Stage 15."""
    count, form, rings = head.varints(3)
    places = np.array(head.varints(rings), np.int64)
    wholes = np.array([head.signed() for _ in range(rings)], np.int64)
    lags = np.array([head.signed() for _ in range(rings)], np.int64)
    nothing = words3(head) if form in (ALL_CELLS, RINGS_CELLS) else np.zeros(3, np.uint32)
    azimuth = np.array(ans.decode(head.string(), _code_azimuths, count), np.int64)
    demand(returns.ranges.shape[1] == rings, "a grid has not the lasers of its blocks")
    returns.azimuths, returns.places = azimuth, places
    row, ring, block = _cells(returns.ranges, count, form, places, lags)
    if form in (ALL_CELLS, RINGS_CELLS):
        returns.every, returns.nothing = (ring, block, row), nothing
        returns.place = np.flatnonzero(returns.ranges[row, ring])
        row, ring, block = row[returns.place], ring[returns.place], block[returns.place]
    elif form == DOUBLED:
        returns.doubled = True
    elif form != RETURNS:
        returns.place, returns.nothing = np.arange(returns.count), nothing
    returns.row, returns.ring, returns.firing, returns.firings = row, ring, block, count
    returns.ticks = returns.ranges[row, ring]
    column = azimuth[block] + wholes[ring]
    if head.left:
        column = column + _rest(head, azimuth, ring, block)
    returns.column = column % TURN


def _cells(ranges: np.ndarray, count: int, form: int, places: np.ndarray, lags: np.ndarray):
    """Row, ring and block of the points in the order of the file."""
    rings = len(places)
    if form == RETURNS:
        row, ring = np.nonzero(ranges)
        block = row - lags[ring]
        sort = np.lexsort((places[ring], block))
        return row[sort], ring[sort], block[sort]
    index = np.arange(count * rings)
    block, place = (
        (index // rings, index % rings) if form < RINGS_COMPUTED or form == DOUBLED else (index % count, index // count)
    )
    ring = np.argsort(places)[place]
    return block + lags[ring], ring, block


def _code_azimuths(stream: Stream, count: int) -> list[int]:
    counters, azimuths = Counters(), []
    before = usual = off = 0
    for i in range(count):
        guess = (usual + 8) >> 4
        context = 2 * (min(max(off, -6), 6) + 6) + (i & 1)
        off = integer(stream, counters, context, 250)
        step = guess + off
        if abs(off) < 64 or i < 4:
            usual = 16 * step if i < 2 else usual + ((16 * step - usual) >> 3)
        before = (before + step) % TURN
        azimuths.append(before)
    return azimuths


def _rest(head: Bytes, azimuth: np.ndarray, ring: np.ndarray, block: np.ndarray) -> np.ndarray:
    """What returns add to the azimuths of their blocks."""
    depth, still_body = head.varint(), head.string()

    still = np.array(ans.decode(still_body, marked, len(azimuth)), bool)
    kinds = _kinds(azimuth, still, depth)[block].tolist()

    def code_rest(stream: Stream) -> list[int]:
        counters, last, usual, rest = Counters(), {}, {}, []
        for r, kind in zip(ring.tolist(), kinds, strict=True):
            unseen = (r, kind) not in last
            value = usual.get(r, 0) if unseen else last[r, kind]
            if bit(stream, counters, 2 * r + unseen, 250):
                value += integer(stream, counters, 1 << 10 | unseen, 250)
            rest.append(value)
            last[r, kind] = usual[r] = value
        return rest

    return np.array(ans.decode(head.rest(), code_rest), np.int64)


def _kinds(azimuth: np.ndarray, still: np.ndarray, depth: int) -> np.ndarray:
    """Class of the steps around each block."""
    steps = np.diff(azimuth, append=azimuth[-1:]) % TURN
    usual = int(np.sort(steps)[len(steps) // 2]) if len(steps) else 0
    kind, few = np.clip(steps - usual + 8, 0, 15), np.clip(steps - usual, -1, 1) + 1
    if depth > 0:
        kind = kind * 3 + np.roll(few, 1)
    if depth > 1:
        kind = kind * 3 + np.roll(few, -1)
    return np.where(still, 16 * 3**depth, kind)


def _printed(head: Bytes, lasers: int) -> tuple[np.ndarray, int, bool]:
    decimals, single = divmod(head.varint(), 2)
    if decimals == 0:
        return np.array(head.numbers(f"{lasers}I"), np.int64), -1, bool(single)
    return np.array([head.signed() for _ in range(lasers)], np.int64), decimals - 1, bool(single)


def _radians(numbers: np.ndarray, decimals: int, single: bool) -> np.ndarray:
    if decimals < 0:
        return wide(numbers.astype(np.uint32).view(np.float32))
    degrees = numbers / 10.0**decimals
    return wide(f32(degrees) * np.float32(DEGREE)) if single else degrees * DEGREE


def driver(head: Bytes, returns: Returns) -> None:
    """Stage 17."""
    distance_law, angle_law, sine_law, frame, lasers = head.varints(5)
    tick = returns.unit(head.numbers("d")[0])
    printed, offset = _printed(head, lasers), _printed(head, lasers)
    elevations = _radians(*printed)
    if angle_law >= EXACT:
        offsets = offset[0] / 10.0 ** max(offset[1], 0) * 100.0
        rise, fall = sincos(elevations)
    else:
        offsets = wide(f32(_radians(*offset)))
        rise, fall = sincos_single(wide(f32(elevations)), sine_law)
    returns.driver = Law(angle_law, sine_law, elevations, offset)
    ticks, ring = wide(returns.ticks), returns.ring
    distance = ticks * tick
    if distance_law == 0:
        distance = wide(f32(distance))
    elif distance_law == 1:
        distance = wide(f32(ticks) * np.float32(tick))
    sine, cosine = _angles(wide(returns.column), offsets[ring], angle_law, sine_law)
    level = distance * fall[ring]
    if angle_law < EXACT:
        level = wide(f32(level))
    across, along, up = level * sine, level * cosine, distance * rise[ring]
    if angle_law == EXACT_MOVED:
        across, along, up = across - 0.0 * cosine, along + 0.0 * sine, up + 0.0
    across, along, up = wide(f32(across)), wide(f32(along)), wide(f32(up))
    x, y = ((along, -across), (across, along), (along, across), (-across, along))[frame]
    returns.points = np.stack([x, y, up], axis=1)


def _angles(azimuth: np.ndarray, offset: np.ndarray, law: int, modern: int) -> tuple[np.ndarray, np.ndarray]:
    index = azimuth - np.floor(azimuth / 36000.0) * 36000.0
    if law >= EXACT:
        turned = index + offset
        turned = turned - np.floor(turned / 36000.0) * 36000.0
        return sincos(turned / 100.0 * DEGREE)
    if law == SUM:
        angle = f32(index / 100.0 * DEGREE) + f32(offset)
    elif law == HUNDREDTHS:
        angle = f32(0.01 * index * DEGREE)
    elif law == SINGLE_HUNDREDTHS:
        angle = f32(wide(np.float32(0.01) * f32(index)) * DEGREE)
    else:
        angle = np.float32(0.01) * f32(index) * np.float32(3.1415927410125732) / np.float32(180.0)
    return sincos_single(wide(angle), modern)
