"""From where a sensor's beams start: where the lines from first to further returns meet."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lizip.exact.linear import solve_definite

_LEAST, _FARTHEST = 1.0, 1e6
"""Distances (m) of points that count."""
_ASIDE = 0.03
"""Metres beside the sensor's origin at which a beam may start: its points differ in direction by this over their
distances."""
_NARROW, _WIDE, _LEAST_LINES = 0.002, 4.0, 16
"""That is at least the first (m); about so many times the median, of at least so many lines."""
_JUMP, PLACINGS = 0.5, 3
"""Metres between two returns whose line leads back to the sensor; and how often that is refined."""


class Sight(NamedTuple):
    """Where (3,) float32 a sensor's beams start, and how far beside that, m."""

    origin: np.ndarray
    aside: float


AT_ORIGIN = Sight(np.zeros(3, np.float32), _ASIDE)


def directions(xyz: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Directions (N, 3) float64 and distances (N,) of points; distance 0 of what is none."""
    with np.errstate(over="ignore", invalid="ignore"):
        points = xyz.astype(np.float64)
        distance = np.sqrt((points * points).sum(axis=1))
    distance[~((distance > _LEAST) & (distance < _FARTHEST))] = 0.0
    points[distance == 0] = 0.0
    return points / np.maximum(distance, 1e-9)[:, None], distance


def lines_from(first: np.ndarray, second: np.ndarray) -> Sight:
    """Where lines from returns (K, 3) to further ones meet, and how far from there most of them pass."""
    way = second - first
    length = np.sqrt(way[:, 0] ** 2 + way[:, 1] ** 2 + way[:, 2] ** 2)
    far = length > _JUMP
    if np.count_nonzero(far) < _LEAST_LINES:
        return AT_ORIGIN
    first, way = first[far], way[far] / length[far, None]
    origin = np.zeros(3)
    for _ in range(PLACINGS):
        away = _across(way, first - origin)
        distance = np.sqrt(away[:, 0] ** 2 + away[:, 1] ** 2 + away[:, 2] ** 2)
        weight = 1.0 / (_ASIDE**2 + distance**2)
        rows = [_across(way, np.broadcast_to(axis, way.shape)) for axis in np.eye(3)]
        matrix = np.stack([(weight[:, None] * row).sum(axis=0) for row in rows])
        origin = origin + solve_definite(matrix, (weight[:, None] * away).sum(axis=0))
    return Sight(origin.astype(np.float32), float(np.clip(_WIDE * np.median(distance), _NARROW, _ASIDE)))


def _across(way: np.ndarray, points: np.ndarray) -> np.ndarray:
    """What of points (K, 3) is across directions (K, 3)."""
    along = way[:, 0] * points[:, 0] + way[:, 1] * points[:, 1] + way[:, 2] * points[:, 2]
    return points - along[:, None] * way
