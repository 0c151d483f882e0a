"""Where points stand in the file, and those that are no returns (docs/format/sweep.md, stages 7, 8, 11, 12)."""

from __future__ import annotations

import numpy as np

from second_reader import ans
from second_reader.ans import Stream
from second_reader.bytestream import Bytes, demand
from second_reader.counters import Counters, integer
from second_reader.sweep.returns import Returns


def words3(head: Bytes) -> np.ndarray:
    """Bits of three coordinates."""
    return np.array(head.numbers("3I"), np.uint32)


def exceptions_of(data: bytes, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Places, ascending, and words (E, width) of exceptions."""
    if not data:
        return np.zeros(0, np.int64), np.zeros((0, width), np.uint32)
    head = Bytes(data)
    count, body = head.varint(), head.string()
    head.end()

    def code(stream: Stream) -> tuple[list[int], list[list[int]]]:
        counters, places, words, place = Counters(), [], [], -1
        for _ in range(count):
            place += 1 + integer(stream, counters, 0, 60)
            places.append(place)
            words.append([stream.raw(32) for _ in range(width)])
        return places, words

    places, words = ans.decode(body, code)
    return np.array(places, np.int64), np.array(words, np.uint32).reshape(count, width)


def order(head: Bytes, returns: Returns) -> None:
    """Stage 7."""
    form, rings = head.varints(2)
    by_ring, whole = bool(form & 1), bool(form & 2)
    nothing = words3(head) if whole else None
    starts = np.array([head.varint()] * rings if form & 4 else head.varints(rings), np.int64)
    places = np.arange(rings) if form & 8 else np.array(head.varints(rings), np.int64)
    fired, ring = returns.fired, returns.ring
    count = len(fired.columns)
    since = returns.firing if whole else (fired.columns[returns.firing] - starts[ring]) % fired.turn
    keys = places[ring] * (count if whole else fired.turn) + since if by_ring else since * rings + places[ring]
    sort = np.argsort(keys, kind="stable")
    returns.take(sort)
    if whole:
        demand(count * rings == returns.count, "a sweep has not as many points as cells")
        returns.place, returns.nothing = keys[sort], nothing
        index = np.arange(count * rings)
        of_ring, firing = (index // count, index % count) if by_ring else (index % rings, index // rings)
        row = firing - fired.lags(returns.beams.leads)[of_ring]
        returns.every = of_ring, firing, row % count if fired.closed else row - returns.base


def azimuth_order(head: Bytes, returns: Returns) -> None:
    """Stage 8."""
    x, y = returns.points[:, 0], returns.points[:, 1]
    reach = np.abs(x) + np.abs(y)
    rise = np.divide(y, reach, out=np.zeros(len(y)), where=reach > 0)
    keys = 8.0 * returns.ring + np.where(x < 0, 2.0 - rise, np.where(y < 0, rise + 4.0, rise))
    if returns.nth is not None:
        keys = keys[np.maximum.accumulate(np.where(returns.nth == 0, np.arange(len(keys)), 0))]
    returns.take(np.argsort(keys, kind="stable"))


def exceptions(head: Bytes, returns: Returns) -> None:
    """Stage 11."""
    places, words = exceptions_of(head.string(), 3)
    count = returns.count
    grid = np.zeros((3, count), np.uint32)
    if returns.place is None:
        absent = count - len(returns.xyz) - len(places)
        demand(absent >= 0 and bool(absent) == bool(head.left), "a sweep has not as many points as its file")
        free = np.ones(count, bool)
        if absent:
            grid[:] = words3(head)[:, None]
            free = ~_missing(head.rest(), absent, count)
        free[places] = False
        returns.place = np.flatnonzero(free)
    else:
        grid[:] = returns.nothing[:, None]
    grid[:, returns.place] = np.ascontiguousarray(returns.xyz).view(np.uint32).T
    grid[:, places] = words.T
    for (name, _), column in zip(returns.fields[:3], grid, strict=True):
        returns.columns[name] = column.view(np.float32)


def _missing(data: bytes, missing: int, count: int) -> np.ndarray:
    def code(stream: Stream) -> list[int]:
        counters, gaps, last, before = Counters(), [], 0, 0
        for _ in range(count - missing + 1):
            context = min(last.bit_length(), 7) * 8 + min(before.bit_length(), 7)
            before, last = last, integer(stream, counters, context, 250)
            gaps.append(last)
        return gaps

    gaps = np.array(ans.decode(data, code), np.int64)
    found = np.ones(count, bool)
    found[np.cumsum(gaps[:-1] + 1) - 1] = False
    return found


def axes(head: Bytes, returns: Returns) -> None:
    """Stage 12."""
    form = head.varint()
    names = [name for name, _ in returns.fields[:2]]
    columns = [returns.columns[name] for name in names]
    for k, column in enumerate(columns[::-1] if form & 1 else columns):
        bits = column.copy().view(np.uint32)
        returns.columns[names[k]] = (bits ^ np.uint32(1 << 31) if form >> (1 + k) & 1 else bits).view(np.float32)
