"""Coordinates <-> cubes of space and places inside: how the integers of a column fall into cells.

A cell's first integer is computed from its number alone, so that reader and writer agree whatever the arithmetic
rounds; an integer is in the last cell that begins at or below it.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from lizip.cloud import Cloud, Schema
from lizip.codecs.floats.forms import find_nearly
from lizip.codecs.floats.numbers import ORDINAL, Numbers
from lizip.codecs.floats.odd import Odd
from lizip.codecs.floats.plan import seen
from lizip.codecs.octree.occupancy import MOST_LEVELS
from lizip.errors import CorruptError
from lizip.exact.ulp import to_ordinals
from lizip.packing import Unpacker, pack_signed, pack_varint, pack_varints

_LARGEST = float(1 << 53)
_SPREAD = 0.7
"""Cells are so small that there are at least so many of them a point."""
_ALONE = 0.95
"""Cells of a round size with so many a point are those that a user has thinned the points by."""
_TIE = 2.0**-20
"""So much above an integer is the integer."""
_ODD = 32
"""Added to the number of levels where some values stand apart."""
_ROUND = (1.0, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0)


class Axis(NamedTuple):
    """A coordinate: place of its column, form of its integers, and the number of the first cell, counted from zero;
    the values that the form does not say, if there are any: points are at the integers nearest to those."""

    column: int
    numbers: Numbers
    first: int
    odd: Odd | None = None

    def integers(self, values: np.ndarray) -> np.ndarray:
        """Integers of a column (N,), int64."""
        integers = self.numbers.to_coded(values)
        if self.odd is not None:
            numbers, wide = self.numbers, self.odd.values.astype(np.float64)
            nearest = np.rint((wide * numbers.divisor - numbers.offset) / numbers.step)
            integers[self.odd.rows] = np.clip(nearest, 0, numbers.top).astype(np.int64)
        return integers

    def restored(self, integers: np.ndarray, dtype: np.dtype) -> np.ndarray:
        """Undo `integers`; raises CorruptError."""
        values = self.numbers.to_values(integers, dtype)
        if self.odd is not None:
            self.odd.check(len(values))
            self.odd.put(values, 0)
        return values

    def begins(self, size: float, cells: int) -> np.ndarray:
        """The first integer of each of so many cells and of the one behind them, (cells + 1,) int64, ascending."""
        edges = (np.arange(cells + 1) + float(self.first)) * size
        if self.numbers.form == ORDINAL:
            kind = np.dtype(f"<f{self.numbers.size}")
            most = float(np.finfo(kind).max)
            return to_ordinals(np.clip(edges, -most, most).astype(kind))
        numbers = self.numbers
        exact = (edges * numbers.divisor - float(numbers.offset)) / float(numbers.step)
        return np.clip(np.ceil(exact - _TIE), 0.0, float(numbers.top + 1)).astype(np.int64)

    def values(self, integers: np.ndarray) -> np.ndarray:
        """About what integers stand for, float64."""
        if self.numbers.form == ORDINAL:
            from lizip.exact.ulp import from_ordinals

            return from_ordinals(integers, np.dtype(f"<f{self.numbers.size}")).astype(np.float64)
        return (integers.astype(np.float64) * self.numbers.step + self.numbers.offset) / self.numbers.divisor


class Space(NamedTuple):
    """How a cloud's space is cut.

    Attributes
    ----------
    size : float
        Edge of a cell, in the unit of the coordinates.
    levels : int
        Of the tree: there are 2**levels cells along an axis.
    axes : tuple of 3 Axis
        x, y, z.
    """

    size: float
    levels: int
    axes: tuple[Axis, ...]

    def pack(self) -> bytes:
        """Write for `unpack`."""
        odd = any(axis.odd is not None for axis in self.axes)
        out = struct.pack("<d", self.size) + pack_varints([self.levels + _ODD * odd])
        for axis in self.axes:
            out += pack_varints([axis.column]) + pack_signed(axis.first) + axis.numbers.pack()
            out += b"" if not odd else pack_varint(0) if axis.odd is None else axis.odd.pack()
        return out

    @classmethod
    def unpack(cls, unpack: Unpacker, schema: Schema) -> Space:
        """Read what `pack` wrote; CorruptError when it cannot have."""
        (size,) = struct.unpack("<d", unpack.take(8))
        levels = unpack.varint()
        some_odd = levels >= _ODD
        levels -= _ODD * some_odd
        axes = []
        for _ in range(3):
            column, first = unpack.varint(), unpack.signed()
            if column >= len(schema) or abs(first) > 1 << 53:
                raise CorruptError("coordinates that a file does not have")
            numbers = Numbers.unpack(unpack, schema[column][1])
            odd = Odd.unpack(unpack, schema[column][1]) if some_odd else None
            axes.append(Axis(column, numbers, first, odd))
        sane = 0 < size < 1e300 and levels <= MOST_LEVELS and len({axis.column for axis in axes}) == 3
        if not sane or not all(_takes(axis.numbers) for axis in axes):
            raise CorruptError("space is cut in an impossible way")
        return cls(size, levels, tuple(axes))

    def begins(self) -> tuple[np.ndarray, ...]:
        """Of each axis the first integer of each cell, (2**levels + 1,) int64."""
        return tuple(axis.begins(self.size, 1 << self.levels) for axis in self.axes)


class Cut(NamedTuple):
    """Points in the cells of a space: cells (N, 3) and places inside (N, 3), int64."""

    space: Space
    cells: np.ndarray
    places: np.ndarray

    def order(self) -> np.ndarray:
        """The points in the order of the tree, those of a cell by the place along its first axis, (N,) int64."""
        return np.lexsort((self.places[:, 0], keys_of(self.cells)))

    @property
    def ordered(self) -> bool:
        """Whether the points are in that order."""
        keys, places = keys_of(self.cells), self.places[:, 0]
        return bool(np.all((keys[1:] > keys[:-1]) | ((keys[1:] == keys[:-1]) & (places[1:] >= places[:-1]))))


def _takes(numbers: Numbers) -> bool:
    """Whether integers of this form have places in space."""
    if numbers.form == ORDINAL:
        return numbers.size >= 4 and not numbers.exponent and numbers.top < 0 and not numbers.values
    wide = abs(numbers.offset) + numbers.step * (numbers.top + 1)
    return not (numbers.values or numbers.hole) and numbers.top >= 0 and wide < _LARGEST


def cut(cloud: Cloud) -> Cut | None:
    """Cut the space of a cloud into cells; None where it has no coordinates, or some that are not finite."""
    axes = _axes(cloud)
    if axes is None:
        return None
    columns = list(cloud.columns.values())
    integers = [axis.integers(columns[axis.column]) for axis in axes]
    values = [axis.values(each) for axis, each in zip(axes, integers, strict=True)]
    size = _cell_size(values, [_unit(axis, each) for axis, each in zip(axes, values, strict=True)])
    if size is None:
        return None
    firsts = [int(np.floor(each.min() / size)) - 1 for each in values]
    levels = max(int(np.ceil(each.max() / size)) - first + 1 for each, first in zip(values, firsts, strict=True))
    space = Space(size, levels.bit_length(), tuple(a._replace(first=f) for a, f in zip(axes, firsts, strict=True)))
    if space.levels > MOST_LEVELS:
        return None
    begins = space.begins()
    cells = [np.searchsorted(edges, each, "right") - 1 for edges, each in zip(begins, integers, strict=True)]
    if any(each.min() < 0 or each.max() >= 1 << space.levels for each in cells):
        return None
    places = [each - edges[cell] for edges, each, cell in zip(begins, integers, cells, strict=True)]
    if any(each.min() < 0 for each in places):
        return None
    return Cut(space, np.stack(cells, axis=1), np.stack(places, axis=1))


def may_be_ordered(cloud: Cloud) -> bool:
    """Whether points may be in the order of a tree, whatever its cells: a first look, which costs next to nothing.

    Where such an order takes up one half of the space after the other, all points before lie on one side of those
    behind, along the first axis that tells two halves apart; so it is in the middle of the file, too.
    """
    columns, places, count = list(cloud.columns.values()), _places(cloud), cloud.count
    if not places or any(columns[place].dtype.kind not in "fiu" for place in places):
        return False
    parts = (slice(0, count), slice(count // 4, count - count // 4))
    return all(any(_splits(columns[place][part]) for place in places) for part in parts)


def _splits(values: np.ndarray) -> bool:
    """Whether all values (N,) before some place are less than all behind it, or all values are the same."""
    with np.errstate(invalid="ignore"):
        before = np.maximum.accumulate(values)[:-1]
        behind = np.minimum.accumulate(values[::-1])[::-1][1:]
        return bool((before < behind).any() or (values == values[0]).all())


def _places(cloud: Cloud) -> list[int]:
    """Columns with the coordinates; none where there are fewer than three."""
    names = {name.lower(): place for place, name in reversed(list(enumerate(cloud.columns)))}
    if len(cloud.columns) < 3:
        return []
    return [names[axis] for axis in "xyz"] if all(axis in names for axis in "xyz") else [0, 1, 2]


def _axes(cloud: Cloud) -> list[Axis] | None:
    columns, places = list(cloud.columns.values()), _places(cloud)
    if not places or any(columns[place].dtype.kind not in "fiu" for place in places):
        return None
    axes = []
    for place in places:
        if not (np.abs(columns[place].astype(np.float64)) < _LARGEST).all():
            return None
        nearly, rows = find_nearly(columns[place], listed=False)
        numbers = seen(nearly)
        if numbers is not None and numbers.form == ORDINAL and numbers.exponent:
            numbers = Numbers(ORDINAL, numbers.size)
        if numbers is None or not _takes(numbers):
            return None
        axes.append(Axis(place, numbers, 0, Odd.of(columns[place], rows) if len(rows) else None))
    return axes


def _unit(axis: Axis, values: np.ndarray) -> float:
    """The least that a coordinate can differ by."""
    if axis.numbers.form == ORDINAL:
        kind = np.dtype(f"<f{axis.numbers.size}")
        return float(np.spacing(kind.type(max(np.abs(values).max(), 1e-30))))
    return axis.numbers.step / axis.numbers.divisor


def _cell_size(values: Sequence[np.ndarray], units: Sequence[float]) -> float | None:
    """The edge of a cell in which there is mostly one point or none; None where points are too far apart for cells."""
    extent = max(float(each.max() - each.min()) for each in values)
    farthest = max(float(np.abs(each).max()) for each in values)
    least = min(units)
    if not 0 < least <= extent:
        return None
    least *= 2.0 ** max(0, int(np.ceil(np.log2(extent / least))) - MOST_LEVELS + 2)
    if farthest / least > _LARGEST:
        return None
    enough = _SPREAD * len(values[0])
    # cells of half the size lie within those of the whole: the smaller, the more of them
    fine, coarse = 0, int(np.floor(np.log2(extent / least))) + 1
    while coarse - fine > 1:
        middle = (fine + coarse) // 2
        fine, coarse = (fine, middle) if _cells(values, least * 2.0**middle) < enough else (middle, coarse)
    size = least * 2.0**fine
    decade = 10.0 ** np.floor(np.log10(size))
    for round_size in (decade * factor * power for power in (10.0, 1.0) for factor in reversed(_ROUND)):
        if 0.5 * size < round_size < 2.5 * size and _cells(values, round_size) >= _ALONE * len(values[0]):
            return float(round_size)
    return size


def _cells(values: Sequence[np.ndarray], size: float) -> int:
    """How many cells of a size hold points."""
    keys = keys_of(np.stack([np.floor(each / size).astype(np.int64) for each in values], axis=1))
    keys.sort()  # a tenth of the time of np.unique, which counts in tables of hashes
    return 1 + int(np.count_nonzero(keys[1:] != keys[:-1]))


def keys_of(cells: np.ndarray) -> np.ndarray:
    """The place of cells (N, 3) in the order of the tree: their lowest 21 bits interleaved, (N,) uint64."""
    keys = np.zeros(len(cells), np.uint64)
    for axis in range(3):
        bits = cells[:, axis].astype(np.uint64) & np.uint64(0x1FFFFF)
        for shift, mask in (
            (32, 0x1F00000000FFFF),
            (16, 0x1F0000FF0000FF),
            (8, 0x100F00F00F00F00F),
            (4, 0x10C30C30C30C30C3),
            (2, 0x1249249249249249),
        ):
            bits = (bits | bits << np.uint64(shift)) & np.uint64(mask)
        keys |= bits << np.uint64(2 - axis)
    return keys
