"""Tables of numbers written as text: columns when printing them again gives the same characters, else nothing.

A table is described by one row of a printf template ("%.3f %.3f %d\\n"): Python prints numbers correctly rounded on
every machine, so the template and the numbers are the text. The template is guessed from lines all over the table, then
every line is printed and compared, a block at a time; a line that contradicts joins the sample for another guess.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from lizip.errors import CorruptError
from lizip.formats.records import Fields

if TYPE_CHECKING:
    import numpy as np

    from lizip.cloud import Columns

_CONVERSION = r"%(?:d|r|\.\d{1,2}[fge])"
_TEMPLATE = re.compile(rf"[ \t]*{_CONVERSION}(?:[ \t]+{_CONVERSION})*[ \t]*\r?\n")
_ROWS = 4096
_SAMPLE = 1024
_GUESSES = 4

_SIGNIFICANT = (8, 6, 7, 9, 10, 5, 15, 16, 17, 12, 18)
"""Digits that `%g` is tried with: PCL's 8, iostream's 6, then what others set."""


class Table(NamedTuple):
    """What `parse_table` found: `size` bytes of text are `columns`, printed with `template`."""

    template: str
    fields: Fields
    columns: dict[str, np.ndarray]
    size: int


def parse_table(data: memoryview, rows: int, fields: Fields) -> Table | None:
    """Read up to `rows` lines of numbers from the start of `data`.

    Parameters
    ----------
    data : memoryview
        Text; it may go on after the table.
    rows : int
        Lines that the header promises; all whole ones are taken where there are fewer.
    fields : Fields
        Declared names and types, one a number of a line; a float32 becomes float64 where the text says more.

    Returns
    -------
    Table or None
        None when the numbers do not give back the text.
    """
    import numpy as np

    ends = np.flatnonzero(np.frombuffer(data, np.uint8) == 0x0A)[: max(rows, 0)] + 1
    if not len(ends) or not fields:
        return None
    sample = np.unique(np.linspace(0, len(ends) - 1, _SAMPLE).astype(np.int64))
    for _ in range(_GUESSES):
        template = _guess(data, ends, sample, fields)
        if template is None:
            return None
        columns, wrong = _parse(data, ends, *template)
        if wrong is None:
            return Table(*template, columns, int(ends[-1]))
        sample = np.append(sample, np.arange(wrong, min(wrong + _ROWS, len(ends))))
    return None


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


def _guess(data: memoryview, ends: np.ndarray, sample: np.ndarray, fields: Fields) -> tuple[str, Fields] | None:
    """Template and types that print the lines of a sample as they are."""
    lines = [bytes(data[ends[row - 1] if row else 0 : ends[row]]) for row in sample.tolist()]
    tokens = [line.split() for line in lines]
    if any(len(each) != len(fields) for each in tokens):
        return None
    styles = [_style(list(column), code) for column, (_, code) in zip(zip(*tokens, strict=True), fields, strict=True)]
    if None in styles:
        return None
    conversions = iter([conversion for conversion, _ in styles])
    pieces = re.split(rb"([ \t\r\n]+)", lines[0])
    template = "".join(piece.decode("latin-1") if not piece.strip() else next(conversions) for piece in pieces)
    found = tuple((name, code) for (name, _), (_, code) in zip(fields, styles, strict=True))
    return (template, found) if _TEMPLATE.fullmatch(template) else None


def _style(tokens: list[bytes], declared: str) -> tuple[str, str] | None:
    """Conversion and type that print the numbers of a column as they are."""
    text = b"\n".join(tokens) + b"\n"
    for code in ("f4", "f8") if declared == "f4" else (declared,):
        column = _numbers(tokens, code)
        if column is None:
            return None
        for conversion in _conversions(tokens, code):
            if _print([column], conversion + "\n") == text:
                return conversion, code
    return None


def _conversions(tokens: list[bytes], code: str) -> Iterator[str]:
    """Conversions worth trying, from the look of the numbers."""
    if code[0] != "f":
        yield "%d"
        return
    decimals = {len(token) - token.index(b".") - 1 for token in tokens if b"." in token and b"e" not in token}
    if len(decimals) < 2:
        yield f"%.{min(*decimals, 99) if decimals else 0}f"
    mantissas = {token.index(b"e") - token.index(b".") - 1 for token in tokens if b"e" in token and b"." in token}
    if len(mantissas) == 1 and 0 <= min(mantissas) < 100:
        yield f"%.{min(mantissas)}e"
    yield from (f"%.{digits}g" for digits in _SIGNIFICANT)
    yield "%r"


def _parse(
    data: memoryview, ends: np.ndarray, template: str, fields: Fields
) -> tuple[dict[str, np.ndarray], int | None]:
    """Columns of all lines, and the first row of the block that does not print as it is; None when all do."""
    import numpy as np

    columns = {name: np.empty(len(ends), "<" + code) for name, code in fields}
    position = 0
    for start in range(0, len(ends), _ROWS):
        stop = min(start + _ROWS, len(ends))
        text = bytes(data[position : ends[stop - 1]])
        position += len(text)
        tokens = text.split()
        if len(tokens) != (stop - start) * len(fields):
            return columns, start
        block = [_numbers(tokens[i :: len(fields)], code) for i, (_, code) in enumerate(fields)]
        if any(column is None for column in block) or _print(block, template) != text:
            return columns, start
        for (name, _), column in zip(fields, block, strict=True):
            columns[name][start:stop] = column
    return columns, None


def _numbers(tokens: list[bytes], code: str) -> np.ndarray | None:
    """Numbers of that type; None where a token is none or does not fit."""
    import numpy as np

    try:
        if code[0] != "f":
            return np.array(list(map(int, tokens)), "<" + code)
        with np.errstate(over="ignore"):
            return np.array(list(map(float, tokens)), "<f8").astype("<" + code)
    except (ValueError, OverflowError):
        return None


def _print(columns: list[np.ndarray], template: str) -> bytes:
    """The lines of some rows."""
    count, width = len(columns[0]), len(columns)
    values: list[float | str] = [0.0] * (count * width)
    for i, (column, conversion) in enumerate(zip(columns, re.findall(_CONVERSION, template), strict=True)):
        # %r: the shortest text that reads back as the same number of the column's own type
        values[i::width] = column.astype("U32").tolist() if conversion == "%r" else column.tolist()
    return (template.replace("%r", "%s") * count % tuple(values)).encode()
