"""Where the sensor stands, and how it moves, found from the points alone.

Seen from the right place, points of one ring have one slope z / radius, however far away they are. So pairs of points
that may be of one ring are chosen, the place is fitted to them by iteratively reweighted Gauss-Newton steps, and the
pairs are chosen anew. In a sweep stored firing by firing, lines through consecutive points also meet above the sensor.
"""

from __future__ import annotations

import numpy as np

from lizip.exact.linear import multiply, solve_definite

_HEIGHTS = (0.0, 0.6, 1.2, 1.8, 2.4)
"""Heights of the sensor above the frame's zero to start from, in m; a search reaches about 0.3 either way."""

_NEAR = 12
"""Points next to a hot lag that may be of the same ring."""

_COARSE, _FINE = 500, 8000
"""Pairs used."""

_PIECE = 1000
"""Pairs chosen at a time."""

_FLOOR = 2e-4
"""Misses below this, in m, are as good as none."""

_APART = 0.3
"""Consecutive points further apart than this, in m, give a line of known direction."""

_LEAST_LINES = 16
"""Fewer lines meet nowhere in particular."""

_METRES = (1.0, 256.0)
"""Where the median point's distance from the middle lies when coordinates are metres of a scene around a vehicle.
Objects of centimetres, models in a unit sphere, kilometres as unit are brought there before all else."""

_FARTHEST = 1e14
"""Largest coordinate of a place that a plan may hold."""


_Triple = tuple[float, float, float]


def find_origin(xyz: np.ndarray, hot: tuple[int, ...]) -> tuple[_Triple, _Triple]:
    """Find the sensor's place at the first point and its step from point to point.

    Parameters
    ----------
    xyz : (3, N) float64
        In any unit, finite.
    hot : tuple of int
        Lags at which the best predictors of a point stand.

    Returns
    -------
    origin, drift : tuple of three float
        Rounded to float32.
    """
    unit = _unit_of(xyz)
    xyz = xyz / unit
    count = xyz.shape[1]
    lags = np.unique(np.clip([*range(hot[0] - _NEAR, hot[0] + _NEAR + 1), *hot], 1, count - 1))
    starts = [np.zeros(2)]
    meeting = _meeting_point(xyz)
    if _length(meeting) > 1.0:
        starts.append(meeting)
    best, place = np.inf, np.zeros(6)
    for start in starts:
        for height in _HEIGHTS:
            candidate = np.array([*start, height, 0, 0, 0])
            candidate = _fit(xyz, lags, candidate, _COARSE, 3, False)
            miss = _pair(xyz, _spread(count, lags, _COARSE), lags, candidate)[1]
            if miss < best:
                best, place = miss, candidate
    place = _fit(xyz, lags, place, _FINE, 3, False)
    place = _fit(xyz, lags, place, _FINE, 4, True)
    place = np.clip(unit * np.clip(np.nan_to_num(place), -1e6, 1e6), -_FARTHEST, _FARTHEST)
    origin = place[:3] - place[3:] / 2
    return _rounded(origin), _rounded(place[3:] / count)


def _rounded(values: np.ndarray) -> _Triple:
    x, y, z = values.astype(np.float32).tolist()
    return x, y, z


def _unit_of(xyz: np.ndarray) -> float:
    """The power of two, in the unit of the cloud, that is about a metre when the cloud is a scene of usual size."""
    middle = np.median(xyz, axis=1)
    size = float(np.median(np.abs(xyz - middle[:, None]).max(axis=0)))
    if _METRES[0] <= size <= _METRES[1] or size <= 0.0:
        return 1.0
    return float(np.ldexp(1.0, int(np.frexp(size)[1]) - 4))


def _spread(count: int, lags: np.ndarray, samples: int) -> np.ndarray:
    return np.unique(np.linspace(lags[-1], count - 1, samples).astype(np.int64))


def _from(xyz: np.ndarray, rows: np.ndarray, place: np.ndarray) -> np.ndarray:
    """Points seen from the sensor, (3, *rows.shape); time runs from -1/2 to 1/2."""
    time = rows / xyz.shape[1] - 0.5
    shape = (3,) + (1,) * rows.ndim
    return xyz[:, rows] - place[:3].reshape(shape) - place[3:].reshape(shape) * time


