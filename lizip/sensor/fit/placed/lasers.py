"""Which laser each point is of, where elevations seen from the origin do not tell: by a column, or by lines."""

from __future__ import annotations

import numpy as np

from lizip.cloud import Cloud
from lizip.exact.trig import arctangent2
from lizip.jit import kernel
from lizip.sensor.stages.driver import MAX_LASERS

_SAMPLE = 4096
_FEWEST = 8
_NARROW = 0.1
"""Points of one laser lie within this share of the spread of all elevations."""


@kernel
def elevations(points, height, rises):
    """Fill rises (K,) with elevations (rad) of points (K, 3) seen from `height` above the origin."""
    for i in range(points.shape[0]):
        x, y = np.float64(points[i, 0]), np.float64(points[i, 1])
        rises[i] = arctangent2(np.float64(points[i, 2]) - height, np.sqrt(x * x + y * y))


def lasers_by_column(cloud: Cloud, xyz: np.ndarray, missing: np.ndarray) -> np.ndarray | None:
    """Laser (N,) int64 of points xyz (N, 3) by the first column of integers that tells it, -1 for those `missing`."""
    some = np.flatnonzero(~missing)
    some = some[:: 1 + len(some) // _SAMPLE]
    rises = np.empty(len(some))
    elevations(np.ascontiguousarray(xyz[some]), 0.0, rises)
    for column in list(cloud.columns.values())[3:]:
        if column.dtype.kind not in "iu":
            continue
        labels, laser = np.unique(column[some], return_inverse=True)
        if not _FEWEST <= len(labels) <= MAX_LASERS:
            continue
        counts = np.bincount(laser)
        mean = np.bincount(laser, rises) / counts
        spread = np.sort(np.abs(rises - mean[laser]))[len(some) // 2]
        if spread < _NARROW * np.sort(np.abs(rises - rises.mean()))[len(some) // 2]:
            whole = np.where(missing, -1, column.astype(np.int64))
            return whole if whole.max() < MAX_LASERS and int(column.min()) >= 0 else None
    return None


_LINES = 8192
"""Points that lines are looked for in."""
_HEIGHTS = np.arange(0.08, 0.27, 0.01)
"""Metres above the origin where lines may cross the axis."""
_SLOPES, _STEP, _FARTHEST_SLOPE = 1900, 5e-4, 0.62
_NEAREST, _ASIDE = 2.0, 0.026
"""Metres: nearer points tell no slope; where lasers sit beside the axis."""
_TIGHTER, _ON_LINE = (2e-2, 2e-3, 2e-4, 3e-5), 3e-5
_LEAST_POINTS, _MOST_TRIES, _PROBED, _LEAST_FOUND = 24, 200, 8, 4
_LEAST_SAID = 0.97


def lasers_by_line(xyz: np.ndarray, missing: np.ndarray) -> np.ndarray | None:
    """Laser (N,) int64 of points xyz (N, 3) float32, -1 for those `missing` or of none; None where that does not show.

    Seen from the axis, in distance and height, the points of a laser beside it lie on a line; found one after another
    by votes for slope and height on the axis.
    """
    some = np.flatnonzero(~missing)
    level, height = _from_the_side(xyz[some[:: 1 + len(some) // _LINES]])
    far = level > _NEAREST
    lines = _find_lines(level[far], height[far]) if np.count_nonzero(far) > _LINES // 4 else []
    if len(lines) < _FEWEST or len(lines) > MAX_LASERS:
        return None
    laser = np.full(len(xyz), -1, np.int64)
    level, height = _from_the_side(xyz[some])
    found = np.empty(len(some), np.int64)
    _nearest_line(level, height, np.array(sorted(lines, reverse=True)), _ON_LINE, found)
    laser[some] = found
    return laser if np.count_nonzero(found >= 0) > _LEAST_SAID * len(some) else None


def _from_the_side(xyz: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    x, y, z = xyz.T.astype(np.float64)
    return np.sqrt(np.maximum(x * x + y * y - _ASIDE * _ASIDE, 1e-6)), z


def _find_lines(level: np.ndarray, height: np.ndarray) -> list[tuple[float, float]]:
    """Slope and height on the axis of each line."""
    slopes = (height - _HEIGHTS[:, None]) / level
    cells = np.clip(np.floor((slopes + _FARTHEST_SLOPE) / _STEP), 0, _SLOPES - 1).astype(np.int64)
    cells += _SLOPES * np.arange(len(_HEIGHTS))[:, None]
    votes = np.bincount(cells.ravel(), minlength=_SLOPES * len(_HEIGHTS))
    left = np.ones(len(level), bool)
    lines: list[tuple[float, float]] = []
    for tried in range(_MOST_TRIES):
        best = int(np.argmax(votes))
        if votes[best] < _LEAST_POINTS or (tried == _PROBED and len(lines) < _LEAST_FOUND):
            break
        slope = (best % _SLOPES + 0.5) * _STEP - _FARTHEST_SLOPE
        line, on = _straighten(level, height, left, (slope, float(_HEIGHTS[best // _SLOPES])))
        if np.count_nonzero(on) < _LEAST_POINTS:
            votes[max(best - 1, 0) : best + 2] = 0
            continue
        lines.append(line)
        left &= ~on
        votes -= np.bincount(cells[:, on].ravel(), minlength=len(votes))
    return lines


def _straighten(
    level: np.ndarray, height: np.ndarray, left: np.ndarray, line: tuple[float, float]
) -> tuple[tuple[float, float], np.ndarray]:
    """A line through the points that are near it, ever nearer; and which are on it."""
    on = left
    for within in _TIGHTER:
        on = left & (np.abs(line[0] * level + line[1] - height) < within)
        count = np.count_nonzero(on)
        if count < _LEAST_POINTS:
            break
        x, z = level[on], height[on]
        x_mean, z_mean = x.mean(), z.mean()
        slope = float(((x - x_mean) * (z - z_mean)).sum() / max(((x - x_mean) ** 2).sum(), 1e-12))
        line = slope, float(z_mean - slope * x_mean)
    return line, on


@kernel
def _nearest_line(level, height, lines, within, found):
    for i in range(level.size):
        best = within
        found[i] = -1
        for k in range(lines.shape[0]):
            off = abs(lines[k, 0] * level[i] + lines[k, 1] - height[i])
            if off < best:
                best = off
                found[i] = k
