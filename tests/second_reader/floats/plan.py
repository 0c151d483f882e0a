"""The plan: which columns are coordinates, how each becomes numbers, what helps it (docs/format/floats.md)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from second_reader.bytestream import Bytes
from second_reader.floats.numbers import Numbers, read_numbers
from second_reader.layout import Fields


class Sight(NamedTuple):
    """How coordinates see each other."""

    columns: tuple[int, ...]
    origin: tuple[float, ...]
    drift: tuple[float, ...]
    blank: float
    hot: list[int]
    window: int
    period: int


class Odd(NamedTuple):
    """Values of a column that stand apart."""

    rows: list[int]
    values: np.ndarray


class Plan(NamedTuple):
    """What is fixed for a file."""

    merged: bool
    sight: Sight | None
    lags: list[int]
    columns: list[Numbers]
    given: list[int]
    odd: list[Odd]

    @property
    def groups(self) -> list[tuple[int, ...]]:
        """Columns coded together, in order."""
        first = self.sight.columns if self.sight else ()
        rest = [(i,) for i, each in enumerate(self.columns) if i not in first and each.alphabet != 1]
        return ([first] if first else []) + rest

    @property
    def streams(self) -> list[list[tuple[int, ...]]]:
        """Groups by stream of a segment."""
        return [self.groups] if self.merged or not self.groups else [[group] for group in self.groups]


def read_plan(data: bytes, fields: Fields) -> Plan:
    """Of a file with such columns."""
    head = Bytes(data)
    flags = head.u8()
    sight, lags = None, [1, 1]
    if flags & 2:
        places = tuple(head.take(3))
        real = head.numbers("7f")
        sight = Sight(places, real[:3], real[3:6], real[6], head.varints(4), head.varint(), head.varint())
    else:
        lags = head.varints(2)
    numbers, given = [], []
    for _, kind in fields:
        numbers.append(read_numbers(head, kind.itemsize))
        given.append(head.varint())
    odd = [read_odd(head, kind) for _, kind in fields] if flags & 4 else []
    head.end()
    return Plan(bool(flags & 1), sight, lags, numbers, given, odd)


def read_odd(head: Bytes, kind: np.dtype) -> Odd:
    count, row = head.varint(), -1
    rows = []
    for gap in head.varints(count):
        row += gap + 1
        rows.append(row)
    return Odd(rows, np.frombuffer(head.take(count * kind.itemsize), kind))
