"""Where the sensor of a sweep was and which way up, found from the points.

The points of a ring lie on a cone around the sensor's axis, exactly, whatever their range. So pairs of points that are
likely of one ring, neighbours in the file or about a firing apart, give axis and position of the sensor. With the rings
told apart, the cones themselves give both to the accuracy of the stored numbers.
"""

from __future__ import annotations

import numpy as np

from lizip.exact.linear import multiply, solve_definite
from lizip.exact.rotation import cayley
from lizip.exact.trig import sincos
from lizip.jit import kernel
from lizip.sensor.fit.beams import ELEVATION, HEIGHT, fit_line
from lizip.sensor.fit.ring_pairs import find_axis, find_pairs, shortest_turn
from lizip.sensor.stages.pose import Mount

_REACHES = ((1, 1), (64, 192), (16, 48))
"""How far ahead in the file the next point of the same ring is looked for: ring by ring, firing by firing."""

_CLOSE, _MOST_CLOSE = 1e-3, 0.5
"""A pair agrees whose points rise by less, as a share of the angle between them; so many have to."""

_ULP = 6e-8
_LOCAL, _ALL = 3, 7
_REFINED, _SAMPLES = 8, 1024


def find_mount(points: np.ndarray) -> Mount | None:
    """Find axis and position of the sensor to about a centimetre, from finite returns (N, 3) in the file's order.

    Headings are those of the stored frame, as nearly as may be. None when few points are those of rings.
    """
    for low, high in _REACHES:
        pairs = find_pairs(points, low, high)
        mount = None if pairs is None else _agreed(*pairs)
        if mount is not None:
            return mount
    return None


def _agreed(first: np.ndarray, second: np.ndarray) -> Mount | None:
    """What most pairs of points (M, 3) agree on."""
    seen = find_axis(first, second)
    if np.count_nonzero(np.abs(seen.rises) < _CLOSE) < _MOST_CLOSE * len(seen.rises):
        return None
    axis = seen.rotation[:, 2]
    return Mount(shortest_turn(axis if axis[2] >= 0 else -axis), seen.place)


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
