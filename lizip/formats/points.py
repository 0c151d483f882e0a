"""Points inside a message or a packet: records whose fields the file around them tells."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from lizip.errors import CorruptError
from lizip.formats import Format
from lizip.formats.records import Fields, check_regions, columns_of, join_records, pack_fields, size_of
from lizip.formats.records import unpack_fields as read_fields
from lizip.packing import Unpacker

if TYPE_CHECKING:
    from lizip.cloud import Cloud, Columns


class Points(Format):
    """Little-endian records; what is no whole record is a region. Layout: the fields."""

    name = "points"
    number = 9

    def cloud(self, data: memoryview, fields: Fields) -> Cloud:
        """Take records of these fields apart."""
        from lizip.cloud import Cloud

        count = len(data) // size_of(fields)
        tail = data[count * size_of(fields) :]
        return Cloud(self.name, pack_fields(fields), columns_of(data, 0, count, fields), (tail,) if len(tail) else ())

    def rowwise(self, layout: bytes) -> bool:
        """Always."""
        return True

    def fields(self, layout: bytes) -> Fields:
        """As the message said."""
        unpack = Unpacker(layout)
        fields = read_fields(unpack)
        unpack.finish()
        if not fields:
            raise CorruptError("points without fields")
        return fields

    def join(self, layout: bytes, regions: tuple[bytes, ...], blocks: Iterable[Columns]) -> Iterator[bytes]:
        """Yield the records, then what is left."""
        check_regions(regions, min(len(regions), 1))
        yield from join_records(self.fields(layout), blocks)
        yield from regions


FORMAT = Points()
