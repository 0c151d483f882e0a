"""The index of chunks: where each lies in the point order, in space and in time. One small section, read first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lizip.cloud import Columns
from lizip.errors import CorruptError
from lizip.packing import Unpacker, pack_signed, pack_varint

CHUNK = 50_000
"""Points of a chunk, as in LASzip; more for the last one of a file rather than a chunk of few."""

MAX_CHUNK = CHUNK * 3 // 2
"""No chunk that is read may be larger."""

AXES = ("X", "Y", "Z")


@dataclass(frozen=True)
class Entry:
    """One chunk.

    Attributes
    ----------
    start, count : int
        Its first point and number of points.
    low, high : tuple of int
        Smallest and largest X, Y, Z, as stored (unscaled).
    times : tuple of float or None
        Smallest and largest gps_time, NaN left out; None where there is none.
    """

    start: int
    count: int
    low: tuple[int, ...]
    high: tuple[int, ...]
    times: tuple[float, float] | None


def cuts(count: int) -> list[int]:
    """Where `count` points are cut into chunks of nearly equal size: first points, and `count` at the end."""
    chunks = max(1, round(count / CHUNK))
    return [count * i // chunks for i in range(chunks + 1)]


def describe_chunk(columns: Columns, start: int) -> Entry:
    """Make the entry of a chunk from its columns."""
    low = tuple(int(columns[axis].min()) for axis in AXES)
    high = tuple(int(columns[axis].max()) for axis in AXES)
    times = None
    if "gps_time" in columns:
        known = columns["gps_time"][~np.isnan(columns["gps_time"])]
        times = (float(known.min()), float(known.max())) if len(known) else None
    return Entry(start, len(columns["X"]), low, high, times)


def pack_index(entries: list[Entry]) -> bytes:
    """Write the entries; each box corner relative to the chunk before."""
    packed = bytearray(pack_varint(len(entries)))
    before: tuple[int, ...] = (0, 0, 0)
    for entry in entries:
        packed += pack_varint(entry.count)
        for low, high, last in zip(entry.low, entry.high, before, strict=True):
            packed += pack_signed(low - last) + pack_varint(high - low)
        packed += bytes([entry.times is not None])
        packed += np.array(entry.times or (), "<f8").tobytes()
        before = entry.low
    return bytes(packed)


def read_index(data: bytes, count: int) -> list[Entry]:
    """Read what `pack_index` wrote for a file of `count` points; CorruptError when it cannot be so."""
    unpack = Unpacker(data)
    entries: list[Entry] = []
    before: tuple[int, ...] = (0, 0, 0)
    start = 0
    for _ in range(min(unpack.varint(), len(data))):
        size = unpack.varint()
        if not 0 < size <= MAX_CHUNK:
            raise CorruptError("index names a chunk of an impossible size")
        low, high = [], []
        for last in before:
            low.append(last + unpack.signed())
            high.append(low[-1] + unpack.varint())
        flag = unpack.take(1)[0]
        if flag > 1:
            raise CorruptError("index is malformed")
        times = tuple(unpack.array("<f8", 2).tolist()) if flag else None
        before = tuple(low)
        entries.append(Entry(start, size, before, tuple(high), times))
        start += size
    unpack.finish()
    if start != count:
        raise CorruptError("index does not add up to the number of points")
    return entries
