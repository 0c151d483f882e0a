"""Clouds as messages of ROS: where in the message their points stand, and what their fields are.

`sensor_msgs/PointCloud2` says it itself; Livox's `CustomMsg` has records of a known type. Serialised by ROS 1 (packed)
or as CDR (ROS 2: numbers at multiples of their size, counted from behind a head of 4 bytes). Big-endian ones are rest.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from lizip.formats.records import MAX_FIELDS, Fields, unique

TYPES = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 8: "f8"}
"""PointField's datatypes."""

_MOST = 64
"""Numbers of a point; more are no point cloud, and are no column's business."""

_LIVOX = (*((name, "f4") for name in "xyz"), ("reflectivity", "u1"), ("tag", "u1"), ("line", "u1"))
LIVOX_TYPES = ("livox_ros_driver/CustomMsg", "livox_ros_driver2/CustomMsg", "livox_interfaces/CustomMsg")
CLOUD_TYPE = "sensor_msgs/PointCloud2"


class Cloud2(NamedTuple):
    """What a message says of its points, which stand in it from `start` to `stop`, their size before them."""

    stamp: tuple[int, int]
    frame_id: str
    height: int
    width: int
    fields: list[tuple[str, int, int, int]]
    is_bigendian: bool
    point_step: int
    row_step: int
    start: int
    stop: int


def plain_name(name: str) -> str:
    """Name of a type as ROS 1 writes it."""
    return name.replace("/msg/", "/")


class Reader:
    """A message read from its beginning; struct.error where it ends."""

    def __init__(self, data: memoryview, cdr: bool):
        self._data, self.cdr = data, cdr
        self.at = 4 if cdr else 0

    def number(self, code: str) -> int:
        """The next whole number."""
        size = struct.calcsize(code)
        if self.cdr:
            self.at += (4 - self.at) % size
        self.at += size
        (value,) = struct.unpack_from("<" + code, self._data, self.at - size)
        return int(value)

    def string(self) -> str:
        """The next text."""
        size = self.number("I")
        text = bytes(self._data[self.at : self.at + size])
        self.at += size
        return text.rstrip(b"\0").decode("utf-8", "surrogateescape")

    def header(self) -> tuple[tuple[int, int], str]:
        """std_msgs/Header: time and frame."""
        if not self.cdr:
            self.number("I")
        return (self.number("I"), self.number("I")), self.string()


def read_cloud2(message: memoryview, cdr: bool) -> Cloud2:
    """Read what a PointCloud2 says before its points; a CompressedPointCloud2 says the same.

    Raises
    ------
    ValueError, struct.error
        Where it is none.
    """
    if cdr and bytes(message[:2]) != b"\0\1":
        raise ValueError("numbers are not little-endian CDR")
    return read_head(Reader(message, cdr))


def read_head(reader: Reader) -> Cloud2:
    """The same of a reader that stands at the beginning."""
    stamp, frame = reader.header()
    height, width, count = (reader.number("I") for _ in range(3))
    if count > MAX_FIELDS:
        raise ValueError("too many fields")
    told = [(reader.string(), reader.number("I"), reader.number("B"), reader.number("I")) for _ in range(count)]
    big, step, row = reader.number("B"), reader.number("I"), reader.number("I")
    size = reader.number("I")
    return Cloud2(stamp, frame, height, width, told, bool(big), step, row, reader.at, reader.at + size)


def fields_of(head: Cloud2) -> Fields | None:
    """Fields of the points with what lies between them; None where they are no plain records."""
    return None if head.is_bigendian else _fields(head.fields, head.point_step)


def _fields(told: list[tuple[str, int, int, int]], step: int) -> Fields | None:
    """Fields of a record of `step` bytes from names, offsets, types and counts; with what lies between them."""
    found: list[tuple[str, str]] = []
    position = 0
    for name, offset, kind, count in sorted(told, key=lambda field: field[1]):
        code = TYPES.get(kind)
        if code is None or offset < position or count > _MOST:
            return None
        found += _padding(position, offset)
        count = max(count, 1)
        found += [(name if count == 1 else f"{name}_{i}", code) for i in range(count)]
        position = offset + count * int(code[1])
        if len(found) > _MOST:
            return None
    if position > step or step - position > _MOST:
        return None
    found += _padding(position, step)
    return unique(found) if 0 < len(found) <= _MOST else None


def _padding(start: int, stop: int) -> list[tuple[str, str]]:
    """Columns for bytes between fields, four bytes each where they lie so."""
    found = []
    while start < stop <= start + 4 * _MOST:
        size = 4 if start % 4 == 0 and stop - start >= 4 else 1
        found.append(("padding", f"u{size}"))
        start += size
    return found


def livox_points(reader: Reader) -> tuple[int, int, Fields]:
    """Where the points of a CustomMsg begin and end, and their fields: offset_time, x, y, z, reflectivity, tag, line.

    CDR fills up to a multiple of 4, except the last.
    """
    reader.header()
    reader.number("Q"), reader.number("I")
    for _ in range(4):
        reader.number("B")
    count = reader.number("I")
    fields = (("offset_time", "u4"), *_LIVOX, *((("padding", "u1"),) if reader.cdr else ()))
    size = 20 if reader.cdr else 19
    return reader.at, reader.at + size * (count - 1 if reader.cdr else count), fields
