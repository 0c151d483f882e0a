"""Which cells of a grid of firings are points of the file, and in which order they stand there.

A sensor may report every cell, also those without a return; a user may have taken points away. So a cell is a point
when something returned, or when it says so: where some cells without a return are no points, those have an intensity
that is set aside for that. Where nothing returned, a file may have the sensor's position, or something fixed (NaN, 0).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from lizip.entropy.adaptive import bit_length, code_bit, fresh_counters
from lizip.entropy.coder import decode_stream, encode_stream
from lizip.errors import CorruptError
from lizip.jit import kernel
from lizip.packed import Packed, rest, whole
from lizip.packing import Unpacker, pack_varint
from lizip.sensor.stages.beams import MAX_BEAMS

if TYPE_CHECKING:
    from lizip.sensor.returns import Returns

_MOST_INTENSITY = 1 << 16
_LIMIT = 250
_SIZES = 16


@kernel
def _code_blanks(coder, counters, lately, ring, blank):
    """Code whether points without a return (K,) are blank, given the last three of a ring and the last two."""
    before = np.int64(0)
    for i in range(ring.size):
        context = (lately[ring[i]] & 7) * 4 + (before & 3)
        blank[i] = code_bit(coder, counters, context, _LIMIT, blank[i])
        before = before << 1 & 3 | blank[i]
        lately[ring[i]] = lately[ring[i]] << 1 & 7 | blank[i]


@dataclass(frozen=True)
class Cells:
    """The points of a grid each of whose rows is a firing.

    Attributes
    ----------
    absent : int
        Intensity of the cells that are no points; -1 where all cells are points.
    nothing : (3,) uint32 or None
        Bits of the coordinates of blank points: those without a return that do not have the sensor's position.
    blanks : bytes
        Which of those without a return are blank, coded; empty: all.
    """

    absent: int = -1
    nothing: np.ndarray | None = None
    blanks: bytes = field(default=b"", repr=False)

    @classmethod
    def of(cls, absent: int, nothing: np.ndarray, ring: np.ndarray, blank: np.ndarray) -> Cells:
        """Make the stage; ring (K,) of each point without a return, firing after firing, and whether it is blank."""
        if not blank.any():
            return cls(absent)
        if blank.all():
            return cls(absent, nothing)
        return cls(absent, nothing, encode_stream(_code_blanks, *_fresh(), ring, blank.astype(np.int64)))

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
        if self.nothing is not None:
            silent = np.flatnonzero(returns.ticks == 0)
            blank = np.ones(len(silent), np.int64)
            if self.blanks:
                decode_stream(self.blanks, _code_blanks, *_fresh(), returns.ring[silent], blank)
            returns.nothing, returns.blank = self.nothing, np.zeros(len(returns.row), np.bool_)
            returns.blank[silent] = blank != 0

    def pack(self) -> bytes:
        """Write it."""
        words = b"" if self.nothing is None else self.nothing.astype("<u4").tobytes()
        return pack_varint(self.absent + 1) + words + self.blanks

    @classmethod
    def unpack(cls, data: bytes) -> Cells:
        """Read what `pack` wrote; raises CorruptError."""
        unpacker = Unpacker(data)
        absent = unpacker.varint() - 1
        if absent >= _MOST_INTENSITY:
            raise CorruptError("impossible intensity of cells")
        if not unpacker.remaining:
            return cls(absent)
        nothing = unpacker.array("<u4", 3)
        return cls(absent, nothing, unpacker.take(unpacker.remaining))


def _fresh() -> tuple[np.ndarray, np.ndarray]:
    return fresh_counters(32), np.zeros(MAX_BEAMS, np.int64)


@kernel
def _code_behind(coder, counters, ticks, behind):
    """Code which points (M,) stand behind all others, given their ranges and the two before."""
    before = np.int64(0)
    for i in range(ticks.size):
        context = min(bit_length(np.int64(ticks[i])), _SIZES - 1) * 4 + before
        behind[i] = code_bit(coder, counters, context, _LIMIT, behind[i])
        before = before << 1 & 3 | behind[i]


BY_RING, DOWNWARD, BACKWARD = 1, 2, 4
"""Ring after ring, not firing after firing; from the highest ring down; from the last firing back."""


@dataclass(frozen=True)
class CellOrder(Packed):
    """Order of the file where it is not firing after firing, each from the lowest ring up.

    Attributes
    ----------
    kind : int
        Sum of `BY_RING` and following.
    behind : bytes
        Which points stand behind all others (no-returns mostly), coded; empty: none.
    """

    kind: int = whole(BY_RING + DOWNWARD + BACKWARD)
    behind: bytes = rest(default=b"")

    @classmethod
    def of(cls, kind: int, ticks: np.ndarray, behind: np.ndarray) -> CellOrder:
        """Make the stage for points (M,) firing after firing: range, and whether they stand behind."""
        if not behind.any():
            return cls(kind)
        counters = fresh_counters(4 * _SIZES)
        return cls(kind, encode_stream(_code_behind, counters, ticks, behind.astype(np.int64)))

    def those_behind(self, ticks: np.ndarray) -> np.ndarray:
        """Which points (M,), firing after firing, stand behind all others: 1, else 0; given their ranges."""
        behind = np.zeros(len(ticks), np.int64)
        if self.behind:
            decode_stream(self.behind, _code_behind, fresh_counters(4 * _SIZES), ticks, behind)
        return behind

    def apply(self, returns: Returns) -> None:
        """Put the points in the order of the file."""
        returns.need("row", "ring", "ticks")
        behind = self.those_behind(returns.ticks)
        row = -returns.row if self.kind & BACKWARD else returns.row
        ring = -returns.ring if self.kind & DOWNWARD else returns.ring
        keys = (row, ring) if self.kind & BY_RING else (ring, row)
        returns.take(np.lexsort((*keys, behind)))
