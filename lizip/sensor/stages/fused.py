"""A float32 matrix and shift applied to float32 points as a compiler contracts m0 x + m1 y + m2 z + t.

    X = fma(m2, z, fma(m0, x, m1 y)) + t

A fused product is emulated exactly: a product of two float32 is exact in float64, and the float64 sum, rounded to odd,
carries all that the last rounding to float32 needs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lizip.jit import kernel
from lizip.packing import Unpacker

if TYPE_CHECKING:
    from lizip.sensor.model import Returns


@dataclass(frozen=True)
class Fused:
    """Points of the sensor's frame through the poses of their groups, in float32."""

    def apply(self, returns: Returns) -> None:
        """Move the points, which are float32 then and there."""
        returns.need("points", "turns", "shifts", "group")
        points = np.ascontiguousarray(returns.points, np.float32)
        returns.rounded = transform(points, returns.turns, returns.shifts, returns.group)
        returns.fraction = np.zeros(points.shape)
        returns.xyz = returns.rounded

    def pack(self) -> bytes:
        """Nothing more is to be said."""
        return b""

    @classmethod
    def unpack(cls, data: bytes) -> Fused:
        """Read what `pack` wrote; raises CorruptError."""
        Unpacker(data).finish()
        return cls()


@kernel
def fused(a, b, c):
    """Fused a b + c of float32: one rounding, whatever the machine has.

    The float64 sum s of the exact product and c may itself be rounded. Where it then lies just on a tie between two
    float32, the error that was lost tells which way is right (Knuth's two-sum gives it exactly).
    """
    product = np.float64(a) * np.float64(b)
    other = np.float64(c)
    total = product + other
    rounded = np.float32(total)
    back = total - product
    lost = (product - (total - back)) + (other - back)
    if lost != 0.0 and np.isfinite(rounded):
        # the neighbour on the other side of the exact sum is nearer only if the float64 sum was a tie
        away = total - np.float64(rounded)
        if away != 0.0:
            neighbour = np.nextafter(rounded, np.float32(np.inf) if away > 0.0 else np.float32(-np.inf))
            if np.float64(neighbour) - total == away and (lost > 0.0) == (away > 0.0):
                return neighbour
    return rounded


@kernel
def _transform(points, turns, places, group, out):
    for i in range(points.shape[0]):
        g = group[i]
        for a in range(3):
            total = np.float32(np.float32(turns[g, a, 1]) * points[i, 1])
            total = fused(np.float32(turns[g, a, 0]), points[i, 0], total)
            total = fused(np.float32(turns[g, a, 2]), points[i, 2], total)
            out[i, a] = total + np.float32(places[g, a])


def transform(points: np.ndarray, turns: np.ndarray, places: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Apply poses (G, 3, 3), (G, 3) float64, cast to float32, to points (N, 3) float32 of groups (N,) int64."""
    out = np.empty((len(points), 3), np.float32)
    _transform(points, turns, places, group, out)
    return out
