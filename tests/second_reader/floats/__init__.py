"""Codec 1: any columns of numbers (docs/format/floats.md)."""

from __future__ import annotations

import numpy as np

from second_reader.ans import Stream
from second_reader.bytestream import Bytes, demand
from second_reader.container import CODEC, File
from second_reader.floats.columns import Numbers, Symbols
from second_reader.floats.frame import bits32
from second_reader.floats.plan import Plan, read_plan
from second_reader.floats.points import Points
from second_reader.floats.track import HISTORY, Track
from second_reader.layout import Fields

SEGMENT = 1 << 16


def decode(file: File, fields: Fields) -> list[np.ndarray]:
    """All columns."""
    plan = read_plan(file.one(CODEC), fields)
    columns = _Columns(plan, file.count)
    sections = [file.all(CODEC + 1 + k) for k in range(len(plan.streams))]
    for piece, start in enumerate(range(0, file.count, SEGMENT)):
        count = min(SEGMENT, file.count - start)
        for groups, of_kind in zip(plan.streams, sections, strict=True):
            head = Bytes(of_kind[piece])
            demand(head.varint() == count, "a segment has another number of points")
            stream = Stream(head.rest())
            for group in groups:
                columns.code(stream, group, start, count)
            stream.end()
    zeros = [0] * (HISTORY + file.count)
    values = [
        each.restored(columns.integers.get(i, zeros)[HISTORY:], kind)
        for i, (each, (_, kind)) in enumerate(zip(plan.columns, fields, strict=True))
    ]
    for column, odd in zip(values, plan.odd, strict=False):
        bits = f"<u{column.itemsize}"
        column.view(bits)[odd.rows] = odd.values.view(bits)
    return values


class _Columns:
    """The integers of all columns that are coded, and their models."""

    def __init__(self, plan: Plan, count: int):
        rows = HISTORY + count
        self.plan, self.rows = plan, rows
        self.integers: dict[int, list[int]] = {}
        self.models: dict = {}
        self.track = Track(plan, count) if plan.sight else None
        self.lag, self.beside = ([lag] * rows for lag in plan.lags)
        if self.track:
            self.points = Points(self.track)
            self.lag, self.beside = self.track.lag, self.track.beside

    def code(self, stream: Stream, group: tuple[int, ...], start: int, count: int) -> None:
        if self.plan.sight and group == self.plan.sight.columns:
            self.points.code(stream, start, count)
            for k, column in enumerate(group):
                self.integers[column] = [row[k] for row in self.track.integers]
            return
        column = group[0]
        alphabet = self.plan.columns[column].alphabet
        if column not in self.models:
            self.models[column] = Symbols(alphabet) if alphabet else Numbers(self.rows)
            self.integers[column] = [0] * self.rows
        given = self._symbol_given(column) if alphabet else self._number_given(column)
        self.models[column].code(stream, self.lag, self.beside, given, start, count, self.integers[column])

    def _symbol_given(self, column: int):
        other = self.plan.given[column]
        if other:
            return lambda j: self.integers[other - 1][j] & 63
        return (lambda j: bits32(self.track.radius[j]) >> 21 & 63) if self.track else (lambda j: 0)

    def _number_given(self, column: int):
        other = self.plan.given[column]
        return self.integers[other - 1].__getitem__ if other else (lambda j: 0)
