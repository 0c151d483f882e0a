"""Tables of numbers written as text: a template that prints the rows, the numbers, and the lines that are different.

The template is one row as printf would print it ("%.3f,%9.4f %d\\n", see `numerals`). It is guessed from lines all over
the table, then every row is printed and compared, a block at a time. A row that prints differently is kept as text
beside its numbers; lines that are no rows (blank ones, comments, headings) are kept as text between the rows. Where
most rows are like that the table is still one: what it costs is the affair of the codecs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from lizip.errors import CorruptError
from lizip.formats import numerals
from lizip.formats.odd_lines import OddLines, differ
from lizip.formats.records import Fields
from lizip.formats.template import Template, guess, is_row, lines_of, printed, rows_among, tokens_of

if TYPE_CHECKING:
    import numpy as np

    from lizip.cloud import Cloud, Columns
    from lizip.formats import Format

_ROWS = 4096
_SAMPLE = 1024
GUESSES = 3
"""So often template and types are guessed before rows beyond them are odd lines."""


class Table(NamedTuple):
    """What `parse_table` found: `size` bytes of text are `columns` printed with `template`, but for the `odd` lines."""

    template: Template
    fields: Fields
    columns: dict[str, np.ndarray]
    odd: bytes
    size: int

    @property
    def count(self) -> int:  # type: ignore[override]  # hides the method of tuples
        """Number of rows."""
        return len(next(iter(self.columns.values())))


def parse_table(data: memoryview, rows: int | None, fields: Fields) -> Table | None:
    """Read up to `rows` rows of numbers (all there are when None) from the start of `data`.

    Parameters
    ----------
    data : memoryview
        Text; it may go on after the table.
    rows : int or None
        Rows that the header promises; all there are are taken where there are fewer.
    fields : Fields
        Names and declared types, one a number of a row. The type found may be wider where the text says more.

    Returns
    -------
    Table or None
        None when there are no rows.
    """
    from lizip.formats.lines import line_ends

    ends = line_ends(data)
    if not len(ends) or not fields or rows == 0:
        return None
    sample = rows_among((_line(data, ends, i) for i in sampled(len(ends), rows)), len(fields))
    for attempt in range(GUESSES):
        guessed = guess(sample, fields)
        if guessed is None:
            return None
        parsed = _Parsed(data, ends, *guessed, rows)
        contrary = parsed.read(give_up=attempt < GUESSES - 1)
        if not contrary:
            return parsed.table()
        sample = contrary + sample
    return None


def sampled(lines: int, rows: int | None) -> list[int]:
    """Lines from which a template is guessed, of so many that hold up to so many rows."""
    import numpy as np

    places = np.linspace(0, min(lines, rows or lines) - 1, _SAMPLE).astype(np.int64)
    return list(map(int, np.unique(places)))


def read_table(data: memoryview, rows: int | None, template: Template, fields: Fields) -> Table | None:
    """Read rows whose template and types are known; see `parse_table`."""
    from lizip.formats.lines import line_ends

    parsed = _Parsed(data, line_ends(data), template, fields, rows)
    parsed.read(give_up=False)
    return parsed.table()


def parse_again(format: Format, content: memoryview, cloud: Cloud) -> Cloud | None:
    """Read the table of a file, or of a run of one, that has as much before and after it as that of another cloud."""
    before, after = ([b"", *cloud.regions])[-3:-1]
    stop = len(content) - len(after)
    table = parse_table(content[len(before) : stop], None, format.fields(cloud.layout))
    if table is None:
        return None
    return format.of_table(table, content[: len(before)], content[len(before) + table.size :])


def _line(data: memoryview, ends: np.ndarray, i: int) -> bytes:
    return bytes(data[ends[i - 1] if i else 0 : ends[i]])


class _Parsed:
    """The rows of a table while they are read.

    Parameters
    ----------
    data : memoryview
        The text.
    ends : numpy.ndarray
        (L,) int64, where its lines end.
    template, fields
        What prints them.
    rows : int or None
        Most rows to read.
    """

    def __init__(self, data: memoryview, ends: np.ndarray, template: Template, fields: Fields, rows: int | None):
        self._data, self._ends, self._template, self._fields = data, ends, template, fields
        self._most = len(ends) if rows is None else min(rows, len(ends))
        self._blocks: list[list[np.ndarray]] = []
        self._odd = OddLines()
        self._count = 0
        self._size = 0

    def read(self, give_up: bool) -> list[bytes]:
        """Read all; rows that do not fit the types, when asked to give up at these."""
        line, lines = 0, len(self._ends)
        while line < lines and self._count < self._most:
            stop = min(line + min(_ROWS, self._most - self._count), lines)
            text = bytes(self._data[self._ends[line - 1] if line else 0 : self._ends[stop - 1]])
            columns = self._columns(tokens_of(text), stop - line)
            if columns is not None and printed(columns, self._template) == text:
                self._take(columns, int(self._ends[stop - 1]))
            elif (contrary := self._read_lines(line, stop)) and give_up:
                return contrary
            line = stop
        return []

    def _columns(self, tokens: list[bytes], rows: int) -> list[np.ndarray] | None:
        """Columns of some rows; None where they are none, or a number does not fit its type."""
        width = len(self._fields)
        if len(tokens) != rows * width:
            return None
        found = (numerals.numbers(tokens[i::width], code) for i, (_, code) in enumerate(self._fields))
        columns = [column for column in found if column is not None]
        return columns if len(columns) == width else None

    def _columns_of(self, words: dict[int, list[bytes]], rows: set[int]) -> list[np.ndarray] | None:
        """Columns of some of the lines, in order; None as for `_columns`, and where there are none."""
        return self._columns(list(chain.from_iterable(words[i] for i in sorted(rows))), len(rows)) if rows else None

    def _take(self, columns: list[np.ndarray], end: int) -> None:
        self._blocks.append(columns)
        self._count += len(columns[0])
        self._size = end

    def _read_lines(self, start: int, stop: int) -> list[bytes]:
        """Read lines of which some are odd; returns rows that hold a number beyond its column's type."""
        width = len(self._fields)
        lines = [(i, _line(self._data, self._ends, i)) for i in range(start, stop)]
        words = {i: tokens_of(line) for i, line in lines}
        rows = {i for i, line in lines if is_row(words[i], width)}
        columns = self._columns_of(words, rows)
        contrary: list[bytes] = []
        if rows and columns is None:
            contrary = [line for i, line in lines if i in rows and self._columns(words[i], 1) is None]
            rows = {i for i in rows if self._columns(words[i], 1) is not None}
            columns = self._columns_of(words, rows)
        expected = iter(lines_of(columns, self._template) if columns else ())
        row = self._count
        for i, line in lines:
            if i not in rows:
                self._odd.insert(row, line)
                continue
            if next(expected) != line:
                self._odd.replace(row, line)
            row += 1
        if columns:
            self._take(columns, int(self._ends[max(rows)]))
        return contrary

    def table(self) -> Table | None:
        """What was read; lines behind the last row are not the table's."""
        import numpy as np

        if not self._count:
            return None
        names = [name for name, _ in self._fields]
        columns = {name: np.concatenate([block[i] for block in self._blocks]) for i, name in enumerate(names)}
        return Table(self._template, self._fields, columns, self._odd.pack(self._count), self._size)


def join_table(template: Template, fields: Fields, odd: bytes, blocks: Iterable[Columns]) -> Iterator[bytes]:
    """Yield the text, some rows at a time."""
    different = OddLines.unpack(odd)
    places = sorted(different)
    row = used = 0
    for block in blocks:
        columns = [block[name] for name, _ in fields]
        for start in range(0, len(columns[0]), _ROWS):
            part = [column[start : start + _ROWS] for column in columns]
            stop = row + len(part[0])
            if used == len(places) or places[used] >= stop:
                yield printed(part, template)
            else:
                lines = lines_of(part, template)
                while used < len(places) and places[used] < stop:
                    differ(lines, places[used] - row, different[places[used]])
                    used += 1
                yield b"".join(lines)
            row = stop
    if used < len(places):
        raise CorruptError("odd lines stand behind the end of the table")
