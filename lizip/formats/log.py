"""Logs: files that `lizip.logs` takes apart into clouds and the rest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from lizip import formats
from lizip.errors import CorruptError
from lizip.formats import Format
from lizip.formats.records import Fields

if TYPE_CHECKING:
    from lizip.cloud import Columns


class Log(Format):
    """Layout: number and layout of the format of all clouds, empty where they are not all alike."""

    name = "log"
    number = 10

    def fields(self, layout: bytes) -> Fields:
        """Those of all clouds; none where they differ."""
        if not layout:
            return ()
        if layout[0] == self.number:
            raise CorruptError("a log inside of a log")
        return tuple(formats.by_number(layout[0]).fields(layout[1:]))

    def join(self, layout: bytes, regions: tuple[bytes, ...], blocks: Iterable[Columns]) -> Iterator[bytes]:
        """Logs are put together from pieces only."""
        raise CorruptError("a log without pieces")


def pack_layout(layouts: set[tuple[str, bytes]]) -> bytes:
    """Layout from names and layouts of the formats of the clouds."""
    if len(layouts) != 1:
        return b""
    ((name, layout),) = layouts
    return bytes([formats.by_name(name).number]) + layout


FORMAT = Log()
