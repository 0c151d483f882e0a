"""Grids of firings, each row one (docs/format/sweep.md, stages 26 to 28)."""

from __future__ import annotations

import numpy as np

from second_reader import ans
from second_reader.ans import Stream
from second_reader.bytestream import Bytes
from second_reader.counters import Counters, bit, integer
from second_reader.sweep.places import words3
from second_reader.sweep.returns import Returns

TURN = 36000
_STEP, _WINDOW = 33, 11


def cells(head: Bytes, returns: Returns) -> None:
    """Stage 26."""
    absent, ranges = head.varint() - 1, returns.ranges
    present = np.ones(ranges.shape, bool) if absent < 0 else (ranges > 0) | (returns.intensity != absent)
    returns.row, returns.ring = np.nonzero(present)
    returns.firing, returns.firings = returns.row, len(ranges)
    returns.ticks = ranges[present]
    if not head.left:
        return
    returns.nothing = words3(head)
    silent = np.flatnonzero(returns.ticks == 0)
    blank = np.ones(len(silent), bool)
    if head.left:
        blank = np.array(ans.decode(head.rest(), _code_blanks, returns.ring[silent].tolist()), bool)
    returns.blank = np.zeros(len(returns.row), bool)
    returns.blank[silent] = blank


def _code_blanks(stream: Stream, rings: list[int]) -> list[int]:
    counters, lately, before, blanks = Counters(), Counters(), 0, []
    for ring in rings:
        blank = bit(stream, counters, lately[ring] * 4 + before, 250)
        before = before << 1 & 3 | blank
        lately[ring] = lately[ring] << 1 & 7 | blank
        blanks.append(blank)
    return blanks


def cell_order(head: Bytes, returns: Returns) -> None:
    """Stage 27."""
    kind = head.varint()
    behind = np.zeros(len(returns.ticks), np.int64)
    if head.left:
        behind = np.array(ans.decode(head.rest(), _code_behind, returns.ticks.tolist()), np.int64)
    row, ring = returns.row * (-1 if kind & 4 else 1), returns.ring * (-1 if kind & 2 else 1)
    keys = (row, ring) if kind & 1 else (ring, row)
    returns.take(np.lexsort((*keys, behind)))


def _code_behind(stream: Stream, ticks: list[int]) -> list[int]:
    counters, before, behind = Counters(), 0, []
    for each in ticks:
        behind.append(bit(stream, counters, min(each.bit_length(), 15) * 4 + before, 250))
        before = before << 1 & 3 | behind[-1]
    return behind


def _turned(x: int) -> int:
    return (x + TURN // 2) % TURN - TURN // 2


def firing_azimuths(head: Bytes, returns: Returns) -> None:
    """Stage 28."""
    phase, rhythm = head.varint(), returns.rhythm
    block, advance = ans.decode(head.rest(), _code_azimuths, returns.firings, phase, rhythm.packet)
    returns.phase = phase
    slots = rhythm.slots
    late = (2 * np.array(advance)[returns.firing] * rhythm.slot[returns.ring] + slots) // (2 * slots)
    returns.column = (np.array(block)[returns.firing] - late) % TURN


def _code_azimuths(stream: Stream, count: int, phase: int, packet: int) -> tuple[list[int], list[int]]:
    counters, block, advance = Counters(), [], []
    for i in range(count):
        expected, context = 0, 45
        if i > 0:
            step = _turned(block[i - 2] - block[i - 1]) - _STEP if i > 1 else 0
            k = max(i - 1 - _WINDOW, 0)
            drift = _turned(block[k] - block[i - 1]) - ((i - 1 - k) * 1327 + 20) // 40
            context = (min(max(drift, -4), 4) + 4) * 5 + min(max(step, -2), 2) + 2
            expected = block[i - 1] - _STEP
        block.append((expected + integer(stream, counters, context, 250)) % TURN)
    for i in range(count):
        last = (i - phase) % packet == packet - 1
        k = i - 1 if last or i + 1 >= count else i
        expected = _STEP if k < 0 or k + 1 >= count else _turned(block[k] - block[k + 1])
        advance.append(expected + integer(stream, counters, 46, 250))
    return block, advance
