"""Where a sensor stood and how it drove, from nothing but points in the order in which it fired. Encoder only.

Lasers that look down at one azimuth meet the road in a line towards the sensor; many such lines, from all sides, meet
about where it is, also while it moves. The rest is told by elevations.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from lizip.exact.linear import multiply, rotate, solve_definite
from lizip.exact.trig import DEGREE
from lizip.sensor.fit.chunked.elevations import fit_elevations
from lizip.sensor.fit.chunked.parts import turns_steadily
from lizip.sensor.fit.timed.sensor import Sensor

_REACHES = ((32, 72), (16, 40), (40, 140))
"""How far ahead in the file the next point of a ring is, of 64 lasers: of all points, of some, of few."""
_FEWEST, _CLEAR = 9600, 0.035 * DEGREE
"""Fewest points, and how far they are from lasers on average at most: 0.002 to 0.03 degrees where a track is taken for
straight, and 0.045 or more of other sensors."""
_AWAY, _SOME = 20.0, 999
"""Points so far from the origin (m) may be of a sensor that is amid them."""
_WINDOWS, _WINDOW = 24, 400
_FEWEST_LINES = 60
_SHORTEST, _LONGEST = 0.4, 40.0
_STRAIGHT = 0.02
_STARTS = 96
_NEAR = 0.3
_ROUNDS = 12


class Start(NamedTuple):
    """What was found.

    Attributes
    ----------
    place, way : (3,) float64
        Where the sensor is in the middle of the points, and how far it goes from the first to the last, m.
    up : (3,) float64
        The sensor's axis.
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


def _crossing(points: np.ndarray) -> np.ndarray | None:
    """Where lines towards the sensor meet, (3,), at the height of most of points (N, 3)."""
    index, sample = _sample(points)
    lines = _lines(index, sample, len(points))
    if len(lines.middle) < _FEWEST_LINES:
        return None
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
    return np.array([found[0], found[1], np.median(sample[:, :, 2])])


def _places(points: np.ndarray) -> Iterator[np.ndarray]:
    """Where the sensor may be, (3,): near the origin; else amid points (N, 3), or where lines meet."""
    yield np.zeros(3)
    middle = np.median(points[:: max(1, len(points) // _SOME)], axis=0).astype(np.float64)
    if (np.abs(middle) > _AWAY).any():
        yield middle
        crossing = _crossing(points)
        if crossing is not None:
            yield crossing


def find_start(points: np.ndarray, sensor: Sensor) -> Start | None:
    """Find where the sensor is from points (N, 3) float32; None when they are no such sweep."""
    if len(points) < _FEWEST:
        return None
    starts = [place for place in _places(points) if turns_steadily(np.ascontiguousarray((points - place).T))]
    rough = fit_elevations(points, sensor.elevation, _REACHES, starts)
    if rough is None or rough.upside_down or rough.cost > _CLEAR:
        return None
    motion, turned = rough.motion, rough.turn[-1] - rough.turn[0]
    ways = np.stack([motion[4:7], turned * motion[7:10], np.array([motion[1], -motion[0], 1.0])])
    return Start(*rotate(ways, rough.axes))
