"""Columns of a table, one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from lizip.formats import Format
from lizip.formats.points import FORMAT as POINTS
from lizip.formats.records import Fields, check_regions, columns_of, join_records, pack_fields, size_of

if TYPE_CHECKING:
    import numpy as np

    from lizip.cloud import Cloud, Columns


class WholeColumns(Format):
    """Little-endian columns, each for all rows. Layout: the fields."""

    name = "columns"
    number = 12

    def cloud(self, data: memoryview, fields: Fields) -> Cloud:
        """Take columns of these types apart."""
        from lizip.cloud import Cloud

        count, at = len(data) // size_of(fields), 0
        columns: dict[str, np.ndarray] = {}
        for field in fields:
            columns |= columns_of(data, at, count, (field,))
            at += count * size_of((field,))
        return Cloud(self.name, pack_fields(fields), columns)

    def again(self, content: memoryview, cloud: Cloud, fields: int | None = None) -> Cloud:
        """Take columns of the same types apart."""
        return self.cloud(content, self.fields(cloud.layout))

    def fields(self, layout: bytes) -> Fields:
        """As the table says."""
        return POINTS.fields(layout)

    def join(self, layout: bytes, regions: tuple[bytes, ...], blocks: Iterable[Columns]) -> Iterator[bytes]:
        """Yield column after column: they need all rows."""
        check_regions(regions, 0)
        blocks = list(blocks)
        for field in self.fields(layout):
            yield from join_records((field,), blocks)


FORMAT = WholeColumns()
