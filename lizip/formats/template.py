"""How the rows of a table of numbers are printed: one row as printf would print it, guessed from lines all over it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from lizip.errors import CorruptError
from lizip.formats import numerals
from lizip.formats.numerals import Notation
from lizip.formats.records import Fields
from lizip.packing import Unpacker, pack_bytes

if TYPE_CHECKING:
    import numpy as np


_BETWEEN = bytes.maketrans(b",;|", b"   ")
"""Commas, semicolons and bars stand between numbers as spaces do."""

_TOKEN = re.compile(rb"([^\s,;|]+)")

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


def tokens_of(text: bytes) -> list[bytes]:
    """The words of a text."""
    return text.translate(_BETWEEN).split()


def is_row(tokens: list[bytes], width: int) -> bool:
    """Whether a line of these words holds `width` numbers."""
    return len(tokens) == width and all(map(numerals.is_number, tokens))


def rows_among(lines: Iterable[bytes], width: int) -> list[bytes]:
    """The lines that are rows."""
    return [line for line in lines if is_row(tokens_of(line), width)]


def guess(lines: list[bytes], fields: Fields) -> tuple[Template, Fields] | None:
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
    flags, width, precision, kind = numerals.parts_of(conversion)
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


def lines_of(columns: Sequence[np.ndarray], template: Template) -> list[bytes]:
    """The lines of some rows, each with its end."""
    conversions = template.conversions
    texts = [numerals.print_column(*each, template.notation) for each in zip(columns, conversions, strict=True)]
    row = numerals.CONVERSION.sub("%s", template.row)
    return [(row % words).encode("latin-1") for words in zip(*texts, strict=True)]


def printed(columns: Sequence[np.ndarray], template: Template) -> bytes:
    """The same as one text; where Python prints the numbers alike, in one step."""
    import numpy as np

    conversions = template.conversions
    finite = all(column.dtype.kind != "f" or np.isfinite(column).all() for column in columns)
    if not finite or any(conversion[-1] in "rs" for conversion in conversions):
        return b"".join(lines_of(columns, template))
    count, width = len(columns[0]), len(columns)
    values: list[float] = [0.0] * (count * width)
    for i, column in enumerate(columns):
        values[i::width] = column.tolist()
    text = (template.row * count % tuple(values)).encode("latin-1")
    if template.notation.exponent and (b"e" in text or b"E" in text):
        return b"".join(lines_of(columns, template))
    return text
