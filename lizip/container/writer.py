"""Writing a .lizip file: piece by piece, or whole in memory."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from typing import BinaryIO

from lizip.container.parts import CRC, END, LAST, MAGIC, SMALL, SMALL_DIGEST, SMALL_MAGIC, VERSION, Entry, Section
from lizip.container.reader import Container
from lizip.packing import pack_bytes, pack_varint, pack_varints


class Writer:
    """Lays out a .lizip file piece by piece.

    `begin`, then `section` for each, then `finish`; every call returns the next bytes of the file.

    Parameters
    ----------
    entries : iterable of Entry
        Sections that are there already: `begin` was before them.

    Attributes
    ----------
    offset : int
        Where the next section goes.
    """

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self._entries = list(entries)
        self.offset = sum(entry.length for entry in self._entries) + len(MAGIC) + 1

    def begin(self) -> bytes:
        """Return the magic and the version."""
        return MAGIC + bytes([VERSION])

    def section(self, section: Section) -> bytes:
        """Return the bytes of a section and remember it for the table."""
        self._entries.append(Entry(section.kind, self.offset, len(section.data), zlib.crc32(section.data)))
        self.offset += len(section.data)
        return section.data

    def finish(self, codec: int, format: int, length: int, digest: bytes, count: int, layout: bytes = b"") -> bytes:
        """Return the table of contents and the end mark."""
        table = bytearray([codec, format])
        table += pack_varint(length) + digest + pack_varint(count) + pack_bytes(layout)
        for entry in self._entries:
            last = entry is self._entries[-1]
            table += bytes([entry.kind]) + (b"" if last else pack_varint(entry.length)) + CRC.pack(entry.crc)
        return bytes(table) + CRC.pack(zlib.crc32(table)) + pack_varint(len(table))[::-1] + END


def write(
    sections: Iterable[Section], codec: int, format: int, length: int, digest: bytes, count: int, layout: bytes = b""
) -> bytes:
    """Make a whole .lizip file in memory."""
    sections = tuple(sections)
    if length < SMALL and max(codec, format) < 16 and all(section.kind < LAST for section in sections):
        return _write_small(sections, codec, format, length, digest, count, layout)
    writer = Writer()
    pieces = [writer.begin(), *map(writer.section, sections)]
    return b"".join([*pieces, writer.finish(codec, format, length, digest, count, layout)])


def size_of(sections: Sequence[Section], length: int, layout: bytes = b"") -> int:
    """Bytes that sections and a layout take in the file of an original of `length` bytes, as the table has them too."""
    each = 1 if length < SMALL else 1 + CRC.size
    lengths = [len(section.data) for section in sections]
    table = each * len(lengths) + len(pack_varints(lengths[:-1])) + len(pack_bytes(layout))
    return table + sum(lengths)


def _write_small(
    sections: tuple[Section, ...], codec: int, format: int, length: int, digest: bytes, count: int, layout: bytes
) -> bytes:
    """The same in the small form; of plain bytes (format 0) there are no points and no layout to be told."""
    head = SMALL_MAGIC + bytes([codec << 4 | format]) + pack_varint(length)
    head += pack_varint(count) + pack_bytes(layout) if format else b""
    head += digest[:SMALL_DIGEST]
    for section in sections[:-1]:
        head += bytes([section.kind]) + pack_varint(len(section.data))
    head += bytes([section.kind | LAST for section in sections[-1:]])
    data = b"".join([head, *(section.data for section in sections)])
    return data + CRC.pack(zlib.crc32(data))


def add(file: BinaryIO, section: Section) -> None:
    """Add a section behind those of a .lizip file that is open for reading and writing; they are not written again."""
    container = Container(file)
    header = container.header
    how = header.codec, header.format, header.length, header.digest, header.count, header.layout
    if len(header.digest) == SMALL_DIGEST:
        data, place = write([*_sections(container), section], *how), 0
    else:
        writer = Writer(header.entries)
        place = writer.offset
        data = writer.section(section) + writer.finish(*how)
    file.seek(place)
    file.truncate()
    file.write(data)


def without(container: Container, kind: int) -> bytes:
    """A .lizip file made anew, without the sections of a kind."""
    header = container.header
    sections = [section for section in _sections(container) if section.kind != kind]
    return write(sections, header.codec, header.format, header.length, header.digest, header.count, header.layout)


def _sections(container: Container) -> list[Section]:
    return [Section(entry.kind, container.read(entry)) for entry in container.header.entries]
