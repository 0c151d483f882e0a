"""Where the sensor of a sweep was and which way up, found from the points.

The points of a ring lie on a cone around the sensor's axis, exactly, whatever their range. So of two points of one ring
the directions u, seen from the sensor, differ at right angles to the axis a: a . (u - v) = 0. Pairs of points that are
likely of one ring, neighbours in the file or about a firing apart, give axis and position of the sensor; those that are
not are outvoted. With the rings told apart, the cones themselves give both to the accuracy of the stored numbers.
"""

from __future__ import annotations

import numpy as np

from lizip.exact.linear import least_axis, multiply, solve_definite
from lizip.exact.rotation import cayley
from lizip.exact.trig import sincos
from lizip.jit import kernel
from lizip.sensor.fit.beams import ELEVATION, HEIGHT, fit_line
from lizip.sensor.stages.pose import Mount

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

_LARGEST_STEP, _ULP = 0.5, 6e-8
_LOCAL, _ALL = 3, 7
_REFINED, _SAMPLES = 8, 1024


def find_mount(points: np.ndarray) -> Mount | None:
    """Find axis and position of the sensor to about a centimetre, from finite returns (N, 3) in the file's order.

    Headings are those of the stored frame, as nearly as may be. None when few points are those of rings.
    """
    for low, high in _REACHES:
        count = len(points) - high - 1
        if count < _LEAST_PAIRS:
            continue
        first = np.arange(0, count, max(1, count // _PAIRS))
        second = np.empty_like(first)
        _nearest(points, first, low, high, second)
        found = _solve_pairs(points[first].astype(np.float64), points[second].astype(np.float64))
        if found is not None:
            return Mount(_upright(found[0]), found[1])
    return None


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
    for step in range(_STARTS + _STEPS):
        _differences(first, second, origin, axis, level, rates, miss)
        middle = float(np.median(np.abs(miss)))
        if step == _DECIDED and middle > _HOPELESS:
            return None
        scale = max(1.5 * middle, 1e-7)
        if step:
            weight = 1.0 / (1.0 + (miss / scale) ** 2)
            weight *= weight
        tangents = _upright(axis)[:, :2].T.copy()
        if step < _STARTS:
            spread = np.zeros((3, 3))
            _spread(level, weight, spread)
            axis = least_axis(spread)
            continue
        _pair_normals(level, rates, miss, weight, tangents, matrix, vector)
        for k in range(5):
            matrix[k, k] += 1e-9 * (matrix[0, 0] + matrix[1, 1]) + 1e-12
        move = np.clip(solve_definite(matrix, vector), -_LARGEST_STEP, _LARGEST_STEP)
        axis = axis - move[0] * tangents[0] - move[1] * tangents[1]
        axis = axis / np.sqrt(axis[0] * axis[0] + axis[1] * axis[1] + axis[2] * axis[2])
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
def _pair_normals(level, rates, miss, weight, tangents, matrix, vector):
    """Normal equations of two turns of the axis and of the origin."""
    for p in range(5):
        vector[p] = 0.0
        for q in range(5):
            matrix[p, q] = 0.0
    for i in range(level.shape[0]):
        x, y, z = level[i, 0], level[i, 1], level[i, 2]
        j0 = x * tangents[0, 0] + y * tangents[0, 1] + z * tangents[0, 2]
        j1 = x * tangents[1, 0] + y * tangents[1, 1] + z * tangents[1, 2]
        for p in range(5):
            a = j0 if p == 0 else j1 if p == 1 else rates[i, p - 2]
            vector[p] += weight[i] * a * miss[i]
            for q in range(p + 1):
                b = j0 if q == 0 else j1 if q == 1 else rates[i, q - 2]
                matrix[p, q] += weight[i] * a * b
                matrix[q, p] = matrix[p, q]


def _upright(axis: np.ndarray) -> np.ndarray:
    """Rotation (3, 3) that takes z to a unit vector and turns nothing else: the shortest way."""
    x, y, z = axis.tolist()
    if z < -0.999999:
        return np.array([[1.0, 0.0, 0.0], [0.0, -1.0, 0.0], [0.0, 0.0, -1.0]])
    share = 1.0 / (1.0 + z)
    return np.array([[1.0 - x * x * share, -x * y * share, x], [-x * y * share, 1.0 - y * y * share, y], [-x, -y, z]])


def refine_mount(mount: Mount, stored: np.ndarray, bounds: np.ndarray) -> Mount:
    """Make axis and position as exact as the stored numbers are, from points stored (N, 3) float32, ring after ring.

    A ring is z = middle + slope rho + hollow / rho (the last for a beam that passes beside the axis).
    """
    cones = np.zeros((len(bounds) - 1, _LOCAL))
    points = mount.to_sensor(stored)
    for cone, first, last in zip(cones, bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        beam = np.zeros(5)
        if last - first > 24 and fit_line(points, first, last, max(1, (last - first) // 300), np.zeros(64), beam):
            sine, cosine = sincos(beam[ELEVATION])
            cone[:2] = beam[HEIGHT] / cosine, sine / cosine
    miss, total = np.zeros(len(points)), np.zeros((4, 5))
    matrices = np.zeros((len(cones) + 1, _ALL, _ALL + 1))
    for _ in range(_REFINED):
        _cone_misses(points, bounds, cones, miss)
        scale = 3.0 * float(np.median(np.abs(miss[:: max(1, len(miss) // _SAMPLES)]))) + 1.0
        _cone_normals(points, bounds, cones, miss, scale, matrices, total)
        for k in range(4):
            total[k, k] = total[k, k] * (1.0 + 1e-12) + 1e-9
        move = solve_definite(total[:, :4], total[:, 4])
        _move_cones(matrices, move, cones)
        mount = _moved(mount, move)
        points = mount.to_sensor(stored)
    return mount


@kernel
def _cone_misses(points, bounds, cones, miss):
    """Fill miss (N,) with distances in z from the cones, in ULPs or so of the range."""
    for ring in range(bounds.size - 1):
        for i in range(bounds[ring], bounds[ring + 1]):
            x, y, z = points[i, 0], points[i, 1], points[i, 2]
            rho = np.sqrt(x * x + y * y) + 1e-3
            away = z - cones[ring, 0] - cones[ring, 1] * rho - cones[ring, 2] / rho
            miss[i] = away / (_ULP * (rho + abs(z)))


@kernel
def _cone_normals(points, bounds, cones, miss, scale, matrices, total):
    """Normal equations of each cone's three numbers and the mount's four, the former eliminated into `total` (4, 5).

    The mount's are turns about x and y (rad) and shifts along x and y (m) of the points, in the sensor's frame.
    """
    row = matrices[bounds.size - 1, 0]
    for p in range(4):
        for q in range(5):
            total[p, q] = 0.0
    for ring in range(bounds.size - 1):
        m = matrices[ring]
        for p in range(_ALL):
            for q in range(_ALL + 1):
                m[p, q] = 0.0
        for i in range(bounds[ring], bounds[ring + 1]):
            x, y, z = points[i, 0], points[i, 1], points[i, 2]
            rho = np.sqrt(x * x + y * y) + 1e-3
            slope = (cones[ring, 1] - cones[ring, 2] / (rho * rho)) / rho
            row[0], row[1], row[2] = 1.0, rho, 1.0 / rho
            row[3] = -y - slope * y * z
            row[4] = x + slope * x * z
            row[5] = slope * x
            row[6] = slope * y
            unit = _ULP * (rho + abs(z))
            row[7] = miss[i] * unit
            share = miss[i] / scale
            share = 1.0 / (1.0 + share * share)
            weight = share * share / (unit * unit)
            for p in range(_ALL):
                for q in range(p, _ALL + 1):
                    m[p, q] += weight * row[p] * row[q]
        for p in range(_ALL):
            for q in range(p):
                m[p, q] = m[q, p]
        for k in range(_LOCAL):
            m[k, k] = m[k, k] * (1.0 + 1e-12) + 1e-9
            for r in range(k + 1, _ALL):
                factor = m[r, k] / m[k, k]
                for c in range(k, _ALL + 1):
                    m[r, c] -= factor * m[k, c]
        for p in range(4):
            for q in range(5):
                total[p, q] += m[_LOCAL + p, _LOCAL + q]


@kernel
def _move_cones(matrices, move, cones):
    """Put the mount's move (4,) into what elimination left of each cone's equations, and move the cones."""
    for ring in range(cones.shape[0]):
        m = matrices[ring]
        for k in range(_LOCAL - 1, -1, -1):
            value = m[k, _ALL]
            for c in range(4):
                value -= m[k, _LOCAL + c] * move[c]
            for c in range(k + 1, _LOCAL):
                value -= m[k, c] * m[c, _ALL]
            m[k, _ALL] = value / m[k, k]
        for k in range(_LOCAL):
            cones[ring, k] += m[k, _ALL]


def _moved(mount: Mount, move: np.ndarray) -> Mount:
    """Mount after the sensor's points were turned and shifted by `move` (4,)."""
    back = np.zeros((1, 3, 3))
    cayley(-move[0], -move[1], 0.0, np.eye(3), back, 0)
    rotation = multiply(mount.rotation, back[0])
    return Mount(rotation, mount.shift - rotation[:, 0] * move[2] - rotation[:, 1] * move[3])
