"""Tables of numbers written as text: a template that prints the rows, the numbers, and the lines that are different.

The template is one row as printf would print it ("%.3f,%9.4f %d\\n", see `numerals`). It is guessed from lines all over
the table, then every row is printed and compared, a block at a time. A row that prints differently is kept as text
beside its numbers; lines that are no rows (blank ones, comments, headings) are kept as text between the rows. Where
most rows are like that the table is still one: what it costs is the affair of the codecs.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from lizip.errors import CorruptError
from lizip.formats import numerals
from lizip.formats.numerals import Notation
from lizip.formats.records import Fields
from lizip.packing import Unpacker, pack_bytes, pack_varint, pack_varints

if TYPE_CHECKING:
    import numpy as np

    from lizip.cloud import Columns

_BETWEEN = bytes.maketrans(b",;|", b"   ")
"""Commas, semicolons and bars stand between numbers as spaces do."""

_TOKEN = re.compile(rb"([^\s,;|]+)")
_ROWS = 4096
_SAMPLE = 1024
_GUESSES = 3
_MOST_LITERAL = 64
_COMMON = 0.9
"""Share of the lines of a sample that must agree in how columns are set."""

ANY = "?"
"""Declared type of a column of which nothing is known."""


class Template(NamedTuple):
    """How the rows are printed."""

    row: str
    """With the line's end."""
    notation: Notation

    def pack(self) -> bytes:
        """For a layout."""
        return self.notation.pack() + pack_bytes(self.row.encode("latin-1"))

    @classmethod
    def unpack(cls, unpack: Unpacker, fields: Fields) -> Template:
        """Read what `pack` wrote; CorruptError when it does not print so many numbers."""
        notation = Notation.unpack(unpack.take(len(Notation._fields)))
        template = cls(unpack.bytes().decode("latin-1"), notation)
        literals = numerals.CONVERSION.sub("", template.row)
        if (
            "%" in literals
            or len(literals) > _MOST_LITERAL * (len(fields) + 1)
            or template.row[-1:] not in ("\n", "\r")
        ):
            raise CorruptError("layout holds an impossible text template")
        if len(template.conversions) != len(fields):
            raise CorruptError("layout prints another number of columns than there are")
        for conversion, (_, code) in zip(template.conversions, fields, strict=True):
            if (conversion[-1] in "rs" and code[0] != "f") or (conversion[-1] == "d" and code[0] == "f"):
                raise CorruptError("layout prints a number as what it is not")
        return template

    @property
    def conversions(self) -> list[str]:
        """One for each column."""
        return [found.group() for found in numerals.CONVERSION.finditer(self.row)]


class Table(NamedTuple):
    """What `parse_table` found: `size` bytes of text are `columns` printed with `template`, but for the `odd` lines."""

    template: Template
    fields: Fields
    columns: dict[str, np.ndarray]
    odd: bytes
    size: int


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
    import numpy as np

    ends = line_ends(data)
    if not len(ends) or not fields or rows == 0:
        return None
    lines = np.unique(np.linspace(0, min(len(ends), rows or len(ends)) - 1, _SAMPLE).astype(np.int64)).tolist()
    sample = _rows_among((_line(data, ends, i) for i in lines), len(fields))
    for attempt in range(_GUESSES):
        guess = _guess(sample, fields)
        if guess is None:
            return None
        parsed = _Parsed(data, ends, *guess, rows)
        contrary = parsed.read(give_up=attempt < _GUESSES - 1)
        if not contrary:
            return parsed.table()
        sample = contrary + sample
    return None


def line_ends(data: memoryview) -> np.ndarray:
    """Where each line ends, (L,) int64; lines end with a newline, in very old files with a carriage return."""
    import numpy as np

    characters = np.frombuffer(data, np.uint8)
    ends = np.flatnonzero(characters == 0x0A) + 1
    if not len(ends):
        ends = np.flatnonzero(characters == 0x0D) + 1
    if len(data) and (not len(ends) or ends[-1] < len(data)):
        ends = np.append(ends, len(data))
    return ends


def _line(data: memoryview, ends: np.ndarray, i: int) -> bytes:
    return bytes(data[ends[i - 1] if i else 0 : ends[i]])


def tokens_of(text: bytes) -> list[bytes]:
    """The words of a text."""
    return text.translate(_BETWEEN).split()


def _is_row(tokens: list[bytes], width: int) -> bool:
    """Whether a line of these words holds `width` numbers."""
    return len(tokens) == width and all(map(numerals.is_number, tokens))


