"""The .lizip file: magic, sections back to back, and a table of contents at the end. See docs/format.md.

The table stands at the end so that a file can be written to a pipe as it is made, and everything `info` shows is in one
small read of the tail. A file cut short has lost its end mark, so truncation is always noticed.
"""

from __future__ import annotations

import struct
import threading
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

import xxhash

from lizip.errors import CorruptError, FormatError, UnsupportedVersionError
from lizip.packing import Unpacker, pack_bytes, pack_varint

MAGIC = b"\x93LZP\r\n\x1a"
"""As in PNG: a byte above 127, CR LF and ctrl-Z, so that any text-mode damage changes it. The version follows."""

PACK_MAGIC = b"\x93LZS\r\n\x1a\n"
"""Of packs, which hold many .lizip files; see `lizip.packs`."""

VERSION = 1

SMALL = 1 << 12
"""The small form is for files of fewer bytes than this: at most 24 of the bytes are the container's."""

_SMALL_MAGIC = MAGIC[:3] + bytes([0x80 | VERSION])
_SMALL_DIGEST = 6
_LAST = 0x80
"""In the small form, set in the kind of the last section."""

SUFFIX = ".lizip"

_END = b"LZ"
_CRC = struct.Struct("<I")
_TAIL_READ = 4096
MAX_ENTRIES = 1 << 18
"""Most sections of a file: a table of empty ones costs a reader forty times its bytes."""

_MAX_TABLE = 1 << 22
_LEAST_TAIL = len(_END) + _CRC.size + 1

PIECES, REGIONS, WHOLE, RECIPE, CODEC = range(5)
"""Section kinds: a piece of a large file, which is a .lizip file itself; the opaque regions of the file; the file as it
stands; how its columns follow from the coded ones (`lizip.relations`) where they are not the same; from `CODEC` on they
belong to the codec."""

NEAR = 127
"""Section kind: within which bound of its original the content is (`lizip.near`). Codecs have the kinds below."""

MAX_WHOLE, PIECE = 1 << 26, 1 << 25
"""Files of more bytes are cut into pieces of so many, or regions of more refused."""


@dataclass(frozen=True)
class Section:
    """A run of bytes with a meaning: `kind` is `REGIONS` or one of the codec's own (from `CODEC` to 255)."""

    kind: int
    data: bytes


@dataclass(frozen=True)
class Entry:
    """Where a section lies: kind, offset in the file, length in bytes, CRC-32."""

    kind: int
    offset: int
    length: int
    crc: int


@dataclass(frozen=True)
class Header:
    """What the table of contents says of the whole file.

    Attributes
    ----------
    version : int
        Version of the container.
    codec, format : int
        Registered numbers (`lizip.codecs`, `lizip.formats`).
    length : int
        Bytes of the original file.
    digest : bytes
        XXH3-128 of the original file, 16 bytes; of a file below `SMALL` bytes the first 6. Compare with `same_hash`.
    count : int
        Number of points.
    layout : bytes
        The format's description of the file, coded (`lizip.codecs.opaque`).
    entries : tuple of Entry
        The sections, in file order.
    """

    version: int
    codec: int
    format: int
    length: int
    digest: bytes
    count: int
    layout: bytes
    entries: tuple[Entry, ...]


def content_hash(data: bytes | memoryview) -> bytes:
    """XXH3-128 of `data`, 16 bytes."""
    return xxhash.xxh3_128_digest(data)


def content_hash_of(file: BinaryIO) -> bytes:
    """XXH3-128 of a whole file, 16 bytes; leaves it at its end."""
    state = xxhash.xxh3_128()
    file.seek(0)
    while piece := file.read(1 << 20):
        state.update(piece)
    return state.digest()


def same_hash(one: bytes, other: bytes) -> bool:
    """Whether two content hashes agree, as far as both go."""
    size = min(len(one), len(other))
    return size >= _SMALL_DIGEST and one[:size] == other[:size]


def is_lizip(data: bytes | memoryview) -> bool:
    """Whether bytes begin as a .lizip file does."""
    return data[: len(MAGIC)] == MAGIC or data[: len(_SMALL_MAGIC)] == _SMALL_MAGIC


