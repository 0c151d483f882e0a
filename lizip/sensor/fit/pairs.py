"""Axis and position of a sensor from pairs of points that are likely of one ring, without knowing its lasers.

The points of a ring lie on a cone around the sensor's axis, exactly, whatever their range. So of two points of one ring
the directions u, seen from the sensor, differ at right angles to the axis a: a . (u - v) = 0. Neighbours in the file,
or points about a firing apart, give axis and position of a sensor at rest, and of a moving one its velocity; pairs that
are not of one ring are outvoted.
"""

from __future__ import annotations

import numpy as np

from lizip.exact.linear import least_axis, solve_definite
from lizip.jit import kernel

_FAR = 1e6
_REACHES = ((1, 1), (64, 192), (16, 48))
"""How far ahead in the file the next point of the same ring is looked for: ring by ring, firing by firing."""

_PAIRS = 2000
_STARTS, _STEPS = 8, 30
_DECIDED, _HOPELESS = 18, 0.05
"""Rounds after which pairs must be this near to level (rad) for more to be worth it."""

_LEAST_PAIRS = 256
_CLOSE, _MOST_CLOSE = 1e-3, 0.5
"""A pair agrees when the directions' difference is this near (rad) to level; so many have to."""

_LARGEST_STEP = 0.5

_MOVING_PAIRS, _LEAST_POINTS = 2500, 1000
_MOVING_CLOSE = 0.02
"""What pairs of a moving sensor's are off in the middle, at most."""
_EARLY, _NEARLY = 8, 4.0
"""So many times as far after so many steps, they are none: where they are, six steps do nearly all."""
_MOVING_RIDGE = [10.0, 10.0, 1e-6, 1e-6, 1e-6, 1.0, 10.0]


