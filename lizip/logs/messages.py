"""Messages of ROS that hold what a lidar measured: clouds, scans of one beam, packets as the sensor sent them."""

from __future__ import annotations

import struct
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from lizip.formats import columns, packets, points
from lizip.logs.cloud2 import CLOUD_TYPE, LIVOX_TYPES, Reader, fields_of, livox_points, plain_name, read_head
from lizip.logs.sensors import find_sensors

if TYPE_CHECKING:
    from lizip.cloud import Cloud
    from lizip.formats.records import Fields

TOGETHER = 1 << 22
"""Bytes of packets that make a cloud, where each is a message of its own."""

_LARGEST = 1 << 16
"""Bytes of a packet that nobody knows; larger ones are pictures."""

_PANDAR = 1500
"""Bytes of which a packet of Hesai's driver has room."""


class Found(NamedTuple):
    """What of a message is a cloud.

    Attributes
    ----------
    pieces : tuple of (int, int)
        Where its bytes begin and end.
    split : callable
        Takes them apart.
    together : int
        Those of several messages are a cloud: as soon as they are so many.
    guessed : bool
        See `Closing`.
    """

    pieces: tuple[tuple[int, int], ...]
    split: Callable[[memoryview], Cloud]
    together: int = 0
    guessed: bool = False

    @property
    def size(self) -> int:
        """Bytes in all."""
        return sum(stop - start for start, stop in self.pieces)


def guess(data: memoryview, size: int) -> Cloud:
    """Take packets that nobody knows apart, of so many bytes each."""
    from lizip.logs.unknown import cloud_of

    return cloud_of(data, size)


def is_points(name: str) -> bool:
    """Whether messages of a type hold any."""
    return _finder(name) is not None


def _finder(name: str) -> Finder | None:
    """What finds them in messages of a type."""
    name = plain_name(name)
    return _FINDERS.get(name, _anything if "packet" in name.rpartition("/")[2].lower() else None)


def find_points(message: memoryview, name: str, cdr: bool, size: int | None = None) -> Found | None:
    """Find them in a message of a type that `is_points`; None where there are none that can be taken apart.

    `size` is that of the whole message where `message` is but its beginning.
    """
    if cdr and bytes(message[:2]) != b"\0\1":
        return None
    size = size or len(message)
    finder = _finder(name)
    try:
        found = None if finder is None else finder(Reader(message, cdr), message, size)
    except (struct.error, ValueError, IndexError):
        return None
    if found is None or any(not start < stop <= size for start, stop in found.pieces):
        return None
    return found


def _cloud2(reader: Reader, message: memoryview, size: int) -> Found | None:
    head = read_head(reader)
    fields = fields_of(head)
    if fields is None:
        return None
    return Found(((head.start, head.stop),), partial(points.FORMAT.cloud, fields=fields))


def _livox(reader: Reader, message: memoryview, size: int) -> Found | None:
    start, stop, fields = livox_points(reader)
    return Found(((start, stop),), partial(points.FORMAT.cloud, fields=fields))


def _scan(reader: Reader, message: memoryview, size: int) -> Found | None:
    """LaserScan: after the header seven numbers, ranges, intensities or none."""
    reader.header()
    for _ in range(7):
        reader.number("I")
    pieces = []
    for _ in range(2):
        count = reader.number("I")
        pieces.append((reader.at, reader.at + 4 * count))
        reader.at += 4 * count
        if reader.at + 4 > len(message):
            break
    (start, stop), *others = pieces
    fields: Fields = (("ranges", "f4"),)
    if others and others[0][1] - others[0][0] == stop - start:
        fields = (*fields, ("intensities", "f4"))
    return Found(tuple(pieces[: len(fields)]), partial(columns.FORMAT.cloud, fields=fields))


def _packet(reader: Reader, message: memoryview, size: int) -> Found | None:
    """One packet, as Ouster's driver has it."""
    count = reader.number("I")
    if reader.at + count > len(message):
        return None
    packet = reader.at, reader.at + count
    sensors = find_sensors(message[slice(*packet)])
    if not sensors:
        return Found((packet,), partial(guess, size=count), TOGETHER, True)
    return Found((packet,), partial(packets.FORMAT.cloud, shape=sensors[0].shape(0, 0)), TOGETHER)


def _anything(reader: Reader, message: memoryview, size: int) -> Found | None:
    """What nobody knows, of a type that is called a packet: all of the message."""
    return Found(((0, size),), partial(guess, size=size), TOGETHER, True) if size <= _LARGEST else None


def _velodyne(reader: Reader, message: memoryview, size: int) -> Found | None:
    return _packets(reader, message, lambda at: (8, 1206, 0))


def _pandar(reader: Reader, message: memoryview, size: int) -> Found | None:
    def laid_out(at: int) -> tuple[int, int, int]:
        (used,) = struct.unpack_from("<I", message, at + 8 + _PANDAR)
        return 8, used, _PANDAR - used + 4

    return _packets(reader, message, laid_out)


def _nebula(reader: Reader, message: memoryview, size: int) -> Found | None:
    def laid_out(at: int) -> tuple[int, int, int]:
        return 12, *struct.unpack_from("<I", message, at + 8), 0

    found = _packets(reader, message, laid_out)
    # packets of several sizes are not laid out alike
    return found if found is not None and size - 4 < found.pieces[0][1] <= size else None


def _packets(reader: Reader, message: memoryview, laid_out: Callable[[int], tuple[int, int, int]]) -> Found | None:
    """A list of packets, each with the time before it; the first says what all are.

    CDR begins each at a multiple of 4. What is filled up is counted to the packet that follows: before the first one
    stand their number's upper bytes, which are as good.
    """
    reader.header()
    count, start = reader.number("I"), reader.at
    before, used, behind = laid_out(start)
    filled = -(before + used + behind) % 4 if reader.cdr else 0
    if used < 0 or behind < 0 or start + before + used > len(message):
        return None
    sensors = find_sensors(message[start + before : start + before + used])
    if filled > 2:
        return None
    packet = filled + before + used + behind
    pieces = ((start - filled, start - filled + count * packet),)
    if not sensors:
        return Found(pieces, partial(guess, size=packet), guessed=True)
    return Found(pieces, partial(packets.FORMAT.cloud, shape=sensors[0].shape(before + filled, behind)))


Finder = Callable[[Reader, memoryview, int], Found | None]

_FINDERS: dict[str, Finder] = {
    CLOUD_TYPE: _cloud2,
    **dict.fromkeys(LIVOX_TYPES, _livox),
    "sensor_msgs/LaserScan": _scan,
    "velodyne_msgs/VelodyneScan": _velodyne,
    "pandar_msgs/PandarScan": _pandar,
    "hesai_lidar/PandarScan": _pandar,
    "nebula_msgs/NebulaPackets": _nebula,
    **dict.fromkeys(("ouster_ros/PacketMsg", "ouster_msgs/PacketMsg", "ouster_sensor_msgs/PacketMsg"), _packet),
}
