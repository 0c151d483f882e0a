"""A frame far away in which coordinates were once rounded to float32 (a map's): x = axes p + offset, p as stored."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lizip.errors import CorruptError
from lizip.exact.linear import multiply
from lizip.exact.rotation import rotation_of_quaternion
from lizip.packing import Unpacker
from lizip.sensor.stages.pose import Mount

if TYPE_CHECKING:
    from lizip.sensor.returns import Returns

_LARGEST_OFFSET = 1e8
_SIGMAS = 128
_BLUR, _BLUR_MOVED = 0.002, 0.4
"""Units in the last place by which known points miss stored ones: next to nothing, or a rounding before a transform."""
_MOVED = 8
_NOWHERE_ELSE = np.full(3, -0.0)
"""Added to any number, -0.0 leaves it as it is; 0.0 would make 0.0 of -0.0."""


class Far(NamedTuple):
    """The way back from the far frame.

    Attributes
    ----------
    base : (3, 3) float64
        Rows: axes of the far frame in the sensor's reference frame.
    axes : (3, 3) float64
        Rows: axes of the far frame in the stored frame; the same where that is the sensor's.
    offset : (3,) float64
        Origin of the reference frame in the far frame, m; 0 along axes without rounding.
    rounded : (3,) int64
        1 where far coordinates are float32.
    sigma : (6,) float64
        Expected errors of predicted far coordinates, m, and how they grow with range, a metre.
    origin : (3,) float64
        Origin of the reference frame in the stored frame, m.
    blur : float
        How exactly that gives what was stored, in units in the last place.
    """

    base: np.ndarray
    axes: np.ndarray
    offset: np.ndarray
    rounded: np.ndarray
    sigma: np.ndarray
    origin: np.ndarray
    blur: float


@dataclass(frozen=True)
class FarFrame:
    """The far frame; all that follows counts in its axes, from the stored frame's origin.

    Attributes
    ----------
    quaternion : (4,) float64
        Rotation from the stored frame to the far frame, w x y z, not necessarily of length 1.
    offset : (3,) float64
        Origin of the stored frame in the far frame, m.
    rounded : (3,) int64
        1 where the far frame's rounding holds.
    sigma : (6,) int64
        Expected errors as powers: 2**(-k / 2) m, along each axis at the sensor and how they grow with range.
    mount : Mount or None
        Where the sweep was moved once more, after it had been rounded: from the reference frame to the stored one.
    """

    quaternion: np.ndarray
    offset: np.ndarray = field(repr=False)
    rounded: np.ndarray
    sigma: np.ndarray = field(repr=False)
    mount: Mount | None = None

    @property
    def far(self) -> Far:
        """The way back as the kernels take it."""
        odd = np.where(self.sigma % 2 == 1, 0.7071067811865476, 1.0)
        sigma = np.ldexp(odd, -(self.sigma // 2).astype(np.int32))
        base = rotation_of_quaternion(self.quaternion)
        if self.mount is None:
            return Far(base, base, self.offset, self.rounded, sigma, _NOWHERE_ELSE, _BLUR)
        axes = multiply(base, np.ascontiguousarray(self.mount.rotation.T))
        return Far(base, axes, self.offset, self.rounded, sigma, self.mount.shift, _BLUR_MOVED)

    def apply(self, returns: Returns) -> None:
        """Say where points are to go."""
        returns.far = self.far

    def pack(self) -> bytes:
        """Write the numbers."""
        flags = sum(int(bit) << k for k, bit in enumerate(self.rounded)) + (_MOVED if self.mount is not None else 0)
        numbers = np.concatenate([self.quaternion, self.offset[self.rounded == 1]]).astype("<f8").tobytes()
        return bytes([flags, *self.sigma.tolist()]) + numbers + (b"" if self.mount is None else self.mount.pack())

    @classmethod
    def unpack(cls, data: bytes) -> FarFrame:
        """Read what `pack` wrote; raises CorruptError."""
        unpacker = Unpacker(data)
        flags = unpacker.take(1)[0]
        rounded = np.array([flags >> k & 1 for k in range(3)], np.int64)
        sigma = unpacker.array("u1", 6).astype(np.int64)
        quaternion = unpacker.array("<f8", 4)
        offset = np.zeros(3)
        offset[rounded == 1] = unpacker.array("<f8", int(rounded.sum()))
        mount = Mount.unpack(unpacker.take(unpacker.remaining)) if flags & _MOVED else None
        unpacker.finish()
        if not ((np.abs(quaternion) <= 1).all() and (quaternion * quaternion).sum() >= 0.5):
            raise CorruptError("impossible rotation")
        if flags > 15 or not (np.abs(offset) < _LARGEST_OFFSET).all() or (sigma >= _SIGMAS).any():
            raise CorruptError("impossible far frame")
        stage = cls(quaternion, offset, rounded, sigma, mount)
        # corrections divide by it: x and y follow the stored height
        if abs(stage.far.axes[2, 2]) < 0.5:
            raise CorruptError("a far frame that lies on its side")
        return stage


def powers_of(errors: np.ndarray) -> np.ndarray:
    """Nearest powers k to errors (m): 2**(-k / 2)."""
    return np.clip(np.rint(-2 * np.log2(np.maximum(errors, 1e-30))), 0, _SIGMAS - 1).astype(np.int64)
