"""Further columns of a sweep: what follows from where a point was measured costs next to nothing; the rest is coded by
ring."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from lizip.entropy.adaptive import INTEGER_NODES, bit_length, code_integer, fresh_counters
from lizip.entropy.coder import decode_stream, encode_stream
from lizip.errors import CorruptError
from lizip.exact.ulp import bits_of, from_ordinals, to_ordinals
from lizip.jit import kernel
from lizip.packing import Unpacker, pack_bytes, pack_varint
from lizip.sensor.stages.exceptions import decode_exceptions, encode_exceptions
from lizip.sensor.stages.instants import decode_sums, encode_sums
from lizip.sensor.stages.measured import TURN_UNITS, Cells, cells_of
from lizip.sensor.stages.tables import (
    BY_FIRING,
    BY_KIND,
    BY_RING,
    FORMS,
    SINGLE_TICKS,
    SUMMED,
    TICKS,
    UNITS,
    WHOLE,
    WHOLE_TICKS,
    Angle,
    Range,
    counted_from,
    decode_near,
    encode_near,
    index_of,
    pack_planes,
    unpack_planes,
)

if TYPE_CHECKING:
    from lizip.sensor.returns import Returns

_BY_RANGE, _DIFFERENCES, _ADAPTIVE, _BY_AZIMUTH, _SUMS = range(BY_KIND + 1, BY_KIND + 6)
_MOST_OTHERS = 0.01
_LARGEST_SCALE = 1 << 20
_LIMIT = 120
_SIZES = 34
_SAMPLE = 1000
_EXPLAINED = 16
"""Points a byte from which on no other way is tried."""
_LEAST_EXACT = 0.5


@dataclass(frozen=True)
class Attributes:
    """All columns of the file that no other stage gives, in their order there, each coded given the cells."""

    streams: Sequence[bytes] = field(repr=False)

    @classmethod
    def of(cls, returns: Returns, columns: Sequence[np.ndarray]) -> Attributes:
        """Code columns, each (N,); `returns` are placed."""
        cells = cells_of(returns)
        return cls([encode_attribute(np.ascontiguousarray(column), cells) for column in columns])

    def apply(self, returns: Returns) -> None:
        """Decode the columns."""
        returns.need("place")
        fields = [field for field in returns.schema if field[0] not in returns.columns]
        if len(fields) != len(self.streams):
            raise CorruptError("a sweep has not as many columns as its file")
        if not fields:
            return
        cells = cells_of(returns)
        for (name, dtype), stream in zip(fields, self.streams, strict=True):
            returns.columns[name] = decode_attribute(stream, dtype, cells)

    def pack(self) -> bytes:
        """Write all columns."""
        return b"".join(map(pack_bytes, self.streams))

    @classmethod
    def unpack(cls, data: bytes) -> Attributes:
        """Read what `pack` wrote; raises CorruptError."""
        unpacker, streams = Unpacker(data), []
        while unpacker.remaining:
            streams.append(unpacker.bytes())
        return cls(streams)


def encode_attribute(column: np.ndarray, cells: Cells) -> bytes:
    """Code a column (N,) of any dtype of 1 to 8 bytes in the shortest of the ways tried."""
    size = column.dtype.itemsize
    bits = np.ascontiguousarray(column).view(f"<u{size}")
    for which in (BY_RING, BY_KIND):
        if (packed := _encode_table(column, bits, cells, which)) is not None:
            return packed
    if (law := _find_range(column, cells)) is not None:
        others = np.flatnonzero(bits != bits_of(law.values(cells.ticks, column.dtype)).view(bits.dtype))
        return bytes([_BY_RANGE]) + law.pack() + _pack_others(bits, others)
    by_firing = _encode_table(column, bits, cells, BY_FIRING)
    tried = [] if by_firing is None else [by_firing]
    if (angle := _find_angle(column, cells)) is not None:
        near = encode_near(column, angle.values(cells, column.dtype), cells)
        tried.append(bytes([_BY_AZIMUTH]) + angle.pack() + near)
    elif (sums := encode_sums(column, cells)) is not None:
        tried.append(bytes([_SUMS]) + sums)
    best = min(tried, key=len, default=b"")
    if by_firing is not None or (tried and len(best) * _EXPLAINED <= len(bits)):
        return best
    tried.append(bytes([_DIFFERENCES]) + pack_planes(bits))
    if size < 8:
        values = _ordinals(bits, size)
        last = np.zeros(cells.rings + 1, np.int64)
        counters = fresh_counters(_SIZES * _SIZES * INTEGER_NODES)
        coded = encode_stream(_code_values, counters, cells.ring, last, last.copy(), values)
        tried.append(bytes([_ADAPTIVE]) + coded)
    return min(tried, key=len)


def decode_attribute(stream: bytes, dtype: np.dtype, cells: Cells) -> np.ndarray:
    """Give back a column (N,) of `dtype`; raises CorruptError."""
    count, size = len(cells.ring), dtype.itemsize
    bits_type = np.dtype(f"<u{size}")
    unpacker = Unpacker(stream)
    mode = unpacker.take(1)[0]
    if mode <= BY_KIND:
        index, length = index_of(cells, mode)
        form, planes = unpacker.varint(), unpacker.bytes()
        table = counted_from(cells, form, length, dtype) if form < FORMS else None
        if table is None:
            raise CorruptError("a column's table is counted from nothing known")
        bits = ((table + unpack_planes(planes, length + 1, bits_type)) if planes else table)[index]
    elif mode == _BY_RANGE:
        bits = bits_of(Range.unpack(unpacker).values(cells.ticks, dtype)).view(bits_type)
    elif mode == _DIFFERENCES:
        return unpack_planes(unpacker.take(unpacker.remaining), count, bits_type).view(dtype)
    elif mode == _ADAPTIVE and size < 8:
        values, last = np.zeros(count, np.int64), np.zeros(cells.rings + 1, np.int64)
        coded, counters = unpacker.take(unpacker.remaining), fresh_counters(_SIZES * _SIZES * INTEGER_NODES)
        decode_stream(coded, _code_values, counters, cells.ring, last, last.copy(), values)
        return _from_ordinals(values, size).view(dtype)
    elif mode == _BY_AZIMUTH and dtype.kind in "iuf" and size > 1:
        angle = Angle.unpack(unpacker)
        return decode_near(unpacker.take(unpacker.remaining), angle.values(cells, dtype), cells)
    elif mode == _SUMS:
        return decode_sums(unpacker, dtype, cells)
    else:
        raise CorruptError("a column is coded in an unknown way")
    places, words = decode_exceptions(unpacker.take(unpacker.remaining), 2, count)
    bits[places] = np.ascontiguousarray(words).view("<u8")[:, 0].astype(bits_type)
    return bits.view(dtype)


def _encode_table(column: np.ndarray, bits: np.ndarray, cells: Cells, which: int) -> bytes | None:
    """A column by ring, firing or kind; None where it does not follow from that."""
    index, count = index_of(cells, which)
    table = np.zeros(count + 1, bits.dtype)
    table[index[::-1]] = bits[::-1]
    others = np.flatnonzero(table[index] != bits)
    if len(others) > _MOST_OTHERS * len(bits):
        return None
    unseen = np.ones(count + 1, bool)
    unseen[index] = False
    tried = []
    for form in range(FORMS if which == BY_RING else 2):
        if (base := counted_from(cells, form, count, column.dtype)) is not None:
            left = np.where(unseen, 0, table - base).astype(bits.dtype)
            tried.append(pack_varint(form) + pack_bytes(pack_planes(left) if left.any() else b""))
    return bytes([which]) + min(tried, key=len) + _pack_others(bits, others)


def _find_range(column: np.ndarray, cells: Cells) -> Range | None:
    """How ticks give a column but for few points; None where they do not."""
    seen = np.flatnonzero(cells.ticks > 0)
    seen = seen[:: max(1, len(seen) // _SAMPLE)]
    if not len(seen):
        return None
    bits = np.ascontiguousarray(column).view(f"<u{column.dtype.itemsize}")
    if column.dtype.kind == "f":
        steps = [] if cells.driver is None else [cells.driver.tick]
        laws = [Range(form, step) for form in (TICKS, SINGLE_TICKS) for step in steps]
    else:
        scale = int(np.rint(np.median(bits[seen] / cells.ticks[seen])))
        laws = [Range(WHOLE_TICKS, scale)] if 0 < scale <= _LARGEST_SCALE else []
    for law in laws:
        for which in (seen, slice(None)):
            values = bits_of(law.values(cells.ticks[which], column.dtype)).view(bits.dtype)
            if (bits[which] != values).mean() > _MOST_OTHERS:
                break
        else:
            return law
    return None


def _find_angle(column: np.ndarray, cells: Cells) -> Angle | None:
    """How azimuths give most values of a column exactly; None where they do not."""
    if cells.azimuth is None or cells.fired is None or column.dtype.itemsize < 2 or column.dtype.kind not in "iuf":
        return None
    seen = np.flatnonzero((cells.azimuth >= 0) & (cells.ticks > 0))
    seen = seen[:: max(1, len(seen) // _SAMPLE)]
    if not len(seen):
        return None
    values = column[seen]
    best, share = None, _LEAST_EXACT
    laws = product(range(SUMMED, WHOLE), range(len(UNITS))) if column.dtype.kind == "f" else [(WHOLE, 0)]
    for (law, unit), of_firing in product(laws, (0, 1)):
        angle = Angle(of_firing, law, unit, 0)
        shift = _shift(values, angle, cells, seen)
        angle = angle._replace(shift=shift)
        exact = float((angle.values(cells, column.dtype, seen) == values).mean())
        if exact > share:
            best, share = angle, exact
    return best


def _shift(values: np.ndarray, angle: Angle, cells: Cells, seen: np.ndarray) -> int:
    """0.01 degrees by which most values are ahead of what an angle says."""
    with np.errstate(all="ignore"):
        ahead = values.astype(np.float64) - angle.values(cells, values.dtype, seen).astype(np.float64)
        ahead = ahead if angle.law == WHOLE else ahead / UNITS[angle.unit] * (TURN_UNITS / (2 * np.pi))
        whole = np.rint(np.where(np.abs(ahead) < TURN_UNITS, ahead, 0)).astype(np.int64) % TURN_UNITS
    numbers, counts = np.unique(whole, return_counts=True)
    shift = int(numbers[np.argmax(counts)])
    return shift - TURN_UNITS if shift > TURN_UNITS // 2 else shift


def _pack_others(bits: np.ndarray, others: np.ndarray) -> bytes:
    return encode_exceptions(others, bits[others].astype("<u8").view(np.uint32).reshape(-1, 2))


def _ordinals(bits: np.ndarray, size: int) -> np.ndarray:
    """Integers (N,) int64, one to one; for 4 bytes in the order of floats (of integers below 2**31 as well)."""
    return to_ordinals(bits.view("<f4")) if size == 4 else bits.astype(np.int64)


def _from_ordinals(values: np.ndarray, size: int) -> np.ndarray:
    """Undo `_ordinals`; what it never makes gives any bits."""
    return (bits_of(from_ordinals(values, np.dtype("<f4"))) if size == 4 else values).astype(f"<u{size}")


@kernel
def _code_values(coder, counters, ring, last, change, values):
    """Code each value as its difference from the last one of its ring, given how much ring and file changed lately."""
    size = np.int64(0)
    for i in range(values.size):
        r = ring[i] if ring[i] >= 0 else last.size - 1
        before = min(bit_length(change[r]), _SIZES - 1)
        context = (before * _SIZES + size) * INTEGER_NODES
        difference = code_integer(coder, counters, context, _LIMIT, values[i] - last[r])
        difference = min(max(difference, -(1 << 33)), np.int64(1) << 33)
        value = min(max(last[r] + difference, -(1 << 33)), np.int64(1) << 33)
        values[i] = value
        last[r] = value
        change[r] = (change[r] + abs(difference)) >> 1
        size = min(bit_length(abs(difference)), np.int64(_SIZES - 1))
