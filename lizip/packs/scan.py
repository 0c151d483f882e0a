"""The records of a pack, from its index, or by walking over it where the index is missing or damaged."""

from __future__ import annotations

from dataclasses import dataclass, field

from lizip.errors import CorruptError, FormatError
from lizip.packs.index import Index, unpack_index
from lizip.packs.layout import (
    HEAD_SIZE,
    INDEX,
    LONGEST_NAME,
    MAGIC,
    MARKER,
    TRAILER_SIZE,
    Entry,
    Head,
    unpack_head,
    unpack_meta,
    unpack_trailer,
)
from lizip.packs.source import Bytes

_MOST_META = LONGEST_NAME + 256
_STEP = 1 << 20


@dataclass
class Contents:
    """What a pack holds.

    Attributes
    ----------
    entries : Index
        In the order they were added.
    end : int
        Where the next record goes: behind the last complete one.
    lost : int
        Bytes that belong to no complete record.
    indexed : bool
        Whether the index was there and whole.
    """

    entries: Index = field(default_factory=Index)
    end: int = len(MAGIC)
    lost: int = 0
    indexed: bool = False


def contents(data: Bytes) -> Contents:
    """Find the records; FormatError when it is no pack at all."""
    found = _from_index(data)
    if found is None:
        found = _from_records(data)
        if not found.entries and not MAGIC.startswith(data.read(0, len(MAGIC))):
            raise FormatError("not a pack (.lizips)")
    return found


def _from_index(data: Bytes) -> Contents | None:
    """The records as the index at the end says; None when it is missing or damaged."""
    tail = data.read(max(0, data.size - TRAILER_SIZE), TRAILER_SIZE)
    place = unpack_trailer(tail)
    if place is None or place > data.size:
        return None
    record = data.read(place, data.size - place)
    head = unpack_head(record[:HEAD_SIZE], place)
    if head is None or head.kind != INDEX or HEAD_SIZE + head.body + TRAILER_SIZE != len(record):
        return None
    try:
        entries = unpack_index(memoryview(record)[HEAD_SIZE:-TRAILER_SIZE], place)
    except CorruptError:
        return None
    return Contents(entries, place, 0, True)


def _from_records(data: Bytes) -> Contents:
    """The records as they stand; what is damaged is stepped over to the next that is not."""
    found, markers = Contents(), _Markers(data)
    start = len(MAGIC) if data.read(0, len(MAGIC)) == MAGIC else 0
    position = covered = start
    while (position := markers.next(position)) < data.size:
        head = unpack_head(data.read(position, HEAD_SIZE), position)
        entry = None if head is None else _entry(data, head, position)
        if head is None or (entry is None and head.kind != INDEX):
            position += 1
            continue
        found.lost += position - covered
        position += HEAD_SIZE + head.meta + head.body
        if entry is not None:
            found.entries.append(entry)
            found.end = position
        elif position + TRAILER_SIZE > data.size or unpack_trailer(data.read(position, TRAILER_SIZE)) is not None:
            position += TRAILER_SIZE
        covered = position = min(position, data.size)
    found.lost += data.size - covered
    return found


class _Markers:
    """Finds the markers of records, from any place on; reads no more of a healthy pack than its headers."""

    def __init__(self, data: Bytes):
        self._data = data
        self._start, self._piece = 0, b""

    def next(self, position: int) -> int:
        """Place of the next marker at or after a place; the end of the data when there is none."""
        if not 0 <= position - self._start <= len(self._piece) - len(MARKER):
            self._load(position, len(MARKER))
            if self._piece == MARKER:
                return position
            self._load(position, _STEP)
        while len(self._piece) >= len(MARKER):
            at = self._piece.find(MARKER, position - self._start)
            if at >= 0:
                return self._start + at
            position = self._start + len(self._piece) - len(MARKER) + 1
            self._load(position, _STEP)
        return self._data.size

    def _load(self, position: int, length: int) -> None:
        self._start, self._piece = position, self._data.read(position, length)


def _entry(data: Bytes, head: Head, position: int) -> Entry | None:
    """The entry of a record that is complete."""
    offset = position + HEAD_SIZE + head.meta
    if head.kind == INDEX or head.meta > _MOST_META or offset + head.body > data.size:
        return None
    return unpack_meta(data.read(position + HEAD_SIZE, head.meta), head.kind, offset, head.body)
