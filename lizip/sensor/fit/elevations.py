"""Rings told apart by elevation: beams from about one origin point to a few dozen fixed elevations and none between.

Where that origin is, the points themselves tell: seen from it, their slopes fall into the fewest places.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lizip.jit import kernel

_STEEPEST = 1.6
"""Slopes beyond this (58 degrees) are not looked at when searching."""

_FINE_BINS = 32768


class _Grid(NamedTuple):
    """Origins to try: step (m) and number of heights, of forward offsets; bins of slopes, points, least distance."""

    height_step: float
    heights: int
    forward_step: float
    forwards: int
    bins: int
    most: int
    nearest: float


_FIRST = (_Grid(0.02, 261, 0.015, 1, 1024, 2048, 6.0), _Grid(0.02, 261, 0.015, 1, 4096, 2048, 15.0))
"""Origins searched first, +-2.6 m in height: one of these must gather slopes. Of beams that stand close only far points
tell, in fine bins."""

_STAGES = (
    _Grid(0.004, 21, 0.015, 5, 2048, 2048, 2.0),
    _Grid(0.0005, 17, 0.0025, 13, _FINE_BINS, 16384, 2.0),
    _Grid(0.0001, 11, 0.0005, 9, _FINE_BINS, 16384, 2.0),
)
"""Origins searched then, down to a tenth of a millimetre, each stage around the last one's best."""

_MOST_RINGS = 256
_LEAST_RING = 12
_FARTHEST = 1e4
_LEAST_POINTS = 256
_CLOSE, _APART = 1.5, 0.6
"""Points nearer than this (m) do not tell rings apart; runs of slopes so many usual gaps from all rings are rings."""
_GATHERED = 0.7
"""Seen from the true origin, slopes fall into so few bins (a share of the median origin's) for how far they spread."""


@kernel
def _occupied(rho, z, height, forward, seen):
    """Number of slope bins that points fall into, seen from (forward, height), and how far slopes spread; `seen` (B,)
    uint8 is scratch."""
    bins = seen.size
    for b in range(bins):
        seen[b] = 0
    scale = bins / (2.0 * _STEEPEST)
    total = np.int64(0)
    count = np.int64(0)
    sums = 0.0
    squares = 0.0
    for i in range(rho.size):
        slope = (z[i] - height) / (rho[i] - forward)
        if abs(slope) < _STEEPEST:
            count += 1
            sums += slope
            squares += slope * slope
            at = np.int64((slope + _STEEPEST) * scale)
            if seen[at] == 0:
                seen[at] = 1
                total += 1
    count = max(count, np.int64(1))
    mean = sums / count
    return total, np.sqrt(max(squares / count - mean * mean, 0.0))


