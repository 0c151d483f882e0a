"""LAS 1.0 to 1.4, all point formats: the records' fields as raw integers, everything around them opaque.

[0, offset to points) and what follows the last whole record are regions, kept as they are: wrong counts, gaps, odd VLRs
and stray bytes are content. Bytes of a record beyond its point format are extra bytes; the extra-bytes VLR names them
where it agrees with the record's length.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from lizip.errors import CorruptError
from lizip.formats import Format
from lizip.formats.records import (
    Fields,
    check_regions,
    columns_of,
    join_records,
    pack_fields,
    size_of,
    unique,
    unpack_fields,
)
from lizip.packing import Unpacker

if TYPE_CHECKING:
    from lizip.cloud import Cloud, Columns

_HEADER = struct.Struct("<HIIBHI")
"""Header size, offset to points, number of VLRs, point format, record length, number of points; at byte 94."""

_POSITION = (("X", "i4"), ("Y", "i4"), ("Z", "i4"), ("intensity", "u2"), ("bit_fields", "u1"))
_OLD = (
    *_POSITION,
    ("raw_classification", "u1"),
    ("scan_angle_rank", "i1"),
    ("user_data", "u1"),
    ("point_source_id", "u2"),
)
_NEW = (
    *_POSITION,
    ("classification_flags", "u1"),
    ("classification", "u1"),
    ("user_data", "u1"),
    ("scan_angle", "i2"),
    ("point_source_id", "u2"),
    ("gps_time", "f8"),
)
_GPS = (("gps_time", "f8"),)
_RGB = (("red", "u2"), ("green", "u2"), ("blue", "u2"))
_NIR = (("nir", "u2"),)
_WAVE = (
    ("wavepacket_index", "u1"),
    ("wavepacket_offset", "u8"),
    ("wavepacket_size", "u4"),
    ("return_point_wave_location", "f4"),
    ("x_t", "f4"),
    ("y_t", "f4"),
    ("z_t", "f4"),
)
POINT_FORMATS: tuple[Fields, ...] = (
    _OLD,
    _OLD + _GPS,
    _OLD + _RGB,
    _OLD + _GPS + _RGB,
    _OLD + _GPS + _WAVE,
    _OLD + _GPS + _RGB + _WAVE,
    _NEW,
    _NEW + _RGB,
    _NEW + _RGB + _NIR,
    _NEW + _WAVE,
    _NEW + _RGB + _NIR + _WAVE,
)
"""Fields of each point format as in the ASPRS specification 1.4 R15, with laspy's names; bit fields stay packed."""

_EXTRA_TYPES = ("u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8")
"""Data types 1 to 10 of the extra-bytes VLR; 11-20 and 21-30 are pairs and triples of them."""

_MAX_RECORD = 2048
_MAX_SINGLE = 32
"""Undescribed extra bytes up to here are columns of one byte; above, of eight."""


class Las(Format):
    """Uncompressed LAS. Layout: point format, then the extra bytes' fields."""

    name = "las"
    number = 2

    def split(self, data: memoryview, fields: int | None = None) -> Cloud | None:
        """Take the records apart; None for LAZ and for headers that make no sense."""
        from lizip.cloud import Cloud

        header = _read_header(data)
        if header is None:
            return None
        point_format, offset, length, points = header
        extra = _extra_fields(data, length - size_of(POINT_FORMATS[point_format]), offset)
        layout = bytes([point_format]) + pack_fields(extra)
        end = offset + points * length
        regions = (data[:offset], data[end:])
        return Cloud(self.name, layout, columns_of(data, offset, points, self.fields(layout)), regions)

    def rowwise(self, layout: bytes) -> bool:
        """Always."""
        return True

    def fields(self, layout: bytes) -> Fields:
        """The point format's fields, then the extra bytes'."""
        unpack = Unpacker(layout)
        point_format = unpack.take(1)[0]
        if point_format >= len(POINT_FORMATS):
            raise CorruptError(f"unknown LAS point format {point_format}")
        extra = unpack_fields(unpack)
        unpack.finish()
        fields = POINT_FORMATS[point_format] + extra
        if len(dict(fields)) != len(fields) or size_of(fields) > _MAX_RECORD:
            raise CorruptError("layout names a field twice, or too many")
        return fields

    def join(self, layout: bytes, regions: tuple[bytes, ...], blocks: Iterable[Columns]) -> Iterator[bytes]:
        """Yield header and VLRs, the records, and what follows them."""
        check_regions(regions, 2)
        yield regions[0]
        yield from join_records(self.fields(layout), blocks)
        yield regions[1]


def _read_header(data: memoryview) -> tuple[int, int, int, int] | None:
    """Point format, offset to the points, record length, whole records; None when a reader would give up."""
    if len(data) < 227 or bytes(data[:4]) != b"LASF":
        return None
    header_size, offset, _, point_format, length, count = _HEADER.unpack_from(data, 94)
    if data[25] >= 4 and header_size >= 375 and len(data) >= 375:
        (count,) = struct.unpack_from("<Q", data, 247)
    if point_format >= len(POINT_FORMATS) or header_size < 227 or not header_size <= offset <= len(data):
        return None
    if not size_of(POINT_FORMATS[point_format]) <= length <= _MAX_RECORD:
        return None
    return point_format, offset, length, min(count, (len(data) - offset) // length)


def _extra_fields(data: memoryview, size: int, offset: int) -> Fields:
    """Fields of the extra bytes: as the VLR says when its sizes add up, else columns of plain integers."""
    described = _described_fields(_extra_bytes_vlr(data, offset))
    if described is None or size_of(described) != size:
        wide = 0 if size <= _MAX_SINGLE else size // 8
        described = tuple((f"extra_{i}", "u8") for i in range(wide))
        described += tuple((f"extra_{wide + i}", "u1") for i in range(size - 8 * wide))
    standard = [(name, "u1") for fields in POINT_FORMATS for name, _ in fields]
    reserved = unique(dict(standard).items())
    return unique((*reserved, *described))[len(reserved) :]


def _extra_bytes_vlr(data: memoryview, offset: int) -> memoryview:
    """Payload of the VLR "LASF_Spec" 4, empty when there is none before the points."""
    position, _, number = _HEADER.unpack_from(data, 94)[:3]
    for _ in range(min(number, 1 << 16)):
        if position + 54 > offset:
            break
        user, record, size = struct.unpack_from("<16sHH", data, position + 2)
        payload = data[position + 54 : min(position + 54 + size, offset)]
        if user.rstrip(b"\0") == b"LASF_Spec" and record == 4:
            return payload
        position += 54 + size
    return data[:0]


def _described_fields(payload: memoryview) -> Fields | None:
    """Fields of an extra-bytes VLR, 192 bytes each: type at 2, options at 3, name at 4 to 36; None when not sane."""
    fields: list[tuple[str, str]] = []
    for start in range(0, len(payload) - 191, 192):
        data_type, options = payload[start + 2], payload[start + 3]
        name = bytes(payload[start + 4 : start + 36]).split(b"\0")[0].decode("latin-1") or "extra"
        if data_type == 0:
            fields += [(f"{name}_{i}", "u1") for i in range(options)]
        elif data_type <= 30:
            code = _EXTRA_TYPES[(data_type - 1) % 10]
            repeats = (data_type - 1) // 10 + 1
            fields += [(name, code)] if repeats == 1 else [(f"{name}_{i}", code) for i in range(repeats)]
        else:
            return None
    return tuple(fields)


FORMAT = Las()
