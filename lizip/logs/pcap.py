"""Captures of packets, .pcap and .pcapng: those of known sensors are taken together, many at a time."""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

from lizip.formats import packets
from lizip.logs.parts import MAX_STREAMS, Closing, Cutter, LogFile, Span, Stream
from lizip.logs.sensors import Sensor, find_sensors

MAGICS = (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1")
"""Little-endian, times in micro- and nanoseconds."""

MAGIC_NG = b"\x0a\x0d\x0d\x0a"

_ETHERNET = 1
_ENHANCED = 6
_TOGETHER = 1 << 23
"""Bytes of packets that make a cloud."""

_FEW = 32
"""Fewer packets than this are rest."""

_MOST_OPEN = 8
"""Kinds of packets in a capture; of others all are rest."""


class _Record(NamedTuple):
    """A packet with what the file puts around it, and its payload: places in the file."""

    start: int
    stop: int
    first: int
    last: int


class _Kind(NamedTuple):
    sensor: Sensor
    before: int
    behind: int


class Pcap(LogFile):
    """A capture of packets."""

    def _records(self) -> Iterator[_Record]:
        return _blocks(self._data) if self._data[:4] == MAGIC_NG else _packets(self._data)

    def _kinds(self, record: _Record) -> list[_Kind]:
        sensors = find_sensors(self._data[record.first : record.last])
        return [_Kind(sensor, record.first - record.start, record.stop - record.last) for sensor in sensors]

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
        kinds = [kind for kind, count in left.most_common(_MOST_OPEN) if count >= _FEW][: MAX_STREAMS - 1]
        numbers = {kind: i for i, kind in enumerate(kinds, 1)}
        self._topics.streams += [Stream(kind.sensor.name, "packets") for kind in kinds]
        taken: Counter[_Kind] = Counter()
        cutter = Cutter(self._data)
        for record in self._records():
            kind = next((kind for kind in self._kinds(record) if kind in numbers), None)
            if kind is None:
                continue
            shape = kind.sensor.shape(kind.before, kind.behind)
            left[kind] -= 1
            taken[kind] += 1
            closing = None
            if left[kind] == 0 or taken[kind] * shape.size >= _TOGETHER:
                closing = Closing(partial(packets.FORMAT.cloud, shape=shape))
                taken[kind] = 0
            cutter.cut(record.start, record.stop, numbers[kind], closing)
            if closing is not None:
                yield cutter.cut_so_far()
        yield cutter.end()


def _packets(data: memoryview) -> Iterator[_Record]:
    """Packets of a .pcap file that are UDP over IPv4 over Ethernet."""
    if len(data) < 24 or struct.unpack_from("<I", data, 20)[0] & 0xFFFF != _ETHERNET:
        return
    at = 24
    while at + 16 <= len(data):
        size = struct.unpack_from("<I", data, at + 8)[0]
        stop = at + 16 + size
        if stop > len(data):
            return
        if (payload := _payload(data, at + 16, stop)) is not None:
            yield _Record(at, stop, *payload)
        at = stop


def _blocks(data: memoryview) -> Iterator[_Record]:
    """Packets of a .pcapng file."""
    at = 0
    while at + 12 <= len(data):
        kind, size = struct.unpack_from("<II", data, at)
        if size < 12 or size % 4 or at + size > len(data):
            return
        if kind == _ENHANCED and size >= 32:
            captured = struct.unpack_from("<I", data, at + 20)[0]
            if captured <= size - 32 and (payload := _payload(data, at + 28, at + 28 + captured)) is not None:
                yield _Record(at, at + size, *payload)
        at += size


def _payload(data: memoryview, at: int, stop: int) -> tuple[int, int] | None:
    """Where the payload of a UDP datagram in an Ethernet frame lies; None where there is none that is whole."""
    if stop - at < 42:
        return None
    kind = bytes(data[at + 12 : at + 14])
    at += 18 if kind == b"\x81\x00" else 14
    if bytes(data[at - 2 : at]) != b"\x08\x00" or data[at] >> 4 != 4 or data[at + 9] != 17:
        return None
    at += 4 * (data[at] & 15)
    if at + 8 > stop:
        return None
    size = struct.unpack_from(">H", data, at + 4)[0]
    return (at + 8, at + size) if 8 < size <= stop - at else None
