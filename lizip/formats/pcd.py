"""PCD of the Point Cloud Library: ascii, binary, and binary_compressed (fields one after the other, packed with LZF).

The header's text is a region. In a packed file the columns are those of the unpacked data, and the stream is packed
again when joining: from nothing where PCL's own packer wrote it, else from the list of its operations
(`lizip.formats.lzf`).
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from lizip.errors import CorruptError
from lizip.formats import Format, Printed
from lizip.formats.records import (
    MAX_FIELDS,
    TYPES,
    Fields,
    check_regions,
    columns_of,
    join_records,
    pack_fields,
    record_type,
    size_of,
    unique,
    unpack_fields,
)
from lizip.formats.table import Table, join_table, parse_again, parse_table
from lizip.formats.template import Template
from lizip.packing import Unpacker, pack_varint, pack_varints

if TYPE_CHECKING:
    import numpy as np

    from lizip.cloud import Cloud, Columns

_BINARY, _ASCII, _PCL_PACKED, _PACKED = range(4)
"""First byte of the layout; the fields follow, then the template of a text or the elements a field of packed data."""

_HEADER_LIMIT = 1 << 16
_SIZES = struct.Struct("<II")
"""Before an LZF stream: its bytes, and those of what it unpacks to."""


class _Header(NamedTuple):
    size: int
    """Bytes, with the line DATA."""
    fields: Fields
    counts: tuple[int, ...]
    """Elements of each field as the header lists them; `fields` has one entry an element."""
    points: int | None
    """None where the header leaves it open: all there are."""
    encoding: bytes


class _Layout(NamedTuple):
    mode: int
    fields: Fields
    template: Template | None = None
    counts: tuple[int, ...] = ()


class Pcd(Format):
    """PCD files of every encoding."""

    name = "pcd"
    number = 3

    def split(self, data: memoryview, fields: int | None = None) -> Cloud | None:
        """Take the points apart; None when the header makes no sense or a packed stream is damaged."""
        header = _read_header(bytes(data[:_HEADER_LIMIT]))
        if header is None or not header.fields:
            return None
        if header.encoding == b"ascii":
            return self._split_ascii(data, header)
        if header.encoding == b"binary":
            return self._split_binary(data, header)
        if header.encoding == b"binary_compressed":
            return self._split_packed(data, header)
        return None

    def _split_ascii(self, data: memoryview, header: _Header) -> Cloud:
        table = parse_table(data[header.size :], header.points, header.fields)
        if table is None:
            return self._split_binary(data, header._replace(points=0))
        return self.of_table(table, data[: header.size], data[header.size + table.size :])

    def find_table(self, data: memoryview) -> Printed | None:
        """Where the points of a text are."""
        header = _read_header(bytes(data[:_HEADER_LIMIT]))
        if header is None or not header.fields or header.encoding != b"ascii":
            return None
        return Printed(header.size, header.points, header.fields)

    def of_table(self, table: Table, before: memoryview, after: memoryview) -> Cloud:
        """Points that are text."""
        layout = bytes([_ASCII]) + pack_fields(table.fields) + table.template.pack()
        return self._cloud(layout, table.columns, before, after, memoryview(table.odd))

    def again(self, content: memoryview, cloud: Cloud, fields: int | None = None) -> Cloud | None:
        """Read the points again."""
        text = _read_layout(cloud.layout).mode == _ASCII
        return parse_again(self, content, cloud) if text else self.split(content, fields)

    def _split_binary(self, data: memoryview, header: _Header) -> Cloud:
        length = size_of(header.fields)
        there = (len(data) - header.size) // length
        points = there if header.points is None else min(header.points, there)
        columns = columns_of(data, header.size, points, header.fields)
        layout = bytes([_BINARY]) + pack_fields(header.fields)
        return self._cloud(layout, columns, data[: header.size], data[header.size + points * length :])

    def _split_packed(self, data: memoryview, header: _Header) -> Cloud | None:
        from lizip.formats import lzf

        start = header.size + _SIZES.size
        if len(data) < start:
            return None
        packed, unpacked = _SIZES.unpack_from(data, header.size)
        if unpacked != (header.points or 0) * size_of(header.fields) or not 0 < packed <= len(data) - start:
            return None
        if unpacked > packed * 90:  # an operation of three bytes makes at most 264
            return None
        stream = bytes(data[start : start + packed])
        values = lzf.unpack(stream, unpacked)
        if values is None:
            return None
        columns = _unpacked_columns(values, header, header.points or 0)
        packing = pack_fields(header.fields) + pack_varint(len(header.counts)) + pack_varints(header.counts)
        around = data[: header.size], data[start + packed :]
        if lzf.pack(values) == stream:
            return self._cloud(bytes([_PCL_PACKED]) + packing, columns, *around)
        script = lzf.script(stream)
        if lzf.replay(script, values) != stream:
            return None
        return self._cloud(bytes([_PACKED]) + packing, columns, *around, memoryview(script))

    def _cloud(self, layout: bytes, columns: Columns, *regions: memoryview) -> Cloud:
        from lizip.cloud import Cloud

        return Cloud(self.name, layout, columns, regions)

    def rowwise(self, layout: bytes) -> bool:
        """When it is binary and not packed."""
        return _read_layout(layout).mode == _BINARY

    def fields(self, layout: bytes) -> Fields:
        """Fields by the header's names; the elements of one with COUNT above 1 are numbered."""
        return _read_layout(layout).fields

    def join(self, layout: bytes, regions: tuple[bytes, ...], blocks: Iterable[Columns]) -> Iterator[bytes]:
        """Yield the header, the points in the file's encoding, and what follows them."""
        parts = _read_layout(layout)
        check_regions(regions, 3 if parts.mode in (_ASCII, _PACKED) else 2)
        yield regions[0]
        if parts.mode == _BINARY:
            yield from join_records(parts.fields, blocks)
        elif parts.template is not None:
            yield from join_table(parts.template, parts.fields, regions[2], blocks)
        else:
            yield from _join_packed(parts, regions[-1] if parts.mode == _PACKED else None, blocks)
        yield regions[1]


