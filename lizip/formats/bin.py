"""Raw sweeps: little-endian records without a header, as KITTI, nuScenes and many loggers write them.

Nothing in the file says what a record is: float32 nearly always, sometimes float64, sometimes with an integer or a
double for a clock behind. `guess_record` finds it from the numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from lizip.errors import CorruptError, FormatError
from lizip.formats import Format
from lizip.formats.guess import guess_record
from lizip.formats.records import TYPES, Fields, check_regions, columns_of, join_records, size_of

if TYPE_CHECKING:
    from lizip.cloud import Cloud, Columns

NAMES = ("x", "y", "z", "intensity", "ring")
MAX_FORCED = 64


class Bin(Format):
    """Records of up to 64 numbers; a last record cut short is a region.

    Layout: the number of fields where all are float32, else 0 and the type of each.
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
        return Cloud(self.name, layout, columns_of(data, 0, points, self.fields(layout)), (tail,) if len(tail) else ())

    def rowwise(self, layout: bytes) -> bool:
        """Always."""
        return True

    def fields(self, layout: bytes) -> Fields:
        """x y z intensity ring f5 f6 ..."""
        codes = ["f4"] * layout[0] if len(layout) == 1 else [TYPES[code] for code in layout[1:] if code < len(TYPES)]
        if not 1 <= len(codes) <= MAX_FORCED or (len(layout) > 1 and layout[0]) or len(codes) < len(layout) - 1:
            raise CorruptError("impossible number of fields")
        return tuple((NAMES[i] if i < len(NAMES) else f"f{i}", code) for i, code in enumerate(codes))

    def join(self, layout: bytes, regions: tuple[bytes, ...], blocks: Iterable[Columns]) -> Iterator[bytes]:
        """Yield the records, then the odd tail."""
        fields = self.fields(layout)
        check_regions(regions, min(len(regions), 1))
        yield from join_records(fields, blocks)
        yield from regions


FORMAT = Bin()
