"""Where a file lists its points ring by ring, each in ascending azimuth: a ring ends where the azimuth falls back."""

from __future__ import annotations

import numpy as np

from lizip.jit import kernel

FALL = 0.1
"""A ring begins where the pseudo-angle falls by this much: about 6 degrees, more than any disorder inside a ring."""


@kernel
def pseudo_angle(x, y):
    """Rises with the azimuth of (x, y) from 0 to 4 over a turn; no trigonometry. 0 at the origin."""
    ax = abs(x)
    ay = abs(y)
    if ax + ay == 0.0:
        return 0.0
    t = ay / (ax + ay)
    if x >= 0.0:
        return t if y >= 0.0 else 4.0 - t
    return 2.0 - t if y >= 0.0 else 2.0 + t


@kernel
def _split(x, y, fall, starts):
    """Fill starts with the first point of each ring; returns their number, or -1 when there is no room for all."""
    count = np.int64(0)
    previous = 9.0
    for i in range(x.size):
        angle = pseudo_angle(np.float64(x[i]), np.float64(y[i]))
        if angle < previous - fall:
            if count == starts.size:
                return np.int64(-1)
            starts[count] = i
            count += 1
        previous = angle
    return count


def split_rings(x: np.ndarray, y: np.ndarray, most: int) -> np.ndarray | None:
    """Find the first point of each ring.

    Parameters
    ----------
    x, y : (N,) float32
        Finite coordinates in metres, contiguous.
    most : int
        Largest number of rings to accept.

    Returns
    -------
    (K + 1,) int64 or None
        Bounds of the rings, N last; None when there are more than `most`: the points are not in this order.
    """
    starts = np.empty(most, np.int64)
    count = _split(x, y, FALL, starts)
    return None if count < 0 else np.append(starts[:count], len(x))
