"""Tables of numbers as plain text: .xyz, .txt, .asc, .pts, .csv. Nothing but the numbers says what they are.

Blanks, tabs, commas, semicolons or bars stand between the numbers. A heading gives the columns their names, else they
are x, y, z, f3, f4, ..., or f0, x, y, z, f4, ... where something stands before x; the names of .pts files (whose first
line is the number of points) are known.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from lizip.formats import Format, Printed
from lizip.formats.leading import count_before, named
from lizip.formats.numerals import is_number
from lizip.formats.records import Fields, check_regions, pack_fields, unique, unpack_fields
from lizip.formats.table import Table, join_table, parse_again, parse_table
from lizip.formats.template import ANY, Template, tokens_of
from lizip.packing import Unpacker

if TYPE_CHECKING:
    from lizip.cloud import Cloud, Columns

_NAMES = ("x", "y", "z")
_PTS = (*_NAMES, "intensity", "red", "green", "blue")
_PTS_COLOURED = (*_NAMES, "red", "green", "blue")
_HEAD = 1 << 16
_WIDEST = 256
_LEAST_ROWS = 0.5
"""Share of the lines, blank ones apart, that must be rows of the same number of columns."""

_NO_TEXT = re.compile(rb"[\x00-\x08\x0e-\x1f\x7f]")


class Text(Format):
    """Rows of at least two numbers. Layout: fields, template."""

    name = "text"
    number = 7
    guessed = "types of the columns, and names where there is no heading"

    def split(self, data: memoryview, fields: int | None = None) -> Cloud | None:
        """Take the rows apart; None when most lines are none."""
        found = self.find_table(data)
        table = parse_table(data, None, found.fields) if found else None
        return self.of_table(table, data[:0], data[table.size :]) if table else None

    def find_table(self, data: memoryview) -> Printed | None:
        """Columns of the table; None when the beginning of the file is none."""
        named = _find_columns(bytes(data[:_HEAD]), len(data) > _HEAD)
        return Printed(0, None, named) if named else None

    def of_table(self, table: Table, before: memoryview, after: memoryview) -> Cloud:
        """Nothing stands before the table that is not its own."""
        from lizip.cloud import Cloud

        layout = pack_fields(table.fields) + table.template.pack()
        return Cloud(self.name, layout, table.columns, (after, table.odd))

    def again(self, content: memoryview, cloud: Cloud, fields: int | None = None) -> Cloud | None:
        """Read the rows again."""
        return parse_again(self, content, cloud)

    def fields(self, layout: bytes) -> Fields:
        """Columns of the table."""
        return _read_layout(layout)[0]

    def join(self, layout: bytes, regions: tuple[bytes, ...], blocks: Iterable[Columns]) -> Iterator[bytes]:
        """Yield the rows, with the odd lines among them, and what follows."""
        fields, template = _read_layout(layout)
        check_regions(regions, 2)
        yield from join_table(template, fields, regions[1], blocks)
        yield regions[0]


def _find_columns(head: bytes, cut: bool) -> Fields | None:
    """Names of the columns, of types unknown; None when the beginning of a file is no table."""
    if _NO_TEXT.search(head):
        return None
    lines = [tokens_of(line) for line in (head.splitlines()[: -1 if cut else None])]
    lines = [words for words in lines if words]
    widths = Counter(len(words) for words in lines if all(map(is_number, words)))
    width, rows = max(widths.items(), key=lambda each: each[1], default=(0, 0))
    if not 2 <= width <= _WIDEST or rows < _LEAST_ROWS * len(lines):
        return None
    names = _names(lines, width) or [name for name, _ in named([ANY] * width, _before(lines, width), _NAMES)]
    return unique((name, ANY) for name in names)


def _before(lines: list[list[bytes]], width: int) -> int:
    """How many of so many columns without names stand before x, as the first rows tell."""
    import numpy as np

    rows = [[float(word) for word in words] for words in lines if len(words) == width and all(map(is_number, words))]
    return count_before(list(np.array(rows).T))


def _names(lines: list[list[bytes]], width: int) -> list[str] | None:
    """Names of so many columns, from the lines before the first row; None where nothing gives them any."""
    known: tuple[str, ...] | None = None
    for words in lines:
        if len(words) == width and all(map(is_number, words)):
            break
        text = b" ".join(words).lstrip(b"#/%! ").replace(b'"', b"").decode("utf-8", "replace").split()
        if len(text) == width and not any(is_number(name.encode()) for name in text):
            known = tuple(text)
        elif len(words) == 1 and words[0].isdigit():
            known = _PTS_COLOURED if width == len(_PTS_COLOURED) else _PTS
    return None if known is None else [known[i] if i < len(known) else f"f{i}" for i in range(width)]


def _read_layout(layout: bytes) -> tuple[Fields, Template]:
    unpack = Unpacker(layout)
    fields = unpack_fields(unpack)
    template = Template.unpack(unpack, fields)
    unpack.finish()
    return fields, template


FORMAT = Text()
