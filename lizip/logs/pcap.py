"""Captures of packets, .pcap and .pcapng: those of a kind are taken together, many at a time."""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

from lizip.formats import packets
from lizip.logs.messages import guess
from lizip.logs.parts import MAX_STREAMS, Closing, Cutter, LogFile, Span, Stream
from lizip.logs.sensors import Sensor, find_sensors

MAGICS = (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1", b"\xa1\xb2\xc3\xd4", b"\xa1\xb2\x3c\x4d")
"""Little- and big-endian, times in micro- and nanoseconds."""

MAGIC_NG = b"\x0a\x0d\x0d\x0a"

_ETHERNET = 1
_LINKS = {_ETHERNET: (14, 12), 113: (16, 14), 276: (20, 0), 0: (4, None), 101: (0, None), 228: (0, None)}
"""Bytes before the IP head by kind of link, and where in them the protocol stands: Ethernet, two kinds of Linux's
"cooked" ones, loopback, and two without anything."""

_INTERFACE, _ENHANCED = 1, 6
_TOGETHER = 1 << 23
"""Bytes of packets that make a cloud."""

_FEW = 32
"""Fewer packets than this are rest."""

_FEW_UNKNOWN = 1 << 16
"""Nor are packets of no known sensor anything else that have fewer bytes together."""

_MOST_OPEN = 8
"""Kinds of packets in a capture; of others all are rest."""


class _Record(NamedTuple):
    """A datagram with what the file puts around it: where in the file it begins and ends, and where its payload lies,
    in several pieces when it came as fragments."""

    start: int
    stop: int
    pieces: tuple[tuple[int, int], ...]


class _Frame(NamedTuple):
    """What a frame holds of a datagram: bytes of the file, behind the IP head; `more` fragments follow."""

    start: int
    stop: int
    first: int
    last: int
    number: bytes
    offset: int
    more: bool


class _Kind(NamedTuple):
    """Packets that are laid out alike: those of a sensor, or of nobody knows what that have a port and a size."""

    sensor: Sensor | None
    before: int
    behind: int
    payload: int
    port: int

    @property
    def size(self) -> int:
        """Bytes of a record."""
        return self.before + self.payload + self.behind

    @property
    def name(self) -> str:
        return f"port {self.port}, {self.payload} bytes" if self.sensor is None else self.sensor.name

    @property
    def closing(self) -> Closing:
        """What ends a cloud of them."""
        if self.sensor is None:
            return Closing(partial(guess, size=self.size), guessed=True)
        return Closing(partial(packets.FORMAT.cloud, shape=self.sensor.shape(self.before, self.behind)))

    def is_worth(self, count: int) -> bool:
        """Whether so many are more than rest."""
        return count >= _FEW and (self.sensor is not None or count * self.size >= _FEW_UNKNOWN)


class Pcap(LogFile):
    """A capture of packets."""

    def _records(self) -> Iterator[_Record]:
        return _datagrams(self._data, _blocks(self._data) if self._data[:4] == MAGIC_NG else _packets(self._data))

    def _kinds(self, record: _Record) -> list[_Kind]:
        pieces = [self._data[first:last] for first, last in record.pieces]
        sensors = find_sensors(pieces[0] if len(pieces) == 1 else memoryview(b"".join(pieces)))
        first, size = record.pieces[0][0], sum(map(len, pieces))
        around = first - record.start, record.stop - record.pieces[-1][1], size
        if sensors:
            return [_Kind(sensor, *around, 0) for sensor in sensors]
        (port,) = struct.unpack_from(">H", self._data, first - 6)
        return [_Kind(None, *around, port)]

    def _counted(self) -> Counter[_Kind]:
        """How many packets there are of each kind; of kinds of one size, which are alike, only the likeliest."""
        counts: Counter[_Kind] = Counter()
        likely: Counter[_Kind] = Counter()
        alike: dict[_Kind, frozenset[_Kind]] = {}
        for record in self._records():
            if kinds := self._kinds(record):
                likely[kinds[0]] += 1
                counts.update(kinds)
                alike[kinds[0]] = frozenset(kinds)
        best: dict[frozenset[_Kind], _Kind] = {}
        for kind, _ in likely.most_common():
            best.setdefault(alike[kind], kind)
        return Counter({kind: counts[kind] for kind in best.values()})

    def _spans(self) -> Iterator[Span]:
        left = self._counted()
        kinds = [kind for kind, count in left.most_common() if kind.is_worth(count)]
        kinds = sorted(kinds, key=lambda kind: kind.sensor is None)[: min(_MOST_OPEN, MAX_STREAMS - 1)]
        numbers = {kind: i for i, kind in enumerate(kinds, 1)}
        self._topics.streams += [Stream(kind.name, "packets") for kind in kinds]
        taken: Counter[_Kind] = Counter()
        cutter = Cutter(self._data)
        for record in self._records():
            kind = next((kind for kind in self._kinds(record) if kind in numbers), None)
            if kind is None:
                continue
            left[kind] -= 1
            taken[kind] += 1
            closing = None
            if left[kind] == 0 or taken[kind] * kind.size >= _TOGETHER:
                closing = kind.closing
                taken[kind] = 0
            self._cut(cutter, record, numbers[kind], closing)
            if closing is not None:
                yield cutter.cut_so_far()
        yield cutter.end()

    def _cut(self, cutter: Cutter, record: _Record, stream: int, closing: Closing | None) -> None:
        """Cut a datagram out; what stands between its pieces is rest."""
        starts = [record.start, *(first for first, _ in record.pieces[1:])]
        stops = [*(last for _, last in record.pieces[:-1]), record.stop]
        for i, (start, stop) in enumerate(zip(starts, stops, strict=True)):
            cutter.cut(start, stop, stream, closing if i == len(starts) - 1 else None)


def _packets(data: memoryview) -> Iterator[_Frame]:
    """Frames of a .pcap file that hold UDP over IPv4."""
    order = "<" if bytes(data[:4]) in MAGICS[:2] else ">"
    link = struct.unpack_from(order + "I", data, 20)[0] & 0xFFFF if len(data) >= 24 else -1
    at = 24
    while at + 16 <= len(data):
        stop = at + 16 + struct.unpack_from(order + "I", data, at + 8)[0]
        if stop > len(data):
            return
        if (frame := _frame(data, at, at + 16, stop, link)) is not None:
            yield frame
        at = stop


def _blocks(data: memoryview) -> Iterator[_Frame]:
    """Frames of a .pcapng file; sections may differ in their order of bytes, interfaces in their links."""
    at, order = 0, "<"
    links: list[int] = []
    while at + 12 <= len(data):
        if bytes(data[at : at + 4]) == MAGIC_NG:
            order, links = ">" if bytes(data[at + 8 : at + 12]) == b"\x1a\x2b\x3c\x4d" else "<", []
        kind, size = struct.unpack_from(order + "II", data, at)
        if size < 12 or size % 4 or at + size > len(data):
            return
        if kind == _INTERFACE and size >= 20:
            links.append(struct.unpack_from(order + "H", data, at + 8)[0])
        if kind == _ENHANCED and size >= 32:
            (interface,), (captured,) = (struct.unpack_from(order + "I", data, at + place) for place in (8, 20))
            link = links[interface] if interface < len(links) else -1
            if captured <= size - 32 and (frame := _frame(data, at, at + 28, at + 28 + captured, link)) is not None:
                yield frame._replace(stop=at + size)
        at += size


def _frame(data: memoryview, start: int, at: int, stop: int, link: int) -> _Frame | None:
    """What the frame from `at` to `stop` of a record that begins at `start` holds of a UDP datagram."""
    if link not in _LINKS:
        return None
    size, protocol = _LINKS[link]
    kind = bytes(data[at + protocol : at + protocol + 2]) if protocol is not None else b"\x08\x00"
    at += size
    if kind == b"\x81\x00":
        kind, at = bytes(data[at + 2 : at + 4]), at + 4
    if kind != b"\x08\x00" or stop - at < 28 or data[at] >> 4 != 4 or data[at + 9] != 17:
        return None
    length, number, flags = struct.unpack_from(">HHH", data, at + 2)
    first, last = at + 4 * (data[at] & 15), at + length
    if not first < last <= stop:
        return None
    told = struct.pack(">H", number) + bytes(data[at + 12 : at + 20])
    return _Frame(start, stop, first, last, told, 8 * (flags & 0x1FFF), bool(flags & 0x2000))


def _datagrams(data: memoryview, frames: Iterator[_Frame]) -> Iterator[_Record]:
    """Put fragments that follow one another together; yield whole datagrams."""
    waiting: list[_Frame] = []
    for frame in frames:
        if frame.offset == 0:
            waiting = [frame]
        elif waiting and frame.number == waiting[-1].number and frame.offset == _end(waiting):
            waiting.append(frame)
        else:
            waiting = []
        if not waiting or frame.more:
            continue
        first = waiting[0].first
        size = struct.unpack_from(">H", data, first + 4)[0] if waiting[0].last - first > 8 else 0
        if size == _end(waiting):
            pieces = [(each.first, each.last) for each in waiting]
            pieces[0] = (first + 8, waiting[0].last)
            yield _Record(waiting[0].start, frame.stop, tuple(pieces))
        waiting = []


def _end(frames: list[_Frame]) -> int:
    """Bytes of a datagram up to the end of the last fragment, its head among them."""
    return frames[-1].offset + frames[-1].last - frames[-1].first
