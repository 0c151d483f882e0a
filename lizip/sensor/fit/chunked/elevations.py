"""Where a moving sensor is and how it is tilted, from the elevations of its lasers alone. Encoder only.

Pairs of neighbours on a ring give axis and position at the middle of the sweep without knowing the lasers (as for a
sensor at rest, `lizip.sensor.fit.mount`); then speeds are tried, and tilt, position and their rates fitted to the
table. Time is the smoothed azimuth, never the index: the number of returns a firing varies.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from operator import itemgetter
from typing import NamedTuple

import numpy as np

from lizip.exact.linear import rotate, solve_definite
from lizip.exact.rotation import products
from lizip.exact.screw import Track, rotations_of
from lizip.exact.trig import DEGREE, arctangent2, sincos
from lizip.jit import kernel
from lizip.sensor.fit.chunked.headings import turns_of
from lizip.sensor.fit.chunked.pairs_on_rings import ALL, AT_ORIGIN, REACHES, Reaches, Which, find_sensor
from lizip.sensor.fit.ring_pairs import shortest_turn
from lizip.sensor.stages.slots import Lasers

_SAMPLES = 6000
_NEAREST, _FARTHEST = 3.0, 60.0
_SPEEDS = np.arange(-36, 37) * 0.1
"""Metres a sweep: -36 to 36 m/s."""

_ANYWHERE, _AWAY = tuple(k * np.pi / 16 for k in range(16)), 20.0
"""Headings tried, rad, where a sensor is further than so many metres from the origin."""

_SCANNED = 0.2 * DEGREE
"""Cap of deviations when speeds are tried."""

_FOREIGN = 0.12 * DEGREE
"""What other sensors' points deviate by even at the best speed."""

_WHICH = ALL, Which(apart=0.03), Which(near=0.5)
"""Pairs looked at: all; those that tell the sensor's height where most others' ranges are the same; near ones, where
those led nowhere."""

_SPARSE = 4.5 * DEGREE
"""Lasers above and below this stand alone: they tell which is which while the tilt is not known to a degree."""

_CAPS = tuple(cap * DEGREE for cap in (1.0, 1.0, 0.6, 0.4, 0.3, 0.2, 0.15, 0.1, 0.1, 0.1, 0.1))
_SIGMAS = np.array([0.01, 0.01, 0.01, 0.01, 0.3, 0.3, 0.05, 0.3, 0.15, 0.05, 0.2, 0.1])
"""What is expected of roll, pitch, their rates, position, velocity and acceleration (x, y): rad, m, a sweep."""


_AGAIN, _FINE = 4, 0.01 * DEGREE
_OTHERS = (1.2, -1.2, 2.4, -2.4)
"""A fit that leaves more than this begins again where it ended, so often, without what is least known (`_RATES`), and
then at other speeds."""

_RATES = [2, 3, 10, 11]


class Rough(NamedTuple):
    """A first idea of a sensor's motion.

    Attributes
    ----------
    upside_down : bool
    axes : (3, 3) float64
        Rotation from a frame whose z is about the sensor's axis.
    motion : (12,) float64
        As `_SIGMAS`, in that frame, at the middle of the sweep.
    turn : (N,) float64
        Part of the sweep gone by at each point, -0.5 to 0.5.
    about : (N, 3) float64
        Points about the sensor.
    cost : float
        Mean deviation from the nearest laser, capped (rad).
    """

    upside_down: bool
    axes: np.ndarray
    motion: np.ndarray
    turn: np.ndarray
    about: np.ndarray
    cost: float

    def track(self, times: np.ndarray, span: float) -> Track:
        """Poses at times (us) of a sweep that takes `span`."""
        t = (times / span - 0.5)[:, None]
        p = self.motion
        tilt = np.concatenate([p[:2] + t * p[2:4], np.zeros_like(t)], axis=1)
        places = p[4:7] + t * p[7:10]
        places[:, :2] += 0.5 * t * t * p[10:12]
        return Track(times, products(self.axes, rotations_of(tilt)), rotate(places, self.axes))


