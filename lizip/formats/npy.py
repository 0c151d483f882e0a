"""NumPy's .npy: plain and structured arrays of numbers, either byte order, C or Fortran order.

The last axis of a plain array is the columns, of a matrix or an image with few rows the first; all other axes are the
points. Structured arrays have their fields, subarrays an element each, padding its bytes. More than `_MAX_WIDE` numbers
a point are one column of all numbers as they are stored.
"""

from __future__ import annotations

import io
import threading
import tokenize
import warnings
from collections.abc import Iterable, Iterator, Sequence
from math import prod
from typing import TYPE_CHECKING, NamedTuple

from lizip.errors import CorruptError
from lizip.formats import Format
from lizip.formats.leading import count_before, named
from lizip.formats.records import (
    TYPES,
    Fields,
    check_regions,
    join_records,
    native_columns,
    pack_fields,
    size_of,
    unique,
    unpack_fields,
)
from lizip.packing import Unpacker

if TYPE_CHECKING:
    import numpy as np

    from lizip.cloud import Cloud, Columns

_MODES = ("<", ">", "<F", ">F")
"""First byte of the layout: byte order, and F where whole columns follow one another; the fields come after it."""

_MAX_WIDE = 64
_MOST_NAMED = 8
"""Wider arrays need not be points: their columns are f0, f1, ..."""
_LAST = 16
"""A last axis of at most so many is the columns, whatever the first one is."""

_MAX_HEADER = 1 << 16
_MOST_FIELDS = 256
_KINDS = {"b": "u", "m": "i", "M": "i", "i": "i", "u": "u", "f": "f"}
"""Booleans and times are coded as the integers they are stored as."""


_filtering = threading.Lock()
"""The filters of warnings are the process's: threads that change them take turns."""

_REFUSED = (ValueError, TypeError, KeyError, SyntaxError, tokenize.TokenError, OverflowError, MemoryError)
"""What numpy raises on a header that is none."""


class _Header(NamedTuple):
    size: int
    order: str
    planes: bool
    """Whether whole columns follow one another."""
    fields: Fields
    points: int
    shape: tuple[int, ...]
    unnamed: bool = False
    """Whether x, y and z may stand elsewhere than their names say."""


class Numbers(NamedTuple):
    """The numbers of an array: how they lie in the file, and the columns."""

    mode: int
    fields: Fields
    columns: Columns
    start: int
    stop: int
    shape: tuple[int, ...]
    """That of the points."""

    @property
    def layout(self) -> bytes:
        """Mode and fields."""
        return bytes([self.mode]) + pack_fields(self.fields)


