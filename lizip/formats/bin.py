"""Raw sweeps: little-endian records without a header, as KITTI, nuScenes and many loggers write them.

Nothing in the file says what a record is: float32 nearly always, sometimes float64, sometimes with an integer or a
double for a clock behind. `guess_record` finds it from the numbers, and `count_before` where x is among them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from lizip.errors import CorruptError, FormatError
from lizip.formats import Format
from lizip.formats.guess import guess_record
from lizip.formats.leading import MOST_BEFORE, count_before, named
from lizip.formats.records import TYPES, Fields, check_regions, columns_of, join_records, size_of

if TYPE_CHECKING:
    from lizip.cloud import Cloud, Columns

MAX_FORCED = 64

_BEFORE = 128
"""Added to the number of columns before x, where there are any: no number of fields."""


class Bin(Format):
    """Records of up to 64 numbers; a last record cut short is a region.

    Layout: how many fields stand before x, if any; the number of fields where all are float32, else 0 and the type of
    each.
    """

    name = "bin"
    number = 1
    guessed = "number, types and names of the fields: the file has no header"

    def split(self, data: memoryview, fields: int | None = None) -> Cloud | None:
        """Take the records apart; None when the bytes do not look like points."""
        from lizip.cloud import Cloud

        if fields is not None and not 1 <= fields <= MAX_FORCED:
            raise FormatError(f"a record of {fields} fields: give 1 to {MAX_FORCED}")
        codes = guess_record(data) if fields is None else ("f4",) * fields
        if codes is None:
            return None
        layout = bytes([len(codes)]) if set(codes) == {"f4"} else bytes([0, *map(TYPES.index, codes)])
        size = size_of(self.fields(layout))
        points = len(data) // size
        tail = data[points * size :]
        columns = columns_of(data, 0, points, self.fields(layout))
        before = count_before(list(columns.values()))
        if before:
            layout = bytes([_BEFORE + before]) + layout
            columns = columns_of(data, 0, points, self.fields(layout))
        return Cloud(self.name, layout, columns, (tail,) if len(tail) else ())

    def rowwise(self, layout: bytes) -> bool:
        """Always."""
        return True

    def fields(self, layout: bytes) -> Fields:
        """x y z intensity ring f5 f6 ...; where some stand before x: f0 ... x y z f4 ..."""
        before = layout[0] - _BEFORE if layout and layout[0] > _BEFORE else 0
        layout = layout[1:] if before else layout
        codes = ["f4"] * layout[0] if len(layout) == 1 else [TYPES[code] for code in layout[1:] if code < len(TYPES)]
        whole = len(codes) >= len(layout) - 1 and not (len(layout) > 1 and layout[0])
        if not whole or not 1 <= len(codes) <= MAX_FORCED or before > MOST_BEFORE:
            raise CorruptError("impossible number of fields")
        return named(codes, before)

    def join(self, layout: bytes, regions: tuple[bytes, ...], blocks: Iterable[Columns]) -> Iterator[bytes]:
        """Yield the records, then the odd tail."""
        fields = self.fields(layout)
        check_regions(regions, min(len(regions), 1))
        yield from join_records(fields, blocks)
        yield from regions


FORMAT = Bin()
