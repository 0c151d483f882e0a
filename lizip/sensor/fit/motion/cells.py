"""Points brought back onto the grid of a moving sensor's firings and rings. Encoder only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lizip.sensor.fit.motion.firing import RINGS, hdl32e
from lizip.sensor.stages.cells import CellOrder

FARTHEST = 1000.0
"""Points further off are no places, m."""

_LEAST_FIRINGS, _MOST_FIRINGS = 64, 1 << 16
_NEAREST, _FASTEST = 1.0, 50.0
"""Points nearer than this (m) tell nothing of their ring; speeds are below this (m/s)."""
_TOLERANCE = 0.01
"""Sines of elevations may be off by this; rings are 0.023 apart."""
_LEAST_POINTS, _LEAST_SHARE = 72, 0.8


@dataclass(frozen=True)
class Laid:
    """A sweep as firings by rings.

    Attributes
    ----------
    place : (F, R) int64
        Place in the file of the point of each cell, -1 where there is none.
    order : CellOrder or None
        How the file's order differs from that of the cells.
    """

    place: np.ndarray
    order: CellOrder | None = None

    @property
    def present(self) -> np.ndarray:
        """Which cells have points, (F, R) bool."""
        return self.place >= 0

    def spread(self, xyz: np.ndarray) -> np.ndarray:
        """Points (N, 3) float32 as (F, R, 3) float64; NaN where there are none, or where they are no places."""
        points = xyz[np.maximum(self.place, 0)].astype(np.float64)
        known = self.present & (np.abs(points) < FARTHEST).all(axis=2)
        points[~known] = np.nan
        return points


def lay_out(xyz: np.ndarray, others: list[np.ndarray]) -> Laid | None:
    """Find firings and rings of points (N, 3) float32 beside further columns; None when they do not look like it."""
    count = len(xyz)
    if count % RINGS or not _LEAST_FIRINGS <= count // RINGS <= _MOST_FIRINGS:
        return None
    laid = Laid(np.arange(count).reshape(-1, RINGS))
    return laid if _looks_like_rings(laid.spread(xyz)) else None


def _looks_like_rings(points: np.ndarray) -> bool:
    """Whether points lie at their rings' elevations, within half a degree.

    The stored frame is that of the last firing; a point counts when it is so far off that what the vehicle has moved
    since then cannot hide its elevation.
    """
    sensor = hdl32e()
    distance = np.sqrt((points**2).sum(axis=2))
    since = sensor.rhythm.period * 1e-6 * np.arange(len(points))[::-1]
    far = distance > np.maximum(_NEAREST, _FASTEST / _TOLERANCE * since)[:, None]
    if np.count_nonzero(far) < _LEAST_POINTS:
        return False
    off = np.abs(points[..., 2] / np.maximum(distance, 1e-3) - sensor.sin_elevation)
    return bool((off[far] < _TOLERANCE).mean() > _LEAST_SHARE)
