"""A pose track as a linear spline: knots every few firings, six numbers each (position, Cayley vector), quantised.

Knots are coded as second differences.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lizip.exact.rotation import cayley
from lizip.jit import kernel
from lizip.packed import Packed, rest, whole
from lizip.sensor.stages.knots import decode_knots, encode_knots
from lizip.sensor.stages.pose import posed

if TYPE_CHECKING:
    from lizip.sensor.returns import Returns

QUANTA = np.ldexp(1.0, [-19, -19, -25, -28, -28, -23])
"""Steps of a knot's numbers: m, m, m (up), rad (roll), rad (pitch), rad (yaw), in the far frame's axes."""


_WIDEST = 1 << 16
_FINEST = 32


def knot_count(firings: int, spacing: int) -> int:
    """Knots of a track of so many firings."""
    return max(2, (firings - 1 + spacing - 1) // spacing + 1)


@kernel
def interpolate(knots, spacing, pose):
    """Fill pose (F, 6) from knots (K, 6), one every `spacing` firings."""
    for i in range(pose.shape[0]):
        k = min(i // spacing, knots.shape[0] - 2)
        part = np.float64(i - k * spacing) / np.float64(spacing)
        for p in range(6):
            pose[i, p] = knots[k, p] * (1.0 - part) + knots[k + 1, p] * part


@kernel
def pose_matrices(pose, base, rotation, shift):
    """Fill rotation (F, 3, 3) = C(pose[:, 3:]) @ base and shift (F, 3) = pose[:, :3]; C makes of Cayley vectors."""
    for i in range(pose.shape[0]):
        cayley(pose[i, 3], pose[i, 4], pose[i, 5], base, rotation, i)
        for p in range(3):
            shift[i, p] = pose[i, p]


def knot_values(knots: np.ndarray, finer: int = 0) -> np.ndarray:
    """Knots (K, 6) in m and rad from units of `QUANTA` / 2**finer."""
    return knots.astype(np.float64) * np.ldexp(QUANTA, -finer)


@dataclass(frozen=True)
class PoseSpline(Packed):
    """The track.

    Attributes
    ----------
    spacing : int
        Firings from knot to knot.
    finer : int
        Knots are in units of `QUANTA` / 2**finer.
    body : bytes
        The knots, coded.
    """

    spacing: int = whole(_WIDEST, 1)
    finer: int = whole(_FINEST)
    body: bytes = rest()

    @classmethod
    def of(cls, knots: np.ndarray, spacing: int, finer: int) -> PoseSpline:
        """Code knots (K, 6) int64."""
        return cls(spacing, finer, encode_knots(knots))

    def poses(self, firings: int, axes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Rotations (F, 3, 3) and shifts (F, 3) of the firings in the far frame; raises CorruptError."""
        knots = decode_knots(self.body, knot_count(firings, self.spacing), 6)
        pose, rotation, shift = np.empty((firings, 6)), np.empty((firings, 3, 3)), np.empty((firings, 3))
        interpolate(knot_values(knots, self.finer), self.spacing, pose)
        pose_matrices(pose, axes, rotation, shift)
        return rotation, shift

    def apply(self, returns: Returns) -> None:
        """Move the points to the far frame."""
        returns.need("far", "points", "firing")
        returns.points = posed(returns.points, returns.firing, *self.poses(returns.firings, returns.far.base))
