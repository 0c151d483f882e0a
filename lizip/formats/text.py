"""Tables of numbers written as text: columns when printing them again gives the same characters, else nothing.

A table is described by one row of a printf template ("%.3f %.3f %d\\n"): Python prints numbers correctly rounded on
every machine, so the template and the numbers are the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from lizip.errors import CorruptError
from lizip.formats.records import Fields

if TYPE_CHECKING:
    import numpy as np

    from lizip.cloud import Columns

_CONVERSION = r"%(?:d|r|\.\d{1,2}[fge])"
_TEMPLATE = re.compile(rf"[ \t]*{_CONVERSION}(?:[ \t]+{_CONVERSION})*[ \t]*\r?\n")
_ROWS = 4096
_SAMPLE = 256

_SIGNIFICANT = (8, 6, 7, 9, 10, 5, 15, 16, 17, 12, 18)
"""Digits that `%g` is tried with: PCL's 8, iostream's 6, then what others set."""


def parse_table(data: memoryview, rows: int, fields: Fields) -> tuple[str, Fields, dict[str, np.ndarray], int] | None:
    """Read up to `rows` lines of numbers from the start of `data`.

    Parameters
    ----------
    data : memoryview
        Text; it may go on after the table.
    rows : int
        Lines that the header promises.
    fields : Fields
        Declared names and types, one a number of a line.

    Returns
    -------
    tuple or None
        Template, fields (a float32 becomes float64 where the text says more), columns, and the bytes they stand for.
        None when the numbers do not give back the text.
    """
    text = _whole_lines(data, rows)
    if not text or not fields:
        return None
    tokens = text.split()
    count = text.count(b"\n")
    if len(tokens) != count * len(fields):
        return None
    styles = [_column(tokens[i :: len(fields)], code) for i, (_, code) in enumerate(fields)]
    if any(style is None for style in styles):
        return None
    conversions = iter([style[0] for style in styles])
    row = re.split(rb"([ \t\r]+)", text[: text.index(b"\n")])
    template = "".join(piece.decode() if not piece.strip() else next(conversions) for piece in row) + "\n"
    found = tuple((name, style[1]) for (name, _), style in zip(fields, styles, strict=True))
    columns = {name: style[2] for (name, _), style in zip(fields, styles, strict=True)}
    if not _TEMPLATE.fullmatch(template) or not _gives(text, template, found, columns):
        return None
    return template, found, columns, len(text)


def check_template(template: str, fields: Fields) -> None:
    """CorruptError when a template from a file is not one of ours for these fields."""
    if not _TEMPLATE.fullmatch(template) or template.count("%") != len(fields):
        raise CorruptError("layout holds an impossible text template")
    for conversion, (_, code) in zip(re.findall(_CONVERSION, template), fields, strict=True):
        if (conversion == "%d") != (code[0] != "f"):
            raise CorruptError("layout prints a number as what it is not")


def join_table(template: str, fields: Fields, blocks: Iterable[Columns]) -> Iterator[bytes]:
    """Yield the text, some rows at a time."""
    for block in blocks:
        columns = [block[name] for name, _ in fields]
        for start in range(0, len(columns[0]), _ROWS):
            yield _print([column[start : start + _ROWS] for column in columns], template)


def _whole_lines(data: memoryview, rows: int) -> bytes:
    """The first `rows` lines, or all whole ones where there are fewer."""
    import numpy as np

    ends = np.flatnonzero(np.frombuffer(data, np.uint8) == 0x0A)[: max(rows, 0)]
    return bytes(data[: ends[-1] + 1]) if len(ends) else b""


def _print(columns: list[np.ndarray], template: str) -> bytes:
    count, width = len(columns[0]), len(columns)
    values: list[float | str] = [0.0] * (count * width)
    for i, (column, conversion) in enumerate(zip(columns, re.findall(_CONVERSION, template), strict=True)):
        values[i::width] = _printable(column, conversion)
    return (template.replace("%r", "%s") * count % tuple(values)).encode()


def _printable(column: np.ndarray, conversion: str) -> list[float | str]:
    """Python numbers, or for %r the shortest text that reads back as the same number of the column's own type."""
    return column.astype("U32").tolist() if conversion == "%r" else column.tolist()


def _column(tokens: list[bytes], declared: str) -> tuple[str, str, np.ndarray] | None:
    """Find conversion, type and values of one column; None when nothing prints its first numbers as they are."""
    import numpy as np

    try:
        if declared[0] != "f":
            return "%d", declared, np.array(list(map(int, tokens)), "<" + declared)
        values = np.array(list(map(float, tokens)), "<f8")
    except (ValueError, OverflowError):
        return None
    for code in ("f4", "f8") if declared == "f4" else (declared,):
        with np.errstate(over="ignore"):
            column = values.astype("<" + code)
        for conversion in _conversions(tokens):
            head = [conversion.replace("%r", "%s") % value for value in _printable(column[:_SAMPLE], conversion)]
            if head == [token.decode("latin-1") for token in tokens[:_SAMPLE]] and _same(tokens, column, conversion):
                return conversion, code, column
    return None


def _same(tokens: list[bytes], column: np.ndarray, conversion: str) -> bool:
    """Whether the whole column prints as its tokens."""
    printed = _print([column], conversion + "\n")
    return printed == b"\n".join(tokens) + b"\n"


def _conversions(tokens: list[bytes]) -> Iterator[str]:
    """Conversions worth trying, from the look of the first numbers."""
    head = tokens[:_SAMPLE]
    decimals = {len(token) - token.index(b".") - 1 for token in head if b"." in token and b"e" not in token}
    if len(decimals) == 1:
        yield f"%.{min(*decimals, 99)}f"
    if not decimals:
        yield "%.0f"
    mantissas = {token.index(b"e") - token.index(b".") - 1 for token in head if b"e" in token and b"." in token}
    if len(mantissas) == 1:
        yield f"%.{min(*mantissas, 99)}e"
    yield from (f"%.{digits}g" for digits in _SIGNIFICANT)
    yield "%r"


def _gives(text: bytes, template: str, fields: Fields, columns: Columns) -> bool:
    """Whether printing the columns gives the text."""
    position = 0
    for piece in join_table(template, fields, [columns]):
        if text[position : position + len(piece)] != piece:
            return False
        position += len(piece)
    return position == len(text)
