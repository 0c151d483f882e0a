"""Further returns of a pulse (docs/format/sweep.md, stages 16 and 37)."""

from __future__ import annotations

import numpy as np

from second_reader import ans
from second_reader.ans import Stream
from second_reader.bytestream import Bytes, demand
from second_reader.counters import Counters, bit, integer
from second_reader.sweep.returns import Returns


def seconds(head: Bytes, returns: Returns) -> None:
    """Stage 16."""
    heard = returns.ticks > 0
    if returns.nth is not None:
        heard &= returns.nth == returns.nth.max(initial=0)
    last = np.flatnonzero(heard)
    given = returns.ticks[last] // 2 if returns.halved else returns.ticks[last]
    found = ans.decode(head.rest(), _code_seconds, returns.ring[last].tolist(), given.tolist())
    second = np.zeros(len(heard), np.int64)
    second[last] = np.array(found, np.int64) * (2 if returns.halved else 1)
    copies = np.full(len(second), 2) if returns.doubled else 1 + (second > 0)
    demand(int(copies.sum()) <= returns.count, "more returns than points")
    if returns.nth is None:
        returns.nth = np.zeros(len(copies), np.int64)
    returns.take(np.repeat(np.arange(len(copies)), copies))
    behind = np.cumsum(copies)[copies > 1] - 1
    returns.ticks[behind] = second[copies > 1]
    returns.nth[behind] += 1


class _Lately:
    """Of a laser: which firings had a second return, how long ago, its range, which were as the first."""

    def __init__(self):
        self.had = self.ago = self.range = self.same = 0


def _code_seconds(stream: Stream, ring: list[int], first: list[int]) -> list[int]:
    counters, lately, before, alike, second = Counters(), {}, 0, 0, []
    for r, value in zip(ring, first, strict=True):
        laser = lately.setdefault(r, _Lately())
        before = bit(stream, counters, ((laser.had & 7) * 2 + before) * 2, 250)
        laser.had = laser.had << 1 & 0xFF | before
        laser.ago += 1
        if not before:
            second.append(0)
            continue
        alike = bit(stream, counters, 64 | (laser.same & 7) * 2 + alike, 250)
        laser.same = laser.same << 1 & 0xFF | alike
        if not alike:
            recent = laser.range > 0 and laser.ago <= 4
            value = max((laser.range if recent else value) + integer(stream, counters, 1 if recent else 2, 250), 0)
            laser.ago, laser.range = 0, value
        second.append(value)
    return second


def return_order(head: Bytes, returns: Returns) -> None:
    """Stage 37."""
    kind, places = head.varint(), []
    marks = ans.decode(head.rest(), marked, returns.firings) if kind == 4 else []
    while head.left:
        places.append(head.varint())
    nth, together = returns.nth, np.zeros(len(returns.nth), np.int64)
    if kind == 1 and not places:
        together = np.cumsum(np.diff(returns.firing, prepend=returns.firing[:1]) != 0)
    elif kind == 1:
        place = np.array(places, np.int64)[returns.ring]
        together = np.cumsum((np.diff(place, prepend=place[:1]) <= 0) & (nth == 0))
    elif kind == 3:
        bank = np.searchsorted(places, returns.places[returns.ring], side="right")
        changes = [np.diff(each, prepend=each[:1]) != 0 for each in (returns.firing, bank)]
        together = np.cumsum(changes[0] | changes[1])
    elif kind == 4:
        together = np.cumsum(marks)[returns.firing]
    returns.take(np.lexsort((nth, together)))
    if returns.doubled:
        demand(len(nth) == returns.count, "a sweep does not hold as many points as its file")
        returns.place, returns.nothing = np.arange(returns.count), np.zeros(3, np.uint32)


def marked(stream: Stream, count: int) -> list[int]:
    """Which of some things are marked."""
    counters, since, marks = Counters(), 0, []
    for _ in range(count):
        marks.append(bit(stream, counters, min(since, 31), 250))
        since = 0 if marks[-1] else since + 1
    return marks
