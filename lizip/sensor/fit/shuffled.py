"""Whether points come in no order at all: then nobody need look for firings or rings. Encoder only."""

from __future__ import annotations

import numpy as np

from lizip.jit import kernel

_FEWEST = 8192
"""Of fewer points, those before one are too many of all to tell."""
_ANCHORS, _BACK = 256, 300
"""Points looked at, and how many before each: in any order of a scan, some of these are near."""
_STRIDE = 7919
"""A prime: so many points further on are others, from all over the file."""
_NEARER = 1.35
"""In an order, points before one are nearer to it, by this factor, than as many from all over the file: 4 to 20 times
in scans, of which half of the points may be gone, 1.0 to 1.15 times in what is shuffled."""


def is_shuffled(xyz: np.ndarray) -> bool:
    """Whether no order shows in points (N, 3) of any float type; of few points, never."""
    if len(xyz) < _FEWEST:
        return False
    nearer = np.full(_ANCHORS, np.nan)
    _compare(xyz, _BACK, _STRIDE, nearer)
    nearer = nearer[~np.isnan(nearer)]
    return len(nearer) > _ANCHORS // 4 and bool(np.median(nearer) < _NEARER * _NEARER)


@kernel
def _compare(xyz, back, stride, nearer):
    """Fill nearer (K,): by what factor the square of the distance to a point is smaller for the nearest of those before
    it than for the nearest of as many others; NaN where either is at the same place, or nowhere."""
    count = xyz.shape[0]
    for k in range(nearer.size):
        i = back + k * (count - back - 1) // nearer.size
        before = np.inf
        other = np.inf
        for j in range(1, back + 1):
            before = min(before, _square(xyz, i, i - j))
            other = min(other, _square(xyz, i, (i + j * stride + back) % count))
        if 0.0 < before < np.inf and 0.0 < other < np.inf:
            nearer[k] = other / before


@kernel
def _square(xyz, i, j):
    """Square of the distance of points i and j; infinite where they are the same, or one is nowhere."""
    x = np.float64(xyz[i, 0]) - np.float64(xyz[j, 0])
    y = np.float64(xyz[i, 1]) - np.float64(xyz[j, 1])
    z = np.float64(xyz[i, 2]) - np.float64(xyz[j, 2])
    square = x * x + y * y + z * z
    return square if square > 0.0 else np.inf
