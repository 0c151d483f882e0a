"""Blocks of packets (docs/format/sweep.md, stage 15)."""

from __future__ import annotations

import numpy as np

from second_reader import ans
from second_reader.ans import Stream
from second_reader.bytestream import Bytes, demand
from second_reader.counters import Counters, bit, integer
from second_reader.sweep.places import words3
from second_reader.sweep.returns import Returns
from second_reader.sweep.seconds import marked

TURN = 36000
RETURNS, ALL_COMPUTED, ALL_CELLS, RINGS_COMPUTED, RINGS_CELLS, DOUBLED = range(6)


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
    depth = head.varint()
    phase = head.varint() if depth == 3 else None
    still_body = head.string()

    still = np.array(ans.decode(still_body, marked, len(azimuth)), bool)
    kinds = (_kinds(azimuth, still, depth) if phase is None else _kinds_of_pairs(azimuth, still, phase))[block].tolist()

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


def _kinds_of_pairs(azimuth: np.ndarray, still: np.ndarray, phase: int) -> np.ndarray:
    """Class of the steps from one first half of a pair of blocks to the next."""
    demand(phase < 26, "blocks in twos have no such phase")
    steps, second = [], []
    for i in range(len(azimuth)):
        half = (i - phase) % 2
        first = max(i - half, 0)
        after = min(first + 2, len(azimuth) - 1)
        if phase >= 2 and (first - (phase - 2)) % 24 == 22:
            first, after = max(first - 2, 0), first
        steps.append(int(azimuth[after] - azimuth[first]) % TURN)
        second.append(half)
    usual = sorted(steps)[len(steps) // 2] if steps else 0
    own = np.clip(np.array(steps, np.int64) - usual + 8, 0, 15)
    return np.where(still, 32, 2 * own + np.array(second, np.int64))
