"""A .lizip file as header and sections (docs/format/container.md)."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

from second_reader.bytestream import Bytes, demand

MAGIC = b"\x93LZP\r\n\x1a"
SMALL = b"\x93LZ"
VERSION = 1
PIECE, REGIONS, WHOLE, RECIPE, CODEC = range(5)
AROUND, MODELS, SPLICE, FOLLOWS, BOUNDS = 123, 124, 125, 126, 127


@dataclass(frozen=True)
class File:
    """Header, and (kind, bytes) of each section in file order."""

    codec: int
    format: int
    length: int
    digest: bytes
    count: int
    layout: bytes
    sections: list[tuple[int, bytes]]

    def all(self, kind: int) -> list[bytes]:
        """Sections of a kind."""
        return [data for each, data in self.sections if each == kind]

    def one(self, kind: int) -> bytes:
        """The only section of a kind; nothing where there is none."""
        found = self.all(kind)
        demand(len(found) < 2, "a section is there twice")
        return found[0] if found else b""


def open_file(data: bytes) -> File:
    """Take a file apart; all checksums are checked."""
    if data[:3] == SMALL and data[3] == 128 + VERSION:
        return _small(data)
    demand(data[:7] == MAGIC and data[7] == VERSION, "no .lizip file of this version")
    demand(data[-2:] == b"LZ", "the file is cut short")
    backwards = Bytes(data[-3:7:-1])
    size = backwards.varint()
    crc = int.from_bytes(backwards.take(4), "big")
    end = 8 + backwards.left - size
    table = data[end : end + size]
    demand(end >= 8 and zlib.crc32(table) == crc, "the table is damaged")
    head = Bytes(table)
    codec, form, length, digest = head.u8(), head.u8(), head.varint(), head.take(16)
    count, layout, at, sections = head.varint(), head.string(), 8, []
    while head.left:
        kind = head.u8()
        section = end - at if head.left == 4 else head.varint()
        body = data[at : at + section]
        demand(at + section <= end and zlib.crc32(body) == head.numbers("I")[0], "a section is damaged")
        sections.append((kind, body))
        at += section
    demand(at == end, "sections do not fill the file")
    return File(codec, form, length, digest, count, layout, sections)


def _small(data: bytes) -> File:
    demand(zlib.crc32(data[:-4]) == int.from_bytes(data[-4:], "little"), "the file is damaged")
    head = Bytes(data[4:-4])
    codec, form = divmod(head.u8(), 16)
    length = head.varint()
    count, layout = (head.varint(), head.string()) if form else (0, b"")
    digest, kinds = head.take(6), []
    while head.left and not (kinds and kinds[-1][0] & 128):
        kind = head.u8()
        kinds.append((kind, None if kind & 128 else head.varint()))
    sections = [(kind & 127, head.rest() if size is None else head.take(size)) for kind, size in kinds]
    head.end()
    return File(codec, form, length, digest, count, layout, sections)
