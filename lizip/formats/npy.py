"""NumPy's .npy: plain and structured arrays of numbers, either byte order, C or Fortran order.

The points are the first axis, of a matrix the longer one. Other axes and subarrays become columns of their own, up to
`_MAX_WIDE` of them; a wider array is one column of all its numbers as they are stored.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from math import prod
from typing import TYPE_CHECKING, NamedTuple

from lizip.errors import CorruptError
from lizip.formats.records import (
    TYPES,
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
from lizip.packing import Unpacker

if TYPE_CHECKING:
    from lizip.cloud import Cloud, Columns, Schema

_MODES = ("<", ">", "<F", ">F")
"""First byte of the layout: byte order, and F where whole columns follow one another; the fields come after it."""

_MAX_WIDE = 64
_MAX_HEADER = 1 << 16
_AXIS_NAMES = ("x", "y", "z", "intensity", "ring")
_DTYPE = re.compile(r"([<>|=]?)([biufcmM])(\d{1,2})(?:\[.*\])?")
_KINDS = {"b": "u", "m": "i", "M": "i"}
"""Booleans and times are coded as the integers they are stored as."""


class _Header(NamedTuple):
    size: int
    mode: str
    fields: Fields
    points: int


class Npy:
    """The .npy file format."""

    name = "npy"
    number = 5

    def split(self, data: memoryview, fields: int | None = None) -> Cloud | None:
        """Take the array apart; None when its numbers are not plain ones."""
        from lizip.cloud import Cloud

        header = _read_header(data)
        if header is None:
            return None
        start, mode, fields_, points = header
        length = size_of(fields_)
        whole = min(points, (len(data) - start) // length)
        if mode[1:] and whole < points:
            return None  # a Fortran array cut short has lost columns, not points
        order = mode[0]
        if mode[1:]:
            columns = {}
            for i, field in enumerate(fields_):
                offset = start + i * points * size_of((field,))
                columns |= native_columns(data, offset, points, (field,), order)
        else:
            columns = native_columns(data, start, whole, fields_, order)
        layout = bytes([_MODES.index(mode)]) + pack_fields(fields_)
        return Cloud(self.name, layout, columns, (bytes(data[:start]), bytes(data[start + whole * length :])))

    def rowwise(self, layout: bytes) -> bool:
        """Unless whole columns follow one another."""
        return not _read_layout(layout)[0][1:]

    def fields(self, layout: bytes) -> Fields:
        """Fields of a structured array; x y z intensity ring f5 ... of a plain one, `value` if it has one axis."""
        return _read_layout(layout)[1]

    def schema(self, layout: bytes) -> Schema:
        """Columns as numpy dtypes."""
        return schema_of(self.fields(layout))

    def join(self, layout: bytes, regions: tuple[bytes, ...], blocks: Iterable[Columns]) -> Iterator[bytes]:
        """Yield the header, the numbers, and what follows them. Fortran order needs all points at once."""
        mode, fields = _read_layout(layout)
        check_regions(regions, 2)
        yield regions[0]
        if mode[1:]:
            blocks = list(blocks)
            for field in fields:
                yield from join_records((field,), blocks, mode[0])
        else:
            yield from join_records(fields, blocks, mode[0])
        yield regions[1]


def _read_header(data: memoryview) -> _Header | None:
    """Parse magic and header without numpy's own reader, which is made for trusted files."""
    if len(data) < 10 or data[:6] != b"\x93NUMPY" or data[6] not in (1, 2, 3):
        return None
    width = 2 if data[6] == 1 else 4
    start = 8 + width + int.from_bytes(data[8 : 8 + width], "little")
    if start > min(len(data), _MAX_HEADER):
        return None
    try:
        header = ast.literal_eval(bytes(data[8 + width : start]).decode("utf-8").strip())
        shape, descr, fortran = header["shape"], header["descr"], header["fortran_order"]
    except (ValueError, SyntaxError, TypeError, KeyError, MemoryError, RecursionError):
        return None
    if not isinstance(shape, tuple) or not all(type(size) is int and 0 <= size < 1 << 48 for size in shape):
        return None
    fields = _fields(descr)
    if not fields:
        return None
    orders = {order for _, order, code in fields if code[1:] != "1"}
    if len(orders) > 1:
        return None
    named = unique((name, code) for name, _, code in fields)
    mode = min(orders, default="<")
    return _shaped(start, mode, named, shape, bool(fortran))


def _shaped(start: int, order: str, fields: Fields, shape: tuple[int, ...], fortran: bool) -> _Header:
    """Give the axes after the first to columns."""
    if len(shape) == 2 and shape[0] < shape[1] and len(fields) == 1:
        shape, fortran = shape[::-1], not fortran
    points, wide = (shape[0] if shape else 1), prod(shape[1:])
    if not 0 < wide * len(fields) <= _MAX_WIDE or (fortran and (len(fields) > 1 or len(shape) > 2)):
        points, wide, fortran = points * wide, 1, False
    if wide > 1:
        axis = [_AXIS_NAMES[i] if wide <= 8 and i < len(_AXIS_NAMES) else f"f{i}" for i in range(wide)]
        if len(fields) == 1:
            fields = tuple((name, fields[0][1]) for name in axis)
        else:
            fields = unique((f"{name}_{i}", code) for i in range(wide) for name, code in fields)
    return _Header(start, order + "F" * (fortran and wide > 1), fields, points)


def _fields(descr: object) -> list[tuple[str, str, str]]:
    """Name, byte order and type code of every number of a record; [] when some are not plain numbers."""
    if isinstance(descr, str):
        descr = [("value", descr)]
    if not isinstance(descr, list) or len(descr) > _MAX_WIDE:
        return []
    found: list[tuple[str, str, str]] = []
    for entry in descr:
        if not isinstance(entry, tuple) or not 2 <= len(entry) <= 3 or not isinstance(entry[1], str):
            return []
        name = entry[0][-1] if isinstance(entry[0], tuple) and entry[0] else entry[0]
        match = _DTYPE.fullmatch(entry[1])
        shape = entry[2] if len(entry) == 3 else ()
        plain = isinstance(shape, tuple) and all(type(size) is int and size > 0 for size in shape)
        if match is None or not isinstance(name, str) or not plain:
            return []
        order, kind, size = match[1], match[2], int(match[3])
        repeats = prod(shape)
        if kind == "c":
            kind, size, repeats = "f", size // 2, repeats * 2
        code = f"{_KINDS.get(kind, kind)}{size}"
        if code not in TYPES or repeats > _MAX_WIDE:
            return []
        names = [name] if repeats == 1 else [f"{name}_{i}" for i in range(repeats)]
        found += [(each, ">" if order == ">" else "<", code) for each in names]
    return found if len(found) <= _MAX_WIDE else []


def _read_layout(layout: bytes) -> tuple[str, Fields]:
    unpack = Unpacker(layout)
    mode, fields = unpack.take(1)[0], unpack_fields(unpack)
    unpack.finish()
    if mode >= len(_MODES) or not fields:
        raise CorruptError("layout names an unknown array order")
    return _MODES[mode], fields


FORMAT = Npy()
