"""The index of a pack: a row and a name for each record, kept as they stand in the file and found by name."""

from __future__ import annotations

import struct
import zlib
from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, overload

from lizip.codecs import opaque
from lizip.errors import CorruptError
from lizip.packs.layout import (
    HEAD_SIZE,
    INDEX,
    LONGEST_NAME,
    NO_TIME,
    SWEEP,
    Entry,
    kept_digest,
    pack_head,
    pack_name,
    pack_trailer,
)

_ROW = struct.Struct("<BHQQIqQQ16s")
"""Kind, bytes of the name, place and length of the body, its CRC-32, time, points, bytes, hash."""

_CRC = struct.Struct("<I")
_COUNT = struct.Struct("<Q")
_TIME = struct.Struct("<q")
_TIME_AT = 23

_PIECE = 1 << 18
"""Bytes of the table that are coded at a time: more would gain nothing, and take that much memory."""


class Index(Sequence[Entry]):
    """Entries, about a hundred bytes each, made when asked for; of one name and kind the last is found.

    Parameters
    ----------
    entries : iterable of Entry
        The first; others may be appended.
    """

    def __init__(self, entries: Iterable[Entry] = ()):
        self._rows, self._names, self._ends = bytearray(), bytearray(), array("Q")
        self._found = _no_slots()
        for entry in entries:
            self.append(entry)

    def append(self, entry: Entry) -> None:
        """Add an entry."""
        name = pack_name(entry.name)
        time = NO_TIME if entry.time is None else entry.time
        numbers = entry.offset, entry.length, entry.crc, time, entry.points, entry.size, entry.digest
        self._rows += _ROW.pack(entry.kind, len(name), *numbers)
        self._names += name
        self._ends.append(len(self._names))

    def take(self, rows: bytearray, names: bytearray, place: int) -> None:
        """Be a table that stands at a place; CorruptError unless all it says lies before it."""
        self._rows, self._names = rows, names
        end = 0
        for _, name, offset, length, *_ in _ROW.iter_unpack(rows):
            end += name
            if not 0 < name <= LONGEST_NAME or offset + length > place or end > len(names):
                raise CorruptError("the index is damaged")
            self._ends.append(end)

    def __len__(self) -> int:
        return len(self._ends)

    @overload
    def __getitem__(self, place: int) -> Entry: ...
    @overload
    def __getitem__(self, place: slice) -> list[Entry]: ...
    def __getitem__(self, place: int | slice) -> Any:
        places = range(len(self))[place]
        if isinstance(places, range):
            return [self[each] for each in places]
        kind, _, offset, length, crc, time, points, size, digest = _ROW.unpack_from(self._rows, places * _ROW.size)
        known = None if time == NO_TIME else time
        name = self.name(places)
        return Entry(name, known, points, size, kept_digest(size, digest), offset, length, crc, kind)

    def name(self, place: int) -> str:
        """Name of the entry at a place, from 0."""
        return self._name(place).decode("utf-8", "surrogateescape")

    def _name(self, place: int) -> bytes:
        return bytes(self._names[self._ends[place - 1] if place else 0 : self._ends[place]])

    def time(self, place: int) -> int | None:
        """Time of the entry at a place, from 0."""
        (time,) = _TIME.unpack_from(self._rows, place * _ROW.size + _TIME_AT)
        return None if time == NO_TIME else int(time)

    @property
    def kinds(self) -> bytes:
        """Kinds of all entries."""
        return bytes(self._rows[:: _ROW.size])

    def of_kind(self, kind: int) -> Index:
        """The entries of a kind; itself when there are no others."""
        kinds = self.kinds
        if kinds.count(kind) == len(kinds):
            return self
        return Index(self[place] for place, other in enumerate(kinds) if other == kind)

    def place(self, name: str, kind: int = SWEEP) -> int | None:
        """Place of the last entry of this name and kind; None when there is none. Threads may ask at the same time."""
        try:
            data = name.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError:
            return None
        slots = self._hashed()
        place = slots[self._slot(slots, data, kind)]
        return place if place >= 0 else None

    def _hashed(self) -> array[int]:
        """Places by hash: an open table, -1 where nothing is, at least a third of it."""
        slots, count = self._found
        if count == len(self) and count:
            return slots
        if 3 * len(self) >= 2 * len(slots):
            slots, count = array("i", [-1]) * (2 << max(len(self), 16).bit_length()), 0
        for place in range(count, len(self)):
            slots[self._slot(slots, self._name(place), self._rows[place * _ROW.size])] = place
        self._found = slots, len(self)
        return slots

    def _slot(self, slots: array[int], name: bytes, kind: int) -> int:
        """Where this name stands, or would."""
        mask = len(slots) - 1
        at = hash((kind, name)) & mask
        while (place := slots[at]) >= 0 and (self._rows[place * _ROW.size] != kind or self._name(place) != name):
            at = (at + 1) & mask
        return at

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_found": _no_slots()}  # hashes are others in another process

    def table(self) -> Iterator[memoryview]:
        """Yield the parts of the table, as it stands in the file."""
        yield memoryview(_COUNT.pack(len(self)))
        yield memoryview(self._rows)
        yield memoryview(self._names)


