"""PLY (Stanford polygon files): ascii and both binary orders. The vertices are the points; faces are a region."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from lizip.errors import CorruptError
from lizip.formats.records import (
    MAX_FIELDS,
    Fields,
    check_regions,
    join_records,
    native_columns,
    pack_fields,
    schema_of,
    size_of,
    unique,
    unpack_fields,
)
from lizip.formats.text import check_template, join_table, parse_table
from lizip.packing import Unpacker, pack_bytes

if TYPE_CHECKING:
    from lizip.cloud import Cloud, Columns, Schema

_HEADER_LIMIT = 1 << 16
_ORDERS = {b"binary_little_endian": "<", b"binary_big_endian": ">", b"ascii": "a"}
_MODES = "<>a"
"""First byte of the layout is the position here; the fields follow, then the template of a text."""

_TYPES = {
    b"char": "i1",
    b"uchar": "u1",
    b"short": "i2",
    b"ushort": "u2",
    b"int": "i4",
    b"uint": "u4",
    b"float": "f4",
    b"double": "f8",
    b"int8": "i1",
    b"uint8": "u1",
    b"int16": "i2",
    b"uint16": "u2",
    b"int32": "i4",
    b"uint32": "u4",
    b"float32": "f4",
    b"float64": "f8",
}


class _Header(NamedTuple):
    start: int
    """Byte at which the vertices begin."""
    order: str
    fields: Fields
    points: int


class _Layout(NamedTuple):
    order: str
    fields: Fields
    template: str


class Ply:
    """PLY files whose vertices are plain numbers."""

    name = "ply"
    number = 4

    def split(self, data: memoryview, fields: int | None = None) -> Cloud | None:
        """Take the vertices apart; None when there are none or a text cannot be printed again."""
        from lizip.cloud import Cloud

        header = _read_header(bytes(data[:_HEADER_LIMIT]))
        if header is None:
            return None
        _, order, fields_, points = header
        start, template = header.start, b""
        if order == "a":
            table = parse_table(data[start:], points, fields_)
            if table is None:
                return None
            text, fields_, columns, size = table
            template = pack_bytes(text.encode())
        else:
            points = max(min(points, (len(data) - start) // size_of(fields_)), 0)
            columns = native_columns(data, start, points, fields_, order)
            size = points * size_of(fields_)
        layout = bytes([_MODES.index(order)]) + pack_fields(fields_) + template
        return Cloud(self.name, layout, columns, (bytes(data[:start]), bytes(data[start + size :])))

    def rowwise(self, layout: bytes) -> bool:
        """Unless it is text."""
        return _read_layout(layout).order != "a"

    def fields(self, layout: bytes) -> Fields:
        """Scalar properties of a vertex."""
        return _read_layout(layout).fields

    def schema(self, layout: bytes) -> Schema:
        """Scalar properties of a vertex as numpy dtypes."""
        return schema_of(self.fields(layout))

    def join(self, layout: bytes, regions: tuple[bytes, ...], blocks: Iterable[Columns]) -> Iterator[bytes]:
        """Yield the header, the vertices, and what follows them."""
        order, fields, template = _read_layout(layout)
        check_regions(regions, 2)
        yield regions[0]
        if order == "a":
            yield from join_table(template, fields, blocks)
        else:
            yield from join_records(fields, blocks, order)
        yield regions[1]


def _read_header(head: bytes) -> _Header | None:
    """Parse the header; None when the vertices are not records of plain numbers that start at a known byte."""
    end = head.find(b"end_header")
    newline = head.find(b"\n", end)
    if end < 0 or newline < 0:
        return None
    order, elements = "", []
    for line in head[:end].split(b"\n")[1:]:
        words = line.split()
        if words[:1] == [b"format"] and len(words) > 1:
            order = _ORDERS.get(words[1], "")
        elif words[:1] == [b"element"] and len(words) == 3 and words[2].isdigit():
            elements.append((words[1], int(words[2]), []))
        elif words[:1] == [b"property"] and len(words) >= 3 and elements:
            code = _TYPES.get(words[1]) if len(words) == 3 else None
            elements[-1][2].append((words[-1].decode("latin-1"), code))
    start = newline + 1
    for name, points, fields in elements:
        plain = bool(fields) and all(code for _, code in fields) and len(fields) <= MAX_FIELDS
        if not order or not plain:
            return None
        if name == b"vertex":
            return _Header(start, order, unique(fields), points)
        if order == "a":  # lines before the vertices would have to be counted; no writer known makes them
            return None
        start += points * size_of(tuple(fields))
    return None


def _read_layout(layout: bytes) -> _Layout:
    unpack = Unpacker(layout)
    mode, fields = unpack.take(1)[0], unpack_fields(unpack)
    if mode >= len(_MODES) or not fields:
        raise CorruptError("layout names an unknown PLY encoding")
    template = ""
    if _MODES[mode] == "a":
        template = unpack.bytes().decode("latin-1")
        check_template(template, fields)
    unpack.finish()
    return _Layout(_MODES[mode], fields, template)


FORMAT = Ply()