@kernel
def _normals(points, turn, p, table, cap, sparse, matrix, vector, row):
    """Normal equations (12, 12), (12,) of the motion p; returns the mean capped deviation."""
    cost = 0.0
    for a in range(12):
        vector[a] = 0.0
        for b in range(12):
            matrix[a, b] = 0.0
    for j in range(points.shape[0]):
        t = turn[j]
        h = 0.5 * t * t
        x = points[j, 0] - p[4] - p[7] * t - p[10] * h
        y = points[j, 1] - p[5] - p[8] * t - p[11] * h
        z = points[j, 2] - p[6] - p[9] * t
        roll = p[0] + p[2] * t
        pitch = p[1] + p[3] * t
        z += pitch * x - roll * y
        rho = np.sqrt(x * x + y * y) + 1e-9
        square = rho * rho + z * z
        e = arctangent2(z, rho)
        low = np.int64(0)
        high = np.int64(table.size - 1)
        while low < high:
            middle = (low + high) >> 1
            if e > 0.5 * (table[middle] + table[middle + 1]):
                low = middle + 1
            else:
                high = middle
        d = e - table[low]
        if abs(d) >= cap:
            cost += cap
            continue
        cost += abs(d)
        if abs(table[low]) < sparse:
            continue
        ez = rho / square
        dx = -z / square * x / rho + ez * pitch
        dy = -z / square * y / rho - ez * roll
        row[0] = -ez * y
        row[1] = ez * x
        row[2] = -ez * y * t
        row[3] = ez * x * t
        row[4] = -dx
        row[5] = -dy
        row[6] = -ez
        row[7] = -dx * t
        row[8] = -dy * t
        row[9] = -ez * t
        row[10] = -dx * h
        row[11] = -dy * h
        share = d / (cap * 0.3)
        weight = 1.0 / (1.0 + share * share)
        for a in range(12):
            vector[a] += weight * row[a] * d
            for b in range(a + 1):
                matrix[a, b] += weight * row[a] * row[b]
    return cost / points.shape[0]


@kernel
def _scan(points, turn, motion, speeds, table, matrix, vector, row, costs):
    """Fill costs with those of the motion at each of `speeds` along x."""
    for k in range(speeds.size):
        motion[7] = speeds[k]
        costs[k] = _normals(points, turn, motion, table, _SCANNED, 9.0, matrix, vector, row)


def elevations_of(lasers: Lasers, upside_down: bool) -> np.ndarray:
    """Elevations (L,) in radians, lasers in firing order, in a frame in which the sensor stands upright."""
    return (-lasers.elevation if upside_down else lasers.elevation) * DEGREE


def fit_elevations(
    points: np.ndarray,
    elevations: np.ndarray,
    reaches: Reaches = REACHES,
    starts: Sequence[np.ndarray] = AT_ORIGIN,
) -> Rough | None:
    """Fit a sensor's motion to points (N, 3) float32 in firing order; None when they are not from such lasers.

    `elevations` (L,) are those of a sensor that stands upright, rad; `reaches` and `starts` as in `find_sensor`.
    """
    best: Rough | None = None
    for which in _WHICH:
        if which.near < 1.0 and best is not None:
            break
        found = find_sensor(points, reaches, starts, which)
        rough = None if found is None else _fit_about(points, elevations, found)
        if rough is not None and (best is None or rough.cost < best.cost):
            best = rough
        if best is not None and best.cost < _FINE:
            break
    return best


