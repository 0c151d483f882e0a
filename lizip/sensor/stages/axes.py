"""Axes of the file that are those of the sensor's convention swapped or turned round: quarter turns and mirrors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lizip.errors import CorruptError
from lizip.packing import Unpacker, pack_varint

if TYPE_CHECKING:
    from lizip.sensor.returns import Returns

_SIGN = np.uint32(1 << 31)


@dataclass(frozen=True)
class Axes:
    """How x and y of the file follow from those of the stages before, bit by bit.

    Attributes
    ----------
    swapped : bool
        Whether the file's x is their y and the other way round.
    negative_x, negative_y : bool
        Whether the file's x, y then have the other sign.
    """

    swapped: bool = False
    negative_x: bool = False
    negative_y: bool = False

    def undone(self, xyz: np.ndarray) -> np.ndarray:
        """Stored points (N, 3) float32 as they were before this stage."""
        x, y = (self._signed(xyz[:, k].copy(), k) for k in (0, 1))
        return np.stack([y, x, xyz[:, 2]] if self.swapped else [x, y, xyz[:, 2]], axis=1)

    def apply(self, returns: Returns) -> None:
        """Change the two columns."""
        names = [name for name, _ in returns.schema[:2]]
        if any(name not in returns.columns for name in names):
            raise CorruptError("the stages of a sweep are not in order")
        columns = [returns.columns[name] for name in names]
        for k, column in enumerate(columns[::-1] if self.swapped else columns):
            returns.columns[names[k]] = self._signed(column, k)

    def _signed(self, column: np.ndarray, k: int) -> np.ndarray:
        """Turn the sign of the file's axis k in place where it is turned."""
        if (self.negative_x, self.negative_y)[k]:
            column.view(np.uint32)[:] ^= _SIGN
        return column

    def pack(self) -> bytes:
        """Write three bits."""
        return pack_varint(self.swapped + 2 * self.negative_x + 4 * self.negative_y)

    @classmethod
    def unpack(cls, data: bytes) -> Axes:
        """Read what `pack` wrote; raises CorruptError."""
        unpacker = Unpacker(data)
        form = unpacker.varint()
        unpacker.finish()
        if form > 7:
            raise CorruptError("impossible axes")
        return cls(bool(form & 1), bool(form & 2), bool(form & 4))


AS_THEY_ARE = Axes()

OTHERS = tuple(Axes(bool(form & 1), bool(form & 2), bool(form & 4)) for form in range(1, 8))
"""The seven other ways."""
