"""Rotations and rigid transforms, the same bits everywhere: + - * / sqrt in a fixed order, own sine and cosine.

Names say which frame is which: `world_SE3_sensor` takes a point of the sensor's frame into the world's, so
`world_SE3_vehicle @ vehicle_SE3_sensor` is `world_SE3_sensor`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lizip.exact.linear import multiply
from lizip.exact.trig import arcsine, arctangent2, sincos
from lizip.jit import inlined_kernel, kernel


@inlined_kernel
def turned(rotation, x, y, z):
    """The vector rotation (3, 3) @ (x, y, z), as three numbers."""
    return (
        rotation[0, 0] * x + rotation[0, 1] * y + rotation[0, 2] * z,
        rotation[1, 0] * x + rotation[1, 1] * y + rotation[1, 2] * z,
        rotation[2, 0] * x + rotation[2, 1] * y + rotation[2, 2] * z,
    )


@inlined_kernel
def turned_back(rotation, x, y, z):
    """The vector rotation (3, 3) transposed @ (x, y, z), as three numbers."""
    return (
        rotation[0, 0] * x + rotation[1, 0] * y + rotation[2, 0] * z,
        rotation[0, 1] * x + rotation[1, 1] * y + rotation[2, 1] * z,
        rotation[0, 2] * x + rotation[1, 2] * y + rotation[2, 2] * z,
    )


@kernel
def _transform(points, rotation, translation, out):
    for i in range(points.shape[0]):
        x, y, z = turned(rotation, np.float64(points[i, 0]), np.float64(points[i, 1]), np.float64(points[i, 2]))
        out[i, 0] = x + translation[0]
        out[i, 1] = y + translation[1]
        out[i, 2] = z + translation[2]


@dataclass(frozen=True)
class SE3:
    """A rigid transform from a source frame to a destination; name it dst_SE3_src.

    Attributes
    ----------
    rotation : (3, 3) float64
        Orthonormal.
    translation : (3,) float64
        Where the source's origin lies in the destination, metres.
    """

    rotation: np.ndarray
    translation: np.ndarray

    def transform(self, points: np.ndarray) -> np.ndarray:
        """Points (N, 3) of the source frame in the destination, float64."""
        out = np.empty((len(points), 3))
        _transform(points, self.rotation, self.translation, out)
        return out

    def inverse(self) -> SE3:
        """The transform src_SE3_dst."""
        back = np.ascontiguousarray(self.rotation.T)
        return SE3(back, -np.array(turned(back, *self.translation)))

    def __matmul__(self, src_SE3_other: SE3) -> SE3:
        """The transform dst_SE3_other."""
        translation = np.array(turned(self.rotation, *src_SE3_other.translation)) + self.translation
        return SE3(multiply(self.rotation, src_SE3_other.rotation), translation)


@kernel
def cayley(g0, g1, g2, base, out, i):
    """Write C(g) @ base to out[i], where C(g) = I + ([g] + [g]^2 / 2) / (1 + |g|^2 / 4); base (3, 3), out (F, 3, 3).

    The Cayley vector g has the axis' direction and the length 2 tan(angle / 2): for small angles it is the usual
    rotation vector, without trigonometry.
    """
    scale = 1.0 / (1.0 + 0.25 * (g0 * g0 + g1 * g1 + g2 * g2))
    for k in range(3):
        b0 = base[0, k]
        b1 = base[1, k]
        b2 = base[2, k]
        c0 = g1 * b2 - g2 * b1
        c1 = g2 * b0 - g0 * b2
        c2 = g0 * b1 - g1 * b0
        out[i, 0, k] = b0 + scale * (c0 + 0.5 * (g1 * c2 - g2 * c1))
        out[i, 1, k] = b1 + scale * (c1 + 0.5 * (g2 * c0 - g0 * c2))
        out[i, 2, k] = b2 + scale * (c2 + 0.5 * (g0 * c1 - g1 * c0))


@kernel
def euler(roll, pitch, yaw, out):
    """Write Rz(yaw) Ry(pitch) Rx(roll) to out (3, 3); angles in radians."""
    sr, cr = sincos(roll)
    sp, cp = sincos(pitch)
    sy, cy = sincos(yaw)
    out[0, 0] = cy * cp
    out[0, 1] = cy * sp * sr - sy * cr
    out[0, 2] = cy * sp * cr + sy * sr
    out[1, 0] = sy * cp
    out[1, 1] = sy * sp * sr + cy * cr
    out[1, 2] = sy * sp * cr - cy * sr
    out[2, 0] = -sp
    out[2, 1] = cp * sr
    out[2, 2] = cp * cr


@kernel
def _products(left, right, out):
    for i in range(out.shape[0]):
        a, b = left[min(i, left.shape[0] - 1)], right[min(i, right.shape[0] - 1)]
        for p in range(3):
            for q in range(3):
                out[i, p, q] = a[p, 0] * b[0, q] + a[p, 1] * b[1, q] + a[p, 2] * b[2, q]


def products(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Products (K, 3, 3) of matrices; one of the two may be a single one, (3, 3)."""
    left, right = (np.ascontiguousarray(side).reshape(-1, 3, 3) for side in (left, right))
    out = np.empty((max(len(left), len(right)), 3, 3))
    _products(left, right, out)
    return out


