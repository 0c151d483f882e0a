"""Axis and position of a moving sensor from pairs of neighbours on its rings, without knowing its lasers. Encoder only.

As for a sensor at rest, `lizip.sensor.fit.ring_pairs`.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import NamedTuple

import numpy as np

from lizip.exact.linear import solve_definite
from lizip.jit import kernel
from lizip.sensor.fit.ring_pairs import nearest_ahead, shortest_turn

_PAIRS, _STEPS, _FEWEST = 2500, 30, 250
Reaches = tuple[tuple[int, int], ...]
REACHES: Reaches = ((16, 48),)
"""How far ahead in the file the next point of a ring is looked for, of 32 lasers."""
AT_ORIGIN = (np.zeros(3),)
_CLOSE = 0.02
"""Metres by which neighbours on a ring miss each other's elevation, at most."""
_LATER = 0.3
"""So much nearer a point is behind a reach where rings come back only there: 0.1 at most, else 0.9 and more."""
_HOPELESS, _EARLY = 4.0, 8
"""So many times as far after so many steps, they are none: where they are, six steps do nearly all."""


class Which(NamedTuple):
    """Which pairs tell where a sensor is.

    Attributes
    ----------
    apart : float
        Those whose ranges differ by so much at least, m: others tell no height.
    near : float
        This share of them, nearest to each other for how far they are away: in rain, or with few returns, the nearest
        point behind many a point is of another ring.
    """

    apart: float = 0.0
    near: float = 1.0

    def of(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Mark those of pairs (M,) of points (M, 3), seen from about the sensor."""
        ranges = [np.sqrt((ends**2).sum(axis=1)) for ends in (first, second)]
        told = np.abs(ranges[0] - ranges[1]) >= self.apart
        if self.near < 1.0 and told.any():
            gap = np.sqrt(((first - second) ** 2).sum(axis=1)) / np.maximum(ranges[0], _CLOSE)
            told &= gap <= np.sort(gap[told])[int(self.near * (np.count_nonzero(told) - 1))]
        return told


ALL = Which()


@kernel
def _differences(first, second, origin, axis, level, rates, miss):
    """Fill level (M, 3) with unit vectors along differences of directions, miss (M,) with how far they are from being
    square to the axis, and rates (M, 3) with the derivatives of that by the origin."""
    for i in range(first.shape[0]):
        x = first[i, 0] - origin[0]
        y = first[i, 1] - origin[1]
        z = first[i, 2] - origin[2]
        r = np.sqrt(x * x + y * y + z * z) + 1e-9
        u = second[i, 0] - origin[0]
        v = second[i, 1] - origin[1]
        w = second[i, 2] - origin[2]
        s = np.sqrt(u * u + v * v + w * w) + 1e-9
        here = (axis[0] * x + axis[1] * y + axis[2] * z) / r
        there = (axis[0] * u + axis[1] * v + axis[2] * w) / s
        dx = x / r - u / s
        dy = y / r - v / s
        dz = z / r - w / s
        length = np.sqrt(dx * dx + dy * dy + dz * dz) + 1e-9
        level[i, 0] = dx / length
        level[i, 1] = dy / length
        level[i, 2] = dz / length
        miss[i] = (here - there) / length
        rates[i, 0] = ((axis[0] - there * u / s) / s - (axis[0] - here * x / r) / r) / length
        rates[i, 1] = ((axis[1] - there * v / s) / s - (axis[1] - here * y / r) / r) / length
        rates[i, 2] = ((axis[2] - there * w / s) / s - (axis[2] - here * z / r) / r) / length


@kernel
def _pair_normals(level, rates, when, miss, weight, tangents, matrix, vector, row):
    """Normal equations of two turns of the axis, of the position and of the velocity along x and y."""
    for a in range(7):
        vector[a] = 0.0
        for b in range(7):
            matrix[a, b] = 0.0
    for i in range(miss.size):
        x, y, z = level[i, 0], level[i, 1], level[i, 2]
        row[0] = x * tangents[0, 0] + y * tangents[0, 1] + z * tangents[0, 2]
        row[1] = x * tangents[1, 0] + y * tangents[1, 1] + z * tangents[1, 2]
        row[2], row[3], row[4] = rates[i, 0], rates[i, 1], rates[i, 2]
        row[5], row[6] = rates[i, 0] * when[i], rates[i, 1] * when[i]
        for a in range(7):
            vector[a] += weight[i] * row[a] * miss[i]
            for b in range(a + 1):
                matrix[a, b] += weight[i] * row[a] * row[b]


def comes_back(points: np.ndarray, reaches: Reaches = REACHES) -> bool:
    """Whether the rings of points (N, 3) float32 are hit again within one of `reaches`, and not only behind it."""
    return any(_nearest_behind(points, *reach) > _LATER for reach in reaches)


def _nearest_behind(points: np.ndarray, low: int, high: int) -> float:
    """How far the nearest point behind a reach typically is, as a share of how far the nearest within is."""
    count = len(points) - 2 * high - 1
    first, far = np.arange(0, count, max(1, count // _PAIRS)), []
    for reach in ((low, high), (high + 1, 2 * high)):
        second = np.empty_like(first)
        nearest_ahead(points, first, *reach, second)
        steps = points[second].astype(np.float64) - points[first]
        far.append(float(np.median(np.sqrt((steps * steps).sum(axis=1)))))
    return far[1] / max(far[0], 1e-9)


def find_sensor(
    points: np.ndarray, reaches: Reaches = REACHES, starts: Sequence[np.ndarray] = AT_ORIGIN, which: Which = ALL
) -> tuple[np.ndarray, np.ndarray] | None:
    """Axis (3,) and mean position (3,) of a sensor whose firings follow each other in points (N, 3) float32.

    The next point of a ring is as many points further on as one of `reaches` has it. The sensor is near one of
    `starts` (3,). What a part of the sweep shows may lead astray; then a half is looked at, in the middle, at the front
    or the back. `which` pairs count.
    """
    half = len(points) // 2
    for start, reach in product(starts, reaches):
        for first, last in ((0, len(points)), (half // 2, half // 2 + half), (0, half), (half, len(points))):
            found = _sensor_among(points[first:last], reach, start, which)
            if found is not None:
                return found
    return None


def _sensor_among(
    points: np.ndarray, reach: tuple[int, int], start: np.ndarray, which: Which
) -> tuple[np.ndarray, np.ndarray] | None:
    """As `find_sensor`, from all points at once, beginning with a position (3,)."""
    low, high = reach
    count = len(points) - high - 1
    if count < 1000:
        return None
    first = np.arange(0, count, max(1, count // _PAIRS))
    second = np.empty_like(first)
    nearest_ahead(points, first, low, high, second)
    told = which.of(points[first] - start, points[second] - start)
    first, second = first[told], second[told]
    if len(first) < _FEWEST:
        return None
    one, other = points[first].astype(np.float64), points[second].astype(np.float64)
    when = (first / len(points) - 0.5)[:, None]
    axis, place, speed = np.array([0.0, 0.0, 1.0]), start.copy(), np.zeros(3)
    level, rates, miss = np.empty((len(first), 3)), np.empty((len(first), 3)), np.empty(len(first))
    weight, matrix, vector, row = np.ones(len(first)), np.zeros((7, 7)), np.zeros(7), np.zeros(7)
    for step in range(_STEPS):
        gone = when * speed
        _differences(one - gone, other - gone, place, axis, level, rates, miss)
        middle = float(np.median(np.abs(miss)))
        if step == _EARLY and not middle < _HOPELESS * _CLOSE:
            return None
        scale = max(1.5 * middle, 1e-7)
        if step:
            weight = (1.0 / (1.0 + (miss / scale) ** 2)) ** 2
        tangents = np.ascontiguousarray(shortest_turn(axis)[:, :2].T)
        _pair_normals(level, rates, when[:, 0], miss, weight, tangents, matrix, vector, row)
        matrix[np.arange(7), np.arange(7)] += [10.0, 10.0, 1e-6, 1e-6, 1e-6, 1.0, 10.0]
        move = np.clip(solve_definite(matrix, vector), -0.5, 0.5)
        axis = axis - move[0] * tangents[0] - move[1] * tangents[1]
        axis = axis / np.sqrt((axis * axis).sum())
        place = place - move[2:5]
        speed[:2] -= move[5:]
    return (axis, place) if float(np.median(np.abs(miss))) < _CLOSE else None
