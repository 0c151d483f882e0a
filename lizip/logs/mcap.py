"""MCAP: records of an opcode, a length and a body; chunks hold records, compressed or not."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence

from lizip.logs.chunks import KINDS
from lizip.logs.parts import REST, Cutter, LogFile, Part, Span

MAGIC = b"\x89MCAP0\r\n"

_RECORD = struct.Struct("<BQ")
_SCHEMA, _CHANNEL, _MESSAGE, _CHUNK = 3, 4, 5, 6
_MESSAGE_HEAD = struct.Struct("<HIQQ")
"""Channel, sequence, log time, publish time."""


class Mcap(LogFile):
    """An MCAP file."""

    def __init__(self, data: memoryview):
        super().__init__(data)
        self._types: dict[int, str] = {}
        self._channels: dict[int, tuple[int, bool]] = {}

    def _spans(self) -> Iterator[Span]:
        cutter = Cutter(self._data)
        for opcode, body, stop in _records(self._data, len(MAGIC)):
            if opcode != _CHUNK:
                found = stop <= len(self._data) and self._take(cutter, opcode, body, stop)
            else:
                kind, first, size, expanded = _chunk(self._data, body)
                found = False
                if kind == "":
                    for inner in _records(self._data[: first + size], first):
                        if self._take(cutter, *inner):
                            yield cutter.cut_so_far()
                elif kind in KINDS and first + size <= len(self._data):
                    made = self._again.expanded(KINDS[kind], self._data[first : first + size], expanded)
                    if made is not None:
                        content, method = made
                        yield from cutter.compressed(first, first + size, self._content(content), method)
            if found:
                yield cutter.cut_so_far()
        yield cutter.end()

    def _content(self, content: bytes) -> Sequence[Part]:
        """Parts of what was a compressed chunk."""
        inner = Cutter(memoryview(content))
        for record in _records(inner.data, 0):
            self._take(inner, *record)
        return inner.end().parts

    def _take(self, cutter: Cutter, opcode: int, body: int, stop: int) -> bool:
        """Learn from a record, or cut points out of it; whether there were any."""
        data = cutter.data
        if stop > len(data):
            return False
        if opcode == _MESSAGE and stop - body >= _MESSAGE_HEAD.size:
            channel, _, time, _ = _MESSAGE_HEAD.unpack_from(data, body)
            stream, cdr = self._channels.get(channel, (REST, False))
            return self._topics.cut_message(cutter, body + _MESSAGE_HEAD.size, stop, stream, cdr, time)
        try:
            if opcode == _SCHEMA:
                number, name = struct.unpack_from("<H", data, body)[0], _string(data, body + 2)
                self._types[number] = name
            elif opcode == _CHANNEL:
                channel, schema = struct.unpack_from("<HH", data, body)
                topic = _string(data, body + 4)
                encoding = _string(data, body + 8 + len(topic.encode("utf-8", "surrogateescape")))
                if encoding in ("cdr", "ros1"):
                    self._channels[channel] = (
                        self._topics.number(topic, self._types.get(schema, "")),
                        encoding == "cdr",
                    )
        except struct.error:
            return False
        return False


def _records(data: memoryview, at: int) -> Iterator[tuple[int, int, int]]:
    """Yield opcode, start and stop of the body of each record, the last perhaps beyond the end."""
    while at + _RECORD.size <= len(data):
        opcode, size = _RECORD.unpack_from(data, at)
        yield opcode, at + _RECORD.size, at + _RECORD.size + size
        at += _RECORD.size + size


def _string(data: memoryview, at: int) -> str:
    (size,) = struct.unpack_from("<I", data, at)
    return bytes(data[at + 4 : at + 4 + size]).decode("utf-8", "surrogateescape")


def _chunk(data: memoryview, body: int) -> tuple[str | None, int, int, int]:
    """Compression of a chunk (None: cut short), where its records stand, their bytes as stored and expanded."""
    try:
        expanded, _ = struct.unpack_from("<QI", data, body + 16)
        kind = _string(data, body + 28)
        first = body + 32 + len(kind)
        (size,) = struct.unpack_from("<Q", data, first)
    except struct.error:
        return None, 0, 0, 0
    return kind, first + 8, size, expanded
