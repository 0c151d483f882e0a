"""Coordinates of a depth camera in float64, as Open3D and numpy keep them: computed anew from their float32.

Those are exact enough to tell the pixel; pixel and depth then give the double that was rounded to them.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lizip.errors import CorruptError
from lizip.packing import Unpacker, pack_varint
from lizip.sensor.stages.pinhole import UNITS, counts_of

if TYPE_CHECKING:
    from lizip.sensor.returns import Returns

QUOTIENT, RAY_FIRST, FACTOR = range(3)
"""(pixel - c) * depth / f; (pixel - c) / f * depth; (pixel - c) * depth * (1 / f)."""

_NUMBERS = struct.Struct("<4d")


@dataclass(frozen=True)
class Doubles:
    """How the float64 of a file follow from float32.

    Attributes
    ----------
    law : int
        See `QUOTIENT` and following.
    unit : int
        Depths are counts divided by this one of `UNITS`, or float32 where it is none.
    forward : int
        Axis along which depth is measured.
    centre, focal : tuple of two float
        Of the other axes in their order, pixels.
    """

    law: int
    unit: int
    forward: int
    centre: tuple[float, float]
    focal: tuple[float, float]

    def widened(self, xyz: np.ndarray) -> np.ndarray:
        """Points (N, 3) float64 of points (N, 3) float32."""
        out = xyz.astype(np.float64)
        depth = xyz[:, self.forward]
        deep = np.copysign(counts_of(self.unit, depth)[1], depth)
        out[:, self.forward] = np.where(np.isfinite(depth), deep, out[:, self.forward])
        for axis, centre, focal in zip(self.sides, self.centre, self.focal, strict=True):
            with np.errstate(all="ignore"):
                away = np.rint(out[:, axis] / np.abs(deep) * focal + centre) - centre
                value = self._sideways(away, np.abs(deep), focal)
            out[:, axis] = np.where(np.isfinite(value) & (deep != 0), value, out[:, axis])
        return out

    @property
    def sides(self) -> tuple[int, ...]:
        """The other axes."""
        return tuple(axis for axis in range(3) if axis != self.forward)

    def _sideways(self, away: np.ndarray, deep: np.ndarray, focal: float) -> np.ndarray:
        if self.law == QUOTIENT:
            return away * deep / focal
        return away / focal * deep if self.law == RAY_FIRST else away * deep * (1.0 / focal)

    def apply(self, returns: Returns) -> None:
        """Replace the columns of float32."""
        names = [name for name, _ in returns.schema[:3]]
        if any(name not in returns.columns for name in names):
            raise CorruptError("the stages of a sweep are not in order")
        wide = self.widened(np.stack([returns.columns[name] for name in names], axis=1))
        with np.errstate(all="ignore"):
            for axis, (name, dtype) in enumerate(returns.schema[:3]):
                returns.columns[name] = np.ascontiguousarray(wide[:, axis]).astype(dtype)

    def pack(self) -> bytes:
        """Write it."""
        head = pack_varint(self.law + 3 * self.forward) + pack_varint(self.unit)
        return head + _NUMBERS.pack(*self.centre, *self.focal)

    @classmethod
    def unpack(cls, data: bytes) -> Doubles:
        """Read what `pack` wrote; raises CorruptError."""
        unpacker = Unpacker(data)
        form, unit = unpacker.varint(), unpacker.varint()
        numbers = _NUMBERS.unpack(unpacker.take(_NUMBERS.size))
        unpacker.finish()
        if form > 8 or unit > len(UNITS) or not np.isfinite(numbers).all() or 0.0 in numbers[2:]:
            raise CorruptError("impossible camera")
        return cls(form % 3, unit, form // 3, numbers[:2], numbers[2:])
