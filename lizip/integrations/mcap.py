"""MCAP files whose clouds are compressed and that play all the same: each PointCloud2 becomes a CompressedPointCloud2.

`lizip export --mcap run.mcap` writes one. The message is that of `point_cloud_interfaces`; its format is "lizip", its
data a .lizip file of the points. The library `mcap` reads it with the decoder here:

    reader = mcap.reader.make_reader(file, decoder_factories=[DecoderFactory()])
    for schema, channel, message, cloud in reader.iter_decoded_messages():
        cloud.header.stamp, cloud.points["x"]
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, BinaryIO, NamedTuple

import numpy as np

import lizip
from lizip import extras
from lizip.codecs import PROMISING_FIRST, Options
from lizip.container import content_hash
from lizip.errors import CorruptError, FormatError
from lizip.formats import points, split
from lizip.logs.cloud2 import CLOUD_TYPE, TYPES, Cloud2, fields_of, plain_name, read_cloud2
from lizip.logs.plain import McapCopy
from lizip.recording import Clouds

FORMAT = "lizip"
COMPRESSED_TYPE = "point_cloud_interfaces/CompressedPointCloud2"

_LINE = "=" * 80
_HEADERS = {
    "ros2msg": "builtin_interfaces/Time stamp\nstring frame_id\n"
    f"{_LINE}\nMSG: builtin_interfaces/Time\nint32 sec\nuint32 nanosec\n",
    "ros1msg": "uint32 seq\ntime stamp\nstring frame_id\n",
}
_DEFINITION = f"""std_msgs/Header header
uint32 height
uint32 width
sensor_msgs/PointField[] fields
bool is_bigendian
uint32 point_step
uint32 row_step
uint8[] compressed_data
bool is_dense
string format
{_LINE}
MSG: sensor_msgs/PointField
string name
uint32 offset
uint8 datatype
uint32 count
{_LINE}
MSG: std_msgs/Header
"""
_ENCODINGS = {"ros2msg": "cdr", "ros1msg": "ros1"}
"""Encoding of messages by that of schemas."""


class Time(NamedTuple):
    """builtin_interfaces/Time."""

    sec: int
    nanosec: int


class Header(NamedTuple):
    """std_msgs/Header."""

    stamp: Time
    frame_id: str


@dataclass(frozen=True)
class PointField:
    """sensor_msgs/PointField."""

    name: str
    offset: int
    datatype: int
    count: int


class PointCloud2(NamedTuple):
    """sensor_msgs/PointCloud2, its fields called as there."""

    header: Header
    height: int
    width: int
    fields: list[PointField]
    is_bigendian: bool
    point_step: int
    row_step: int
    data: bytes
    is_dense: bool

    @property
    def points(self) -> np.ndarray:
        """The points, (N,) structured, in the message's own layout."""
        order = ">" if self.is_bigendian else "<"
        kinds = [(f"{order}{TYPES[field.datatype]}", (max(field.count, 1),)) for field in self.fields]
        names, offsets = [field.name for field in self.fields], [field.offset for field in self.fields]
        formats = [kind if shape == (1,) else (kind, shape) for kind, shape in kinds]
        layout: Any = {"names": names, "formats": formats, "offsets": offsets, "itemsize": self.point_step}
        return np.frombuffer(self.data, np.dtype(layout))


class DecoderFactory:
    """What `mcap.reader.make_reader` takes: gives a `PointCloud2` for every message that lizip compressed."""

    def decoder_for(self, message_encoding: str, schema: Any) -> Callable[[bytes], PointCloud2] | None:
        """The decoder of messages of a schema; None of those that are not CompressedPointCloud2."""
        if schema is None or plain_name(schema.name) != COMPRESSED_TYPE or message_encoding not in ("cdr", "ros1"):
            return None
        return lambda data: _decoded(memoryview(data), message_encoding == "cdr")


def restored(message: bytes, cdr: bool = True) -> bytes:
    """The PointCloud2 message of which a CompressedPointCloud2 was made, serialised as that is.

    Raises
    ------
    CorruptError
        When it is none, of another format, or damaged.
    """
    view = memoryview(message)
    head, data, dense = _opened(view, cdr)
    return bytes(view[: head.start - 4]) + struct.pack("<I", len(data)) + data + bytes([dense])


def _decoded(message: memoryview, cdr: bool) -> PointCloud2:
    head, data, dense = _opened(message, cdr)
    header = Header(Time(*head.stamp), head.frame_id)
    fields = [PointField(*field) for field in head.fields]
    shape = head.height, head.width
    return PointCloud2(header, *shape, fields, head.is_bigendian, head.point_step, head.row_step, data, bool(dense))


