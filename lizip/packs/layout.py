"""The bytes of a pack: records back to back, each with a header that can be found again, and an index at the end.

    magic, record, record, ..., index record, trailer
    record  = header, CRC-32 of header and place, meta, body
    trailer = place of the index record, CRC-32, end mark

The checksum of a header covers the place where it stands, so that a pack inside a pack is not taken for a part of it.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

from lizip.container import PACK_MAGIC, SMALL
from lizip.errors import UnsupportedVersionError
from lizip.resources import Resource

SUFFIX = ".lizips"
MAGIC = PACK_MAGIC
MARKER = b"\x93LZr"
VERSION = 1

SWEEP, SHARED, INDEX = 1, 2, 3
"""Kinds of records: a .lizip file; bytes that several sweeps share; the index."""

LONGEST_NAME = 4096
"""Bytes of a name."""

_HEADER = struct.Struct("<4sBBHQ")
_CRC = struct.Struct("<I")
_META = struct.Struct("<IqQQ16s")
_TRAILER = struct.Struct("<QI4s")
_END = b"\x93LZe"

HEAD_SIZE = _HEADER.size + _CRC.size
TRAILER_SIZE = _TRAILER.size

NO_TIME = -(1 << 63)
"""Stands for a time that is not known."""

_SMALL_DIGEST = 6
"""Bytes of the hash that the .lizip file of a small original has; what follows them here is zero."""


@dataclass(frozen=True)
class Entry:
    """A record of a pack.

    Attributes
    ----------
    name : str
        With forward slashes where it stands for a path.
    time : int or None
        Nanoseconds since the epoch of whoever wrote it.
    points, size : int
        Points and bytes of the original.
    digest : bytes
        XXH3-128 of the original, 16 bytes; of one below `SMALL` bytes the first 6, as in its .lizip file.
    offset, length, crc : int
        Where the body lies in the pack, its bytes and their CRC-32.
    kind : int
        `SWEEP` or `SHARED`.
    """

    name: str
    time: int | None
    points: int
    size: int
    digest: bytes
    offset: int
    length: int
    crc: int
    kind: int = SWEEP


@dataclass(frozen=True)
class Head:
    """A header that was found: the kind of the record, and the bytes of meta and body that follow."""

    kind: int
    meta: int
    body: int


def folder_of(name: str) -> str:
    """Folder of a name: the sweeps of one make a sequence."""
    return name.rpartition("/")[0]


_MODELS = "lizip.models"
"""Shared bytes whose name begins so are a predictor or a sensor profile (`lizip.embedded`)."""


def shared_name(resource: Resource) -> str:
    """Name of the record of a predictor or a sensor profile."""
    return "/".join((_MODELS, *resource))


def resource_of(name: str) -> Resource | None:
    """The predictor or sensor profile that a record of shared bytes holds, if one."""
    begin, *words = name.split("/")
    return Resource(*words) if begin == _MODELS and len(words) == len(Resource._fields) else None


def pack_name(name: str) -> bytes:
    """Bytes of a name; those that are no text come back as they were. ValueError when it is empty or too long."""
    data = name.encode("utf-8", "surrogateescape")
    if not 0 < len(data) <= LONGEST_NAME:
        raise ValueError(f"a name has 1 to {LONGEST_NAME} bytes, not {len(data)}")
    return data


def pack_head(kind: int, meta: int, body: int, place: int) -> bytes:
    """Header of a record at a place."""
    header = _HEADER.pack(MARKER, VERSION, kind, meta, body)
    return header + _CRC.pack(zlib.crc32(header, place & 0xFFFFFFFF))


def unpack_head(data: bytes, place: int) -> Head | None:
    """Read a header; None when there is none, or it is damaged."""
    if len(data) < HEAD_SIZE or data[:4] != MARKER:
        return None
    header = data[: _HEADER.size]
    if _CRC.unpack_from(data, _HEADER.size)[0] != zlib.crc32(header, place & 0xFFFFFFFF):
        return None
    _, version, kind, meta, body = _HEADER.unpack(header)
    if version > VERSION:
        raise UnsupportedVersionError(f"pack version {version} needs a newer lizip (this one reads {VERSION})")
    return Head(kind, meta, body)


def pack_meta(entry: Entry) -> bytes:
    """What a record says of its body, with a checksum."""
    time = NO_TIME if entry.time is None else entry.time
    meta = _META.pack(entry.crc, time, entry.points, entry.size, entry.digest) + pack_name(entry.name)
    return meta + _CRC.pack(zlib.crc32(meta))


def unpack_meta(meta: bytes, kind: int, offset: int, length: int) -> Entry | None:
    """Read what `pack_meta` wrote; None when it is damaged."""
    name = len(meta) - _META.size - _CRC.size
    if not 0 < name <= LONGEST_NAME or _CRC.pack(zlib.crc32(meta[: -_CRC.size])) != meta[-_CRC.size :]:
        return None
    crc, time, points, size, digest = _META.unpack_from(meta)
    text = meta[_META.size : -_CRC.size].decode("utf-8", "surrogateescape")
    known = None if time == NO_TIME else time
    return Entry(text, known, points, size, kept_digest(size, digest), offset, length, crc, kind)


def kept_digest(size: int, digest: bytes) -> bytes:
    """The part of a hash that is kept for an original of so many bytes."""
    return digest if size >= SMALL else digest[:_SMALL_DIGEST]


def pack_trailer(place: int) -> bytes:
    """What stands behind the index record at a place."""
    position = struct.pack("<Q", place)
    return _TRAILER.pack(place, zlib.crc32(position), _END)


def unpack_trailer(data: bytes) -> int | None:
    """Place of the index record; None when there is no trailer."""
    if len(data) != TRAILER_SIZE:
        return None
    place, crc, end = _TRAILER.unpack(data)
    return place if end == _END and crc == zlib.crc32(data[:8]) else None
