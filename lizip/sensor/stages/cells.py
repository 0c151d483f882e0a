"""Which cells of a grid of firings are points of the file, and in which order they stand there.

A sensor may report every cell, also those without a return; a user may have taken points away. So a cell is a point
when something returned, or when it says so: where some cells without a return are no points, those have an intensity
that is set aside for that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lizip.errors import CorruptError
from lizip.packing import Unpacker, pack_varint

if TYPE_CHECKING:
    from lizip.sensor.model import Returns

_MOST_INTENSITY = 1 << 16


@dataclass(frozen=True)
class Cells:
    """The points of a grid each of whose rows is a firing.

    Attributes
    ----------
    absent : int
        Intensity of the cells that are no points; -1 where all cells are points.
    """

    absent: int = -1

    def apply(self, returns: Returns) -> None:
        """Find the points, firing after firing."""
        returns.need("beams")
        ranges = returns.ranges
        present = np.ones(ranges.shape, np.bool_)
        if self.absent >= 0:
            if returns.intensity is None:
                raise CorruptError("a sweep has no intensities where it should")
            present = (ranges > 0) | (returns.intensity != self.absent)
        returns.row, returns.ring = np.nonzero(present)
        returns.firing, returns.firings = returns.row, len(ranges)
        returns.ticks = ranges[present]

    def pack(self) -> bytes:
        """Write it."""
        return pack_varint(self.absent + 1)

    @classmethod
    def unpack(cls, data: bytes) -> Cells:
        """Read what `pack` wrote; raises CorruptError."""
        unpacker = Unpacker(data)
        absent = unpacker.varint() - 1
        unpacker.finish()
        if absent >= _MOST_INTENSITY:
            raise CorruptError("impossible intensity of cells")
        return cls(absent)


@dataclass(frozen=True)
class CellOrder:
    """Order of the file where it is not firing after firing, each from the lowest ring up.

    Attributes
    ----------
    by_ring : bool
        Ring after ring.
    returns_first : bool
        Points without a return stand behind all others.
    """

    by_ring: bool
    returns_first: bool

    def order(self, row: np.ndarray, ring: np.ndarray, ticks: np.ndarray) -> np.ndarray:
        """Indices (M,) that put points (M,) into the order of the file."""
        keys = (ring, row) if self.by_ring else (row, ring)
        silent = (ticks == 0) & self.returns_first
        return np.lexsort((*keys[::-1], silent))

    def apply(self, returns: Returns) -> None:
        """Put the points in the order of the file."""
        returns.need("row", "ring", "ticks")
        returns.take(self.order(returns.row, returns.ring, returns.ticks))

    def pack(self) -> bytes:
        """Write it."""
        return pack_varint(self.by_ring + 2 * self.returns_first)

    @classmethod
    def unpack(cls, data: bytes) -> CellOrder:
        """Read what `pack` wrote; raises CorruptError."""
        unpacker = Unpacker(data)
        form = unpacker.varint()
        unpacker.finish()
        if form > 3:
            raise CorruptError("impossible order of points")
        return cls(bool(form & 1), bool(form & 2))