def find_at_rest(points: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """Axis (3,) and position (3,) of a sensor at rest to about a centimetre, from finite returns (N, 3) in the file's
    order; None when few points are those of rings."""
    for low, high in _REACHES:
        count = len(points) - high - 1
        if count < _LEAST_PAIRS:
            continue
        found = _solve_pairs(*_pairs(points, count, low, high, _PAIRS)[1:])
        if found is not None:
            return found
    return None


def _pairs(points: np.ndarray, count: int, low: int, high: int, most: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Some of the first `count` points: their places (M,), they (M, 3), and the nearest of those a little later."""
    first = np.arange(0, count, max(1, count // most))
    second = np.empty_like(first)
    _nearest(points, first, low, high, second)
    return first, points[first].astype(np.float64), points[second].astype(np.float64)


@kernel
def _nearest(points, first, low, high, second):
    """Fill second (M,) with the nearest point among those `low` to `high` after each of first (M,)."""
    for k in range(first.size):
        i = first[k]
        best = i + low
        least = np.inf
        for j in range(i + low, i + high + 1):
            x = np.float64(points[j, 0]) - np.float64(points[i, 0])
            y = np.float64(points[j, 1]) - np.float64(points[i, 1])
            z = np.float64(points[j, 2]) - np.float64(points[i, 2])
            square = x * x + y * y + z * z
            if square < least:
                least = square
                best = j
        second[k] = best


def _solve_pairs(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """Axis (3,) and position (3,) that pairs of points (M, 3) agree on best."""
    origin = np.zeros(3)
    axis = np.array([0.0, 0.0, 1.0])
    level, rates = np.empty((len(first), 3)), np.empty((len(first), 3))
    miss, weight = np.empty(len(first)), np.ones(len(first))
    matrix, vector = np.zeros((5, 5)), np.zeros(5)
    row = np.zeros(5)
    for step in range(_STARTS + _STEPS):
        _differences(first, second, origin, axis, level, rates, miss)
        middle = float(np.median(np.abs(miss)))
        if step == _DECIDED and middle > _HOPELESS:
            return None
        scale = max(1.5 * middle, 1e-7)
        if step:
            weight = 1.0 / (1.0 + (miss / scale) ** 2)
            weight *= weight
        tangents = upright(axis)[:, :2].T.copy()
        if step < _STARTS:
            spread = np.zeros((3, 3))
            _spread(level, weight, spread)
            axis = least_axis(spread)
            continue
        _pair_normals(level, rates, miss, miss, weight, tangents, matrix, vector, row)
        for k in range(5):
            matrix[k, k] += 1e-9 * (matrix[0, 0] + matrix[1, 1]) + 1e-12
        move = np.clip(solve_definite(matrix, vector), -_LARGEST_STEP, _LARGEST_STEP)
        axis = _turned(axis, tangents, move)
        origin = origin - move[2:]
        if not (np.abs(origin) < _FAR).all():
            return None
    _differences(first, second, origin, axis, level, rates, miss)
    if np.count_nonzero(np.abs(miss) < _CLOSE) < _MOST_CLOSE * len(miss):
        return None
    return axis, origin


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
def _spread(level, weight, spread):
    """Add up weighted squares (3, 3) of level (M, 3)."""
    for i in range(level.shape[0]):
        for p in range(3):
            for q in range(3):
                spread[p, q] += weight[i] * level[i, p] * level[i, q]


@kernel
def _pair_normals(level, rates, when, miss, weight, tangents, matrix, vector, row):
    """Normal equations, lower triangle, of two turns of the axis, of the position and, where there is room for seven
    numbers, of the velocity along x and y."""
    size = vector.size
    for p in range(size):
        vector[p] = 0.0
        for q in range(size):
            matrix[p, q] = 0.0
    for i in range(miss.size):
        x, y, z = level[i, 0], level[i, 1], level[i, 2]
        row[0] = x * tangents[0, 0] + y * tangents[0, 1] + z * tangents[0, 2]
        row[1] = x * tangents[1, 0] + y * tangents[1, 1] + z * tangents[1, 2]
        row[2], row[3], row[4] = rates[i, 0], rates[i, 1], rates[i, 2]
        if size > 5:
            row[5], row[6] = rates[i, 0] * when[i], rates[i, 1] * when[i]
        for p in range(size):
            vector[p] += weight[i] * row[p] * miss[i]
            for q in range(p + 1):
                matrix[p, q] += weight[i] * row[p] * row[q]


def _turned(axis: np.ndarray, tangents: np.ndarray, move: np.ndarray) -> np.ndarray:
    """The axis (3,) after a step."""
    axis = axis - move[0] * tangents[0] - move[1] * tangents[1]
    return axis / np.sqrt(axis[0] * axis[0] + axis[1] * axis[1] + axis[2] * axis[2])


def upright(axis: np.ndarray) -> np.ndarray:
    """Rotation (3, 3) that takes z to a unit vector and turns nothing else: the shortest way."""
    x, y, z = axis.tolist()
    if z < -0.999999:
        return np.array([[1.0, 0.0, 0.0], [0.0, -1.0, 0.0], [0.0, 0.0, -1.0]])
    share = 1.0 / (1.0 + z)
    return np.array([[1.0 - x * x * share, -x * y * share, x], [-x * y * share, 1.0 - y * y * share, y], [-x, -y, z]])


def find_moving(points: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """Axis (3,) and mean position (3,) of a moving sensor whose firings follow each other in points (N, 3) float32.

    What a part of the sweep shows may lead astray; then a half is looked at, in the middle, at the front or the back.
    """
    half = len(points) // 2
    for first, last in ((0, len(points)), (half // 2, half // 2 + half), (0, half), (half, len(points))):
        if (found := _moving_among(points[first:last])) is not None:
            return found
    return None


def _moving_among(points: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """As `find_moving`, from all points at once."""
    count = len(points) - 49
    if count < _LEAST_POINTS:
        return None
    first, one, other = _pairs(points, count, 16, 48, _MOVING_PAIRS)
    when = (first / len(points) - 0.5)[:, None]
    axis, place, speed = np.array([0.0, 0.0, 1.0]), np.zeros(3), np.zeros(3)
    level, rates, miss = np.empty((len(first), 3)), np.empty((len(first), 3)), np.empty(len(first))
    weight, matrix, vector, row = np.ones(len(first)), np.zeros((7, 7)), np.zeros(7), np.zeros(7)
    for step in range(_STEPS):
        gone = when * speed
        _differences(one - gone, other - gone, place, axis, level, rates, miss)
        middle = float(np.median(np.abs(miss)))
        if step == _EARLY and not middle < _NEARLY * _MOVING_CLOSE:
            return None
        scale = max(1.5 * middle, 1e-7)
        if step:
            weight = (1.0 / (1.0 + (miss / scale) ** 2)) ** 2
        tangents = np.ascontiguousarray(upright(axis)[:, :2].T)
        _pair_normals(level, rates, when[:, 0], miss, weight, tangents, matrix, vector, row)
        matrix[np.arange(7), np.arange(7)] += _MOVING_RIDGE
        move = np.clip(solve_definite(matrix, vector), -_LARGEST_STEP, _LARGEST_STEP)
        axis = _turned(axis, tangents, move)
        place = place - move[2:5]
        speed[:2] -= move[5:]
    return (axis, place) if float(np.median(np.abs(miss))) < _MOVING_CLOSE else None
