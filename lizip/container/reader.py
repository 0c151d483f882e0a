"""Reading a .lizip file: its header at once, its sections when asked for."""

from __future__ import annotations

import threading
import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO, cast

from lizip.container.parts import (
    CRC,
    END,
    LAST,
    MAGIC,
    MAX_ENTRIES,
    MOST_MODELS,
    PACK_MAGIC,
    SMALL,
    SMALL_DIGEST,
    SMALL_MAGIC,
    VERSION,
    Entry,
    Header,
)
from lizip.errors import CorruptError, FormatError, UnsupportedVersionError
from lizip.packing import Unpacker

if TYPE_CHECKING:
    from lizip.codecs.sweep.past import Past
    from lizip.resources import Models

_TAIL_READ = 4096

_MAX_TABLE = 1 << 22
_LEAST_TAIL = len(END) + CRC.size + 1


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
    past, left : Past or None
        Where it is one of a sequence: what the file before left, and, once it is decoded, what this one leaves.
    models : Models or None
        Predictors and sensor profiles that it, or what it lies in, carries.

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
        self.past: Past | None = None
        self.left: Past | None = None
        self.models: Models | None = None
        self.size = size = file.seek(0, 2)
        tail_size = min(size, _TAIL_READ)
        file.seek(size - tail_size)
        tail = file.read(tail_size)
        head = tail if size == tail_size else self.read_at(0, len(MAGIC) + 1)
        if head[: len(SMALL_MAGIC)] == SMALL_MAGIC:
            self.header = self._read_small(size)
        else:
            self._check_magic(head[: len(MAGIC) + 1])
            self.header = self._read_table(tail, size)
        self._by_kind: dict[int, list[Entry]] = {}
        for entry in self.header.entries:
            self._by_kind.setdefault(entry.kind, []).append(entry)

    def _read_small(self, size: int) -> Header:
        """The header of a file in the small form, whose one checksum is over all of it."""
        if size > 2 * SMALL + MOST_MODELS:
            raise CorruptError("a small .lizip file that is not small")
        data = self.read_at(0, size)
        if size < len(SMALL_MAGIC) + CRC.size or CRC.unpack(data[-CRC.size :])[0] != zlib.crc32(data[: -CRC.size]):
            raise CorruptError("the .lizip file is truncated or damaged")
        unpack = Unpacker(data[: -CRC.size])
        unpack.take(len(SMALL_MAGIC))
        codec, format = divmod(unpack.take(1)[0], 16)
        length = unpack.varint()
        count, layout = (unpack.varint(), unpack.bytes()) if format else (0, b"")
        digest = unpack.take(SMALL_DIGEST)
        sizes: list[tuple[int, int]] = []
        while unpack.remaining and not (sizes and sizes[-1][1] < 0):
            if len(sizes) == SMALL:
                raise CorruptError("a small .lizip file names too many sections")
            kind = unpack.take(1)[0]
            sizes.append((kind & ~LAST, -1 if kind & LAST else unpack.varint()))
        entries = []
        for kind, section in sizes:
            offset = size - CRC.size - unpack.remaining
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
        if size < start + _LEAST_TAIL or tail[-len(END) :] != END:
            raise CorruptError("truncated .lizip file: the end mark is missing")
        backwards = Unpacker(tail[: -len(END)][::-1])
        table_size = backwards.varint()
        crc = backwards.take(CRC.size)[::-1]
        end = size - (len(tail) - backwards.remaining) - table_size
        if end < start or table_size > _MAX_TABLE:
            raise CorruptError("table of contents has an impossible length")
        if table_size <= backwards.remaining:
            table = backwards.take(table_size)[::-1]
        else:
            self._file.seek(end)
            table = self._file.read(table_size)
        if CRC.pack(zlib.crc32(table)) != crc:
            raise CorruptError("table of contents is damaged")
        return self._parse_table(table, start, end)

    @staticmethod
    def _parse_table(table: bytes, start: int, end: int) -> Header:
        unpack = Unpacker(table)
        codec, format = unpack.take(2)
        length, digest, count, layout = unpack.varint(), unpack.take(16), unpack.varint(), unpack.bytes()
        entries: list[Entry] = []
        offset = start
        while unpack.remaining:
            if len(entries) == MAX_ENTRIES:
                raise CorruptError("table of contents names too many sections")
            kind = unpack.take(1)[0]
            last = unpack.remaining == CRC.size
            size = end - offset if last else unpack.varint()
            entries.append(Entry(kind, offset, size, CRC.unpack(unpack.take(CRC.size))[0]))
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
        inner = Container(cast(BinaryIO, _Window(self, entry)))
        inner.models = self.models
        return inner

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
