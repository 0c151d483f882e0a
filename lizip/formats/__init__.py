"""File bytes <-> Cloud. One module a format; each is an exact inverse or says that it cannot take the file.

`split` tries the formats that the first bytes (and the name) suggest and ends at `opaque`; `join` puts the bytes together
again. A format that parses numbers out of text, or may be fooled, proves itself by joining before it is chosen.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from lizip.cloud import Cloud, Columns, Schema


class Format(Protocol):
    """What a module of this package offers (as a module-level object `FORMAT`)."""

    name: str
    """As shown to users: bin, las, pcd, ..."""
    number: int
    """As written to .lizip files; never reused."""

    def split(self, data: memoryview, fields: int | None = None) -> Cloud | None:
        """Take a file apart, without copying where possible; None when it is not of this format.

        `fields` forces the number of float32 fields of a record (only `bin` looks at it).
        """

    def schema(self, layout: bytes) -> Schema:
        """Names and dtypes of the columns; raises CorruptError on a layout that `split` never makes."""

    def join(self, layout: bytes, regions: tuple[bytes, ...], blocks: Iterable[Columns]) -> Iterator[bytes]:
        """Yield the bytes of the file, in order. `blocks` are consecutive runs of points; a format of fixed records
        yields as it goes, so that memory stays bounded."""
