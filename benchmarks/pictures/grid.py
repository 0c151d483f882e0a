"""A sweep as a grid of ranges: as the sensor measured it where a solver finds out, else projected onto a sphere."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lizip.cloud import Cloud
from lizip.errors import FormatError
from lizip.formats import split
from lizip.sensor import SOLVERS
from lizip.sensor.model import TITLES
from lizip.sensor.state import SensorState


@dataclass(frozen=True)
class Grid:
    """Ranges of a sweep.

    Attributes
    ----------
    ranges : (rows, columns) float64
        Metres, highest beam first; NaN where nothing returned.
    ticks : (rows, columns) int32 or None
        The same in the sensor's ticks, 0 = no return; None when no solver fits.
    source : str
        Name of the sensor, or "projection".
    """

    ranges: np.ndarray
    ticks: np.ndarray | None
    source: str


def points_of(cloud: Cloud) -> np.ndarray:
    """Coordinates (N, 3) float64; FormatError when the cloud has none."""
    names = ("x", "y", "z") if "x" in cloud.columns else ("X", "Y", "Z")
    if not all(name in cloud.columns for name in names):
        raise FormatError("no coordinates to draw")
    return np.stack([cloud.columns[name].astype(np.float64) for name in names], axis=1)


def load_grid(path: str | Path) -> Grid:
    """Read a sweep and find its grid."""
    cloud = split(Path(path).read_bytes())
    points = points_of(cloud)
    for registered in SOLVERS:
        solution = registered.load().solve(cloud, "fast", SensorState())
        if solution is not None:
            ticks = _highest_first(solution.grids[0].ranges.T)
            metres = np.where(ticks > 0, ticks * solution.grids[0].tick, np.nan)
            return Grid(metres, ticks, TITLES[solution.about.title])
    return Grid(project(points), None, "projection")


def _highest_first(ticks: np.ndarray) -> np.ndarray:
    """Turn ranges (beams, firings) so that the beams that see the ground, hence the nearer things, come last."""
    seen = np.where(ticks > 0, ticks, np.median(ticks[ticks > 0]))
    middle = len(ticks) // 2
    return ticks if seen[:middle].mean() >= seen[middle:].mean() else ticks[::-1]


def project(points: np.ndarray, rows: int = 64, columns: int = 1024) -> np.ndarray:
    """Nearest ranges (rows, columns) of points (N, 3), m, by elevation (as many points to each row) and azimuth."""
    distance = np.sqrt((points**2).sum(axis=1))
    kept = np.isfinite(distance) & (distance > 0.3)
    points, distance = points[kept], distance[kept]
    image = np.full((rows, columns), np.inf)
    if len(points):
        elevation = points[:, 2] / distance
        edges = np.quantile(elevation, np.linspace(0, 1, rows + 1)[1:-1])
        row = rows - 1 - np.searchsorted(edges, elevation)
        turn = np.arctan2(points[:, 1], points[:, 0]) / (2 * np.pi)
        column = np.minimum((-turn % 1.0 * columns).astype(np.int64), columns - 1)
        np.minimum.at(image, (row, column), distance)
    return np.where(np.isinf(image), np.nan, image)
