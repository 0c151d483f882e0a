"""The intensity a sensor reported, a whole number of at most 16 bits, behind the number that a file stores."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lizip.entropy.adaptive import INTEGER_NODES, bit_length, code_bit, code_integer, fresh_counters
from lizip.entropy.coder import decode_stream, encode_stream
from lizip.errors import CorruptError
from lizip.jit import kernel
from lizip.packing import Unpacker, pack_bytes, pack_varint
from lizip.sensor.stages.attributes import decode_attribute, encode_attribute
from lizip.sensor.stages.exceptions import decode_exceptions
from lizip.sensor.stages.measured import nowhere

if TYPE_CHECKING:
    from lizip.sensor.returns import Returns

DENOMINATORS = (1, 100, 255, 256)
"""Stored value = float32(integer / denominator). Never reordered: streams hold the index."""

TABLE = len(DENOMINATORS)
"""Stored value = entry of a table of the values that occur."""

MOST_VALUES = 1 << 12
"""Entries of a table."""

LIGHTS = tuple(np.dtype(kind) for kind in ("<f4", "|u1", "<u2"))
"""Types of a column whose intensities have a denominator; all their values are exact as float32."""

_LARGEST_COLUMN = 1 << 16
_FURTHER = 1 << 24
"""Added to column and scale where there are further returns."""
_LIMIT = 250
_SIZES = 17


def from_integers(integers: np.ndarray, denominator: int) -> np.ndarray:
    """Return the stored float32 values of integers (N,)."""
    return (integers / np.float64(denominator)).astype(np.float32)


def bits_of(column: np.ndarray) -> np.ndarray:
    """Bits of a column of any dtype of 1 to 8 bytes, as unsigned integers."""
    return np.ascontiguousarray(column).view(f"<u{column.dtype.itemsize}")


@dataclass(frozen=True)
class Intensity:
    """How the grid's intensities become a column of the file.

    Attributes
    ----------
    column : int
        Which column of the file.
    scale : int
        Index into `DENOMINATORS`, or `TABLE`.
    table : bytes
        The values, coded; of a table only.
    others : bytes
        The numbers of points without a cell, coded.
    odd : bytes
        Exceptions: their numbers, points with a cell first, then further returns, and two words of bits each.
    further : bytes
        The numbers of further returns of cells, coded given the first's.
    """

    column: int
    scale: int
    table: bytes = field(default=b"", repr=False)
    odd: bytes = field(default=b"", repr=False)
    others: bytes = field(default=b"", repr=False)
    further: bytes = field(default=b"", repr=False)

    def apply(self, returns: Returns) -> None:
        """Fill the column."""
        returns.need("place", "ring", "row")
        if returns.intensity is None or not 3 <= self.column < len(returns.schema):
            raise CorruptError("a sweep has no intensities where it should")
        name, dtype = returns.schema[self.column]
        lit = lit_points(returns)
        integers = np.empty(len(lit.cells[0]), np.int32)
        _look_up(returns.intensity, *lit.cells, integers)
        if len(lit.further):
            integers = np.concatenate([integers, decode_further(self.further, returns)])
        if others := returns.count - len(integers):
            coded = decode_attribute(self.others, np.dtype("<u2"), nowhere(others))
            integers = np.concatenate([integers, coded.astype(np.int32)])
        values = self.values(integers, dtype)
        odd, words = decode_exceptions(self.odd, 2, returns.count)
        bits_of(values)[odd] = np.ascontiguousarray(words).view("<u8")[:, 0].astype(f"<u{dtype.itemsize}")
        column = np.empty(returns.count, dtype)
        column[lit.order] = values
        returns.columns[name] = column

    def values(self, integers: np.ndarray, dtype: np.dtype) -> np.ndarray:
        """Stored values of integers (K,)."""
        if self.scale < TABLE:
            if dtype not in LIGHTS:
                raise CorruptError("intensities have an impossible type")
            most = int(integers.max(initial=0))
            few = most < 1 << 16 and not int(integers.min(initial=0)) < 0
            with np.errstate(invalid="ignore"):  # what no encoder writes becomes any number
                values = from_integers(np.arange(most + 1) if few else integers, DENOMINATORS[self.scale])
                values = values.astype(dtype)
            return values.take(integers) if few else values
        unpacker = Unpacker(self.table)
        size = unpacker.varint()
        if not 0 < size <= MOST_VALUES or int(integers.max(initial=0)) >= size:
            raise CorruptError("an intensity is not in its table")
        return decode_attribute(unpacker.take(unpacker.remaining), dtype, nowhere(size))[integers]

    @property
    def entries(self) -> int:
        """Number of entries of the table."""
        return Unpacker(self.table).varint() if self.table else 0

    def pack(self) -> bytes:
        """Write the stage."""
        return (
            pack_varint(self.column * (TABLE + 1) + self.scale + (_FURTHER if self.further else 0))
            + (pack_bytes(self.table) if self.scale == TABLE else b"")
            + pack_bytes(self.odd)
            + (pack_bytes(self.further) if self.further else b"")
            + self.others
        )

    @classmethod
    def unpack(cls, data: bytes) -> Intensity:
        """Read what `pack` wrote; raises CorruptError."""
        unpacker = Unpacker(data)
        twice, number = divmod(unpacker.varint(), _FURTHER)
        column, scale = divmod(number, TABLE + 1)
        if column > _LARGEST_COLUMN or twice > 1:
            raise CorruptError("impossible intensities")
        table = unpacker.bytes() if scale == TABLE else b""
        odd, further = unpacker.bytes(), unpacker.bytes() if twice else b""
        return cls(column, scale, table, odd, unpacker.take(unpacker.remaining), further)


def pack_table(values: np.ndarray) -> bytes:
    """Code the values of a table, (K,) of the column's dtype."""
    return pack_varint(len(values)) + encode_attribute(values, nowhere(len(values)))


