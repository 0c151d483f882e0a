"""The recipe's worked example of a file format: rows of numbers as in .xyz files, below a header of one line.

    XYZH 3 x y z
    1.250 -0.500 0.125
    ...

The header says the number of rows and the names of the columns. See "Add a file format" in CONTRIBUTING.md; in the
product this would be `lizip/formats/xyzh.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from lizip.formats import Format
from lizip.formats.records import Fields, check_regions, pack_fields, unique, unpack_fields
from lizip.formats.table import join_table, parse_table
from lizip.formats.template import ANY, Template
from lizip.packing import Unpacker

if TYPE_CHECKING:
    from lizip.cloud import Cloud, Columns

MAGIC = b"XYZH "
_LONGEST_HEADER = 1 << 12


class Xyzh(Format):
    """Rows of numbers below a header. Layout: fields, template."""

    name = "xyzh"
    number = 13  # its place in `lizip.formats.NAMES`

    def split(self, data: memoryview, fields: int | None = None) -> Cloud | None:
        """Take the rows apart; None when the header is none, or what follows are no such rows."""
        from lizip.cloud import Cloud

        head = bytes(data[:_LONGEST_HEADER])
        words = head.partition(b"\n")[0].split()
        if not head.startswith(MAGIC) or b"\n" not in head or len(words) < 3 or not words[1].isdigit():
            return None
        size, names = head.index(b"\n") + 1, (word.decode("latin-1") for word in words[2:])
        table = parse_table(data[size:], int(words[1]), unique((name, ANY) for name in names))
        if table is None:
            return None
        layout = pack_fields(table.fields) + table.template.pack()
        return Cloud(self.name, layout, table.columns, (data[:size], data[size + table.size :], table.odd))

    def fields(self, layout: bytes) -> Fields:
        """Columns of the table."""
        return _read_layout(layout)[0]

    def join(self, layout: bytes, regions: tuple[bytes, ...], blocks: Iterable[Columns]) -> Iterator[bytes]:
        """Yield the header, the rows, and what follows them."""
        fields, template = _read_layout(layout)
        check_regions(regions, 3)
        yield regions[0]
        yield from join_table(template, fields, regions[2], blocks)
        yield regions[1]


def _read_layout(layout: bytes) -> tuple[Fields, Template]:
    unpack = Unpacker(layout)
    fields = unpack_fields(unpack)
    template = Template.unpack(unpack, fields)
    unpack.finish()
    return fields, template


FORMAT = Xyzh()
