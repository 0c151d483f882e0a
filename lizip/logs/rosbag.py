"""Bags of ROS 1, version 2.0: records of a header (named fields) and data; chunks hold connections and messages."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from lizip.logs.chunks import KINDS
from lizip.logs.parts import REST, Cutter, LogFile, Part, Span

MAGIC = b"#ROSBAG V2.0\n"

_MESSAGE, _CHUNK, _CONNECTION = b"\x02", b"\x05", b"\x07"
_MOST_HEADER = 1 << 16


class _Record(NamedTuple):
    fields: dict[bytes, bytes]
    start: int
    stop: int
    """Of the data; the latter perhaps beyond the end."""


class Bag(LogFile):
    """A bag."""

    def __init__(self, data: memoryview):
        super().__init__(data)
        self._connections: dict[bytes, int] = {}

    def _spans(self) -> Iterator[Span]:
        cutter = Cutter(self._data)
        for record in _records(self._data, len(MAGIC)):
            if record.fields.get(b"op") != _CHUNK:
                self._take(cutter, record)
                continue
            kind = record.fields.get(b"compression", b"").decode("latin-1")
            if kind == "none":
                for inner in _records(self._data[: record.stop], record.start):
                    if self._take(cutter, inner):
                        yield cutter.cut_so_far()
            elif kind in KINDS and record.stop <= len(self._data):
                size = int.from_bytes(record.fields.get(b"size", b"")[:4], "little")
                made = self._again.expanded(KINDS[kind], self._data[record.start : record.stop], size)
                if made is not None:
                    content, method = made
                    yield from cutter.compressed(record.start, record.stop, self._content(content), method)
        yield cutter.end()

    def _content(self, content: bytes) -> Sequence[Part]:
        """Parts of what was a compressed chunk."""
        inner = Cutter(memoryview(content))
        for each in _records(inner.data, 0):
            self._take(inner, each)
        return inner.end().parts

    def _take(self, cutter: Cutter, record: _Record) -> bool:
        """Learn from a record, or cut points out of it; whether there were any."""
        fields, start, stop = record
        if stop > len(cutter.data):
            return False
        if fields.get(b"op") == _CONNECTION:
            told = _fields(cutter.data[start:stop]) or {}
            topic, kind = (
                value.decode("utf-8", "surrogateescape")
                for value in (fields.get(b"topic", b""), told.get(b"type", b""))
            )
            self._connections[fields.get(b"conn", b"")] = self._topics.number(topic, kind)
        elif fields.get(b"op") == _MESSAGE and len(fields.get(b"time", b"")) == 8:
            seconds, rest = struct.unpack("<II", fields[b"time"])
            stream = self._connections.get(fields.get(b"conn", b""), REST)
            return self._topics.cut_message(cutter, start, stop, stream, False, seconds * 10**9 + rest)
        return False


def _records(data: memoryview, at: int) -> Iterator[_Record]:
    """Yield the records, as far as they can be read."""
    while at + 8 <= len(data):
        (size,) = struct.unpack_from("<I", data, at)
        place = at + 4 + size
        if size > _MOST_HEADER or place + 4 > len(data):
            return
        fields = _fields(data[at + 4 : place])
        if fields is None:
            return
        (length,) = struct.unpack_from("<I", data, place)
        at = place + 4 + length
        yield _Record(fields, place + 4, at)


def _fields(header: memoryview) -> dict[bytes, bytes] | None:
    """Names and values; None where these are none."""
    fields = {}
    at = 0
    while at < len(header):
        if at + 4 > len(header):
            return None
        (size,) = struct.unpack_from("<I", header, at)
        name, mark, value = bytes(header[at + 4 : at + 4 + size]).partition(b"=")
        at += 4 + size
        if at > len(header) or not mark:
            return None
        fields[name] = value
    return fields