@kernel
def _look_up(grid, row, ring, found):
    """Fill found (K,) with the numbers of cells of a grid; the cells are in it."""
    for k in range(row.size):
        found[k] = grid[row[k], ring[k]]


class Lit(NamedTuple):
    """Points of a file by where their intensities are.

    Attributes
    ----------
    cells : tuple of two (K,) int64
        Row and ring of those in the grid.
    further : (L,) int64
        Indices among the returns of those that are not the first of their cells.
    order : (N,) int64
        Places of those in the grid, of further returns, and of all others.
    """

    cells: tuple[np.ndarray, np.ndarray]
    further: np.ndarray
    order: np.ndarray


def lit_points(returns: Returns) -> Lit:
    """Tell apart the points of a file, once the returns have their places."""
    cells, place = lit_cells(returns)
    further = np.flatnonzero(returns.nth) if returns.nth is not None else np.zeros(0, np.int64)
    if len(place) == returns.count:
        return Lit(cells, further, place)
    free = np.ones(returns.count, np.bool_)
    free[place] = free[returns.place[further]] = False
    return Lit(cells, further, np.concatenate([place, returns.place[further], np.flatnonzero(free)]))


def lit_cells(returns: Returns) -> tuple[tuple[np.ndarray, np.ndarray], np.ndarray]:
    """Cells (row, ring) that have intensities in the file, and their places there."""
    if returns.every is not None:
        return (returns.every[2], returns.every[0]), np.arange(returns.count)
    if returns.nth is not None:
        first = returns.nth == 0
        return (returns.row[first], returns.ring[first]), returns.place[first]
    return (returns.row, returns.ring), returns.place


def encode_further(returns: Returns, integers: np.ndarray) -> bytes:
    """Code the intensities (L,) of further returns given those of the first."""
    return encode_stream(_code_further, *_given(returns), integers.astype(np.int64))


def decode_further(stream: bytes, returns: Returns) -> np.ndarray:
    """Read what `encode_further` wrote: (L,) int32; raises CorruptError."""
    counters, first, alike = _given(returns)
    integers = np.zeros(len(first), np.int64)
    decode_stream(stream, _code_further, counters, first, alike, integers)
    if len(integers) and not 0 <= int(integers.min()) <= int(integers.max()) < 1 << 16:
        raise CorruptError("an intensity is out of bounds")
    return integers.astype(np.int32)


def _given(returns: Returns) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Counters; of further returns (L,) int64 the first's intensity, and whether their ranges are alike."""
    if returns.nth is None or returns.intensity is None:
        raise CorruptError("a sweep has intensities of further returns, but no such returns")
    further = np.flatnonzero(returns.nth)
    cells = returns.row[further], returns.ring[further]
    alike = (returns.ranges[cells] == returns.ticks[further]).astype(np.int64)
    return fresh_counters(2 * _SIZES * (1 + INTEGER_NODES)), returns.intensity[cells].astype(np.int64), alike


@kernel
def _code_further(coder, counters, first, alike, integers):
    """Code each intensity: as the first's, or given its size, and whether both came from one range."""
    for i in range(first.size):
        context = alike[i] * _SIZES + min(bit_length(first[i]), _SIZES - 1)
        other = code_bit(coder, counters, context, _LIMIT, np.int64(integers[i] != first[i]))
        value = first[i]
        if other:
            base = 2 * _SIZES + context * INTEGER_NODES
            # twice alike they differ by little, else the first says little more than its size
            guess = first[i] if alike[i] else np.int64(0)
            value = guess + code_integer(coder, counters, base, _LIMIT, integers[i] - guess)
        integers[i] = value
