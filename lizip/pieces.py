"""A large file is cut into pieces, each a cloud of its own, so that memory stays flat and a part can be read alone.

Where a file is records one after the other, with something before and after, the cuts are between records. What stands
around the records is cut off as plain bytes when there is much of it. Formats that cannot be cut (text, packed or
transposed numbers) remain one piece.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from lizip import formats
from lizip.container import MAX_WHOLE, PIECE

if TYPE_CHECKING:
    from lizip.cloud import Cloud

_LITTLE = 1 << 20
"""Regions up to so many bytes stay with the points."""


def cut_at(data: memoryview, cloud: Cloud, starts: Sequence[int]) -> list[tuple[Cloud, memoryview]]:
    """Cut a file that is not large where its sweeps begin: before the points `starts`, ascending and inside.

    Empty where the format cannot be cut between points.
    """
    around = sum(map(len, cloud.regions))
    if not starts or around > _LITTLE or not formats.by_name(cloud.format).rowwise(cloud.layout):
        return []
    bounds = [0, *starts, cloud.count]
    return list(_between(data, cloud, list(pairwise(bounds))))


def cut(data: memoryview, cloud: Cloud) -> Iterator[tuple[Cloud, memoryview]]:
    """Yield clouds whose files, one after the other, are the file of a cloud; with each its bytes.

    Parameters
    ----------
    data : memoryview
        The file.
    cloud : Cloud
        The file taken apart; one that is not large comes back as it is.
    """
    if len(data) <= MAX_WHOLE:
        yield cloud, data
        return
    size = sum(dtype.itemsize for _, dtype in cloud.schema)
    if not cloud.count or not formats.by_name(cloud.format).rowwise(cloud.layout):
        yield from _plain(data) if cloud.format == "opaque" else _whole(data, cloud)
        return
    after = len(cloud.regions[-1]) if cloud.regions else 0
    start, stop = len(data) - after - size * cloud.count, len(data) - after
    if start > _LITTLE:
        yield from _plain(data[:start])
    rows = max(1, PIECE // size)
    firsts = range(0, cloud.count, rows)
    yield from _between(data, cloud, [(first, min(first + rows, cloud.count)) for first in firsts])
    if after > _LITTLE:
        yield from _plain(data[stop:])


def _between(data: memoryview, cloud: Cloud, bounds: Sequence[tuple[int, int]]) -> Iterator[tuple[Cloud, memoryview]]:
    """Yield the points between bounds; little regions go with the first and the last."""
    size = sum(dtype.itemsize for _, dtype in cloud.schema)
    after = len(cloud.regions[-1]) if cloud.regions else 0
    start = len(data) - after - size * cloud.count
    for first, last in bounds:
        begin = 0 if first == 0 and start <= _LITTLE else start + size * first
        end = len(data) if last == cloud.count and after <= _LITTLE else start + size * last
        around = data[begin : start + size * first], data[start + size * last : end]
        columns = {name: column[first:last] for name, column in cloud.columns.items()}
        yield replace(cloud, columns=columns, regions=_regions(cloud, around)), data[begin:end]


def _regions(cloud: Cloud, around: Sequence[memoryview]) -> tuple[memoryview, ...]:
    """Regions of a piece: what comes before and after its records; of a format without a header only the latter."""
    return tuple(around) if len(cloud.regions) == 2 else tuple(filter(len, around))


def _plain(data: memoryview) -> Iterator[tuple[Cloud, memoryview]]:
    for start in range(0, len(data), PIECE):
        piece = data[start : start + PIECE]
        yield formats.split(piece, name="opaque"), piece


def _whole(data: memoryview, cloud: Cloud) -> Iterator[tuple[Cloud, memoryview]]:
    """One piece, unless its regions alone are more than a reader takes."""
    if sum(map(len, cloud.regions)) <= MAX_WHOLE:
        yield cloud, data
    else:
        yield from _plain(data)
