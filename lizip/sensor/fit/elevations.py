"""Rings told apart by elevation: beams from about one origin point to a few dozen fixed elevations and none between.

Where that origin is, the points themselves tell: seen from it, their slopes fall into the fewest places.
"""

from __future__ import annotations

import numpy as np

from lizip.jit import kernel

_STEEPEST = 1.6
"""Slopes beyond this (58 degrees) are not looked at when searching."""

_FINE_BINS = 32768
_STAGES = (
    # height step (m), heights, forward step, forwards, bins of slopes, points, least distance
    (0.02, 261, 0.015, 1, 1024, 2048, 6.0),
    (0.004, 21, 0.015, 5, 2048, 2048, 2.0),
    (0.0005, 17, 0.0025, 13, _FINE_BINS, 16384, 2.0),
    (0.0001, 11, 0.0005, 9, _FINE_BINS, 16384, 2.0),
)
"""Origins searched: from +-2.6 m in height down to a tenth of a millimetre, each stage around the last one's best."""

_MOST_RINGS = 256
_LEAST_RING = 12
_FARTHEST = 1e4
_LEAST_POINTS = 256
_GATHERED = 0.7
"""From the true origin slopes fall into fewer bins than from most others; by how much they must, to go on."""


@kernel
def _occupied(rho, z, height, forward, seen):
    """Number of slope bins that points fall into, seen from (forward, height); `seen` (B,) uint8 is scratch."""
    bins = seen.size
    for b in range(bins):
        seen[b] = 0
    scale = bins / (2.0 * _STEEPEST)
    total = np.int64(0)
    for i in range(rho.size):
        slope = (z[i] - height) / (rho[i] - forward)
        if abs(slope) < _STEEPEST:
            b = np.int64((slope + _STEEPEST) * scale)
            if seen[b] == 0:
                seen[b] = 1
                total += 1
    return total


@kernel
def _search(rho, z, height, height_step, forward, forward_step, seen, occupied):
    """Fill occupied (H, F) int64 with the number of bins for a grid of origins around (height, forward)."""
    heights, forwards = occupied.shape
    for i in range(heights):
        for j in range(forwards):
            h = height + (i - heights // 2) * height_step
            f = forward + (j - forwards // 2) * forward_step
            occupied[i, j] = _occupied(rho, z, h, f, seen)


def find_origin(xyz: np.ndarray) -> tuple[float, float] | None:
    """Find the height and the forward offset (m) of the point that all beams seem to come from.

    None when slopes gather nowhere: the points are not those of a few beams.
    """
    x, y, z = xyz.astype(np.float64).T
    rho = np.sqrt(x * x + y * y)
    height, forward = 0.0, 0.015
    for stage, (height_step, heights, forward_step, forwards, bins, most, nearest) in enumerate(_STAGES):
        far = np.flatnonzero(rho > nearest)
        far = far[:: max(1, len(far) // most)]
        if len(far) < _LEAST_POINTS:
            return None
        occupied = np.zeros((heights, forwards), np.int64)
        _search(rho[far], z[far], height, height_step, forward, forward_step, np.zeros(bins, np.uint8), occupied)
        if stage == 0 and occupied.min() > _GATHERED * np.median(occupied):
            return None
        i, j = np.unravel_index(np.argmin(occupied), occupied.shape)
        height += (int(i) - heights // 2) * height_step
        forward += (int(j) - forwards // 2) * forward_step
    return height, forward


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
    counts = np.bincount(bins[near], minlength=_FINE_BINS)
    dense = counts >= max(2, len(xyz) // (64 * _MOST_RINGS))
    begins = np.flatnonzero(dense & ~np.concatenate([[False], dense[:-1]]))
    ends = np.flatnonzero(dense & ~np.concatenate([dense[1:], [False]])) + 1
    sizes = np.array([counts[b:e].sum() for b, e in zip(begins, ends, strict=True)])
    real = sizes >= _LEAST_RING if len(sizes) else np.zeros(0, bool)
    if not 3 <= np.count_nonzero(real) <= _MOST_RINGS or sizes[real].sum() < 0.9 * len(xyz):
        return None
    ring_of_bin = np.full(_FINE_BINS, -1, np.int32)
    for ring, (begin, end) in enumerate(zip(begins[real][::-1], ends[real][::-1], strict=True)):
        ring_of_bin[max(begin - 1, 0) : end + 1] = ring
    return np.where(near, ring_of_bin[bins], np.int32(-1))
