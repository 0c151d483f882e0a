"""Columns as planes of numbers from 0 up (docs/format/survey.md, Headers)."""

from __future__ import annotations

from itertools import accumulate
from typing import NamedTuple

import numpy as np

from second_reader.bytestream import Bytes, demand
from second_reader.floats.numbers import floats_at

CONSTANT, AFFINE, DECIMAL, ORDINAL, TABLE, SPLIT, PARTS = range(7)
_MANTISSA = {2: 10, 4: 23, 8: 52}


class Header(NamedTuple):
    """How a column was stripped."""

    kind: int
    type: np.dtype
    tops: list[int]
    constant: bytes = b""
    offset: int = 0
    step: int = 1
    decimals: int = 0
    table: list[int] | None = None
    parts: tuple = ()

    def restored(self, planes: list[list[int]], count: int) -> np.ndarray:
        """The column."""
        if self.kind == CONSTANT:
            return np.frombuffer(self.constant * count, self.type)
        if self.kind in (SPLIT, PARTS):
            columns, at = [], 0
            for part in self.parts:
                columns.append(part.restored(planes[at : at + len(part.tops)], count))
                at += len(part.tops)
            if self.kind == PARTS:
                high, low = columns
                return floats_at((high << _MANTISSA[self.type.itemsize]) + low, self.type)
            raw = np.concatenate([column.view(np.uint8).reshape(count, -1) for column in columns], axis=1)
            return np.ascontiguousarray(raw).view(self.type).ravel()
        values = np.array(planes[0], np.int64)
        values = np.array(self.table, np.int64)[values] if self.table else values * self.step + self.offset
        if self.kind == DECIMAL:
            return (values / float(10**self.decimals)).astype(self.type)
        return floats_at(values, self.type) if self.type.kind == "f" else values.astype(self.type)


def read_header(head: Bytes, kind: np.dtype) -> Header:
    """Of a column of some type."""
    how = head.u8()
    if how == CONSTANT:
        return Header(how, kind, [], constant=head.take(kind.itemsize))
    if how in (SPLIT, PARTS):
        size = head.u8() if how == SPLIT else 8
        part, count = (np.dtype(f"<u{size}"), kind.itemsize // size) if how == SPLIT else (np.dtype("<i8"), 2)
        parts = tuple(read_header(head, part) for _ in range(count))
        return Header(how, kind, [top for each in parts for top in each.tops], parts=parts)
    inner = head.u8() if how == TABLE else how
    demand(inner in (AFFINE, DECIMAL, ORDINAL), "a column has an unknown coding")
    decimals, offset, step, top = head.u8(), head.signed(), head.varint(), head.varint()
    table = None
    if how == TABLE:
        table = [offset + step * at for at in accumulate(head.varints(top), initial=0)]
    return Header(inner, kind, [top], offset=offset, step=step, decimals=decimals, table=table)