def _pair(xyz: np.ndarray, at: np.ndarray, lags: np.ndarray, place: np.ndarray) -> tuple[np.ndarray, float]:
    """Choose for each point the earlier one of the same slope and direction; also the mean log2 of the misses."""
    rows, misses = np.empty_like(at), np.empty(len(at))
    for start in range(0, len(at), _PIECE):
        piece = slice(start, start + _PIECE)
        earlier = at[piece, None] - lags
        a, b = _from(xyz, at[piece], place)[:, :, None], _from(xyz, earlier, place)
        radius_a, radius_b = _length(a[:2]) + 1e-6, _length(b[:2]) + 1e-6
        slope = np.abs(a[2] * radius_b - b[2] * radius_a) / np.maximum(radius_a, radius_b)
        across = np.abs(b[0] * a[1] - b[1] * a[0]) / radius_b
        chosen = np.argmin((0.002 + slope) * (0.002 + across), 1)[:, None]
        rows[piece] = np.take_along_axis(earlier, chosen, 1)[:, 0]
        misses[piece] = np.take_along_axis(slope, chosen, 1)[:, 0]
    return rows, float(np.mean(np.log2(_FLOOR + misses)))


def _fit(xyz: np.ndarray, lags: np.ndarray, place: np.ndarray, samples: int, rounds: int, moving: bool) -> np.ndarray:
    """Improve a place (and its motion, when `moving`): pair, three robust steps, and again."""
    at = _spread(xyz.shape[1], lags, samples)
    time = at / xyz.shape[1] - 0.5
    for _ in range(rounds):
        rows, _miss = _pair(xyz, at, lags, place)
        for _ in range(3):
            a, b = _from(xyz, at, place), _from(xyz, rows, place)
            radius_a, radius_b = _length(a[:2]) + 1e-6, _length(b[:2]) + 1e-6
            scale = 1 / np.maximum(radius_a, radius_b)
            miss = (a[2] * radius_b - b[2] * radius_a) * scale
            by_xy = (b[2] * a[:2] / radius_a - a[2] * b[:2] / radius_b) * scale
            slopes = np.vstack([by_xy, (radius_a - radius_b) * scale])
            if moving:
                slopes = np.vstack([slopes, slopes * time])
            width = max(1e-3, 2 * float(np.median(np.abs(miss))))
            weight = 1 / (1 + (miss / width) ** 2) ** 2
            step = _least_squares(slopes, weight, miss)
            place = place.copy()
            place[: len(step)] -= np.clip(step, -1, 1)
    return place


def _meeting_point(xyz: np.ndarray) -> np.ndarray:
    """Find the x, y that most lines through consecutive points pass, (2,); the origin where points lie too close."""
    at = np.unique(np.linspace(1, xyz.shape[1] - 1, _FINE).astype(np.int64))
    points = xyz[:2, at]
    along = points - xyz[:2, at - 1]
    length = _length(along)
    apart = length > _APART
    if np.count_nonzero(apart) < _LEAST_LINES:
        return np.zeros(2)
    normal = np.array([-along[1, apart], along[0, apart]]) / length[apart]
    offset = (normal * points[:, apart]).sum(0)
    meeting, width = np.zeros(2), 20.0
    for _ in range(15):
        weight = 1 / (1 + ((offset - (meeting[0] * normal[0] + meeting[1] * normal[1])) / width) ** 2) ** 2
        meeting = _least_squares(normal, weight, offset)
        width = max(0.05, 0.7 * width)
    return meeting


def _length(vectors: np.ndarray) -> np.ndarray:
    """Length of vectors (2, ...), without the system's hypot: a file's bytes do not depend on the machine."""
    return np.sqrt(vectors[0] * vectors[0] + vectors[1] * vectors[1])


def _least_squares(slopes: np.ndarray, weight: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Solve slopes (K, M) for a target (M,) with weights (M,), in sums of fixed order."""
    weighted = slopes * weight
    normal = multiply(weighted, slopes.T) + 1e-6 * np.eye(len(slopes))
    return solve_definite(normal, multiply(weighted, target[:, None])[:, 0])
