"""Rotations from few numbers by + - * / in a fixed order: Cayley vectors and quaternions of any length.

A Cayley vector g has the direction of the axis and the length 2 tan(angle / 2): for small angles it is the usual
rotation vector.
"""

from __future__ import annotations

import numpy as np

from lizip.jit import kernel


@kernel
def cayley(g0, g1, g2, base, out, i):
    """Write C(g) @ base to out[i], where C(g) = I + ([g] + [g]^2 / 2) / (1 + |g|^2 / 4); base (3, 3), out (F, 3, 3)."""
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
def pose_matrices(pose, base, rotation, shift):
    """Fill rotation (F, 3, 3) = C(pose[:, 3:]) @ base and shift (F, 3) = pose[:, :3]."""
    for i in range(pose.shape[0]):
        cayley(pose[i, 3], pose[i, 4], pose[i, 5], base, rotation, i)
        for p in range(3):
            shift[i, p] = pose[i, p]


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
