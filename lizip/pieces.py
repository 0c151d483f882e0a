"""A large file is cut into pieces, each a cloud of its own, so that memory stays flat and a part can be read alone.

Where a file is records one after the other, with something before and after, the cuts are between records; in a table
of text, between lines. Where it has array after array, or column after column, the pieces are runs of points of all of
them, behind the regions. What stands around the points is cut off as plain bytes when there is much of it. Formats that
cannot be cut (packed numbers) remain one piece.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import xxhash

from lizip import formats
from lizip.container import MAX_WHOLE, PIECE
from lizip.formats.records import native, pack_fields
from lizip.formats.strips import Strips

if TYPE_CHECKING:
    from lizip.cloud import Cloud

_LITTLE = 1 << 20
"""Regions up to so many bytes stay with the points."""

Piece = tuple["Cloud", memoryview]
"""A cloud, and the bytes of the file that it is."""


def cut_at(data: memoryview, cloud: Cloud, starts: Sequence[int]) -> list[Piece]:
    """Cut a file that is not large where its sweeps begin: before the points `starts`, ascending and inside.

    Empty where the format cannot be cut between points.
    """
    around = sum(map(len, cloud.regions))
    if not starts or around > _LITTLE or not formats.by_name(cloud.format).rowwise(cloud.layout):
        return []
    bounds = [0, *starts, cloud.count]
    return list(_between(data, cloud, list(pairwise(bounds))))


def cut(data: memoryview, cloud: Cloud) -> Iterator[Piece]:
    """Yield clouds whose files, one after the other, are the file of a cloud; with each its bytes.

    Parameters
    ----------
    data : memoryview
        The file.
    cloud : Cloud
        The file taken apart; one that is not large comes back as it is.
    """
    format = formats.by_name(cloud.format)
    if len(data) <= MAX_WHOLE:
        yield cloud, data
    elif not cloud.count:
        yield from _plain(data) if cloud.format == "opaque" else _whole(data, cloud)
    elif format.arrays(cloud.layout):
        yield from _across(data, cloud)
    elif format.rowwise(cloud.layout):
        yield from _rows(data, cloud)
    else:
        yield from _whole(data, cloud)


def cut_table(
    data: memoryview, format: formats.Format, found: formats.Printed, release: Callable[[], None]
) -> Iterator[Piece]:
    """The same of a large table of text, which is taken apart on the way: `found` as `formats.find_table` gives it."""
    from lizip.formats.runs import table_runs

    start, rows, fields = found
    used = start if start > _LITTLE else 0
    yield from _plain(data[:used])
    for run in table_runs(data[start:], rows, fields, PIECE, release):
        if run.table is None:
            yield from _plain(data[used : start + run.stop])
            used = start + run.stop
            continue
        first, last = start + run.start, start + run.start + run.table.size
        rows = None if rows is None else rows - run.table.count
        stop = len(data) if rows == 0 else start + run.stop
        stop = stop if stop - last <= _LITTLE else last
        yield format.of_table(run.table, data[used:first], data[last:stop]), data[used:stop]
        used = stop
    yield from _plain(data[used:])


def _rows(data: memoryview, cloud: Cloud) -> Iterator[Piece]:
    """Pieces of a large file of records."""
    size = sum(dtype.itemsize for _, dtype in cloud.schema)
    after = len(cloud.regions[-1]) if cloud.regions else 0
    start, stop = len(data) - after - size * cloud.count, len(data) - after
    if start > _LITTLE:
        yield from _plain(data[:start])
    yield from _between(data, cloud, _bounds(cloud.count, size))
    if after > _LITTLE:
        yield from _plain(data[stop:])


def _bounds(count: int, size: int) -> list[tuple[int, int]]:
    """First and last points of pieces of records of a size."""
    rows = max(1, PIECE // size)
    return [(first, min(first + rows, count)) for first in range(0, count, rows)]


def _between(data: memoryview, cloud: Cloud, bounds: Sequence[tuple[int, int]]) -> Iterator[Piece]:
    """Yield the points between bounds; little regions go with the first and the last."""
    size = sum(dtype.itemsize for _, dtype in cloud.schema)
    after = len(cloud.regions[-1]) if cloud.regions else 0
    start = len(data) - after - size * cloud.count
    for first, last in bounds:
        begin = 0 if first == 0 and start <= _LITTLE else start + size * first
        end = len(data) if last == cloud.count and after <= _LITTLE else start + size * last
        around = data[begin : start + size * first], data[start + size * last : end]
        columns = {name: native(column[first:last]) for name, column in cloud.columns.items()}
        yield replace(cloud, columns=columns, regions=_regions(cloud, around)), data[begin:end]


def _regions(cloud: Cloud, around: Sequence[memoryview]) -> tuple[memoryview, ...]:
    """Regions of a piece: what comes before and after its records; of a format without a header only the latter."""
    return tuple(around) if len(cloud.regions) == 2 else tuple(filter(len, around))


def _across(data: memoryview, cloud: Cloud) -> Iterator[Piece]:
    """The regions, each as plain bytes, then the points by runs of all arrays."""
    from lizip.formats.columns import FORMAT as COLUMNS

    if sum(map(len, cloud.regions)) > MAX_WHOLE:
        yield from _plain(data)
        return
    for region in cloud.regions:
        yield formats.split(region, name="opaque"), memoryview(region)
    fields = formats.by_name(cloud.format).fields(cloud.layout)
    for first, last in _bounds(cloud.count, sum(dtype.itemsize for _, dtype in cloud.schema)):
        block = {name: native(column[first:last]) for name, column in cloud.columns.items()}
        content = memoryview(b"".join(COLUMNS.join(pack_fields(fields), (), [block])))
        yield COLUMNS.cloud(content, fields), content


def _plain(data: memoryview) -> Iterator[Piece]:
    for start in range(0, len(data), PIECE):
        piece = data[start : start + PIECE]
        yield formats.split(piece, name="opaque"), piece


def _whole(data: memoryview, cloud: Cloud) -> Iterator[Piece]:
    """One piece, unless its regions alone are more than a reader takes."""
    if sum(map(len, cloud.regions)) <= MAX_WHOLE:
        yield cloud, data
    else:
        yield from _plain(data)


class Together:
    """What a file is as a whole, found while its pieces are written.

    Parameters
    ----------
    cloud : Cloud or None
        The whole file taken apart, where it was.
    original : bytes
        Hash of the whole file.
    near : bool
        Whether pieces may come out near to the file only.

    Attributes
    ----------
    format, layout
        Of the pieces with points, or of what these are runs of.
    length, count
        Bytes and points so far.
    """

    def __init__(self, cloud: Cloud | None, original: bytes, near: bool):
        self.format, self.layout, self.length, self.count = "opaque", b"", 0, 0
        self._cloud, self._original, self._near = cloud, original, near
        self._state = xxhash.xxh3_128()
        self._regions: list[memoryview | bytes] = []
        self._across = False
        self._strips: Strips | None = None

    def add(self, piece: Cloud, content: bytes | memoryview) -> None:
        """Take the next piece as it was written."""
        self.length += len(content)
        self._state.update(content)
        if not piece.count:
            self._regions.append(content)
            return
        if not self.count:
            self._begin(piece)
        self.count += piece.count
        if self._strips is not None:
            self._strips.add(piece.columns)

    def _begin(self, piece: Cloud) -> None:
        self._across = self._cloud is not None and piece.format == "columns"
        whole = self._cloud if self._cloud is not None and self._across else piece
        self.format, self.layout = whole.format, whole.layout
        if self._across and self._near:
            self._strips = Strips(formats.by_name(self.format).arrays(self.layout), whole.count)

    def digest(self) -> bytes:
        """Hash of what comes back."""
        if self._strips is not None:
            state = xxhash.xxh3_128()
            with self._strips as strips:
                for part in strips.join(self._regions):
                    state.update(part)
            return state.digest()
        return self._original if self._across else self._state.digest()
