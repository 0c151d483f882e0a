"""PLY (Stanford polygon files): ascii and both binary orders. The vertices are the points; other elements are regions.

Where vertices hold lists, all of one length, the length and the items are fields like others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from lizip.errors import CorruptError
from lizip.formats import Format, Printed
from lizip.formats.records import (
    MAX_FIELDS,
    Fields,
    check_regions,
    join_records,
    native_columns,
    pack_fields,
    size_of,
    unique,
    unpack_fields,
)
from lizip.formats.table import Table, join_table, parse_again, parse_table
from lizip.formats.template import Template
from lizip.packing import Unpacker

if TYPE_CHECKING:
    from lizip.cloud import Cloud, Columns

_HEADER_LIMIT = 1 << 20
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
    b"int64": "i8",
    b"uint64": "u8",
}


class _Property(NamedTuple):
    name: str
    code: str
    """Type of the number, or of a list's items."""
    length: str = ""
    """Type of a list's length; empty for a number."""


class _Element(NamedTuple):
    name: bytes
    count: int  # type: ignore[assignment]  # hides the method of tuples
    properties: tuple[_Property, ...]


class _Header(NamedTuple):
    size: int
    """Bytes, with the line end_header."""
    order: str
    elements: tuple[_Element, ...]


class _Layout(NamedTuple):
    order: str
    fields: Fields
    template: Template | None


