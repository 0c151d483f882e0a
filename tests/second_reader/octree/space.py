"""How space is cut into cells (docs/format/octree.md, Space)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from second_reader.bytestream import Bytes, demand
from second_reader.floats.numbers import ORDINAL, Numbers, read_numbers
from second_reader.floats.plan import Odd, read_odd
from second_reader.layout import Fields


class Axis(NamedTuple):
    """A coordinate."""

    column: int
    first: int
    numbers: Numbers
    odd: Odd | None

    def begins(self, size: float, cells: int) -> list[int]:
        """The first integer of each cell, and of the one behind the last."""
        edges, numbers = (np.arange(cells + 1) + float(self.first)) * size, self.numbers
        if numbers.form == ORDINAL:
            kind = np.dtype(f"<f{numbers.size}")
            most = float(np.finfo(kind).max)
            bits = np.clip(edges, -most, most).astype(kind).view(f"<i{numbers.size}").astype(np.int64)
            mask = np.int64((1 << (8 * numbers.size - 1)) - 1)
            return np.where(bits < 0, bits ^ mask, bits).tolist()
        exact = (edges * numbers.divisor - float(numbers.offset)) / float(numbers.step)
        return np.clip(np.ceil(exact - 2.0**-20), 0.0, float(numbers.top + 1)).astype(np.int64).tolist()


class Space(NamedTuple):
    """Edge of a cell, levels of the tree, x, y, z."""

    size: float
    levels: int
    axes: list[Axis]


def read_space(head: Bytes, fields: Fields) -> Space:
    """From the front of section 4."""
    size, levels = head.numbers("d")[0], head.varint()
    demand(levels & 31 <= 20 and levels < 64, "a tree has too many levels")
    axes = []
    for _ in range(3):
        column, first, numbers = head.varint(), head.signed(), read_numbers(head, 0)
        odd = read_odd(head, fields[column][1]) if levels & 32 else None
        axes.append(Axis(column, first, numbers, odd))
    return Space(size, levels & 31, axes)