@kernel
def _search(rho, z, height, height_step, forward, forward_step, seen, occupied, spread):
    """Fill occupied (H, F) int64 with the number of bins, and spread (H, F) with that of slopes, for a grid of origins
    around (height, forward)."""
    heights, forwards = occupied.shape
    for i in range(heights):
        for j in range(forwards):
            h = height + (i - heights // 2) * height_step
            f = forward + (j - forwards // 2) * forward_step
            occupied[i, j], spread[i, j] = _occupied(rho, z, h, f, seen)


def find_origin(xyz: np.ndarray) -> tuple[float, float] | None:
    """Find the height and the forward offset (m) of the point that all beams seem to come from.

    None when slopes gather nowhere: the points are not those of a few beams.
    """
    x, y, z = xyz.astype(np.float64).T
    rho = np.sqrt(x * x + y * y)
    for first in _FIRST:
        height, forward = 0.0, 0.015
        for stage in (first, *_STAGES):
            origin = _best_origin(rho, z, height, forward, stage, stage is first)
            if origin is None:
                break
            height, forward = origin
        if origin is not None:
            return origin
    return None


def _best_origin(
    rho: np.ndarray, z: np.ndarray, height: float, forward: float, grid: _Grid, doubted: bool
) -> tuple[float, float] | None:
    """The best origin around (height, forward); None when too few points tell, or, if in doubt, when none is good."""
    far = np.flatnonzero(rho > grid.nearest)
    far = far[:: max(1, len(far) // grid.most)]
    if len(far) < _LEAST_POINTS:
        return None
    occupied, seen = np.zeros((grid.heights, grid.forwards), np.int64), np.zeros(grid.bins, np.uint8)
    spread = np.zeros(occupied.shape)
    _search(rho[far], z[far], height, grid.height_step, forward, grid.forward_step, seen, occupied, spread)
    # from the height of a plane, slopes of its points fall into few bins too, but beside each other
    gathered = occupied / np.maximum(spread, 1e-9) if doubted else occupied
    if doubted and gathered.min() > _GATHERED * np.median(gathered):
        return None
    i, j = np.unravel_index(np.argmin(gathered), gathered.shape)
    height += (int(i) - grid.heights // 2) * grid.height_step
    return height, forward + (int(j) - grid.forwards // 2) * grid.forward_step


def rings_by_elevation(xyz: np.ndarray) -> np.ndarray | None:
    """Number the rings from the highest down.

    Parameters
    ----------
    xyz : (N, 3) float32
        Returns only, finite.

    Returns
    -------
    (N,) int32 or None
        Ring of each point, -1 where it is between the rings; None when no rings are found.
    """
    origin = find_origin(xyz)
    if origin is None:
        return None
    x, y, z = xyz.astype(np.float64).T
    rho = np.sqrt(x * x + y * y)
    near = rho < _FARTHEST
    slope = (z - origin[0]) / np.maximum(rho - origin[1], 1e-3)
    slope = np.clip(slope, -2 * _STEEPEST, 2 * _STEEPEST)
    bins = np.minimum(((slope + 2 * _STEEPEST) * (_FINE_BINS / (4 * _STEEPEST))).astype(np.int64), _FINE_BINS - 1)
    begins, ends = _runs(bins[near], len(xyz))
    if not 3 <= len(begins) <= _MOST_RINGS or _inside(bins[near], begins, ends).sum() < 0.9 * len(xyz):
        return None
    kept = _told_by_far(begins, ends, *_runs(bins[near & (rho > _CLOSE)], len(xyz)))
    begins, ends = begins[kept], ends[kept]
    ring_of_bin = np.full(_FINE_BINS, -1, np.int32)
    for ring, (begin, end) in enumerate(zip(begins[::-1], ends[::-1], strict=True)):
        ring_of_bin[max(begin - 1, 0) : end + 1] = ring
    rings = np.where(near, ring_of_bin[bins], np.int32(-1))
    lost = np.flatnonzero((rings < 0) & (rho <= _CLOSE))
    middles = (begins + ends) / 2
    if len(lost) and len(middles) > 1:
        after = np.clip(np.searchsorted(middles, bins[lost]), 1, len(middles) - 1)
        nearer = bins[lost] - middles[after - 1] < middles[after] - bins[lost]
        rings[lost] = len(middles) - 1 - (after - nearer)
    return rings


def _runs(bins: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """First bins and ends of runs of bins that hold many of the points with these bins, of `count` in the file."""
    counts = np.bincount(bins, minlength=_FINE_BINS)
    dense = counts >= max(2, count // (64 * _MOST_RINGS))
    begins = np.flatnonzero(dense & ~np.concatenate([[False], dense[:-1]]))
    ends = np.flatnonzero(dense & ~np.concatenate([dense[1:], [False]])) + 1
    total = np.concatenate([[0], np.cumsum(counts)])
    real = total[ends] - total[begins] >= _LEAST_RING
    return begins[real], ends[real]


def _inside(bins: np.ndarray, begins: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Which points, given by their bins, are in one of the runs."""
    run = np.searchsorted(begins, bins, side="right") - 1
    return (run >= 0) & (bins < ends[np.maximum(run, 0)])


def _told_by_far(begins: np.ndarray, ends: np.ndarray, far_begins: np.ndarray, far_ends: np.ndarray) -> np.ndarray:
    """Which runs are rings: those that far points show too, and those that are nowhere near one of these.

    Points beside the sensor fall between the slopes of their rings, as a beam's own offset counts for more there.
    """
    if len(far_begins) < 2:
        return np.ones(len(begins), bool)
    overlap = np.searchsorted(far_begins, ends) > np.searchsorted(far_ends, begins, side="right")
    middles, far = (begins + ends) / 2, (far_begins + far_ends) / 2
    at = np.clip(np.searchsorted(far, middles), 1, len(far) - 1)
    gap = np.minimum(np.abs(middles - far[at - 1]), np.abs(middles - far[at]))
    return overlap | (gap > _APART * np.median(np.diff(far)))
