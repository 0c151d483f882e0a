"""Arrow's IPC files (Feather): columns of numbers in the bodies of record batches, each compressed alone or not at all.

See https://arrow.apache.org/docs/format/Columnar.html. Of its flatbuffers only what is needed is read: types of the
columns, and where their buffers lie. Columns of text and the like are rest; a table with nested ones is all rest.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

from lizip.formats import columns
from lizip.formats.records import MAX_FIELDS, TYPES, unique
from lizip.logs.chunks import LZ4, ZSTD, Method
from lizip.logs.parts import MAX_CLOUD, Closing, Cutter, LogFile, Part, Span, Stream

MAGIC = b"ARROW1\0\0"

_CONTINUES = b"\xff\xff\xff\xff"
_SCHEMA, _BATCH = 1, 3
_INT, _FLOAT, _BINARY, _TEXT, _BOOL = 2, 3, 4, 5, 6
_LONG = {10: "i8", 18: "i8"}
"""Times and durations."""

_KINDS = {0: LZ4, 1: ZSTD}


class _Table:
    """A table of a flatbuffer; struct.error where it leads out of it."""

    def __init__(self, data: memoryview, at: int):
        self.data, self.at = data, at
        self._fields = at - struct.unpack_from("<i", data, at)[0]
        (self._size,) = struct.unpack_from("<H", data, self._fields)

    def _place(self, field: int) -> int:
        entry = 4 + 2 * field
        offset = struct.unpack_from("<H", self.data, self._fields + entry)[0] if entry + 2 <= self._size else 0
        return self.at + offset if offset else 0

    def number(self, field: int, code: str, default: int = 0) -> int:
        place = self._place(field)
        return struct.unpack_from("<" + code, self.data, place)[0] if place else default

    def _pointed(self, field: int) -> int:
        place = self._place(field)
        return place + struct.unpack_from("<I", self.data, place)[0] if place else 0

    def table(self, field: int) -> _Table | None:
        place = self._pointed(field)
        return _Table(self.data, place) if place else None

    def text(self, field: int) -> str:
        place = self._pointed(field)
        size = struct.unpack_from("<I", self.data, place)[0] if place else 0
        return bytes(self.data[place + 4 : place + 4 + size]).decode("utf-8", "surrogateescape")

    def vector(self, field: int) -> tuple[int, int]:
        """Where the items are, and how many."""
        place = self._pointed(field)
        return (place + 4, struct.unpack_from("<I", self.data, place)[0]) if place else (0, 0)

    def tables(self, field: int) -> list[_Table]:
        start, count = self.vector(field)
        if count > MAX_FIELDS:
            raise ValueError("too many columns")
        places = range(start, start + 4 * count, 4)
        return [_Table(self.data, place + struct.unpack_from("<I", self.data, place)[0]) for place in places]


class _Column(NamedTuple):
    name: str
    code: str
    """Empty of a column that is rest."""
    buffers: int


class _Buffer(NamedTuple):
    """Numbers of a column: their place as stored; if compressed, what they are and how they are made again."""

    start: int
    stop: int
    content: bytes | None = None
    method: Method | None = None


class Arrow(LogFile):
    """A file."""

    def __init__(self, data: memoryview):
        super().__init__(data)
        self._topics.streams.append(Stream("rows", "arrow"))
        self._columns: list[_Column] = []

    def _spans(self) -> Iterator[Span]:
        cutter = Cutter(self._data)
        for kind, table, body in self._messages():
            try:
                if kind == _SCHEMA:
                    self._columns = [_column(field) for field in table.tables(1)] if not table.number(0, "h") else []
                elif kind == _BATCH:
                    yield from self._batch(cutter, table, body)
            except (struct.error, ValueError):
                break
        yield cutter.end()

    def _messages(self) -> Iterator[tuple[int, _Table, int]]:
        """Yield kind and table of each message, and where its body begins."""
        at = len(MAGIC)
        while self._data[at : at + 4] == _CONTINUES and at + 8 <= len(self._data):
            (size,) = struct.unpack_from("<i", self._data, at + 4)
            body = at + 8 + size
            if size < 8 or body > len(self._data):
                return
            try:
                head = self._data[at + 8 : body]
                message = _Table(head, struct.unpack_from("<I", head)[0])
                kind, table, length = message.number(1, "B"), message.table(2), message.number(3, "q")
            except struct.error:
                return
            if table is None or length < 0:
                return
            yield kind, table, body
            at = body + length

    def _batch(self, cutter: Cutter, batch: _Table, body: int) -> Iterator[Span]:
        """Cut the columns out of the body of a record batch."""
        rows = batch.number(0, "q")
        compression = batch.table(3)
        kind = None if compression is None else _KINDS.get(compression.number(0, "b"), 0)
        start, count = batch.vector(2)
        found: list[tuple[_Column, _Buffer]] = []
        place = 0
        for column in self._columns:
            place += column.buffers
            if not column.code or not rows or place > count:
                continue
            offset, length = struct.unpack_from("<qq", batch.data, start + 16 * (place - 1))
            buffer = self._buffer(body + offset, length, rows * int(column.code[1]), kind)
            if buffer is not None and (not found or found[-1][1].stop <= buffer.start):
                found.append((column, buffer))
        fields = unique((column.name, column.code) for column, _ in found)
        if not found or rows * sum(int(code[1]) for _, code in fields) > MAX_CLOUD:
            return
        for i, (_, buffer) in enumerate(found):
            last = i == len(found) - 1
            closing = Closing(partial(columns.FORMAT.cloud, fields=fields)) if last else None
            if buffer.method is None or buffer.content is None:
                cutter.cut(buffer.start, buffer.stop, 1, closing)
                yield cutter.cut_so_far()
            else:
                content = [Part(memoryview(buffer.content), 1, closing)]
                yield from cutter.compressed(buffer.start, buffer.stop, content, buffer.method)

    def _buffer(self, start: int, length: int, size: int, kind: int | None) -> _Buffer | None:
        """The numbers in a buffer; None where they are cut short, or cannot be made again."""
        if length < 0 or start < 0 or start + length > len(self._data):
            return None
        if kind is None:
            return _Buffer(start, start + size) if size <= length else None
        if length < 8:
            return None
        (expanded,) = struct.unpack_from("<q", self._data, start)
        if expanded == -1:
            return _Buffer(start + 8, start + 8 + size) if size <= length - 8 else None
        if kind == 0 or expanded != size:
            return None
        made = self._again.expanded(kind, self._data[start + 8 : start + length], expanded)
        return None if made is None else _Buffer(start + 8, start + length, *made)


def _column(field: _Table) -> _Column:
    """A column of a schema; ValueError where it is nested or unknown."""
    kind, told = field.number(2, "B"), field.table(3)
    if field.vector(5)[1]:
        raise ValueError("nested columns")
    if field.table(4) is not None:
        return _Column("", "", 2)
    if kind == _INT and told is not None:
        code = f"{'i' if told.number(1, '?') else 'u'}{told.number(0, 'i') // 8}"
    elif kind == _FLOAT and told is not None:
        code = f"f{2 << told.number(0, 'h')}"
    elif kind in _LONG:
        code = _LONG[kind]
    elif kind in (_BINARY, _TEXT):
        return _Column("", "", 3)
    elif kind == _BOOL:
        return _Column("", "", 2)
    else:
        raise ValueError("columns of a kind that is not known")
    return _Column(field.text(0), code if code in TYPES else "", 2)