def find_numbers(data: memoryview) -> Numbers | None:
    """Take an .npy file apart; None when its numbers are not plain ones."""
    header = _read_header(data)
    if header is None:
        return None
    start, order, planes, fields, points, shape, unnamed = header
    length = size_of(fields)
    whole = min(points, (len(data) - start) // length)
    if not planes:
        columns = native_columns(data, start, whole, fields, order)
    elif whole < points:
        return None  # columns one after the other cut short have lost columns, not points
    else:
        columns = {}
        for i, field in enumerate(fields):
            columns |= native_columns(data, start + i * points * size_of((field,)), points, (field,), order)
    mode = _MODES.index(order + "F" * planes)
    if unnamed and (before := count_before(list(columns.values()))):
        fields = named([code for _, code in fields], before)
        columns = dict(zip((name for name, _ in fields), columns.values(), strict=True))
    return Numbers(mode, fields, columns, start, start + whole * length, shape)


def join_numbers(mode: str, fields: Fields, blocks: Iterable[Columns]) -> Iterator[bytes]:
    """Yield the numbers as they lie in the file; columns one after the other need all points at once."""
    if not mode[1:]:
        yield from join_records(fields, blocks, mode[0])
        return
    blocks = list(blocks)
    for field in fields:
        yield from join_records((field,), blocks, mode[0])


def read_layout(unpack: Unpacker) -> tuple[str, Fields]:
    """Mode and fields of an array; CorruptError where there are none."""
    mode, fields = unpack.take(1)[0], unpack_fields(unpack)
    if mode >= len(_MODES) or not fields:
        raise CorruptError("layout names an unknown array order")
    return _MODES[mode], fields


class Npy(Format):
    """The .npy file format."""

    name = "npy"
    number = 5

    def split(self, data: memoryview, fields: int | None = None) -> Cloud | None:
        """Take the array apart; None when its numbers are not plain ones."""
        from lizip.cloud import Cloud

        numbers = find_numbers(data)
        if numbers is None:
            return None
        regions = (data[: numbers.start], data[numbers.stop :])
        shape = numbers.shape if len(numbers.shape) == 2 else None
        return Cloud(self.name, numbers.layout, numbers.columns, regions, shape)

    def rowwise(self, layout: bytes) -> bool:
        """Unless whole columns follow one another."""
        return not _read_layout(layout)[0][1:]

    def arrays(self, layout: bytes) -> list[tuple[str, Fields]]:
        """The one array, if whole columns follow one another."""
        found = _read_layout(layout)
        return [found] if found[0][1:] else []

    def fields(self, layout: bytes) -> Fields:
        """Fields of a structured array; of a plain one as in `lizip.formats.leading`, `value` if it has one axis."""
        return _read_layout(layout)[1]

    def join(self, layout: bytes, regions: tuple[bytes, ...], blocks: Iterable[Columns]) -> Iterator[bytes]:
        """Yield the header, the numbers, and what follows them."""
        mode, fields = _read_layout(layout)
        check_regions(regions, 2)
        yield regions[0]
        yield from join_numbers(mode, fields, blocks)
        yield regions[1]


def _read_header(data: memoryview) -> _Header | None:
    """Parse magic and header as numpy does; None when it would refuse them, or the numbers are none of ours."""
    import numpy as np

    file = io.BytesIO(data[:_MAX_HEADER])
    try:
        version = np.lib.format.read_magic(file)
        # version 3 is version 2 with names in UTF-8
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        with _filtering, warnings.catch_warnings():  # numpy warns of headers that Python 2 wrote
            warnings.filterwarnings("ignore", ".*Python 2", UserWarning)
            shape, fortran, dtype = read(file, max_header_size=_MAX_HEADER)
    except _REFUSED:
        return None
    fields = _fields(dtype, "value")
    if version not in ((1, 0), (2, 0), (3, 0)) or not 0 < len(fields) <= _MOST_FIELDS:
        return None
    orders = {order for _, order, code in fields if code[1:] != "1"}
    if len(orders) > 1 or not all(0 <= size < 1 << 48 for size in shape):
        return None
    names = [name.encode("latin-1").decode("utf-8", "replace") if version == (3, 0) else name for name, _, _ in fields]
    named = unique(zip(names, (code for _, _, code in fields), strict=True))
    header = _Header(file.tell(), min(orders, default="<"), fortran, named, prod(shape), shape)
    return _shaped(header, dtype.names is not None)


def _shaped(header: _Header, records: bool) -> _Header:
    """Give one axis of a plain array to the columns."""
    shape, turn = header.shape, -1 if header.planes else 1
    plain = header._replace(planes=False, shape=shape[::turn])
    if len(shape) < 2 or len(header.fields) > 1 or records:
        return plain
    last = shape[-1] <= max(shape[0], _LAST)
    wide = shape[-1] if last else shape[0]
    if not 1 < wide <= _MAX_WIDE:
        return plain
    codes = (header.fields[0][1],) * wide
    unnamed = wide <= _MOST_NAMED
    fields = named(codes) if unnamed else tuple((f"f{i}", code) for i, code in enumerate(codes))
    left = (shape[:-1] if last else shape[1:])[::turn]
    # in C order the last axis is the fastest, in Fortran order (`planes` says so far) the first
    points = header.points // wide
    return header._replace(planes=last == header.planes, fields=fields, points=points, shape=left, unnamed=unnamed)


def _fields(dtype: np.dtype, name: str) -> list[tuple[str, str, str]]:
    """Name, byte order and type code of every number of a record; [] when some are none, or there are too many."""
    if dtype.hasobject or dtype.itemsize > 8 * _MOST_FIELDS:
        return []
    if dtype.names is not None:
        return _record_fields(dtype)
    if dtype.subdtype is not None:
        base, shape = dtype.subdtype
        return _repeated(_fields(base, name), prod(shape))
    code = f"{_KINDS.get(dtype.kind, '?')}{dtype.itemsize}"
    order = ">" if dtype.str[0] == ">" else "<"
    if code in TYPES:
        return [(name, order, code)]
    if dtype.kind == "c" and dtype.itemsize <= 16:
        return _repeated([(name, order, f"f{dtype.itemsize // 2}")], 2)
    if dtype.kind == "U":
        return _repeated([(name, order, "u4")], dtype.itemsize // 4)
    return _repeated([(name, "<", "u1")], dtype.itemsize)


def _record_fields(dtype: np.dtype) -> list[tuple[str, str, str]]:
    """Fields of a structured type, with the bytes between them."""
    found: list[tuple[str, str, str]] = []
    position = 0
    for name in dtype.names or ():
        field, offset = dtype.fields[name][:2]  # type: ignore[index]  # what has names has fields
        parts = _fields(field, name)
        if not parts or offset < position:
            return []
        found += [("padding", "<", "u1")] * (offset - position) + parts
        position = offset + field.itemsize
    return found + [("padding", "<", "u1")] * (dtype.itemsize - position)


def _repeated(fields: Sequence[tuple[str, str, str]], times: int) -> list[tuple[str, str, str]]:
    """The fields of an array inside a record, numbered."""
    if times == 1:
        return list(fields)
    return [(f"{name}_{i}", order, code) for i in range(min(times, _MOST_FIELDS + 1)) for name, order, code in fields]


def _read_layout(layout: bytes) -> tuple[str, Fields]:
    unpack = Unpacker(layout)
    found = read_layout(unpack)
    unpack.finish()
    return found


FORMAT = Npy()
