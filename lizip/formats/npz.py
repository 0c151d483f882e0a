"""NumPy's .npz: a ZIP file of .npy files. Those that are stored uncompressed and have one length are the points.

Compressed ones are not: only the same build of zlib would make the same bytes again.
"""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

from lizip.errors import CorruptError
from lizip.formats import Format
from lizip.formats.npy import Numbers, find_numbers, join_numbers, read_layout
from lizip.formats.records import Fields, check_regions, unique
from lizip.packing import Unpacker, pack_varint

if TYPE_CHECKING:
    import numpy as np

    from lizip.cloud import Cloud, Columns

_MOST_ARRAYS = 256
_LOCAL = struct.Struct("<26xHH")
"""Local header of a member: lengths of its name and of what is extra; both follow."""


class Npz(Format):
    """Archives of arrays. Layout: their number, then each one's as in .npy; a region before each, and one behind."""

    name = "npz"
    number = 8

    def split(self, data: memoryview, fields: int | None = None) -> Cloud | None:
        """Take the arrays apart that have as many points as the largest; None when there is none."""
        from lizip.cloud import Cloud

        arrays = _arrays(data)
        if not arrays:
            return None
        count = _points(max(arrays, key=lambda each: each[1].stop - each[1].start)[1])
        arrays = [each for each in arrays if _points(each[1]) == count][:_MOST_ARRAYS]
        named = unique((name, code) for each in arrays for name, code in _named(*each, alone=len(arrays) == 1))
        columns: dict[str, np.ndarray] = {}
        layout, used = pack_varint(len(arrays)), 0
        for _, numbers in arrays:
            own = named[used : used + len(numbers.fields)]
            layout += numbers._replace(fields=own).layout
            columns |= zip((name for name, _ in own), numbers.columns.values(), strict=True)
            used += len(own)
        borders = [0, *(border for _, numbers in arrays for border in (numbers.start, numbers.stop)), len(data)]
        regions = tuple(data[start:stop] for start, stop in list(pairwise(borders))[::2])
        return Cloud(self.name, layout, columns, regions)

    def rowwise(self, layout: bytes) -> bool:
        """As `npy`, of one array."""
        arrays = _read_layout(layout)
        return len(arrays) == 1 and not arrays[0][0][1:]

    def arrays(self, layout: bytes) -> list[tuple[str, Fields]]:
        """Several arrays, or columns of one."""
        return [] if self.rowwise(layout) else _read_layout(layout)

    def fields(self, layout: bytes) -> Fields:
        """Fields of all the arrays."""
        fields = tuple(field for _, own in _read_layout(layout) for field in own)
        if len(dict(fields)) != len(fields):
            raise CorruptError("layout names a field twice")
        return fields

    def join(self, layout: bytes, regions: tuple[bytes, ...], blocks: Iterable[Columns]) -> Iterator[bytes]:
        """Yield the arrays and what stands around them; that of several needs all points at once."""
        arrays = _read_layout(layout)
        check_regions(regions, len(arrays) + 1)
        blocks = list(blocks) if len(arrays) > 1 else blocks
        for region, (mode, fields) in zip(regions[:-1], arrays, strict=True):
            yield region
            yield from join_numbers(mode, fields, blocks)
        yield regions[-1]


def _arrays(data: memoryview) -> list[tuple[str, Numbers]]:
    """Name and numbers of each array that lies in the archive as it is, in the order of the file."""
    try:
        members = zipfile.ZipFile(io.BytesIO(data)).infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, struct.error):
        return []
    found = []
    end = 0
    for member in sorted(members, key=lambda each: each.header_offset):
        place = member.header_offset
        if member.compress_type != zipfile.ZIP_STORED or not 0 <= place <= len(data) - _LOCAL.size:
            continue
        start = place + _LOCAL.size + sum(_LOCAL.unpack_from(data, place))
        numbers = find_numbers(data[start : start + member.file_size])
        if numbers is not None and start >= end:
            found.append((member.filename, numbers._replace(start=start + numbers.start, stop=start + numbers.stop)))
            end = start + numbers.stop
    return found


def _points(numbers: Numbers) -> int:
    return len(next(iter(numbers.columns.values())))


def _named(member: str, numbers: Numbers, alone: bool) -> Iterator[tuple[str, str]]:
    """Fields of an array; one that has but one column is called as its member of the archive."""
    for name, code in numbers.fields:
        yield (name if alone or len(numbers.fields) > 1 else member.removesuffix(".npy")), code


def _read_layout(layout: bytes) -> list[tuple[str, Fields]]:
    unpack = Unpacker(layout)
    count = unpack.varint()
    if not 0 < count <= _MOST_ARRAYS:
        raise CorruptError("layout names too many arrays, or none")
    arrays = [read_layout(unpack) for _ in range(count)]
    unpack.finish()
    return arrays


FORMAT = Npz()