def _rows_among(lines: Iterable[bytes], width: int) -> list[bytes]:
    """The lines that are rows."""
    return [line for line in lines if _is_row(tokens_of(line), width)]


def _guess(lines: list[bytes], fields: Fields) -> tuple[Template, Fields] | None:
    """Template and types that print most of the given rows as they are; None when there is no row."""
    if not lines:
        return None
    pieces = [_TOKEN.split(line) for line in lines]
    columns = [list(column) for column in zip(*(each[1::2] for each in pieces), strict=True)]
    notation = Notation.of(list(chain.from_iterable(columns)))
    between = [list(column) for column in zip(*(each[::2] for each in pieces), strict=True)]
    styles = [
        numerals.style(column, _codes(column, code), notation)
        for column, (_, code) in zip(columns, fields, strict=True)
    ]
    literals, conversions = _set(between, columns, [conversion for conversion, _, _ in styles])
    row = "".join(chain.from_iterable(zip(literals, [*conversions, ""], strict=True)))
    found = tuple((name, code) for (name, _), (_, code, _) in zip(fields, styles, strict=True))
    return Template(row, notation), found


def _codes(tokens: list[bytes], declared: str) -> tuple[str, ...]:
    """Types that a column may have, the wanted one first."""
    if declared == ANY:
        whole = all(token.lstrip(b"+-").isdigit() for token in tokens)
        return ("i4", "i8", "f8") if whole else ("f4", "f8")
    return (declared, "f8") if declared[0] == "f" else (declared, "i8", "f8")


def _set(between: list[list[bytes]], columns: list[list[bytes]], conversions: list[str]) -> tuple[list[str], list[str]]:
    """What stands between the columns, and the conversions with the widths to which they are set."""
    literals, conversions = [], list(conversions)
    for i, separators in enumerate(between):
        common, times = Counter(separators).most_common(1)[0]
        literal = common
        if times < len(separators):
            shortest = min(separators, key=len)
            if i < len(columns) and (setting := _right(shortest, separators, columns[i])):
                conversions[i] = _widen(conversions[i], setting)
                literal = shortest
            elif i and (width := _left(shortest, separators, columns[i - 1])):
                conversions[i - 1] = _widen(conversions[i - 1], f"-{width}")
                literal = shortest
        literals.append(literal.decode("latin-1")[:_MOST_LITERAL].replace("%", ""))
    if literals[-1][-1:] not in ("\n", "\r"):
        literals[-1] = "\n"
    return literals, conversions


def _widen(conversion: str, setting: str) -> str:
    """Put flag and width into a conversion that has none yet."""
    flags, width, precision, kind = numerals.CONVERSION.fullmatch(conversion).groups()
    if width or (flags and not setting[0].isdigit()):
        return conversion
    return f"%{flags}{setting}{precision or ''}{kind}"


def _right(literal: bytes, separators: list[bytes], tokens: list[bytes]) -> str | None:
    """Width of numbers set to the right behind `literal`; a space for those that have one in the place of a sign."""
    totals = [len(separator) + len(token) for separator, token in zip(separators, tokens, strict=True)]
    width, times = Counter(totals).most_common(1)[0]
    padded = all(not separator[len(literal) :].strip(b" ") for separator in separators)
    if padded and times >= _COMMON * len(totals) and 0 < width - len(literal) < 100:
        return str(width - len(literal))
    signs = sum(
        separator == (literal if token.startswith(b"-") else literal + b" ")
        for separator, token in zip(separators, tokens, strict=True)
    )
    return " " if signs >= _COMMON * len(tokens) else None


def _left(literal: bytes, separators: list[bytes], tokens: list[bytes]) -> int | None:
    """Width of numbers set to the left before `literal`."""
    totals = [len(separator) + len(token) for separator, token in zip(separators, tokens, strict=True)]
    width, times = Counter(totals).most_common(1)[0]
    padded = all(not separator[: len(separator) - len(literal)].strip(b" ") for separator in separators)
    return (
        width - len(literal) if padded and times >= _COMMON * len(totals) and 0 < width - len(literal) < 100 else None
    )


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
            if columns is not None and _print(columns, self._template) == text:
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
        columns = [numerals.numbers(tokens[i::width], code) for i, (_, code) in enumerate(self._fields)]
        return None if any(column is None for column in columns) else columns

    def _take(self, columns: list[np.ndarray], end: int) -> None:
        self._blocks.append(columns)
        self._count += len(columns[0])
        self._size = end

    def _read_lines(self, start: int, stop: int) -> list[bytes]:
        """Read lines of which some are odd; returns rows that hold a number beyond its column's type."""
        width = len(self._fields)
        lines = [(i, _line(self._data, self._ends, i)) for i in range(start, stop)]
        words = {i: tokens_of(line) for i, line in lines}
        rows = {i for i, line in lines if _is_row(words[i], width)}
        columns = self._columns(list(chain.from_iterable(words[i] for i in sorted(rows))), len(rows)) if rows else None
        contrary: list[bytes] = []
        if rows and columns is None:
            contrary = [line for i, line in lines if i in rows and self._columns(words[i], 1) is None]
            rows = {i for i in rows if self._columns(words[i], 1) is not None}
            columns = self._columns(list(chain.from_iterable(words[i] for i in sorted(rows))), len(rows))
        printed = iter(_lines(columns, self._template) if rows else ())
        row = self._count
        for i, line in lines:
            if i not in rows:
                self._odd.insert(row, line)
                continue
            if next(printed) != line:
                self._odd.replace(row, line)
            row += 1
        if rows:
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