def _read_header(head: bytes) -> _Header | None:
    """Parse the lines up to DATA; None when they do not describe columns of numbers.

    What is missing is what the first versions of the format had no line for: SIZE 4, TYPE F, COUNT 1.
    """
    entries: dict[bytes, list[bytes]] = {}
    position = 0
    while b"DATA" not in entries:
        end = head.find(b"\n", position)
        if end < 0:
            return None
        words = head[position:end].split()
        position = end + 1
        if words and not words[0].startswith(b"#"):
            entries[words[0].upper()] = words[1:]
    try:
        names = [name.decode("utf-8", "surrogateescape") for name in entries.get(b"FIELDS") or entries[b"COLUMNS"]]
        kinds, sizes, counts = (
            entries.get(key, [default] * len(names))
            for key, default in ((b"TYPE", b"F"), (b"SIZE", b"4"), (b"COUNT", b"1"))
        )
        elements = [
            (name, *_elements(*each)) for name, *each in zip(names, kinds, sizes, counts, strict=True) if int(each[2])
        ]
        points = _points(entries)
    except (KeyError, IndexError, ValueError):
        return None
    if sum(count for _, _, count in elements) > MAX_FIELDS:
        return None
    fields = [(name if count == 1 else f"{name}_{i}", code) for name, code, count in elements for i in range(count)]
    encoding = b"".join(entries[b"DATA"][:1]).lower()
    return _Header(position, unique(fields), tuple(count for _, _, count in elements), points, encoding)


def _elements(kind: bytes, size: bytes, count: bytes) -> tuple[str, int]:
    """Type code and number of the elements of a field; bytes where there is no such type."""
    code, number = f"{kind.decode().lower()}{int(size)}", int(count)
    if number < 0 or not 0 < int(size) <= MAX_FIELDS:
        raise ValueError(code)
    return (code, number) if code in TYPES else ("u1", number * int(size))


def _points(entries: dict[bytes, list[bytes]]) -> int | None:
    """Number of points: POINTS, else WIDTH times HEIGHT; None when there is neither, or a width never filled in."""
    points: int | None
    if entries.get(b"POINTS"):
        points = int(entries[b"POINTS"][0])
    else:
        points = int(entries.get(b"WIDTH", [b"0"])[0]) * int(entries.get(b"HEIGHT", [b"1"])[0]) or None
    if points is not None and points < 0:
        raise ValueError(points)
    return points


def _read_layout(layout: bytes) -> _Layout:
    unpack = Unpacker(layout)
    mode, fields = unpack.take(1)[0], unpack_fields(unpack)
    template: Template | None = None
    counts: tuple[int, ...] = ()
    if mode == _ASCII:
        template = Template.unpack(unpack, fields)
    elif mode in (_PCL_PACKED, _PACKED):
        counts = tuple(unpack.varint() for _ in range(min(unpack.varint(), len(fields))))
        if sum(counts) != len(fields) or 0 in counts:
            raise CorruptError("layout does not share out the elements of the fields")
    elif mode != _BINARY:
        raise CorruptError("layout names an unknown PCD encoding")
    unpack.finish()
    return _Layout(mode, fields, template, counts)


def _groups(fields: Fields, counts: tuple[int, ...]) -> Iterator[Fields]:
    """The elements of each field of the header."""
    start = 0
    for count in counts:
        yield fields[start : start + count]
        start += count


def _unpacked_columns(values: np.ndarray, header: _Header, points: int) -> dict[str, np.ndarray]:
    """Columns of unpacked data (D,) uint8: field after field, in each the elements point by point."""
    columns: dict[str, np.ndarray] = {}
    position = 0
    for group in _groups(header.fields, header.counts):
        columns |= columns_of(values.data, position, points, group)
        position += points * size_of(group)
    return columns


def _join_packed(parts: _Layout, script: bytes | None, blocks: Iterable[Columns]) -> Iterator[bytes]:
    """Yield the two sizes and the LZF stream; it needs all points at once."""
    import numpy as np

    from lizip.formats import lzf

    blocks = list(blocks)
    pieces = []
    for group in _groups(parts.fields, parts.counts):
        for block in blocks:
            records = np.empty(len(block[group[0][0]]), record_type(group))
            for i, (name, _) in enumerate(group):
                records[f"f{i}"] = block[name]
            pieces.append(records.view(np.uint8))
    values = np.concatenate(pieces) if pieces else np.empty(0, np.uint8)
    stream = lzf.pack(values) if script is None else lzf.replay(script, values)
    if max(len(stream), len(values)) >= 1 << 32:
        raise CorruptError("a packed PCD file cannot hold so many points")
    yield _SIZES.pack(len(stream), len(values))
    yield stream


FORMAT = Pcd()
