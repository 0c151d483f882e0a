"""How a sensor sits on a vehicle: one rotation and shift for a whole sweep, and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lizip.errors import CorruptError
from lizip.exact.rotation import SE3, turned_back
from lizip.jit import kernel
from lizip.packing import Unpacker

if TYPE_CHECKING:
    from lizip.sensor.returns import Returns

_FAR = 1e6


@dataclass(frozen=True)
class Mount:
    """From a sensor's frame to the stored one: p = rotation s + shift.

    Attributes
    ----------
    rotation : (3, 3) float64
        Orthonormal.
    shift : (3,) float64
        Metres.
    """

    rotation: np.ndarray
    shift: np.ndarray

    def to_vehicle(self, points: np.ndarray) -> np.ndarray:
        """Points (N, 3) float64 of the sensor's frame in the stored one."""
        return SE3(self.rotation, self.shift).transform(points)

    def to_sensor(self, points: np.ndarray) -> np.ndarray:
        """Stored points (N, 3) in the sensor's frame, float64."""
        out = np.empty((len(points), 3))
        _to_sensor(points, self.rotation, self.shift, out)
        return out

    def apply(self, returns: Returns) -> None:
        """Move the points."""
        returns.need("points")
        returns.points = self.to_vehicle(returns.points)

    def pack(self) -> bytes:
        """Write the twelve numbers."""
        return np.concatenate([self.rotation.ravel(), self.shift]).astype("<f8").tobytes()

    @classmethod
    def unpack(cls, data: bytes) -> Mount:
        """Read what `pack` wrote; raises CorruptError."""
        unpacker = Unpacker(data)
        numbers = unpacker.array("<f8", 12)
        unpacker.finish()
        if not (np.abs(numbers) < _FAR).all():
            raise CorruptError("impossible mount of a sensor")
        return cls(numbers[:9].reshape(3, 3), numbers[9:])


AT_ORIGIN = Mount(np.eye(3), np.zeros(3))
"""A sensor whose frame is the stored one."""


@kernel
def _to_sensor(points, rotation, shift, out):
    for i in range(points.shape[0]):
        x = np.float64(points[i, 0]) - shift[0]
        y = np.float64(points[i, 1]) - shift[1]
        z = np.float64(points[i, 2]) - shift[2]
        out[i, 0], out[i, 1], out[i, 2] = turned_back(rotation, x, y, z)


@kernel
def _posed(points, group, rotation, shift, out):
    for i in range(points.shape[0]):
        g = group[i]
        x = points[i, 0]
        y = points[i, 1]
        z = points[i, 2]
        for p in range(3):
            out[i, p] = shift[g, p] + rotation[g, p, 0] * x + rotation[g, p, 1] * y + rotation[g, p, 2] * z


def posed(points: np.ndarray, group: np.ndarray, rotation: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """Points (M, 3) float64 of groups (M,) int64 moved by their groups' poses (G, 3, 3), (G, 3)."""
    out = np.empty(points.shape)
    _posed(points, group, rotation, shift, out)
    return out
