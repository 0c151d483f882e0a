"""Rings told apart by elevation: beams from about one origin point to a few dozen fixed elevations and none between.

Where that origin is, the points themselves tell: seen from it, slopes gather in the fewest places.
"""

from __future__ import annotations

import numpy as np

from lizip.jit import kernel

_STEEPEST = 1.6
"""Slopes beyond this (58 degrees) are not looked at when searching."""

_NEAREST = 2.0
_HEIGHTS, _HEIGHT_STEP = 65, 0.004
_FORWARDS, _FORWARD_STEP = 5, 0.015
_COARSE_BINS, _FINE_BINS = 2048, 32768
_COARSE_SAMPLE, _FINE_SAMPLE = 2048, 16384
_MOST_RINGS = 256
_LEAST_RING = 12
_LEAST_SHARPNESS = 3.0


@kernel
def _sharpness(rho, z, height, forward, counts):
    """Mean number of others in a point's slope bin, seen from (forward, height); `counts` (B,) int32 is scratch."""
    bins = counts.size
    for b in range(bins):
        counts[b] = 0
    scale = bins / (2.0 * _STEEPEST)
    total = np.int64(0)
    for i in range(rho.size):
        slope = (z[i] - height) / (rho[i] - forward)
        if abs(slope) < _STEEPEST:
            b = np.int64((slope + _STEEPEST) * scale)
            total += counts[b]
            counts[b] += 1
    return 2.0 * total / max(rho.size, 1)


@kernel
def _search(rho, z, height, height_step, heights, forward, forward_step, forwards, counts, best):
    """Try a grid of origins around (height, forward); fills best with height, forward and their sharpness."""
    best[2] = -1.0
    for i in range(heights):
        for j in range(forwards):
            h = height + (i - heights // 2) * height_step
            f = forward + (j - forwards // 2) * forward_step
            sharp = _sharpness(rho, z, h, f, counts)
            if sharp > best[2]:
                best[0], best[1], best[2] = h, f, sharp


def find_origin(xyz: np.ndarray) -> tuple[float, float] | None:
    """Find the height and the forward offset (m) of the point that all beams seem to come from.

    None when slopes gather nowhere: the points are not those of a few beams.
    """
    x, y, z = (np.ascontiguousarray(column) for column in xyz.astype(np.float64).T)
    rho = np.sqrt(x * x + y * y)
    far = rho > _NEAREST
    rho, z = rho[far], z[far]
    if len(rho) < 256:
        return None
    best = np.zeros(3)
    sample = slice(None, None, max(1, len(rho) // _COARSE_SAMPLE))
    counts = np.zeros(_COARSE_BINS, np.int32)
    args = np.ascontiguousarray(rho[sample]), np.ascontiguousarray(z[sample])
    _search(*args, 0.0, _HEIGHT_STEP, _HEIGHTS, 0.0, _FORWARD_STEP, _FORWARDS, counts, best)
    slopes = (args[1] - best[0]) / (args[0] - best[1])
    spread = max(float(np.percentile(slopes, 99) - np.percentile(slopes, 1)), 1e-3)
    if best[2] < _LEAST_SHARPNESS * len(args[0]) / _COARSE_BINS * (2 * _STEEPEST / spread):
        return None
    sample = slice(None, None, max(1, len(rho) // _FINE_SAMPLE))
    args = np.ascontiguousarray(rho[sample]), np.ascontiguousarray(z[sample])
    counts = np.zeros(_FINE_BINS, np.int32)
    _search(*args, best[0], 0.0005, 17, best[1], 0.0025, 13, counts, best)
    _search(*args, best[0], 0.0001, 11, best[1], 0.0005, 9, counts, best)
    return float(best[0]), float(best[1])


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
    slope = (z - origin[0]) / np.maximum(np.sqrt(x * x + y * y) - origin[1], 1e-3)
    bins = np.clip(((slope + 2 * _STEEPEST) * (_FINE_BINS / (4 * _STEEPEST))).astype(np.int64), 0, _FINE_BINS - 1)
    counts = np.bincount(bins, minlength=_FINE_BINS)
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
    return ring_of_bin[bins]