def _fit_about(points: np.ndarray, elevations: np.ndarray, found: tuple[np.ndarray, np.ndarray]) -> Rough | None:
    """As `fit_elevations`, from the axis and position (3,) that were found."""
    axis, place = found
    axes = shortest_turn(axis)
    upright = rotate(points.astype(np.float64), axes.T)
    place = rotate(place[None], axes.T)[0]
    turn = turns_of(upright - place)
    turn = turn - 0.5 * (turn[0] + turn[-1])
    distance = np.sqrt(((upright - place) ** 2).sum(axis=1))
    near = np.flatnonzero((distance > _NEAREST) & (distance < _FARTHEST))
    if len(near) < 1000:
        return None
    chosen = near[np.linspace(0, len(near) - 1, min(_SAMPLES, len(near))).astype(np.int64)]
    few, when = np.ascontiguousarray(upright[chosen[::4]]), turn[chosen[::4]]
    start = np.zeros(12)
    best, costs = (np.inf, False, 0.0, 0.0), np.empty(len(_SPEEDS))
    # a vehicle goes along its own x, but anywhere in the frame of a map
    headings = _ANYWHERE if np.abs(place[:2]).max() > _AWAY else (0.0,)
    for heading, upside_down in product(headings, (False, True)):
        table = np.sort(-elevations if upside_down else elevations)
        start[4:7] = _turned(place[None], heading)[0]
        seen = _turned(few, heading)
        _scan(seen, when, start, _SPEEDS, table, np.zeros((12, 12)), np.zeros(12), np.zeros(12), costs)
        best = min(best, (float(costs.min()), upside_down, float(_SPEEDS[np.argmin(costs)]), heading))
    cost, upside_down, start[7], heading = best
    if cost > _FOREIGN:
        return None
    start[4:7] = _turned(place[None], heading)[0]
    upright, axes = _turned(upright, heading), _turned(axes, heading)
    table = np.sort(-elevations if upside_down else elevations)
    motion, cost = _fit(upright[chosen], turn[chosen], start, table)
    for number in range(_AGAIN + len(_OTHERS)):
        if cost < _FINE:
            break
        if number < _AGAIN:
            again = motion.copy()
            again[_RATES] = 0.0
        else:
            again = start.copy()
            again[7] = _OTHERS[number - _AGAIN]
        motion, cost = min((motion, cost), _fit(upright[chosen], turn[chosen], again, table), key=itemgetter(1))
    return Rough(upside_down, axes, motion, turn, points_about(upright, turn, motion), cost)


def _turned(points: np.ndarray, heading: float) -> np.ndarray:
    """Points (N, 3) in axes whose x has a heading, rad."""
    if not heading:
        return points
    sine, cosine = sincos(heading)
    return rotate(points, np.array([[cosine, sine, 0.0], [-sine, cosine, 0.0], [0.0, 0.0, 1.0]]))


def _fit(points: np.ndarray, turn: np.ndarray, start: np.ndarray, table: np.ndarray) -> tuple[np.ndarray, float]:
    """Gauss-Newton with ever smaller caps."""
    motion, matrix, vector, cost = start.copy(), np.zeros((12, 12)), np.zeros(12), 0.0
    diagonal = np.arange(12)
    for cap in _CAPS:
        sparse = _SPARSE if cap > 0.25 * DEGREE else 0.0
        cost = _normals(points, turn, motion, table, cap, sparse, matrix, vector, np.zeros(12))
        variance = (0.3 * cap) ** 2
        whole = matrix / variance
        whole[diagonal, diagonal] += 1.0 / _SIGMAS**2
        motion = motion - solve_definite(whole, vector / variance + (motion - start) / _SIGMAS**2)
    return motion, cost


def points_about(points: np.ndarray, turn: np.ndarray, p: np.ndarray) -> np.ndarray:
    """Points (N, 3), in the axes of a `Rough` motion p, seen from the sensor, its tilt taken out of the heights."""
    t = turn[:, None]
    about = points - p[4:7] - t * p[7:10]
    about[:, :2] -= 0.5 * t * t * p[10:12]
    about[:, 2] += (p[1] + turn * p[3]) * about[:, 0] - (p[0] + turn * p[2]) * about[:, 1]
    return about
