"""Any bytes: one region, no columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from lizip.errors import CorruptError
from lizip.formats import Format
from lizip.formats.records import Fields, check_regions

if TYPE_CHECKING:
    from lizip.cloud import Cloud, Columns


class Opaque(Format):
    """The format of everything that no other format takes."""

    name = "opaque"
    number = 0

    def split(self, data: memoryview, fields: int | None = None) -> Cloud:
        """Return the whole file as one region."""
        from lizip.cloud import Cloud

        return Cloud(self.name, regions=(data,))

    def fields(self, layout: bytes) -> Fields:
        """There are no columns."""
        if layout:
            raise CorruptError("an opaque file has no layout")
        return ()

    def join(self, layout: bytes, regions: tuple[bytes, ...], blocks: Iterable[Columns]) -> Iterator[bytes]:
        """Yield the region."""
        self.fields(layout)
        check_regions(regions, 1)
        yield regions[0]


FORMAT = Opaque()
