"""Further columns of a sweep: what follows from ring, firing or range costs a table; the rest is coded by ring."""

from __future__ import annotations

import lzma
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lizip.entropy.adaptive import INTEGER_NODES, bit_length, code_integer, fresh_counters
from lizip.entropy.coder import decode_stream, encode_stream
from lizip.errors import CorruptError
from lizip.exact.ulp import bits_of, from_ordinals, to_ordinals
from lizip.jit import kernel
from lizip.packing import Unpacker, pack_bytes, pack_varint
from lizip.sensor.stages.exceptions import decode_exceptions, encode_exceptions

if TYPE_CHECKING:
    from lizip.sensor.returns import Returns

_BY_RING, _BY_FIRING, _BY_RANGE, _DIFFERENCES, _ADAPTIVE = range(5)
_MOST_OTHERS = 0.01
_LARGEST_SCALE = 1 << 20
_WINDOW = 1 << 24
_FILTERS = [{"id": lzma.FILTER_LZMA2, "preset": 6, "dict_size": _WINDOW}]
_LIMIT = 120
_SIZES = 34


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


def cells_of(returns: Returns) -> Cells:
    """Where the N points of a file were measured."""
    spread = np.full((3, returns.count), -1, np.int64)
    spread[2] = 0
    if returns.every is not None:
        spread[0], spread[1] = returns.every[:2]
    for column, known in zip(spread, (returns.ring, returns.firing, returns.ticks), strict=True):
        column[returns.place] = known
    return Cells(
        *spread, returns.ranges.shape[1], returns.firings if returns.fired is None else len(returns.fired.fired)
    )


class Cells(NamedTuple):
    """Where the points of a file were measured, in file order; -1 where that is not known.

    Attributes
    ----------
    ring, firing : (N,) int64
        Ring and index of the firing.
    ticks : (N,) int64
        Range, 0 without a return.
    rings, firings : int
        How many there are.
    """

    ring: np.ndarray
    firing: np.ndarray
    ticks: np.ndarray
    rings: int
    firings: int


def nowhere(count: int) -> Cells:
    """Cells of `count` points of which nothing is known."""
    none = np.full(count, -1, np.int64)
    return Cells(none, none, np.zeros(count, np.int64), 0, 0)


def encode_attribute(column: np.ndarray, cells: Cells) -> bytes:
    """Code a column (N,) of any dtype of 1 to 8 bytes in the shortest of the ways tried."""
    size = column.dtype.itemsize
    bits = np.ascontiguousarray(column).view(f"<u{size}")
    for mode, index, count in ((_BY_RING, cells.ring, cells.rings), (_BY_FIRING, cells.firing, cells.firings)):
        table = np.zeros(count + 1, bits.dtype)
        table[index[::-1]] = bits[::-1]
        others = np.flatnonzero(table[index] != bits)
        if len(others) <= _MOST_OTHERS * len(bits):
            plain = (table == _plain_table(count, column.dtype)).all()
            return bytes([mode]) + pack_bytes(b"" if plain else _pack_planes(table)) + _pack_others(bits, others)
    scale = _range_scale(bits, cells)
    if scale:
        others = np.flatnonzero(bits != (cells.ticks * scale).astype(bits.dtype))
        return bytes([_BY_RANGE]) + pack_varint(scale) + _pack_others(bits, others)
    packed = bytes([_DIFFERENCES]) + _pack_planes(bits)
    if size == 8:
        return packed
    values = _ordinals(bits, size)
    last = np.zeros(cells.rings + 1, np.int64)
    counters = fresh_counters(_SIZES * _SIZES * INTEGER_NODES)
    coded = encode_stream(_code_values, counters, cells.ring, last, last.copy(), values)
    return min(packed, bytes([_ADAPTIVE]) + coded, key=len)