class Writer:
    """Lays out a .lizip file piece by piece.

    `begin`, then `section` for each, then `finish`; every call returns the next bytes of the file.
    """

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._offset = 0

    def begin(self) -> bytes:
        """Return the magic and the version."""
        self._offset = len(MAGIC) + 1
        return MAGIC + bytes([VERSION])

    def section(self, section: Section) -> bytes:
        """Return the bytes of a section and remember it for the table."""
        self._entries.append(Entry(section.kind, self._offset, len(section.data), zlib.crc32(section.data)))
        self._offset += len(section.data)
        return section.data

    def finish(self, codec: int, format: int, length: int, digest: bytes, count: int, layout: bytes = b"") -> bytes:
        """Return the table of contents and the end mark."""
        table = bytearray([codec, format])
        table += pack_varint(length) + digest + pack_varint(count) + pack_bytes(layout)
        for entry in self._entries:
            last = entry is self._entries[-1]
            table += bytes([entry.kind]) + (b"" if last else pack_varint(entry.length)) + _CRC.pack(entry.crc)
        return bytes(table) + _CRC.pack(zlib.crc32(table)) + pack_varint(len(table))[::-1] + _END


def write(
    sections: Iterable[Section], codec: int, format: int, length: int, digest: bytes, count: int, layout: bytes = b""
) -> bytes:
    """Make a whole .lizip file in memory."""
    sections = tuple(sections)
    if length < SMALL and max(codec, format) < 16 and all(section.kind < _LAST for section in sections):
        return _write_small(sections, codec, format, length, digest, count, layout)
    writer = Writer()
    pieces = [writer.begin(), *map(writer.section, sections)]
    return b"".join([*pieces, writer.finish(codec, format, length, digest, count, layout)])


def _write_small(
    sections: tuple[Section, ...], codec: int, format: int, length: int, digest: bytes, count: int, layout: bytes
) -> bytes:
    """The same in the small form; of plain bytes (format 0) there are no points and no layout to be told."""
    head = _SMALL_MAGIC + bytes([codec << 4 | format]) + pack_varint(length)
    head += pack_varint(count) + pack_bytes(layout) if format else b""
    head += digest[:_SMALL_DIGEST]
    for section in sections[:-1]:
        head += bytes([section.kind]) + pack_varint(len(section.data))
    head += bytes([section.kind | _LAST for section in sections[-1:]])
    data = b"".join([head, *(section.data for section in sections)])
    return data + _CRC.pack(zlib.crc32(data))