@kernel
def _eulers(rotations, out):
    for i in range(rotations.shape[0]):
        out[i, 0] = arctangent2(rotations[i, 2, 1], rotations[i, 2, 2])
        out[i, 1] = arcsine(-rotations[i, 2, 0])
        out[i, 2] = arctangent2(rotations[i, 1, 0], rotations[i, 0, 0])


def eulers_of(rotations: np.ndarray) -> np.ndarray:
    """Roll, pitch and yaw (K, 3) in radians of Rz(yaw) Ry(pitch) Rx(roll), (K, 3, 3)."""
    out = np.empty((len(rotations), 3))
    _eulers(rotations, out)
    return out


def rotation_of_euler(roll: float, pitch: float, yaw: float) -> np.ndarray:
    """Rotation matrix (3, 3) Rz(yaw) Ry(pitch) Rx(roll); angles in radians."""
    out = np.empty((3, 3))
    euler(float(roll), float(pitch), float(yaw), out)
    return out


@kernel
def quaternion(w, x, y, z, out):
    """Write the rotation of a quaternion of any length but zero to out (3, 3)."""
    scale = 2.0 / (w * w + x * x + y * y + z * z)
    out[0, 0] = 1.0 - scale * (y * y + z * z)
    out[0, 1] = scale * (x * y - w * z)
    out[0, 2] = scale * (x * z + w * y)
    out[1, 0] = scale * (x * y + w * z)
    out[1, 1] = 1.0 - scale * (x * x + z * z)
    out[1, 2] = scale * (y * z - w * x)
    out[2, 0] = scale * (x * z - w * y)
    out[2, 1] = scale * (y * z + w * x)
    out[2, 2] = 1.0 - scale * (x * x + y * y)


def rotation_of_quaternion(wxyz: np.ndarray) -> np.ndarray:
    """Rotation matrix (3, 3) of a quaternion w x y z of any length but zero."""
    out = np.empty((3, 3))
    quaternion(*(float(v) for v in wxyz), out)
    return out


def quaternion_of_rotation(rotation: np.ndarray) -> np.ndarray:
    """Quaternion w x y z of length one of a rotation matrix (3, 3), its largest number positive."""
    r = rotation
    rows = np.array(
        [
            [1 + r[0, 0] + r[1, 1] + r[2, 2], r[2, 1] - r[1, 2], r[0, 2] - r[2, 0], r[1, 0] - r[0, 1]],
            [r[2, 1] - r[1, 2], 1 + r[0, 0] - r[1, 1] - r[2, 2], r[1, 0] + r[0, 1], r[0, 2] + r[2, 0]],
            [r[0, 2] - r[2, 0], r[1, 0] + r[0, 1], 1 - r[0, 0] + r[1, 1] - r[2, 2], r[2, 1] + r[1, 2]],
            [r[1, 0] - r[0, 1], r[0, 2] + r[2, 0], r[2, 1] + r[1, 2], 1 - r[0, 0] - r[1, 1] + r[2, 2]],
        ]
    )
    row = rows[np.argmax(np.diag(rows))]
    return row / np.sqrt((row * row).sum())
