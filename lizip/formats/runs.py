"""Large tables of text, run by run: each is a table of its own, printed with the template of the whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from lizip.formats import numerals
from lizip.formats.records import Fields
from lizip.formats.table import GUESSES, Table, read_table, sampled
from lizip.formats.template import Template, guess, is_row, rows_among, tokens_of

if TYPE_CHECKING:
    from lizip.formats.lines import Lines

_LOOKED_AT = 1 << 18
"""Bytes whose integers are looked at together."""


class Run(NamedTuple):
    """Bytes of a text from one line to another, and the table that they begin with; None where they hold no row."""

    start: int
    stop: int
    table: Table | None


def table_runs(
    data: memoryview, rows: int | None, fields: Fields, size: int, release: Callable[[], None]
) -> Iterator[Run]:
    """Yield runs of up to `size` bytes, one after the other from the start, up to that with the last row.

    Parameters
    ----------
    data, rows, fields
        See `parse_table`; the text may be a memory map.
    size : int
        Most bytes of a run that is not a single line.
    release : callable
        Called when what was read of the text is not needed for a while.
    """
    from lizip.formats.lines import Lines

    lines = Lines(data, release)
    guessed = _guess(data, lines, rows, fields, release)
    start = 0
    while guessed is not None and start < len(data) and rows != 0:
        stop, table = lines.end_before(start + size), None
        if stop > start:
            table = read_table(data[start:stop], rows, *guessed)
        else:  # a line as long as that is none of numbers
            stop = lines.end_behind(start + size)
        rows = rows if rows is None or table is None else rows - table.count
        yield Run(start, stop, table)
        start = stop


def _guess(
    data: memoryview, lines: Lines, rows: int | None, fields: Fields, release: Callable[[], None]
) -> tuple[Template, Fields] | None:
    """Template and types for all rows; None when there are none."""
    if not len(lines) or not fields or rows == 0:
        return None
    sample = rows_among(map(lines.line, sampled(len(lines), rows)), len(fields))
    release()
    for _ in range(GUESSES - 1):
        guessed = guess(sample, fields)
        contrary = [] if guessed is None else _beyond(data, lines, rows, guessed[1], release)
        if not contrary:
            return guessed
        sample = contrary + sample
    return guess(sample, fields)


def _beyond(
    data: memoryview, lines: Lines, rows: int | None, fields: Fields, release: Callable[[], None]
) -> list[bytes]:
    """The first rows that hold a number beyond the type of its column; only integers have bounds."""
    from lizip.formats.lines import line_ends

    bounded = [(i, code) for i, (_, code) in enumerate(fields) if code[0] != "f"]
    width, start = len(fields), 0
    while bounded and start < len(data) and rows != 0:
        stop = lines.end_behind(start + _LOOKED_AT)
        ends = line_ends(data[start:stop])[:rows]
        text = bytes(data[start : start + int(ends[-1])])
        tokens, count = tokens_of(text), len(ends)
        if len(tokens) != count * width or not _fit(tokens, width, bounded):
            own = [text[first:last] for first, last in zip([0, *ends[:-1]], ends, strict=True)]
            found = [line for line in own if is_row(tokens_of(line), width)]
            if contrary := [line for line in found if not _fit(tokens_of(line), width, bounded)]:
                return contrary
            count = len(found)
        rows = None if rows is None else rows - count
        start = start + int(ends[-1])
        release()
    return []


def _fit(tokens: list[bytes], width: int, bounded: list[tuple[int, str]]) -> bool:
    return all(numerals.numbers(tokens[i::width], code) is not None for i, code in bounded)