class Container:
    """A .lizip file opened for reading: its header at once, its sections when asked for.

    Parameters
    ----------
    file : BinaryIO
        Seekable and readable; stays open as long as sections are read.

    Attributes
    ----------
    header : Header
    size : int
        Bytes of the .lizip file.

    Raises
    ------
    FormatError
        When the file is not a .lizip file at all.
    UnsupportedVersionError
        When it is of a newer format version.
    CorruptError
        When it is damaged.
    """

    def __init__(self, file: BinaryIO):
        self._file = file
        self._lock = threading.Lock()
        self.size = size = file.seek(0, 2)
        tail_size = min(size, _TAIL_READ)
        file.seek(size - tail_size)
        tail = file.read(tail_size)
        head = tail if size == tail_size else self.read_at(0, len(MAGIC) + 1)
        if head[: len(_SMALL_MAGIC)] == _SMALL_MAGIC:
            self.header = self._read_small(size)
        else:
            self._check_magic(head[: len(MAGIC) + 1])
            self.header = self._read_table(tail, size)
        self._by_kind: dict[int, list[Entry]] = {}
        for entry in self.header.entries:
            self._by_kind.setdefault(entry.kind, []).append(entry)

    def _read_small(self, size: int) -> Header:
        """The header of a file in the small form, whose one checksum is over all of it."""
        if size > 2 * SMALL:
            raise CorruptError("a small .lizip file that is not small")
        data = self.read_at(0, size)
        if size < len(_SMALL_MAGIC) + _CRC.size or _CRC.unpack(data[-_CRC.size :])[0] != zlib.crc32(data[: -_CRC.size]):
            raise CorruptError("the .lizip file is truncated or damaged")
        unpack = Unpacker(data[: -_CRC.size])
        unpack.take(len(_SMALL_MAGIC))
        codec, format = divmod(unpack.take(1)[0], 16)
        length = unpack.varint()
        count, layout = (unpack.varint(), unpack.bytes()) if format else (0, b"")
        digest = unpack.take(_SMALL_DIGEST)
        sizes: list[tuple[int, int]] = []
        while unpack.remaining and not (sizes and sizes[-1][1] < 0):
            kind = unpack.take(1)[0]
            sizes.append((kind & ~_LAST, -1 if kind & _LAST else unpack.varint()))
        entries = []
        for kind, section in sizes:
            offset = size - _CRC.size - unpack.remaining
            body = unpack.take(unpack.remaining if section < 0 else section)
            entries.append(Entry(kind, offset, len(body), zlib.crc32(body)))
        if unpack.remaining or (sizes and sizes[-1][1] >= 0) or length >= SMALL:
            raise CorruptError("sections do not fill the file")
        return Header(VERSION, codec, format, length, digest, count, layout, tuple(entries))

    def _check_magic(self, head: bytes) -> None:
        start = len(MAGIC) + 1
        if len(head) < start and (MAGIC + bytes([VERSION])).startswith(head) and head:
            raise CorruptError("truncated .lizip file")
        if head[:4] == PACK_MAGIC[:4]:
            raise FormatError("is a pack; lizip ls lists it, lizip unpack and lizip.PackReader read it")
        if head[:3] == MAGIC[:3] and head[3] & 0x80 and head[3] & 0x7F > VERSION:
            raise UnsupportedVersionError(f"format version {head[3] & 0x7F} needs a newer lizip (this: {VERSION})")
        if head[:4] != MAGIC[:4]:
            raise FormatError("not a .lizip file")
        if head[: len(MAGIC)] != MAGIC:
            raise CorruptError("the file was damaged by a text-mode transfer; copy it again in binary mode")
        if head[-1] > VERSION:
            raise UnsupportedVersionError(f"format version {head[-1]} needs a newer lizip (this one reads {VERSION})")
        if head[-1] != VERSION:
            raise CorruptError(f"unknown format version {head[-1]}")

    def _read_table(self, tail: bytes, size: int) -> Header:
        start = len(MAGIC) + 1
        if size < start + _LEAST_TAIL or tail[-len(_END) :] != _END:
            raise CorruptError("truncated .lizip file: the end mark is missing")
        backwards = Unpacker(tail[: -len(_END)][::-1])
        table_size = backwards.varint()
        crc = backwards.take(_CRC.size)[::-1]
        end = size - (len(tail) - backwards.remaining) - table_size
        if end < start or table_size > _MAX_TABLE:
            raise CorruptError("table of contents has an impossible length")
        if table_size <= backwards.remaining:
            table = backwards.take(table_size)[::-1]
        else:
            self._file.seek(end)
            table = self._file.read(table_size)
        if _CRC.pack(zlib.crc32(table)) != crc:
            raise CorruptError("table of contents is damaged")
        return self._parse_table(table, start, end)

    @staticmethod
    def _parse_table(table: bytes, start: int, end: int) -> Header:
        unpack = Unpacker(table)
        codec, format = unpack.take(2)
        length, digest, count, layout = unpack.varint(), unpack.take(16), unpack.varint(), unpack.bytes()
        entries = []
        offset = start
        while unpack.remaining:
            if len(entries) == MAX_ENTRIES:
                raise CorruptError("table of contents names too many sections")
            kind = unpack.take(1)[0]
            last = unpack.remaining == _CRC.size
            size = end - offset if last else unpack.varint()
            entries.append(Entry(kind, offset, size, _CRC.unpack(unpack.take(_CRC.size))[0]))
            offset += size
            if offset > end:
                raise CorruptError("sections are longer than the file")
        if offset != end:
            raise CorruptError("sections do not fill the file")
        return Header(VERSION, codec, format, length, digest, count, layout, tuple(entries))

    def read_at(self, offset: int, length: int) -> bytes:
        """Read bytes of the file as they are; several threads may."""
        with self._lock:
            self._file.seek(offset)
            return self._file.read(length)

    def inside(self, entry: Entry) -> Container:
        """Open a section that is a .lizip file itself."""
        return Container(_Window(self, entry))

    def read(self, entry: Entry) -> bytes:
        """Read one section and check it; several threads may."""
        data = self.read_at(entry.offset, entry.length)
        if len(data) != entry.length or zlib.crc32(data) != entry.crc:
            raise CorruptError(f"section at byte {entry.offset} is damaged")
        return data

    def entries(self, kind: int) -> list[Entry]:
        """All entries of a kind, in file order."""
        return self._by_kind.get(kind, [])

    def section(self, kind: int) -> bytes:
        """Read the one section of a kind; b"" when there is none."""
        entries = self.entries(kind)
        if len(entries) > 1:
            raise CorruptError(f"section kind {kind} appears more than once")
        return self.read(entries[0]) if entries else b""

    def sections(self, kind: int) -> Iterator[bytes]:
        """Read all sections of a kind, one at a time."""
        return map(self.read, self.entries(kind))


class _Window:
    """A section as a file for reading."""

    def __init__(self, box: Container, entry: Entry):
        self._box, self._entry, self._position = box, entry, 0

    def seek(self, offset: int, whence: int = 0) -> int:
        """Move, from the start or (2) from the end."""
        self._position = offset + (self._entry.length if whence == 2 else 0)
        return self._position

    def read(self, size: int) -> bytes:
        """Read up to the end of the section."""
        data = self._box.read_at(self._entry.offset + self._position, min(size, self._entry.length - self._position))
        self._position += len(data)
        return data