def _no_slots() -> tuple[array[int], int]:
    return array("i"), 0


def pack_index(entries: Index, place: int) -> bytes:
    """Index record and trailer, to stand at a place."""
    pieces = bytearray()
    for piece in _cut(entries.table()):
        coded = opaque.encode_bytes(piece, "fast")
        pieces += _COUNT.pack(len(coded)) + coded
    pieces += _CRC.pack(zlib.crc32(pieces))
    return pack_head(INDEX, 0, len(pieces), place) + pieces + pack_trailer(place)


def _cut(parts: Iterable[memoryview]) -> Iterator[bytes]:
    """The same bytes in pieces of equal length."""
    piece = bytearray()
    for part in parts:
        for start in range(0, len(part), _PIECE):
            piece += part[start : start + _PIECE]
            if len(piece) >= _PIECE:
                yield bytes(piece[:_PIECE])
                del piece[:_PIECE]
    if piece:
        yield bytes(piece)


def unpack_index(body: bytes | memoryview, place: int) -> Index:
    """Read the body of an index record at a place; CorruptError unless all it says lies before it."""
    if len(body) < _CRC.size or _CRC.pack(zlib.crc32(body[: -_CRC.size])) != body[-_CRC.size :]:
        raise CorruptError("the index is damaged")
    count, rows, names = bytearray(), bytearray(), bytearray()
    for piece in _pieces(memoryview(body)[: -_CRC.size], place):
        rest = _filled(count, _COUNT.size, memoryview(piece))
        if len(count) == _COUNT.size:
            names += _filled(rows, _COUNT.unpack(count)[0] * _ROW.size, rest)
    if len(count) < _COUNT.size or len(rows) < _COUNT.unpack(count)[0] * _ROW.size:
        raise CorruptError("the index is damaged")
    entries = Index()
    entries.take(rows, names, place)
    return entries


def _filled(part: bytearray, size: int, data: memoryview) -> memoryview:
    """Append to a part until it has its size; returns what is left over."""
    missing = size - len(part)
    part += data[:missing]
    return data[missing:]


def _pieces(coded: memoryview, place: int) -> Iterator[bytes]:
    """Decode the pieces of the table; no more than the records before it can have asked for."""
    limit = _COUNT.size + (place // HEAD_SIZE + 1) * (_ROW.size + LONGEST_NAME)
    while coded:
        if len(coded) < _COUNT.size or (length := _COUNT.unpack_from(coded)[0]) > len(coded) - _COUNT.size:
            raise CorruptError("the index is damaged")
        piece = opaque.decode_bytes(bytes(coded[_COUNT.size : _COUNT.size + length]), limit)
        limit -= len(piece)
        coded = coded[_COUNT.size + length :]
        yield piece
