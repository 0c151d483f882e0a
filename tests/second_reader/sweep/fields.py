"""Intensities and further columns (docs/format/sweep.md, stages 13 and 14)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from second_reader import ans, coded
from second_reader.ans import Stream
from second_reader.bytestream import Bytes, Damaged, demand
from second_reader.counters import Counters, bit, integer
from second_reader.sweep import follows
from second_reader.sweep.places import exceptions_of
from second_reader.sweep.returns import Returns

DENOMINATORS = (1, 100, 255, 256)
TABLE = 4
BY_RING, BY_FIRING, BY_KIND, BY_RANGE, DIFFERENCES, ADAPTIVE, BY_AZIMUTH, SUMS = range(8)
KINDS = 6


class Cells(NamedTuple):
    """Where points were measured, -1 where that is not known; how many rings and firings there are."""

    ring: np.ndarray
    firing: np.ndarray
    ticks: np.ndarray
    rings: int
    firings: int
    kind: np.ndarray
    azimuth: np.ndarray | None = None
    returns: Returns | None = None


def nowhere(count: int) -> Cells:
    """Points of which nothing is known."""
    none = np.full(count, -1, np.int64)
    return Cells(none, none, np.zeros(count, np.int64), 0, 0, np.full(count, KINDS - 1))


def _overwritten(bits: np.ndarray, data: bytes) -> np.ndarray:
    places, words = exceptions_of(data, 2)
    bits = bits.copy()
    bits[places] = np.ascontiguousarray(words).view("<u8").ravel().astype(bits.dtype)
    return bits


def column_of(data: bytes, kind: np.dtype, cells: Cells) -> np.ndarray:
    """A column."""
    head, count, width = Bytes(data), len(cells.ring), kind.itemsize
    unsigned = np.dtype(f"<u{width}")
    mode = head.u8()
    if mode <= BY_KIND:
        index, length = ((cells.ring, cells.rings), (cells.firing, cells.firings), (cells.kind, KINDS))[mode]
        form, planes = head.varint(), head.string()
        bits = follows.entries(cells, form, length, kind)
        bits = (bits + _planes(planes, length + 1, unsigned) if planes else bits)[index]
    elif mode == BY_RANGE:
        bits = np.ascontiguousarray(follows.ranges(head, cells.ticks, kind)).view(unsigned)
    elif mode == BY_AZIMUTH:
        return follows.azimuths(head, cells, kind)
    elif mode == SUMS:
        return follows.sums(head, cells, kind)
    elif mode == DIFFERENCES:
        return _planes(head.rest(), count, unsigned).view(kind)
    elif mode == ADAPTIVE:
        values = ans.decode(head.rest(), _adaptive, cells.ring.tolist(), cells.rings)
        whole = np.array(values, np.int64)
        if width == 4:
            whole = np.where(whole < 0, whole ^ 0x7FFFFFFF, whole)
        return whole.astype(unsigned).view(kind)
    else:
        raise Damaged("a column is coded in an unknown way")
    return _overwritten(bits, head.rest()).view(kind)


def _planes(data: bytes, count: int, kind: np.dtype) -> np.ndarray:
    raw = np.frombuffer(coded.lzma2(data, count * kind.itemsize), np.uint8).reshape(kind.itemsize, count)
    return np.cumsum(np.ascontiguousarray(raw.T).view(kind).ravel(), dtype=kind)


def _adaptive(stream: Stream, ring: list[int], rings: int) -> list[int]:
    counters, last, change, size, values = Counters(), [0] * (rings + 1), [0] * (rings + 1), 0, []
    for each in ring:
        r = each if each >= 0 else rings
        context = min(change[r].bit_length(), 33) * 34 + size
        difference = integer(stream, counters, context, 120)
        last[r] += difference
        values.append(last[r])
        change[r] = (change[r] + abs(difference)) >> 1
        size = min(abs(difference).bit_length(), 33)
    return values


def attributes(head: Bytes, returns: Returns) -> None:
    """Stage 14."""
    spread = np.full((5, returns.count), -1, np.int64)
    spread[2], spread[3] = 0, KINDS - 1
    if returns.every is not None:
        spread[0], spread[1] = returns.every[:2]
    spread[:3, returns.place] = returns.ring, returns.firing, returns.ticks
    spread[3, returns.place] = follows.kinds(returns)
    firings = returns.firings if returns.fired is None else len(returns.fired.columns)
    ring, firing, ticks = spread[:3]
    cells = Cells(ring, firing, ticks, returns.ranges.shape[1], firings, spread[3])
    if returns.driver is not None and returns.azimuths is not None:
        spread[4, returns.place] = returns.column
        cells = cells._replace(azimuth=spread[4], returns=returns)
    for name, kind in returns.fields:
        if name not in returns.columns:
            returns.columns[name] = column_of(head.string(), kind, cells)


def intensities(head: Bytes, returns: Returns) -> None:
    """Stage 13."""
    twice, number = divmod(head.varint(), 1 << 24)
    column, scale = divmod(number, 5)
    table = head.string() if scale == TABLE else b""
    odd, further_body = head.string(), head.string() if twice else b""
    name, kind = returns.fields[column]
    cells, place = _lit(returns)
    integers, order = returns.intensity[cells], place
    if returns.nth is not None and returns.nth.any():
        further = np.flatnonzero(returns.nth)
        integers = np.concatenate([integers, _further(further_body, returns, further)])
        order = np.concatenate([order, returns.place[further]])
    if len(order) < returns.count:
        free = np.ones(returns.count, bool)
        free[order] = False
        others = column_of(head.rest(), np.dtype("<u2"), nowhere(returns.count - len(order)))
        integers = np.concatenate([integers, others.astype(np.int64)])
        order = np.concatenate([order, np.flatnonzero(free)])
    if scale == TABLE:
        entries = Bytes(table)
        size = entries.varint()
        values = column_of(entries.rest(), kind, nowhere(size))[integers]
    else:
        values = (integers / np.float64(DENOMINATORS[scale])).astype(np.float32).astype(kind)
    values = _overwritten(np.ascontiguousarray(values).view(f"<u{kind.itemsize}"), odd).view(kind)
    out = np.empty(returns.count, kind)
    out[order] = values
    returns.columns[name] = out


def _lit(returns: Returns) -> tuple[tuple[np.ndarray, np.ndarray], np.ndarray]:
    """Cells that have intensities in the file, and the places of their points."""
    demand(returns.intensity is not None, "a sweep has no intensities where it should")
    if returns.every is not None:
        return (returns.every[2], returns.every[0]), np.arange(returns.count)
    if returns.nth is not None:
        first = returns.nth == 0
        return (returns.row[first], returns.ring[first]), returns.place[first]
    return (returns.row, returns.ring), returns.place


def _further(data: bytes, returns: Returns, further: np.ndarray) -> np.ndarray:
    cells = returns.row[further], returns.ring[further]
    alike = (returns.ranges[cells] == returns.ticks[further]).tolist()
    first = returns.intensity[cells].tolist()

    def code(stream: Stream) -> list[int]:
        counters, numbers = Counters(), []
        for same, value in zip(alike, first, strict=True):
            context = same * 17 + min(value.bit_length(), 16)
            if bit(stream, counters, context, 250):
                value = (value if same else 0) + integer(stream, counters, 1 + context, 250)
            numbers.append(value)
        return numbers

    return np.array(ans.decode(data, code), np.int64)
