"""A pose track as a linear spline: knots every few firings, six numbers each (position, Cayley vector), quantised.

Knots are coded as second differences.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from lizip.entropy.adaptive import INTEGER_NODES, code_integer, fresh_counters
from lizip.entropy.coder import decode_stream, encode_stream
from lizip.errors import CorruptError
from lizip.exact.rotation import cayley
from lizip.jit import kernel
from lizip.packing import Unpacker, pack_varints
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


@kernel
def _code_knots(coder, counters, knots):
    """Code knots (K, 6) int64 as second differences, a context each number."""
    for k in range(knots.shape[0]):
        for p in range(6):
            expected = np.int64(0)
            if k == 1:
                expected = knots[0, p]
            elif k > 1:
                expected = 2 * knots[k - 1, p] - knots[k - 2, p]
            context = p + 6 * min(k, 2)
            # a hostile stream may hold anything: keep the sums inside 64 bits
            value = expected + code_integer(coder, counters, context * INTEGER_NODES, 255, knots[k, p] - expected)
            knots[k, p] = min(max(value, -(1 << 58)), 1 << 58)


def encode_knots(knots: np.ndarray) -> bytes:
    """Code knots (K, 6) int64."""
    return encode_stream(_code_knots, fresh_counters(18 * INTEGER_NODES), knots.copy())


def decode_knots(stream: bytes, count: int) -> np.ndarray:
    """Decode (count, 6) knots; raises CorruptError."""
    knots = np.zeros((count, 6), np.int64)
    decode_stream(stream, _code_knots, fresh_counters(18 * INTEGER_NODES), knots)
    return knots


@dataclass(frozen=True)
class PoseSpline:
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

    spacing: int
    finer: int
    body: bytes = field(repr=False)

    @classmethod
    def of(cls, knots: np.ndarray, spacing: int, finer: int) -> PoseSpline:
        """Code knots (K, 6) int64."""
        return cls(spacing, finer, encode_knots(knots))

    def poses(self, firings: int, axes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Rotations (F, 3, 3) and shifts (F, 3) of the firings in the far frame; raises CorruptError."""
        knots = decode_knots(self.body, knot_count(firings, self.spacing))
        pose, rotation, shift = np.empty((firings, 6)), np.empty((firings, 3, 3)), np.empty((firings, 3))
        interpolate(knot_values(knots, self.finer), self.spacing, pose)
        pose_matrices(pose, axes, rotation, shift)
        return rotation, shift

    def apply(self, returns: Returns) -> None:
        """Move the points to the far frame."""
        returns.need("far", "points", "firing")
        returns.points = posed(returns.points, returns.firing, *self.poses(returns.firings, returns.far.base))

    def pack(self) -> bytes:
        """Write the stage."""
        return pack_varints([self.spacing, self.finer]) + self.body

    @classmethod
    def unpack(cls, data: bytes) -> PoseSpline:
        """Read what `pack` wrote; raises CorruptError."""
        unpacker = Unpacker(data)
        spacing, finer = unpacker.varint(), unpacker.varint()
        if not 1 <= spacing <= _WIDEST or finer > _FINEST:
            raise CorruptError("impossible spacing of knots")
        return cls(spacing, finer, unpacker.take(unpacker.remaining))
