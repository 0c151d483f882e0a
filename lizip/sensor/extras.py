"""Further columns of a sweep: a function of the ring (ring numbers, laser ids), or bytes for a general compressor."""

from __future__ import annotations

import lzma

import numpy as np

from lizip.errors import CorruptError
from lizip.packing import Unpacker, pack_bytes
from lizip.scan.order import decode_exceptions, encode_exceptions

_BY_RING, _DIFFERENCES = 0, 1
_MOST_OTHERS = 0.01
_FILTERS = [{"id": lzma.FILTER_LZMA2, "preset": 6, "dict_size": 1 << 24}]


def encode_extra(column: np.ndarray, ring: np.ndarray, rings: int) -> bytes:
    """Code a column (N,) of any dtype of 1 to 8 bytes, given the ring (N,) of each point (-1: unknown)."""
    size = column.dtype.itemsize
    bits = np.ascontiguousarray(column).view(f"<u{size}")
    table = np.zeros(rings, bits.dtype)
    known = np.flatnonzero(ring >= 0)
    table[ring[known]] = bits[known]
    others = np.flatnonzero((ring < 0) | (table[ring] != bits))
    if len(others) <= _MOST_OTHERS * len(bits):
        words = bits[others].astype("<u8").view(np.uint32).reshape(-1, 2)
        return bytes([_BY_RING]) + pack_bytes(table.tobytes()) + encode_exceptions(others, words)
    planes = np.diff(bits, prepend=bits.dtype.type(0)).view(np.uint8).reshape(-1, size).T
    return bytes([_DIFFERENCES]) + lzma.compress(planes.tobytes(), lzma.FORMAT_RAW, filters=_FILTERS)


def decode_extra(stream: bytes, dtype: np.dtype, ring: np.ndarray, rings: int) -> np.ndarray:
    """Give back a column (N,) of `dtype`; raises CorruptError."""
    count, size = len(ring), dtype.itemsize
    bits_type = np.dtype(f"<u{size}")
    unpacker = Unpacker(stream)
    if unpacker.take(1)[0] == _DIFFERENCES:
        planes = np.frombuffer(_expand(unpacker.take(unpacker.remaining), count * size), np.uint8)
        bits = np.ascontiguousarray(planes.reshape(size, count).T).view(bits_type)[:, 0]
        return np.cumsum(bits, dtype=bits_type).view(dtype)
    if stream[0] != _BY_RING:
        raise CorruptError("a column is coded in an unknown way")
    table = np.frombuffer(unpacker.bytes(), np.uint8)
    if len(table) != rings * size:
        raise CorruptError("a column's table has not one value a ring")
    places, words = decode_exceptions(unpacker.take(unpacker.remaining), 2, count)
    bits = table.view(bits_type)[ring]
    bits[places] = np.ascontiguousarray(words).view("<u8")[:, 0].astype(bits_type)
    return bits.view(dtype)


def _expand(coded: bytes, length: int) -> bytes:
    """Undo lzma; never more than `length` bytes."""
    try:
        decompressor = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=_FILTERS)
        data = decompressor.decompress(coded, length + 1)
    except lzma.LZMAError as error:
        raise CorruptError(f"a column is damaged: {error}") from None
    if len(data) != length or not decompressor.eof or decompressor.unused_data:
        raise CorruptError("a column has not the length announced")
    return data
