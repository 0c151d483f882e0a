"""Codec 0: records, planes or differences of general coders (docs/format/opaque.md)."""

from __future__ import annotations

import numpy as np

from second_reader import coded
from second_reader.bytestream import demand
from second_reader.container import CODEC, File
from second_reader.layout import Fields

ROWS, PLANES, DIFFERENCES = range(3)


def decode(file: File, fields: Fields) -> list[np.ndarray]:
    """All columns."""
    parts = [_section(data, fields) for data in file.all(CODEC)]
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    demand(len(columns[0]) == file.count, "there are not as many points as announced")
    return columns


def _section(section: bytes, fields: Fields) -> list[np.ndarray]:
    how, data = section[0], coded.decode(section[1:])
    size = sum(kind.itemsize for _, kind in fields)
    rows = len(data) // size
    demand(how <= DIFFERENCES and rows > 0 and rows * size == len(data), "a section holds a part of a point")
    raw = np.frombuffer(data, np.uint8)
    table = raw.reshape(rows, size) if how == ROWS else None
    columns, at = [], 0
    for _, kind in fields:
        width = kind.itemsize
        if table is not None:
            part = table[:, at : at + width]
        else:
            part = raw[at * rows : (at + width) * rows].reshape(width, rows).T
        values = np.ascontiguousarray(part).view(f"<u{width}").ravel()
        if how == DIFFERENCES:
            values = np.cumsum(values, dtype=values.dtype)
        columns.append(values.view(kind))
        at += width
    return columns