class OddLines:
    """Lines that the template does not print: in the place of a row, or between rows."""

    def __init__(self) -> None:
        self._lines: list[tuple[int, bool, bytes]] = []

    def insert(self, row: int, text: bytes) -> None:
        """Text before a row."""
        self._lines.append((row, False, text))

    def replace(self, row: int, text: bytes) -> None:
        """Text of a row."""
        self._lines.append((row, True, text))

    def pack(self, rows: int) -> bytes:
        """Those before the end of the last row: for each row, kind and length; then the texts. Nothing for none."""
        lines = sorted((each for each in self._lines if each[0] < rows), key=lambda each: each[:2])
        if not lines:
            return b""
        places = [row for row, _, _ in lines]
        gaps = [after - before for before, after in zip([0, *places[:-1]], places, strict=True)]
        heads = ((gap << 1 | instead, len(text)) for gap, (_, instead, text) in zip(gaps, lines, strict=True))
        return pack_varint(len(lines)) + pack_varints(chain.from_iterable(heads)) + b"".join(x[2] for x in lines)

    @staticmethod
    def unpack(packed: bytes) -> dict[int, list[tuple[bool, bytes]]]:
        """Read what `pack` wrote: of each such row whether the text stands instead of it, and the text."""
        odd: dict[int, list[tuple[bool, bytes]]] = {}
        if not packed:
            return odd
        unpack = Unpacker(packed)
        row, heads = 0, []
        for _ in range(min(unpack.varint(), unpack.remaining)):
            code = unpack.varint()
            row += code >> 1
            heads.append((row, bool(code & 1), unpack.varint()))
        for row, instead, length in heads:
            odd.setdefault(row, []).append((instead, unpack.take(length)))
        unpack.finish()
        return odd


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
                yield _print(part, template)
            else:
                lines = _lines(part, template)
                while used < len(places) and places[used] < stop:
                    _differ(lines, places[used] - row, different[places[used]])
                    used += 1
                yield b"".join(lines)
            row = stop
    if used < len(places):
        raise CorruptError("odd lines stand behind the end of the table")


def _differ(lines: list[bytes], i: int, texts: list[tuple[bool, bytes]]) -> None:
    """Put odd lines before or in the place of line `i`."""
    own = [text for instead, text in texts if instead] or [lines[i]]
    lines[i] = b"".join([*(text for instead, text in texts if not instead), *own])


def _lines(columns: Sequence[np.ndarray], template: Template) -> list[bytes]:
    """The lines of some rows, each with its end."""
    conversions = template.conversions
    texts = [numerals.print_column(*each, template.notation) for each in zip(columns, conversions, strict=True)]
    row = numerals.CONVERSION.sub("%s", template.row)
    return [(row % words).encode("latin-1") for words in zip(*texts, strict=True)]


def _print(columns: Sequence[np.ndarray], template: Template) -> bytes:
    """The same as one text; where Python prints the numbers alike, in one step."""
    import numpy as np

    conversions = template.conversions
    finite = all(column.dtype.kind != "f" or np.isfinite(column).all() for column in columns)
    if not finite or any(conversion[-1] in "rs" for conversion in conversions):
        return b"".join(_lines(columns, template))
    count, width = len(columns[0]), len(columns)
    values: list[float] = [0.0] * (count * width)
    for i, column in enumerate(columns):
        values[i::width] = column.tolist()
    text = (template.row * count % tuple(values)).encode("latin-1")
    if template.notation.exponent and (b"e" in text or b"E" in text):
        return b"".join(_lines(columns, template))
    return text