def _opened(message: memoryview, cdr: bool) -> tuple[Cloud2, bytes, int]:
    """Head, points and last byte of a compressed message."""
    try:
        head = read_cloud2(message, cdr)
        at = head.stop + 1
        at += -at % 4 if cdr else 0
        (size,) = struct.unpack_from("<I", message, at)
        told, dense = bytes(message[at + 4 : at + 4 + size]).rstrip(b"\0"), message[head.stop]
    except (struct.error, ValueError, IndexError) as error:
        raise CorruptError(f"a compressed cloud is cut short: {error}") from None
    if told != FORMAT.encode():
        raise CorruptError(f"a cloud is compressed in the format {told.decode('utf-8', 'replace')!r}, not lizip")
    data = lizip.decompress(bytes(message[head.start : head.stop]))
    if not isinstance(data, bytes):
        raise CorruptError("a compressed cloud holds an array, not the points of a message")
    return head, data, dense


class _Compressor:
    """Makes compressed messages, topic by topic."""

    def __init__(self, level: str):
        self._clouds = Clouds(Options(level), PROMISING_FIRST)

    def compress(self, stream: int, message: memoryview, cdr: bool) -> bytes:
        """Make one; FormatError where the message is no PointCloud2 in little-endian order."""
        try:
            head = read_cloud2(message, cdr)
            dense = message[head.stop]
        except (struct.error, ValueError, IndexError) as error:
            raise FormatError(f"a message of a PointCloud2 topic is none: {error}") from None
        content, fields = message[head.start : head.stop], fields_of(head)
        cloud = points.FORMAT.cloud(content, fields) if fields and len(content) else split(content, name="opaque")
        data = self._clouds.choose(stream, content, cloud).pack(content_hash(content))
        made = bytes(message[: head.start - 4]) + struct.pack("<I", len(data)) + data + bytes([dense])
        made += bytes(-len(made) % 4 if cdr else 0)
        name = FORMAT.encode() + (b"\0" if cdr else b"")
        made += struct.pack("<I", len(name)) + name
        if restored(made, cdr) != message[: head.stop + 1]:
            raise CorruptError("a message does not come back as it was; nothing was kept")
        return made


def export(source: BinaryIO, sink: BinaryIO, *, level: str = "default", name: str = "the file") -> int:
    """Write an MCAP file in which every PointCloud2 is compressed; everything else as it is.

    Each message is decoded again and compared. Chunks are compressed by zstd, which does little to the clouds, and the
    indexes made anew.

    Parameters
    ----------
    source : binary file object
        An MCAP file; where it ends early, what can be read is taken, with a warning.
    sink : binary file object
    level : {"fast", "default", "max"}
    name : str
        What errors call the file.

    Returns
    -------
    int
        How many clouds were compressed.

    Raises
    ------
    FormatError, MissingPackageError
    """
    extras.check("mcap", "logs", "MCAP files are read and written by mcap")
    from mcap.writer import Writer

    exported = _Export(Writer(sink), level)
    exported.copy(source, name)
    return exported.clouds


class _Export(McapCopy):
    """An MCAP file while it is written."""

    def __init__(self, writer: Any, level: str):
        super().__init__(writer)
        self._compressor = _Compressor(level)
        self.clouds = 0

    def schema(self, channel: Any, schema: Any) -> tuple[str, str, bytes]:
        """That of compressed clouds for clouds."""
        return _compressed_schema(schema.encoding) if _is_cloud(channel, schema) else super().schema(channel, schema)

    def message(self, message: Any, channel: Any, schema: Any) -> bytes:
        """Compress a cloud."""
        if not _is_cloud(channel, schema):
            return super().message(message, channel, schema)
        self.clouds += 1
        return self._compressor.compress(channel.id, memoryview(message.data), channel.message_encoding == "cdr")


def _is_cloud(channel: Any, schema: Any) -> bool:
    named = schema is not None and plain_name(schema.name) == CLOUD_TYPE
    return named and _ENCODINGS.get(schema.encoding) == channel.message_encoding


def _compressed_schema(encoding: str) -> tuple[str, str, bytes]:
    name = COMPRESSED_TYPE if encoding == "ros1msg" else COMPRESSED_TYPE.replace("/", "/msg/")
    return name, encoding, (_DEFINITION + _HEADERS[encoding]).encode()
