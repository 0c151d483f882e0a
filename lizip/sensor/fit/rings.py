"""Where a file lists its points ring by ring, each in ascending azimuth: a ring ends where the azimuth falls back."""

from __future__ import annotations

import numpy as np

from lizip.jit import kernel

FALL = 0.1
"""A ring begins where the pseudo-angle falls by this much: about 6 degrees, more than any disorder inside a ring."""

_WIDE = 0.5


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
    """Fill starts with the first point of each ring; returns their number, or -1 when there is no room for all.

    One stray point makes no ring: what comes after it must have fallen as well, and from the two points before.
    """
    count = np.int64(0)
    before = 9.0
    previous = 9.0
    angle = pseudo_angle(np.float64(x[0]), np.float64(y[0])) if x.size else 0.0
    for i in range(x.size):
        following = pseudo_angle(np.float64(x[i + 1]), np.float64(y[i + 1])) if i + 1 < x.size else angle
        if max(angle, following) < min(before, previous) - fall:
            if count == starts.size:
                return np.int64(-1)
            starts[count] = i
            count += 1
            before = angle
        else:
            before = previous
        previous = angle
        angle = following
    return count


def split_rings(x: np.ndarray, y: np.ndarray, most: int) -> np.ndarray | None:
    """Find the first point of each ring: bounds (K + 1,) int64, N last; x, y (N,) are finite, contiguous float32.

    None when there are more than `most`: the points are not in this order.
    """
    starts = np.empty(most, np.int64)
    count = _split(x, y, FALL, starts)
    return None if count < 0 else np.append(starts[:count], len(x))


def split_suspects(xyz: np.ndarray, bounds: np.ndarray, suspect: np.ndarray) -> np.ndarray:
    """Split runs that may be two rings: where a scan is cut, one may end before the azimuth at which the next begins.

    Of the runs that `bounds` (K + 1,) begin, those that are suspect (K,) are split at their widest gap if that is a
    wide one. Returns the bounds with the new ones among them.
    """
    extra = []
    for run in np.flatnonzero(suspect):
        first, last = int(bounds[run]), int(bounds[run + 1])
        after, gap = _widest_gap(xyz, first, last)
        if gap > _WIDE:
            extra.append(after)
    return np.sort(np.concatenate([bounds, np.array(extra, np.int64)]))


@kernel
def _widest_gap(xyz, first, last):
    """Of points first to last (exclusive) of (N, 3), the one before which the pseudo-angle rises most; how much."""
    after, widest = np.int64(first), -4.0
    before = 0.0
    for i in range(first, last):
        angle = pseudo_angle(np.float64(xyz[i, 0]), np.float64(xyz[i, 1]))
        if i > first and angle - before > widest:
            after, widest = np.int64(i), angle - before
        before = angle
    return after, widest
