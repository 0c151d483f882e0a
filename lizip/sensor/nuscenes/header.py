"""The small numbers of a sweep: which stages it went through, the far frame, expected errors."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np

from lizip.errors import CorruptError
from lizip.packing import Unpacker, pack_varint
from lizip.sensor.nuscenes.residual import Far

_VERSION = 0
_LARGEST_OFFSET = 1e8
_SIGMAS = 128


@dataclass(frozen=True)
class Header:
    """What `rebuild` needs first.

    Attributes
    ----------
    model : int
        Pose model (`lizip.sensor.nuscenes.poses`).
    phase : int
        First firing that starts a packet.
    rounded : (3,) int64
        1 where the far frame's rounding holds.
    quaternion : (4,) float64
        Rotation from the stored frame to the far frame, w x y z, not necessarily of length 1.
    offset : (3,) float64
        Origin of the stored frame in the far frame, m.
    sigma : (6,) int64
        Expected errors as powers: 2**(-k / 2) m, at the sensor along each axis and how they grow with range.
    denominator : int
        Index of the intensity's denominator (`lizip.sensor.intensity`).
    """

    model: int
    phase: int
    rounded: np.ndarray
    quaternion: np.ndarray
    offset: np.ndarray
    sigma: np.ndarray
    denominator: int

    @property
    def far(self) -> Far:
        """The way back as the kernels take it."""
        return Far(rotation_of(self.quaternion), self.offset, self.rounded, errors_of(self.sigma))

    def pack(self) -> bytes:
        """Write the header."""
        flags = self.model << 3 | sum(int(bit) << k for k, bit in enumerate(self.rounded))
        numbers = np.concatenate([self.quaternion, self.offset[self.rounded == 1]])
        head = bytes([_VERSION, flags]) + pack_varint(self.phase) + pack_varint(self.denominator)
        return head + bytes(self.sigma.tolist()) + numbers.astype("<f8").tobytes()

    @classmethod
    def unpack(cls, data: bytes) -> Header:
        """Read a header; raises CorruptError."""
        unpacker = Unpacker(data)
        version, flags = unpacker.take(2)
        if version != _VERSION:
            raise CorruptError("unknown version of a sweep's pose chain")
        rounded = np.array([flags >> k & 1 for k in range(3)], np.int64)
        phase, denominator = unpacker.varint(), unpacker.varint()
        sigma = np.frombuffer(unpacker.take(6), np.uint8).astype(np.int64)
        quaternion = np.array(struct.unpack("<4d", unpacker.take(32)))
        offset = np.zeros(3)
        offset[rounded == 1] = np.frombuffer(unpacker.take(8 * int(rounded.sum())), "<f8")
        unpacker.finish()
        if not ((np.abs(quaternion) <= 1).all() and (quaternion * quaternion).sum() >= 0.5):
            raise CorruptError("impossible rotation")
        if not (np.abs(offset) < _LARGEST_OFFSET).all() or (sigma >= _SIGMAS).any():
            raise CorruptError("impossible far frame")
        return cls(flags >> 3, phase, rounded, quaternion, offset, sigma, denominator)


def errors_of(sigma: np.ndarray) -> np.ndarray:
    """2**(-k / 2), exactly the same everywhere."""
    odd = np.where(sigma % 2 == 1, 0.7071067811865476, 1.0)
    return np.ldexp(odd, -(sigma // 2).astype(np.int32))


def powers_of(errors: np.ndarray) -> np.ndarray:
    """Nearest powers k to errors (m): 2**(-k / 2)."""
    return np.clip(np.rint(-2 * np.log2(np.maximum(errors, 1e-30))), 0, _SIGMAS - 1).astype(np.int64)


def rotation_of(quaternion: np.ndarray) -> np.ndarray:
    """Rotation matrix of a quaternion of any length, from + - * / of its numbers in a fixed order."""
    w, x, y, z = (float(v) for v in quaternion)
    scale = 2.0 / (w * w + x * x + y * y + z * z)
    return np.array(
        [
            [1.0 - scale * (y * y + z * z), scale * (x * y - w * z), scale * (x * z + w * y)],
            [scale * (x * y + w * z), 1.0 - scale * (x * x + z * z), scale * (y * z - w * x)],
            [scale * (x * z - w * y), scale * (y * z + w * x), 1.0 - scale * (x * x + y * y)],
        ]
    )


def quaternion_of(rotation: np.ndarray) -> np.ndarray:
    """Quaternion w x y z of a rotation matrix, its largest number positive."""
    r = rotation
    squares = np.array(
        [
            [1 + r[0, 0] + r[1, 1] + r[2, 2], r[2, 1] - r[1, 2], r[0, 2] - r[2, 0], r[1, 0] - r[0, 1]],
            [r[2, 1] - r[1, 2], 1 + r[0, 0] - r[1, 1] - r[2, 2], r[1, 0] + r[0, 1], r[0, 2] + r[2, 0]],
            [r[0, 2] - r[2, 0], r[1, 0] + r[0, 1], 1 - r[0, 0] + r[1, 1] - r[2, 2], r[2, 1] + r[1, 2]],
            [r[1, 0] - r[0, 1], r[0, 2] + r[2, 0], r[2, 1] + r[1, 2], 1 - r[0, 0] - r[1, 1] + r[2, 2]],
        ]
    )
    row = squares[np.argmax(np.diag(squares))]
    return row / np.sqrt((row * row).sum())
