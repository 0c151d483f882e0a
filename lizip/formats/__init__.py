"""File bytes <-> Cloud. One module a format; each is an exact inverse or says that it cannot take the file.

`split` tries the format that the first bytes suggest, and ends at `opaque`; `by_number` finds the one whose
`join` puts the bytes together again. A format that parses numbers out of text proves itself by joining before it is
chosen. Formats are loaded when asked for, and none imports numpy before it has to: `lizip info` answers at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

from lizip.errors import FormatError, UnsupportedVersionError

if TYPE_CHECKING:
    from lizip.cloud import Cloud, Columns, Schema
    from lizip.formats.records import Fields
    from lizip.formats.table import Table


class Printed(NamedTuple):
    """A table of text: bytes before it, rows that a header promises (None: all there are), and declared fields."""

    start: int
    rows: int | None
    fields: Fields


class Format:
    """What a module of this package offers (as a module-level object `FORMAT`)."""

    name: str
    """As shown to users: bin, las, pcd, ..."""
    number: int
    """As written to .lizip files; never reused."""

    guessed: str
    """What users should know to be a guess; need not be there."""

    def split(self, data: memoryview, fields: int | None = None) -> Cloud | None:
        """Take a file apart, without copying where possible; None when it is not of this format, or one of those that
        only stand inside of other files.

        `fields` forces the number of float32 fields of a record (only `bin` looks at it).
        """
        return None

    def find_table(self, data: memoryview) -> Printed | None:
        """Where the file is a table of text, what there is to know before its rows are read."""
        return None

    def of_table(self, table: Table, before: memoryview, after: memoryview) -> Cloud:
        """The cloud of a table with what stands before and after it, or of a run of one; see `find_table`."""
        raise NotImplementedError

    def again(self, content: memoryview, cloud: Cloud, fields: int | None = None) -> Cloud | None:
        """Take a file or a piece of one apart that is like that of another cloud, but for its numbers."""
        return self.split(content, fields)

    def arrays(self, layout: bytes) -> list[tuple[str, Fields]]:
        """Where columns or several arrays follow one another, between regions: byte order of each array, with "F" where
        its columns follow one another, and its fields. Empty of all other files."""
        return []

    def rowwise(self, layout: bytes) -> bool:
        """Whether the file is a region, the records one after the other as wide as the columns together, and a region
        (of a format with one region, the records and the region): then it can be cut between records."""
        return False

    def fields(self, layout: bytes) -> tuple[tuple[str, str], ...]:
        """Names and type codes ("f4", "u1", ...) of the columns, without numpy; raises CorruptError on a layout that
        `split` never makes."""
        raise NotImplementedError

    def schema(self, layout: bytes) -> Schema:
        """The same with numpy dtypes."""
        from lizip.formats.records import schema_of

        return schema_of(self.fields(layout))

    def join(self, layout: bytes, regions: tuple[bytes, ...], blocks: Iterable[Columns]) -> Iterator[bytes]:
        """Yield the bytes of the file, in order. `blocks` are consecutive runs of points; a format of fixed records
        yields as it goes, so that memory stays bounded."""
        raise NotImplementedError


NAMES = ("opaque", "bin", "las", "pcd", "ply", "npy", "array", "text", "npz", "points", "log", "packets", "columns")
"""Names of the formats; the position is the number written to files."""


_CHARACTERS = bytes([*b"\t\r\n", *range(32, 127), *range(128, 256)])


def by_name(name: str) -> Format:
    """Return the format of that name; FormatError when there is none."""
    if name not in NAMES:
        raise FormatError(f"unknown format {name!r}; known are {', '.join(NAMES)}")
    format: Format = import_module(f"lizip.formats.{name}").FORMAT
    return format


def by_number(number: int) -> Format:
    """Return the format that files call `number`; UnsupportedVersionError when this lizip does not know it."""
    if not 0 <= number < len(NAMES):
        raise UnsupportedVersionError(f"format number {number} needs a newer lizip")
    return by_name(NAMES[number])


def split(data: bytes | bytearray | memoryview, fields: int | None = None, name: str | None = None) -> Cloud:
    """Take a file apart without loss.

    Parameters
    ----------
    data : buffer (bytes, memoryview, mmap)
        The whole file. The columns of the result are views of it where the format allows.
    fields : int, optional
        Number of float32 fields of a record of a raw `.bin` file; found from the data otherwise.
    name : str, optional
        Take it as this format, whatever its first bytes say.

    Raises
    ------
    FormatError
        When `name` or `fields` was forced and the file is not like that.
    """
    view = memoryview(data).cast("B")
    if name is None:
        suspected = _suspect(bytes(view[:512])) if fields is None else "bin"
        clouds = (by_name(each).split(view, fields) for each in (suspected, "opaque"))
        return next(cloud for cloud in clouds if cloud is not None)
    cloud = by_name(name).split(view, fields)
    if cloud is None:
        raise FormatError(f"not a {name} file, or one whose numbers cannot be taken apart")
    return cloud


def find_table(data: memoryview, fields: int | None = None, name: str | None = None) -> tuple[Format, Printed] | None:
    """Format and table of a file that `split` would take for a table of text; None of others."""
    if fields is not None:
        return None
    format = by_name(_suspect(bytes(data[:512])) if name is None else name)
    printed = format.find_table(data)
    return None if printed is None else (format, printed)


def _suspect(head: bytes) -> str:
    """Name of the format that the first bytes suggest; `bin` has no magic and is what is left."""
    if head.startswith(b"LASF"):
        return "las"
    if head.startswith(b"\x93NUMPY"):
        return "npy"
    if head.startswith(b"PK\x03\x04"):
        return "npz"
    if head.startswith((b"ply\n", b"ply\r")):
        return "ply"
    if head.startswith((b"# .PCD", b"VERSION")) or b"\nVERSION" in head or b"\nFIELDS" in head:
        return "pcd"
    return "text" if _is_text(head) else "bin"


def _is_text(head: bytes) -> bool:
    """Whether these are characters; three of four bytes of a float may be characters, all of them hardly ever."""
    return bool(head) and not head.translate(None, _CHARACTERS)
