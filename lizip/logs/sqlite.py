"""Bags of ROS 2 in SQLite (.db3): a message lies in a leaf of the table's tree and in a chain of pages behind it.

See https://www.sqlite.org/fileformat2.html. Only what lies as SQLite writes it while it records is taken apart: chains
whose pages ascend, the leaf with the beginning before or behind them. Where messages of a topic lie inside one another,
each has a stream of its own.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from operator import itemgetter
from typing import NamedTuple

from lizip.logs.messages import Found, find_points, is_points
from lizip.logs.parts import MAX_CLOUD, MOST_CLOUDS, REST, Closing, Cutter, Log, LogFile, Span, closing_of

MAGIC = b"SQLite format 3\0"

_INNER, _LEAF = 5, 13
_MOST_DEPTH = 16
_HEAD = 1 << 14
"""Bytes of a message in which its points begin."""

_MOST_OPEN = 1 << 26
"""Bytes of messages that lie inside one another."""


class _Row(NamedTuple):
    """A row of a table: its number, and where in the file its payload lies."""

    number: int
    runs: list[tuple[int, int]]


class _Segment(NamedTuple):
    start: int
    stop: int
    stream: int
    closing: Closing | None


class _Message(NamedTuple):
    """Topic and type of a message, its time, its points, and where these lie."""

    topic: tuple[str, str]
    time: int
    points: Found
    runs: list[tuple[int, int]]


@dataclass
class _Slot:
    """One of the streams of a topic: its number, where its last message ends, and the size of its largest one."""

    stream: int
    end: int = 0
    size: int = 0


class Sqlite(LogFile):
    """A bag."""

    def __init__(self, data: memoryview):
        super().__init__(data)
        (size,) = struct.unpack_from(">H", data, 16) if len(data) >= 100 else (0,)
        self._page = 65536 if size == 1 else size
        self._usable = self._page - (data[20] if len(data) >= 100 else 0)
        self._topics_at = self._messages_at = 0

    def log(self) -> Log | None:
        """Take it apart; None when it has not the tables of a bag."""
        if self._usable < 480 or self._page & (self._page - 1):
            return None
        roots = {}
        for row in self._rows(1):
            values = self._values(row)
            if len(values) == 5 and values[0] == b"table" and isinstance(values[3], int):
                roots[values[1]] = values[3]
        if not {b"topics", b"messages"} <= roots.keys():
            return None
        self._topics_at, self._messages_at = roots[b"topics"], roots[b"messages"]
        return super().log()

    def _spans(self) -> Iterator[Span]:
        names: dict[int, tuple[str, str]] = {}
        for row in self._rows(self._topics_at):
            values = self._values(row)
            if len(values) > 3 and values[3] == b"cdr":
                names[row.number] = (_text(values[1]), _text(values[2]))
        cutter = Cutter(self._data)
        for segment in sorted(self._segments(names, self._messages_at), key=itemgetter(0)):
            cutter.cut(*segment)
            if segment.closing is not None:
                yield cutter.cut_so_far()
        yield cutter.end()

    def _segments(self, names: dict[int, tuple[str, str]], messages: int) -> Iterator[_Segment]:
        """Where the points of all messages lie."""
        slots: dict[tuple[str, str], list[_Slot]] = {}
        clouds = room = 0
        for row in self._rows(messages):
            found = self._points(row, names)
            if found is None or clouds == MOST_CLOUDS:
                continue
            runs, turn = _turned(found.runs)
            size = sum(stop - start for start, stop in runs)
            taken = slots.setdefault(found.topic, [])
            slot = next((each for each in taken if each.end <= runs[0][0]), None)
            if turn is None or (slot is None and room + size > _MOST_OPEN):
                continue
            if slot is None:
                stream = self._topics.number(*found.topic, len(taken))
                if stream == REST:
                    continue
                taken.append(slot := _Slot(stream))
            if room + size - slot.size > _MOST_OPEN:
                continue
            room, slot.size = room + max(size - slot.size, 0), max(size, slot.size)
            slot.end = runs[-1][1]
            clouds += 1
            closing = closing_of(found.points, found.time, turn)
            for i, (start, stop) in enumerate(runs):
                yield _Segment(start, stop, slot.stream, closing if i == len(runs) - 1 else None)

    def _points(self, row: _Row, names: dict[int, tuple[str, str]]) -> _Message | None:
        """The points of a row's message, and where they lie."""
        columns = self._columns(row)
        if len(columns) != 4:
            return None
        topic, time = self._value(row, *columns[1]), self._value(row, *columns[2])
        _, start, size = columns[3]
        if not isinstance(time, int) or topic not in names or not is_points(names[topic][1]):
            return None
        head = memoryview(self._bytes(row, start, min(size, _HEAD)))
        found = find_points(head, names[topic][1], True, size)
        if found is None or found.size > MAX_CLOUD or found.together:
            return None
        runs = [run for begin, end in found.pieces for run in _part(row.runs, start + begin, start + end)]
        return _Message(names[topic], time, found, runs)

    def _place(self, number: int) -> int:
        return (number - 1) * self._page

    def _leaves(self, root: int, depth: int = 0) -> Iterator[int]:
        """Numbers of the leaves of a table's tree, from the left."""
        place = self._place(root)
        if depth > _MOST_DEPTH or root < 1 or place + self._page > len(self._data):
            return
        head = place + (100 if root == 1 else 0)
        if self._data[head] == _LEAF:
            yield root
        elif self._data[head] == _INNER:
            count, _, _, right = struct.unpack_from(">HHBI", self._data, head + 3)
            for i in range(min(count, (self._page - 12) // 2)):
                (offset,) = struct.unpack_from(">H", self._data, head + 12 + 2 * i)
                if offset + 4 <= self._page:
                    yield from self._leaves(struct.unpack_from(">I", self._data, place + offset)[0], depth + 1)
            yield from self._leaves(right, depth + 1)

    def _rows(self, root: int) -> Iterator[_Row]:
        for page in self._leaves(root):
            yield from self._cells(page)

    def _cells(self, page: int) -> Iterator[_Row]:
        """Rows of a leaf; those that are cut short are left out."""
        place = self._place(page)
        head = place + (100 if page == 1 else 0)
        (count,) = struct.unpack_from(">H", self._data, head + 3)
        for i in range(min(count, (self._page - 8) // 2)):
            (offset,) = struct.unpack_from(">H", self._data, head + 8 + 2 * i)
            size, at = self._varint(place + offset)
            number, at = self._varint(at)
            runs = self._payload(at, size, place + self._page)
            if runs is not None:
                yield _Row(number, runs)

    def _payload(self, at: int, size: int, end: int) -> list[tuple[int, int]] | None:
        """Where a payload of so many bytes lies that begins here; None where it leads out of the file."""
        usable = self._usable
        most, least = usable - 35, (usable - 12) * 32 // 255 - 23
        local = size
        if size > most:
            local = least + (size - least) % (usable - 4)
            local = local if local <= most else least
        if at + local + 4 * (local < size) > end:
            return None
        runs, left = [(at, at + local)], size - local
        pointer = at + local
        while left:
            (page,) = struct.unpack_from(">I", self._data, pointer)
            pointer = self._place(page)
            taken = min(left, usable - 4)
            if page < 1 or pointer + 4 + taken > len(self._data):
                return None
            runs.append((pointer + 4, pointer + 4 + taken))
            left -= taken
        return runs

    def _varint(self, at: int) -> tuple[int, int]:
        """SQLite's variable-length integer, and what follows it."""
        value = 0
        for i in range(9):
            byte = self._data[at] if at < len(self._data) else 0
            at += 1
            if i == 8:
                return value << 8 | byte, at
            value = value << 7 | byte & 0x7F
            if byte < 0x80:
                break
        return value, at

    def _columns(self, row: _Row) -> list[tuple[int, int, int]]:
        """Serial type, start and size in the payload of each column; none where the head is not in the leaf."""
        begin, end = row.runs[0]
        head, at = self._varint(begin)
        if begin + head > end or head > 256:
            return []
        columns, position = [], head
        while at < begin + head:
            kind, at = self._varint(at)
            size = (0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0)[kind] if kind < 12 else (kind - 12) // 2
            columns.append((kind, position, size))
            position += size
        return columns if position == sum(stop - start for start, stop in row.runs) else []

    def _bytes(self, row: _Row, start: int, size: int) -> bytes:
        return b"".join(bytes(self._data[a:b]) for a, b in _part(row.runs, start, start + size))

    def _value(self, row: _Row, kind: int, start: int, size: int) -> int | bytes | None:
        """Whole number, text or bytes; a number stands for NULL where the column is the row's."""
        if kind in (8, 9):
            return kind - 8
        data = self._bytes(row, start, min(size, _HEAD))
        if 1 <= kind <= 6:
            return int.from_bytes(data, "big", signed=True)
        return data if kind >= 12 else None

    def _values(self, row: _Row) -> list[int | bytes | None]:
        return [self._value(row, *column) for column in self._columns(row)]


def _turned(runs: list[tuple[int, int]]) -> tuple[list[tuple[int, int]], int | None]:
    """The same in the order of the file, and how many bytes of the first go to the end; None where others do."""
    falls = [i for i in range(1, len(runs)) if runs[i][0] < runs[i - 1][1]]
    if not falls:
        return runs, 0
    first = falls[0]
    if len(falls) > 1 or runs[-1][1] > runs[0][0]:
        return runs, None
    return runs[first:] + runs[:first], sum(stop - start for start, stop in runs[:first])


def _part(runs: list[tuple[int, int]], start: int, stop: int) -> list[tuple[int, int]]:
    """Where the bytes from `start` to `stop` of a payload lie."""
    found, position = [], 0
    for begin, end in runs:
        first, last = max(begin, begin + start - position), min(end, begin + stop - position)
        if first < last:
            found.append((first, last))
        position += end - begin
        if position >= stop:
            break
    return found


def _text(value: int | bytes | None) -> str:
    return value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else ""
