"""Which way up a lattice of whole steps stood, and about where the sensor was on it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lizip.exact.linear import cross, multiply
from lizip.sensor.fit.mount import find_mount
from lizip.sensor.fit.outer.lattice import Lattice
from lizip.sensor.fit.rings import split_rings
from lizip.sensor.stages.beams import COSINE, SINE
from lizip.sensor.stages.profile import PROFILES, Shipped, load_profile

_ON_LATTICE = PROFILES[:1]
"""Profiles of sensors whose drivers round to whole parts of a metre."""
_FARTHEST = 1e4
_MOST_RINGS, _LEAST_RING = 192, 64
_RING_SAMPLE = 200
_MATCHED, _LEAST_MATCHED = 0.002, 0.5
"""Slopes of a profile's beams and of rings are this near; so many points are of such rings."""


class Placed(NamedTuple):
    """A lattice that may be the sensor's own.

    Attributes
    ----------
    lattice : Lattice
        Third axis along the sensor's, origin near the sensor.
    share : float
        Share of points that a profile explains by it, 0: none does.
    decimal : int
        Steps in a metre of the profile.
    """

    lattice: Lattice
    share: float = 0.0
    decimal: int = 0


def stand_upright(lattice: Lattice, points: np.ndarray) -> Placed:
    """The lattice as the sensor had it, from points (N, 3) float32."""
    valid = (np.abs(points) < _FARTHEST).all(axis=1) & (points != 0).any(axis=1)
    seen = points[valid]
    axis, at = _mount(seen)
    ways: list[Placed] = []
    for up in (axis, -axis):
        turned = min(_turned(lattice, up, at), key=lambda way: _rings(way, seen))
        ways.append(_on_profile(turned, seen))
        if ways[-1].share > 0:
            break
    return max(ways, key=lambda way: way.share)


def _mount(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Axis and position of the sensor of points (N, 3) float32, looked for about the origin and amid the points."""
    middle = np.median(points[:: max(1, len(points) // 999)], axis=0)
    for start in (np.zeros(3, np.float32), middle):
        mount = find_mount(points - start)
        if mount is not None:
            return mount.rotation[:, 2], mount.shift + start
    return np.array([0.0, 0.0, 1.0]), np.zeros(3)


def _turned(lattice: Lattice, up: np.ndarray, at: np.ndarray) -> list[Lattice]:
    """The four ways in which one of the axes is upwards, with the origin near a position."""
    directions = np.concatenate([lattice.steps, -lattice.steps], axis=1)
    along = multiply(directions.T, up[:, None])[:, 0]
    third = directions[:, int(np.argmax(along))]
    level = np.argsort(np.abs(along))[:4]
    origin = lattice.origin + multiply(lattice.steps, np.rint(lattice.whole(at[None])).T)[:, 0]
    ways = []
    for k in level.tolist():
        first = directions[:, k]
        second = cross(third, first) / np.sqrt((first * first).sum())
        ways.append(Lattice(np.stack([first, second, third], axis=1), origin))
    return ways


def _rings(lattice: Lattice, points: np.ndarray) -> int:
    """Number of rings when points (N, 3) are taken as ring after ring, each from azimuth 0 on."""
    bounds = _bounds(lattice, points)
    return len(points) if bounds is None else len(bounds)


def _bounds(lattice: Lattice, points: np.ndarray) -> np.ndarray | None:
    with np.errstate(invalid="ignore", over="ignore"):
        x, y, _ = np.nan_to_num(lattice.whole(points)).T.astype(np.float32)
    return split_rings(np.ascontiguousarray(x), np.ascontiguousarray(y), _MOST_RINGS)


def _on_profile(lattice: Lattice, points: np.ndarray) -> Placed:
    """See how many of points (N, 3) are of rings with the slopes of a profile's."""
    bounds = _bounds(lattice, points)
    if bounds is None:
        return Placed(lattice)
    return max(
        (_matched(lattice, points, bounds, load_profile(name)) for name in _ON_LATTICE), key=lambda way: way.share
    )


def _matched(lattice: Lattice, points: np.ndarray, bounds: np.ndarray, profile: Shipped) -> Placed:
    table = profile.beams.table
    slopes = table[:, SINE] / table[:, COSINE]
    matched = 0
    for first, last in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        if last - first < _LEAST_RING:
            continue
        own = lattice.whole(points[first : last : max(1, (last - first) // _RING_SAMPLE)].astype(np.float64))
        slope = _slope(np.sqrt(own[:, 0] ** 2 + own[:, 1] ** 2) + 1e-9, own[:, 2])
        if np.abs(slopes - slope).min() < _MATCHED:
            matched += last - first
    share = matched / len(points)
    return Placed(lattice, share, profile.decimal) if share > _LEAST_MATCHED else Placed(lattice)


def _slope(rho: np.ndarray, z: np.ndarray) -> float:
    """Slope of most of the points of a ring."""
    slope = 0.0
    weight = np.ones(len(rho))
    for _ in range(6):
        total = weight.sum()
        centre, level = float((weight * rho).sum() / total), float((weight * z).sum() / total)
        away = weight * (rho - centre)
        slope = float((away * (z - level)).sum() / ((away * (rho - centre)).sum() + 1e-9))
        miss = np.abs(z - level - slope * (rho - centre))
        weight = 1.0 / (1.0 + (miss / (2 * np.median(miss) + 0.1)) ** 2)
    return slope
