"""The intensity a sensor reported, a whole number of at most 16 bits, behind the number that a file stores."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from lizip.errors import CorruptError
from lizip.packing import Unpacker, pack_bytes, pack_varint
from lizip.sensor.stages.attributes import decode_attribute, encode_attribute, nowhere
from lizip.sensor.stages.exceptions import decode_exceptions

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
        Exceptions: their numbers, points with a cell first, and two words of bits each.
    """

    column: int
    scale: int
    table: bytes = field(default=b"", repr=False)
    odd: bytes = field(default=b"", repr=False)
    others: bytes = field(default=b"", repr=False)

    def apply(self, returns: Returns) -> None:
        """Fill the column."""
        returns.need("place", "ring", "row")
        if returns.intensity is None or not 3 <= self.column < len(returns.schema):
            raise CorruptError("a sweep has no intensities where it should")
        name, dtype = returns.schema[self.column]
        cells, place = lit_cells(returns)
        free = np.ones(returns.count, np.bool_)
        free[place] = False
        others = np.flatnonzero(free)
        integers = returns.intensity[cells]
        if len(others):
            coded = decode_attribute(self.others, np.dtype("<u2"), nowhere(len(others)))
            integers = np.concatenate([integers, coded.astype(np.int32)])
        values = self._values(integers, dtype)
        odd, words = decode_exceptions(self.odd, 2, returns.count)
        bits_of(values)[odd] = np.ascontiguousarray(words).view("<u8")[:, 0].astype(f"<u{dtype.itemsize}")
        column = np.empty(returns.count, dtype)
        column[np.concatenate([place, others]) if len(others) else place] = values
        returns.columns[name] = column

    def _values(self, integers: np.ndarray, dtype: np.dtype) -> np.ndarray:
        """Stored values of integers (K,)."""
        if self.scale < TABLE:
            if dtype not in LIGHTS:
                raise CorruptError("intensities have an impossible type")
            with np.errstate(invalid="ignore"):  # what no encoder writes becomes any number
                return from_integers(integers, DENOMINATORS[self.scale]).astype(dtype)
        unpacker = Unpacker(self.table)
        size = unpacker.varint()
        if not 0 < size <= MOST_VALUES or int(integers.max(initial=0)) >= size:
            raise CorruptError("an intensity is not in its table")
        return decode_attribute(unpacker.take(unpacker.remaining), dtype, nowhere(size))[integers]

    def pack(self) -> bytes:
        """Write the stage."""
        return (
            pack_varint(self.column * (TABLE + 1) + self.scale)
            + (pack_bytes(self.table) if self.scale == TABLE else b"")
            + pack_bytes(self.odd)
            + self.others
        )

    @classmethod
    def unpack(cls, data: bytes) -> Intensity:
        """Read what `pack` wrote; raises CorruptError."""
        unpacker = Unpacker(data)
        column, scale = divmod(unpacker.varint(), TABLE + 1)
        if column > _LARGEST_COLUMN:
            raise CorruptError("impossible intensities")
        table = unpacker.bytes() if scale == TABLE else b""
        return cls(column, scale, table, unpacker.bytes(), unpacker.take(unpacker.remaining))


def pack_table(values: np.ndarray) -> bytes:
    """Code the values of a table, (K,) of the column's dtype."""
    return pack_varint(len(values)) + encode_attribute(values, nowhere(len(values)))


def lit_cells(returns: Returns) -> tuple[tuple[np.ndarray, np.ndarray], np.ndarray]:
    """Cells (row, ring) that have intensities in the file, and their places there."""
    if returns.every is not None:
        return (returns.every[2], returns.every[0]), np.arange(returns.count)
    return (returns.row, returns.ring), returns.place
