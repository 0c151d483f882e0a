"""Where a sensor stood and how it drove, from nothing but points in the order in which it fired. Encoder only.

Lasers that look down at one azimuth meet the road in a line towards the sensor; many such lines, from all sides, meet
where it is, also while it moves. How far apart the elevations of the lowest lasers are tells how high it is.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lizip.exact.linear import multiply, solve_definite
from lizip.sensor.fit.timed.sensor import Sensor

_WINDOWS, _WINDOW = 24, 400
_FEWEST = 60
_SHORTEST, _LONGEST = 0.4, 40.0
_STRAIGHT = 0.02
_STARTS = 96
_NEAR = 0.3
_ROUNDS = 12
_CLOSE = 0.06
_MOST_ENDS = 400
_HEIGHTS = np.arange(0.6, 4.0, 0.05)
_APART = np.radians(0.25)
_FEWEST_ENDS, _LEAST_ENDS = 8, 0.12
_DEGREE = np.pi / 180


class Start(NamedTuple):
    """What was found.

    Attributes
    ----------
    place, way : (3,) float64
        Where the sensor is in the middle of the sweep, and how far it goes meanwhile, m.
    up : (3,) float64
        The sensor's axis, not quite of length one.
    """

    place: np.ndarray
    way: np.ndarray
    up: np.ndarray


class _Lines(NamedTuple):
    """Triples of points in line: (M,) the middle one's place in the sample, (M,) when, (M, 2) normals, (M,) offsets."""

    middle: np.ndarray
    when: np.ndarray
    normal: np.ndarray
    offset: np.ndarray