def decode_attribute(stream: bytes, dtype: np.dtype, cells: Cells) -> np.ndarray:
    """Give back a column (N,) of `dtype`; raises CorruptError."""
    count, size = len(cells.ring), dtype.itemsize
    bits_type = np.dtype(f"<u{size}")
    unpacker = Unpacker(stream)
    mode = unpacker.take(1)[0]
    if mode in (_BY_RING, _BY_FIRING):
        length, index = (cells.rings, cells.ring) if mode == _BY_RING else (cells.firings, cells.firing)
        table = unpacker.bytes()
        table = _unpack_planes(table, length + 1, bits_type) if table else _plain_table(length, dtype)
        bits = table[index]
    elif mode == _BY_RANGE:
        bits = (cells.ticks * min(unpacker.varint(), _LARGEST_SCALE)).astype(bits_type)
    elif mode == _DIFFERENCES:
        return _unpack_planes(unpacker.take(unpacker.remaining), count, bits_type).view(dtype)
    elif mode == _ADAPTIVE and size < 8:
        values, last = np.zeros(count, np.int64), np.zeros(cells.rings + 1, np.int64)
        coded, counters = unpacker.take(unpacker.remaining), fresh_counters(_SIZES * _SIZES * INTEGER_NODES)
        decode_stream(coded, _code_values, counters, cells.ring, last, last.copy(), values)
        return _from_ordinals(values, size).view(dtype)
    else:
        raise CorruptError("a column is coded in an unknown way")
    places, words = decode_exceptions(unpacker.take(unpacker.remaining), 2, count)
    bits[places] = np.ascontiguousarray(words).view("<u8")[:, 0].astype(bits_type)
    return bits.view(dtype)


def _plain_table(count: int, dtype: np.dtype) -> np.ndarray:
    """Bits of the numbers 0, 1, ... (`count`,) of a type, and of 0 for what has no number."""
    return np.append(np.arange(count), 0).astype(dtype).view(f"<u{dtype.itemsize}")


def _range_scale(bits: np.ndarray, cells: Cells) -> int:
    """Whole number by which ticks must be multiplied to give a column of integers; 0 when there is none."""
    seen = np.flatnonzero(cells.ticks > 0)
    seen = seen[:: max(1, len(seen) // 1000)]
    if not len(seen):
        return 0
    scale = int(np.rint(np.median(bits[seen] / cells.ticks[seen])))
    if not 0 < scale <= _LARGEST_SCALE:
        return 0
    return scale if (bits != (cells.ticks * scale).astype(bits.dtype)).mean() <= _MOST_OTHERS else 0


def _pack_others(bits: np.ndarray, others: np.ndarray) -> bytes:
    return encode_exceptions(others, bits[others].astype("<u8").view(np.uint32).reshape(-1, 2))


def _pack_planes(bits: np.ndarray) -> bytes:
    """Compress the bytes of differences, all lowest bytes first."""
    planes = np.diff(bits, prepend=bits.dtype.type(0)).view(np.uint8).reshape(-1, bits.dtype.itemsize).T
    # a window no larger than the data: to set up the largest takes longer than to fill a small one
    filters = [{**_FILTERS[0], "dict_size": min(max(planes.size, 1 << 12), _WINDOW)}]
    return lzma.compress(planes.tobytes(), lzma.FORMAT_RAW, filters=filters)


def _unpack_planes(coded: bytes, count: int, dtype: np.dtype) -> np.ndarray:
    """Undo `_pack_planes`; never more than `count` numbers."""
    length = count * dtype.itemsize
    try:
        decompressor = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=_FILTERS)
        data = decompressor.decompress(coded, length + 1)
    except lzma.LZMAError as error:
        raise CorruptError(f"a column is damaged: {error}") from None
    if len(data) != length or not decompressor.eof or decompressor.unused_data:
        raise CorruptError("a column has not the length announced")
    planes = np.frombuffer(data, np.uint8).reshape(dtype.itemsize, count)
    return np.cumsum(np.ascontiguousarray(planes.T).view(dtype)[:, 0], dtype=dtype)


def _ordinals(bits: np.ndarray, size: int) -> np.ndarray:
    """Integers (N,) int64, one to one; for 4 bytes in the order of floats (of integers below 2**31 as well)."""
    return to_ordinals(bits.view("<f4")) if size == 4 else bits.astype(np.int64)


def _from_ordinals(values: np.ndarray, size: int) -> np.ndarray:
    """Undo `_ordinals`; what it never makes gives any bits."""
    return (bits_of(from_ordinals(values, "<f4")) if size == 4 else values).astype(f"<u{size}")


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
        size = min(bit_length(abs(difference)), _SIZES - 1)
