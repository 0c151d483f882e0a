"""Codec 4: whole numbers on a raster (docs/format/image.md)."""

from __future__ import annotations

import numpy as np

from second_reader import grid
from second_reader.bytestream import Bytes, demand
from second_reader.container import CODEC, File
from second_reader.layout import Fields

RANGES, LEVELS, ALONE, PRESENCE = range(4)


def decode(file: File, fields: Fields) -> list[np.ndarray]:
    """All planes."""
    head = Bytes(file.one(CODEC))
    rows, columns = head.varints(2)
    shifts = [head.signed() for _ in range(head.varint())]
    planes = [head.varints(2) for _ in range(head.varint())]
    head.end()
    demand(rows * columns == file.count and len(planes) == len(fields), "an image has another shape")
    upright = rows <= 2048 or columns > 2048
    grids = map(grid.decode, file.all(CODEC + 1))
    first = levels = None
    out = []
    for (form, step), (_, kind) in zip(planes, fields, strict=True):
        if form in (RANGES, ALONE):
            ranges, found = next(grids)
            if first is None:
                first, levels = ranges, found
            numbers = ranges if form == RANGES else found
        else:
            numbers = levels if form == LEVELS else (first > 0).astype(np.int64)
        numbers = (numbers.T if upright else numbers) * step
        if shifts:
            numbers = np.stack([np.roll(row, -shift) for row, shift in zip(numbers, shifts, strict=True)])
        out.append(numbers.astype(kind).ravel())
    return out
