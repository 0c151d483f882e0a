"""Packs: many files in one (docs/packs.md)."""

from __future__ import annotations

import struct
import zlib

from second_reader import coded, frozen
from second_reader.bytestream import Bytes, demand
from second_reader.reader import Past
from second_reader.reader import read as read_file

MAGIC, RECORD, END = b"\x93LZS\r\n\x1a\n", b"\x93LZr", b"\x93LZe"
SWEEP, SHARED, INDEX = 1, 2, 3


def read(data: bytes) -> dict[str, bytes]:
    """The files of a pack, by name; those of a folder may follow one another."""
    demand(data[:8] == MAGIC and data[-4:] == END, "no whole pack")
    place, crc = struct.unpack("<QI", data[-16:-4])
    demand(zlib.crc32(data[-16:-8]) == crc, "the trailer is damaged")
    kind, body = _record(data, place)
    demand(kind == INDEX, "the index is missing")
    files: dict[str, bytes] = {}
    pasts: dict[str, Past] = {}
    records = [(name, which, data[at : at + length]) for name, which, at, length in _index(body)]
    models = [found for name, which, found in records if which == SHARED and name.startswith("lizip.models/")]
    with frozen.carrying(models):
        for name, which, found in records:
            if which == SWEEP:
                files[name] = read_file(found, pasts.setdefault(name.rpartition("/")[0], Past()))
    return files


def _record(data: bytes, place: int) -> tuple[int, bytes]:
    head = Bytes(data[place:])
    demand(head.take(4) == RECORD, "a record has no marker")
    version, kind, meta, length, crc = head.numbers("BBHQI")
    demand(version == 1, "a record of another version")
    demand(zlib.crc32(data[place : place + 16], place & 0xFFFFFFFF) == crc, "a record's head is damaged")
    head.take(meta)
    return kind, head.take(length)


def _index(body: bytes) -> list[tuple[str, int, int, int]]:
    """Name, kind, place and length of each record."""
    demand(zlib.crc32(body[:-4]) == int.from_bytes(body[-4:], "little"), "the index is damaged")
    pieces, table = Bytes(body[:-4]), b""
    while pieces.left:
        length = pieces.numbers("Q")[0]
        table += coded.decode(pieces.take(length))
    head = Bytes(table)
    count = head.numbers("Q")[0]
    rows = [head.numbers("BHQQIqQQ16s") for _ in range(count)]
    return [(head.take(row[1]).decode("utf-8", "surrogateescape"), row[0], row[2], row[3]) for row in rows]
