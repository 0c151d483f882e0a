"""Whether points come in no order at all: then nobody need look for firings or rings. Encoder only."""

from __future__ import annotations

import numpy as np

from lizip.exact.triples import some
from lizip.jit import kernel

_FEWEST = 8192
"""Of fewer points, those before one are too many of all to tell."""
_ANCHORS, _BACK = 512, 300
"""Points looked at, and how many before each: in any order of a scan, some of these are near."""
_LARGEST_SHARE = 0.6
"""Points before one are as often nearer to it as as many others are, where there is no order: for half of them, give or
take 2.2 %. In scans it is 85 to 100 % of them."""


_ONE_PLACE = 1e-6
"""Squares of distances this small, against the largest usual ones, are those of missing returns in one place."""


def is_shuffled(xyz: np.ndarray) -> bool:
    """Whether no order shows in points (N, 3) of any float type, but for those at zero; of few points, never."""
    xyz = _somewhere(xyz)
    if len(xyz) < _FEWEST:
        return False
    nearest = np.empty((_ANCHORS, 2))
    _find_nearest(xyz, _BACK, nearest)
    least = nearest.min(axis=1)
    told = np.isfinite(nearest).all(axis=1)
    if not told.any():
        return False
    told &= least > _ONE_PLACE * np.quantile(nearest[told, 1], 0.9)
    looked = np.count_nonzero(told)
    nearer = np.count_nonzero(nearest[told, 0] < nearest[told, 1])
    return bool(looked > _ANCHORS // 8 and nearer < _LARGEST_SHARE * looked)


def _somewhere(xyz: np.ndarray) -> np.ndarray:
    """Points (N, 3) without those at zero: by night, what is nearest to many is the sensor, wherever they stand."""
    there = some(xyz != 0)
    return xyz if there.all() else xyz[there]


@kernel
def _find_nearest(xyz, back, nearest):
    """Fill nearest (K, 2) with squares of the distances from some points to the nearest of those before, and to the
    nearest of as many others, drawn from all over the file."""
    count = xyz.shape[0]
    state = np.int64(12345)
    for k in range(nearest.shape[0]):
        i = back + k * (count - back - 1) // nearest.shape[0]
        before = np.inf
        other = np.inf
        for j in range(1, back + 1):
            before = min(before, _square(xyz, i, i - j))
            # a linear congruential generator, of which the upper bits are taken; what is near is passed over
            state = (state * 1103515245 + 12345) % (np.int64(1) << 31)
            aside = 2 * back + ((state * (count - 4 * back)) >> 31)
            other = min(other, _square(xyz, i, (i + aside) % count))
        nearest[k, 0] = before
        nearest[k, 1] = other


@kernel
def _square(xyz, i, j):
    """Square of the distance of points i and j; infinite where they are the same, or one is nowhere."""
    x = np.float64(xyz[i, 0]) - np.float64(xyz[j, 0])
    y = np.float64(xyz[i, 1]) - np.float64(xyz[j, 1])
    z = np.float64(xyz[i, 2]) - np.float64(xyz[j, 2])
    square = x * x + y * y + z * z
    return square if square > 0.0 else np.inf