def _sample(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Indices (W, `_WINDOW`) of windows that are spread over the sweep, and points there (W, `_WINDOW`, 3)."""
    starts = np.linspace(0, len(points) - _WINDOW, _WINDOWS).astype(np.int64)
    index = starts[:, None] + np.arange(_WINDOW)
    return index, points[index].astype(np.float64)


def _lines(index: np.ndarray, sample: np.ndarray, count: int) -> _Lines:
    """Find triples of neighbours that lie in line, seen from above, each step inwards no longer than the one before."""
    step = np.diff(sample[:, :, :2], axis=1)
    length = np.sqrt((step * step).sum(axis=2))
    a, b = step[:, :-1], step[:, 1:]
    along = (a * b).sum(axis=2)
    across = np.abs(a[:, :, 0] * b[:, :, 1] - a[:, :, 1] * b[:, :, 0])
    good = (length[:, 1:] > _SHORTEST) & (length[:, :-1] < _LONGEST) & (across < _STRAIGHT * along)
    good &= length[:, 1:] < 1.5 * length[:, :-1]
    window, first = np.nonzero(good)
    chord = sample[window, first + 2, :2] - sample[window, first, :2]
    chord /= np.sqrt((chord * chord).sum(axis=1))[:, None]
    normal = np.stack([-chord[:, 1], chord[:, 0]], axis=1)
    offset = (normal * sample[window, first + 1, :2]).sum(axis=1)
    middle = window * _WINDOW + first + 1
    return _Lines(middle, index.ravel()[middle] / count - 0.5, normal, offset)


def _crossing(lines: _Lines) -> np.ndarray | None:
    """Where the lines meet, moving: (x, y, dx, dy)."""
    n, b, count = lines.normal, lines.offset, len(lines.offset)
    tries = np.arange(_STARTS)
    one, other = tries * 7919 % count, (tries * 7950 + count // 4) % count
    turned = n[one, 0] * n[other, 1] - n[one, 1] * n[other, 0]
    one, other, turned = (values[np.abs(turned) > 0.3] for values in (one, other, turned))
    if not len(one):
        return None
    x = (b[one] * n[other, 1] - n[one, 1] * b[other]) / turned
    y = (n[one, 0] * b[other] - b[one] * n[other, 0]) / turned
    rest = x[:, None] * n[:, 0] + y[:, None] * n[:, 1] - b
    best = int(np.argmax((1 / (1 + (rest / _NEAR) ** 2)).sum(axis=1)))
    found, scale = np.array([x[best], y[best], 0.0, 0.0]), 1.0
    matrix = np.concatenate([n, n * lines.when[:, None]], axis=1)
    for _ in range(_ROUNDS):
        scale = max(0.02, 0.6 * scale)
        rest = multiply(matrix, found[:, None])[:, 0] - b
        weighed = matrix / (1 + (rest / scale) ** 2)[:, None] ** 2
        found = solve_definite(
            multiply(np.ascontiguousarray(matrix.T), weighed) + 1e-6 * np.eye(4),
            multiply(np.ascontiguousarray(weighed.T), b[:, None])[:, 0],
        )
    return found


def find_start(points: np.ndarray, sensor: Sensor) -> Start | None:
    """Find where the sensor is from points (N, 3) float32; None when they are no such sweep (within some ms)."""
    count = len(points)
    if count < _WINDOWS * _WINDOW:
        return None
    index, sample = _sample(points)
    lines = _lines(index, sample, count)
    if len(lines.middle) < _FEWEST:
        return None
    found = _crossing(lines)
    if found is None or not (np.abs(found[2:]) < 10.0).all():
        return None
    spots = found[:2] + lines.when[:, None] * found[2:]
    rest = (lines.normal * spots).sum(axis=1) - lines.offset
    close = np.flatnonzero(np.abs(rest) < _CLOSE)
    flat = sample.reshape(-1, 3)
    # the lowest three lasers, the last of them first: after them the next block begins further out
    inner = lines.middle[close]
    triple = inner[:, None] + np.array([1, 0, -1])
    away = flat[triple][:, :, :2] - spots[close][:, None]
    reach = np.sqrt((away * away).sum(axis=2))
    after = flat[np.minimum(inner + 2, len(flat) - 1), :2] - spots[close]
    ends = np.flatnonzero((after * after).sum(axis=1) > reach[:, 0] ** 2)[:_MOST_ENDS]
    if len(ends) < _FEWEST_ENDS:
        return None
    reach, height, away = reach[ends], flat[triple][:, :, 2][ends], away[ends]
    trial = float(np.median(height[:, 0])) + _HEIGHTS
    elevation = np.arctan2(height - trial[:, None, None], reach)
    fits = (np.abs(np.diff(elevation, axis=2) - np.diff(sensor.elevation[:3])) < _APART).all(axis=2)
    votes = fits.sum(axis=1)
    best = int(np.argmax(votes))
    if votes[best] < max(_FEWEST_ENDS, _LEAST_ENDS * len(ends)):
        return None
    up, lift = _axis(reach, away, height - trial[best], sensor.elevation[:3], fits[best])
    place = np.array([found[0], found[1], trial[best] + lift])
    return Start(place, np.array([found[2], found[3], 0.0]), up)


def _axis(
    reach: np.ndarray, away: np.ndarray, height: np.ndarray, elevation: np.ndarray, fits: np.ndarray
) -> tuple[np.ndarray, float]:
    """The sensor's axis (3,), and how much higher it is, from points of the lowest lasers (E, 3)."""
    rows = np.repeat(fits[:, None], 3, axis=1)
    level = (away / reach[:, :, None])[rows]
    miss = (np.arctan2(height, reach) - elevation)[rows]
    # the elevation of a point changes by the tilt along it, and by the height over its distance
    distance = np.sqrt(reach * reach + height * height)[rows]
    matrix = np.concatenate([level, (reach[rows] / distance / distance)[:, None]], axis=1)
    weight, found = np.ones(len(miss)), np.zeros(3)
    for _ in range(_ROUNDS):
        weighed = matrix * weight[:, None]
        found = solve_definite(
            multiply(np.ascontiguousarray(matrix.T), weighed) + np.diag([1e-3, 1e-3, 1e-6]),
            multiply(np.ascontiguousarray(weighed.T), miss[:, None])[:, 0],
        )
        rest = np.abs(multiply(matrix, found[:, None])[:, 0] - miss)
        weight = 1 / (1 + (rest / max(float(np.median(rest)), 1e-4)) ** 2)
    return np.array([-found[0], -found[1], 1.0]), float(found[2])
