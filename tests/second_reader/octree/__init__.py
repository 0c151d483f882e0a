"""Codec 5: points in the order of an octree (docs/format/octree.md)."""

from __future__ import annotations

import numpy as np

from second_reader.ans import Stream
from second_reader.bytestream import Bytes, demand
from second_reader.container import CODEC, File
from second_reader.layout import Fields
from second_reader.octree.occupancy import cells_of, counts_of
from second_reader.octree.places import places_of
from second_reader.octree.space import read_space
from second_reader.survey import unknown
from second_reader.survey.integers import read_header
from second_reader.survey.known import signed_size
from second_reader.survey.numbers import Around


def decode(file: File, fields: Fields) -> list[np.ndarray]:
    """All columns."""
    head = Bytes(file.one(CODEC))
    space, stream = read_space(head, fields), Stream(head.rest())
    cells = cells_of(stream, space.levels, file.count)
    counts = counts_of(stream, cells)
    demand(sum(counts) == file.count, "cells do not hold as many points as announced")
    begins = [axis.begins(space.size, 1 << space.levels) for axis in space.axes]
    places, references = places_of(stream, cells, counts, begins)
    stream.end()
    of_point = [cell for cell, count in zip(cells, counts, strict=True) for _ in range(count)]
    out: dict[int, np.ndarray] = {}
    for k, axis in enumerate(space.axes):
        integers = [begins[k][cell[k]] + place[k] for cell, place in zip(of_point, places, strict=True)]
        out[axis.column] = values = axis.numbers.restored(integers, fields[axis.column][1])
        if axis.odd is not None:
            bits = f"<u{values.dtype.itemsize}"
            values.view(bits)[axis.odd.rows] = axis.odd.values.view(bits)
    rest = [i for i in range(len(fields)) if i not in out]
    before = None
    for i, section in zip(rest, file.all(CODEC + 1), strict=True):
        out[i] = before = _column(Bytes(section), fields[i][1], references, before)
    return [out[i] for i in range(len(fields))]


def _column(head: Bytes, kind: np.dtype, references: list, before: np.ndarray | None) -> np.ndarray:
    count = len(references)
    header = read_header(head, kind)
    planes: list[list[int]] = []
    if header.tops:
        inputs, stream = head.u8(), Stream(head.rest())
        hints, known = np.zeros((count, 2), np.int64), []
        if before is not None:
            with np.errstate(all="ignore"):
                numbers = before.astype(np.float64)
                numbers = np.where(np.abs(numbers) < float(1 << 40), numbers, 0.0)
            hints[:, 0] = signed_size(numbers - numbers[[each[0] for each in references]])
            known = [numbers.tolist()]
        zeros = [0] * count
        around = Around(zeros, zeros, references, known, hints.tolist(), zeros)
        planes = [unknown(stream, top, around, around.references, around.hints, inputs) for top in header.tops]
        stream.end()
    head.end()
    return header.restored(planes, count)
