"""Files that have array after array, or column after column, put together from runs of points in bounded memory.

What comes of a run goes to several places of the file. The numbers wait in a temporary file, laid out as in the file.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from types import TracebackType
from typing import TYPE_CHECKING, NamedTuple

from lizip.container import MAX_WHOLE
from lizip.errors import CorruptError
from lizip.formats.records import Fields, join_records, size_of

if TYPE_CHECKING:
    from lizip.cloud import Columns
    from lizip.decoder import Decoder

_READ = 1 << 20


class _Strip(NamedTuple):
    """Records that follow one another without a gap."""

    order: str
    fields: Fields
    start: int
    """Byte among all numbers."""


class Strips:
    """The numbers of the arrays of a file; a context manager.

    Parameters
    ----------
    arrays : sequence of (str, Fields)
        See `Format.arrays`.
    count : int
        Points of each.
    """

    def __init__(self, arrays: Sequence[tuple[str, Fields]], count: int):
        self._sizes = [count * size_of(fields) for _, fields in arrays]
        self._strips: list[_Strip] = []
        self._count, self._filled, start = count, 0, 0
        for mode, fields in arrays:
            for own in [(field,) for field in fields] if mode[1:] else [fields]:
                self._strips.append(_Strip(mode[0], own, start))
                start += count * size_of(own)
        import tempfile

        self._file = tempfile.TemporaryFile()  # noqa: SIM115

    def __enter__(self) -> Strips:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def add(self, columns: Columns) -> None:
        """Take the next run of points; CorruptError where there are more than announced."""
        rows = len(next(iter(columns.values())))
        if rows > self._count - self._filled:
            raise CorruptError("more points than announced")
        for order, fields, start in self._strips:
            self._file.seek(start + self._filled * size_of(fields))
            self._file.writelines(join_records(fields, [columns], order))
        self._filled += rows

    def join(self, regions: Sequence[bytes | memoryview]) -> Iterator[bytes]:
        """Yield the file: a region, the first array, the next region, ... ; CorruptError where points are missing."""
        if self._filled != self._count or len(regions) != len(self._sizes) + 1:
            raise CorruptError("fewer points or regions than announced")
        self._file.seek(0)
        for region, size in zip(regions, [*self._sizes, 0], strict=True):
            yield bytes(region)
            while size:
                piece = self._file.read(min(size, _READ))
                if not piece:
                    raise OSError("a temporary file lost what was written to it")
                yield piece
                size -= len(piece)


def joined_across(decoder: Decoder, arrays: Sequence[tuple[str, Fields]]) -> Iterator[bytes]:
    """Yield the bytes of a file whose pieces are the regions, then runs of points of all arrays; see `lizip.pieces`.

    Raises
    ------
    CorruptError
    """
    if (
        size_of(tuple(chain.from_iterable(fields for _, fields in arrays))) * decoder.header.count
        > decoder.header.length
    ):
        raise CorruptError("pieces are not as announced")
    around = [part for part in decoder.parts() if not part.header.count]
    if len(around) != len(arrays) + 1 or sum(part.header.length for part in around) > MAX_WHOLE:
        raise CorruptError("pieces are not as announced")
    regions = [b"".join(part.pieces()) for part in around]
    with Strips(arrays, decoder.header.count) as strips:
        for block in decoder.blocks():
            strips.add(block)
        yield from strips.join(regions)
