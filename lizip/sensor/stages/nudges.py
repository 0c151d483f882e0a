"""Points moved a little along their rays: those of coarser ranges that would be just beyond a bound.

A bound holds for each coordinate, so that it is reached first where a ray is almost along an axis: whether a point was
moved is coded in the context of how nearly its ray is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lizip.entropy.adaptive import code_bit, fresh_counters
from lizip.entropy.coder import decode_stream, encode_stream
from lizip.jit import kernel
from lizip.packed import Packed, rest, whole

if TYPE_CHECKING:
    from lizip.sensor.returns import Returns

_CLASSES = 32
_PER_UNIT = 256.0
_LIMIT = 60
_FARTHEST = 1e12
_NANO = 1e9


@kernel
def _distance(xyz, i):
    """Distance of a point; 0 of one that is not to be moved."""
    x, y, z = np.float64(xyz[i, 0]), np.float64(xyz[i, 1]), np.float64(xyz[i, 2])
    square = x * x + y * y + z * z
    return np.sqrt(square) if 0.0 < square < _FARTHEST else 0.0


@kernel
def _code_signs(coder, counters, xyz, signs):
    """Code, or decode, signs (N,) int64 of the moves of points (N, 3) float32."""
    for i in range(signs.size):
        distance = _distance(xyz, i)
        if distance == 0.0:
            continue
        along = max(abs(np.float64(xyz[i, 0])), abs(np.float64(xyz[i, 1])), abs(np.float64(xyz[i, 2]))) / distance
        kind = min(np.int64((1.0 - along) * _PER_UNIT), np.int64(_CLASSES - 1))
        if code_bit(coder, counters, kind, _LIMIT, np.int64(1) if signs[i] != 0 else np.int64(0)) == 0:
            continue
        nearer = code_bit(coder, counters, _CLASSES + kind, _LIMIT, np.int64(1) if signs[i] < 0 else np.int64(0))
        signs[i] = -1 if nearer == 1 else 1


@kernel
def _move(xyz, signs, amount):
    for i in range(signs.size):
        distance = _distance(xyz, i)
        if signs[i] != 0 and distance > 0.0:
            factor = 1.0 + np.float64(signs[i]) * amount / distance
            for k in range(3):
                xyz[i, k] = np.float32(np.float64(xyz[i, k]) * factor)


@dataclass(frozen=True)
class Nudges(Packed):
    """Which points are moved, and by how many nanometres."""

    amount: int = whole(10**9, 1)
    body: bytes = rest()

    @classmethod
    def of(cls, xyz: np.ndarray, amount: int, signs: np.ndarray) -> Nudges:
        """Code the signs (N,) int64 of the moves of points (N, 3) float32."""
        return cls(amount, encode_stream(_code_signs, fresh_counters(2 * _CLASSES), xyz, signs.copy()))

    def apply(self, returns: Returns) -> None:
        """Move points."""
        returns.need("xyz")
        signs = np.zeros(len(returns.xyz), np.int64)
        xyz = np.ascontiguousarray(returns.xyz)
        decode_stream(self.body, _code_signs, fresh_counters(2 * _CLASSES), xyz, signs)
        returns.xyz = moved(xyz, self.amount, signs)


def moved(xyz: np.ndarray, amount: int, signs: np.ndarray) -> np.ndarray:
    """Points (N, 3) float32 moved by `amount` nanometres away (sign 1) or nearer (-1)."""
    xyz = xyz.copy()
    _move(xyz, signs, amount / _NANO)
    return xyz