class Ply(Format):
    """PLY files whose vertices are plain numbers."""

    name = "ply"
    number = 4

    def split(self, data: memoryview, fields: int | None = None) -> Cloud | None:
        """Take the vertices apart; None when there are none."""
        from lizip.cloud import Cloud

        header = _read_header(bytes(data[:_HEADER_LIMIT]))
        found = None if header is None else _find_vertices(data, header)
        if found is None:
            return None
        start, order, points, fields_ = found
        if order == "a":
            table = parse_table(data[start:], points, fields_)
            if table is not None:
                return self.of_table(table, data[:start], data[start + table.size :])
            order, points = "<", 0
        points = min(points, (len(data) - start) // size_of(fields_))
        columns = native_columns(data, start, points, fields_, order)
        layout = b"%c" % _MODES.index(order) + pack_fields(fields_)
        return Cloud(self.name, layout, columns, (data[:start], data[start + points * size_of(fields_) :]))

    def find_table(self, data: memoryview) -> Printed | None:
        """Where the vertices of a text are."""
        header = _read_header(bytes(data[:_HEADER_LIMIT]))
        found = _find_vertices(data, header) if header is not None and header.order == "a" else None
        return None if found is None else Printed(found[0], *found[2:])

    def of_table(self, table: Table, before: memoryview, after: memoryview) -> Cloud:
        """Vertices that are text."""
        from lizip.cloud import Cloud

        layout = b"%c" % _MODES.index("a") + pack_fields(table.fields) + table.template.pack()
        return Cloud(self.name, layout, table.columns, (before, after, table.odd))

    def again(self, content: memoryview, cloud: Cloud, fields: int | None = None) -> Cloud | None:
        """Read the vertices again."""
        text = _read_layout(cloud.layout).order == "a"
        return parse_again(self, content, cloud) if text else self.split(content, fields)

    def rowwise(self, layout: bytes) -> bool:
        """Unless it is text."""
        return _read_layout(layout).order != "a"

    def fields(self, layout: bytes) -> Fields:
        """Properties of a vertex."""
        return _read_layout(layout).fields

    def join(self, layout: bytes, regions: tuple[bytes, ...], blocks: Iterable[Columns]) -> Iterator[bytes]:
        """Yield what stands before the vertices, the vertices, and what follows them."""
        order, fields, template = _read_layout(layout)
        check_regions(regions, 3 if order == "a" else 2)
        yield regions[0]
        if template is not None:
            yield from join_table(template, fields, regions[2], blocks)
        else:
            yield from join_records(fields, blocks, order)
        yield regions[1]


def _read_header(head: bytes) -> _Header | None:
    """Parse the header; None when it makes no sense."""
    newline = b"\r\n" if head[3:5] == b"\r\n" else head[3:4]
    order, position = "", 3 + len(newline)
    elements: list[tuple[bytes, int, list[_Property]]] = []
    while (end := head.find(newline, position)) >= 0:
        words = head[position:end].split()
        position = end + len(newline)
        if words[:1] == [b"end_header"]:
            if not order:
                return None
            return _Header(position, order, tuple(_Element(*each[:2], tuple(each[2])) for each in elements))
        if words[:1] == [b"format"] and len(words) > 1:
            order = _ORDERS.get(words[1], "")
        elif words[:1] == [b"element"] and len(words) == 3 and words[2].isdigit():
            elements.append((words[1], int(words[2]), []))
        elif words[:1] == [b"property"] and elements:
            types = [_TYPES.get(word, "") for word in words[2 if words[1:2] == [b"list"] else 1 : -1]]
            if "" in types or not 1 <= len(types) <= 2:
                return None
            elements[-1][2].append(_Property(words[-1].decode("latin-1"), types[-1], *types[:-1]))
    return None


def _find_vertices(data: memoryview, header: _Header) -> tuple[int, str, int, Fields] | None:
    """Byte at which the vertices begin, byte order, number, and fields; None when they are no table."""
    start = header.size
    for element in header.elements:
        if element.name == b"vertex":
            fields = _fields_of(data, start, header.order, element)
            return (start, header.order, element.count, fields) if fields else None
        skipped = _skip(data, start, header.order, element)
        if skipped is None:
            return None
        start = skipped
    return None


def _fields_of(data: memoryview, start: int, order: str, element: _Element) -> Fields | None:
    """Fields of a record, each list as its length and its items; None when a list has several lengths."""
    fields: list[tuple[str, str]] = []
    lengths: list[int] = []
    for each in element.properties:
        if each.length:
            length = _first_length(data, start, order, fields, each)
            if not 0 <= length <= MAX_FIELDS:
                return None
            lengths.append(len(fields))
            fields.append((f"{each.name}_length", each.length))
            fields += [(f"{each.name}_{i}", each.code) for i in range(length)]
        else:
            fields.append((each.name, each.code))
    if not 0 < len(fields) <= MAX_FIELDS or start > len(data):
        return None
    found = unique(fields)
    if lengths and order != "a":
        points = min(element.count, (len(data) - start) // size_of(found))
        columns = list(native_columns(data, start, points, found, order).values())
        if any((columns[i] != columns[i][:1]).any() for i in lengths):
            return None
    return found


def _first_length(data: memoryview, start: int, order: str, before: list[tuple[str, str]], each: _Property) -> int:
    """Length of a list in the first record; -1 when it cannot be read."""
    if order == "a":
        words = bytes(data[start : start + _HEADER_LIMIT]).split(b"\n", 1)[0].split()
        return int(words[len(before)]) if len(before) < len(words) and words[len(before)].isdigit() else -1
    place = start + size_of(tuple(before))
    return _integer(data, place, order, each.length)


def _integer(data: memoryview, place: int, order: str, code: str) -> int:
    """The length of a list that stands at a place; -1 when it is none."""
    stop = place + int(code[1:])
    if stop > len(data) or code[0] == "f":
        return -1
    return int.from_bytes(data[place:stop], "little" if order == "<" else "big", signed=code[0] == "i")


def _skip(data: memoryview, start: int, order: str, element: _Element) -> int | None:
    """Byte behind an element; None when it cannot be found."""
    if order == "a":
        from lizip.formats.lines import Lines

        lines = Lines(data[start:] if element.count else data[:0])
        return start + lines.end(element.count - 1) if 0 < element.count <= len(lines) else start
    fields = _fields_of(data, start, order, element)
    if fields is not None and start + element.count * size_of(fields) <= len(data):
        return start + element.count * size_of(fields)
    for _ in range(element.count if element.properties else 0):
        for each in element.properties:
            length = _integer(data, start, order, each.length) if each.length else 1
            if length < 0 or start > len(data):
                return None
            start += int(each.length[1:] or 0) + length * int(each.code[1:])
    return start


def _read_layout(layout: bytes) -> _Layout:
    unpack = Unpacker(layout)
    mode, fields = unpack.take(1)[0], unpack_fields(unpack)
    if mode >= len(_MODES) or not fields:
        raise CorruptError("layout names an unknown PLY encoding")
    template = Template.unpack(unpack, fields) if _MODES[mode] == "a" else None
    unpack.finish()
    return _Layout(_MODES[mode], fields, template)


FORMAT = Ply()
