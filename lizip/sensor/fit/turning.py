"""Points turned about the vertical axis."""

from __future__ import annotations

import numpy as np

from lizip.exact.trig import sincos
from lizip.jit import kernel


@kernel
def turn_back(points, angle, out):
    """Fill out (N, 3) with points (N, 3) turned about z by -angle (N,), rad."""
    for i in range(points.shape[0]):
        sine, cosine = sincos(angle[i])
        x = np.float64(points[i, 0])
        y = np.float64(points[i, 1])
        out[i, 0] = x * cosine + y * sine
        out[i, 1] = y * cosine - x * sine
        out[i, 2] = np.float64(points[i, 2])


def turned_back(points: np.ndarray, angle: np.ndarray) -> np.ndarray:
    """Points (N, 3) turned about z by -angle (N,), rad."""
    out = np.empty((len(points), 3))
    turn_back(points, angle, out)
    return out
