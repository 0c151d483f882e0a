"""Axis and position of a sensor from pairs of points that are likely of one ring.

Two points of a ring are seen from the sensor at the same elevation, so from one to the other it rises by nothing. Pairs
of two rings are outvoted. What pairs say leads astray where the position is further off than half of the walls are: so
descents begin at several places among the points, those first from where pairs look levelest.
"""

from __future__ import annotations

from itertools import product
from typing import NamedTuple

import numpy as np

from lizip.exact.linear import multiply, solve_definite, towards_least_axis
from lizip.exact.rotation import cayley, turned, turned_back
from lizip.exact.trig import arctangent2
from lizip.jit import kernel

_PAIRS, _LEAST_PAIRS, _NEAREST = 8000, 256, 4
"""Pairs that are looked at; of the nearest quarter some are searched by, a quarter of all then tells more."""
_FEW, _DESCENTS = 400, 6
"""Pairs by which starts are looked at, and from how many of these to descend."""
_AMONG = (0.1, 0.3, 0.5, 0.7, 0.9)
"""Shares of the points that lie before a start, along each axis."""
_BESIDE = (-2.0, 0.0, 2.0)
"""Metres from the origin of other starts, along each axis: vehicles are some metres large."""
_ROUNDS, _OUTVOTED = 4, 0.1
_STEEP = 1e-6
_STEPS, _TRIALS = 12, 6
_SURE, _WIDE = 0.3, 1.5
"""Share of the pairs that are of one ring at least; what rises some times as much as these says little."""
_SHARP, _HOPELESS = 1e-4, 0.05
"""What pairs of one ring rise by: less than the first ends the search; more than the second, and there are none."""
_LEAST, _GAINED = 1e-7, 1e-4
"""The smallest scale of rises; a descent ends that gains a smaller share."""
_APART = 1e-4
"""Sines of elevation of two rings are this far apart."""
_LEAST_OF_RING, _IN_RINGS = 32, 0.5
"""Points of a ring, and share of all points that are of rings, at least."""
_SETTLED = 2e-6
"""What pairs from across a ring rise by, at most, where its beam passes the origin."""
_ACROSS = 500, 8000
"""Pairs of points from across rings: by how many it is told whether there are rings, and by how many where they are."""
_DAMPED, _LESS, _MORE, _LEAST_DAMPED = 1e-3, 0.2, 8.0, 1e-9


class Seen(NamedTuple):
    """How a sensor is mounted, by M pairs.

    Attributes
    ----------
    rotation : (3, 3) float64
        Its third column is the axis; it turns nothing else.
    place : (3,) float64
    rises : (M,) float64
        Elevation of the second point above the first, as a share of the angle between the two.
    """

    rotation: np.ndarray
    place: np.ndarray
    rises: np.ndarray


@kernel
def nearest_ahead(points, first, low, high, second):
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


def find_pairs(points: np.ndarray, low: int, high: int) -> tuple[np.ndarray, np.ndarray] | None:
    """Points (M, 3) float64 and the nearest to each of those `low` to `high` after it, of points (N, 3) in the file's
    order; None of few. Those pairs come first that are nearest to each other."""
    count = len(points) - high - 1
    if count < _LEAST_PAIRS:
        return None
    first = np.arange(0, count, max(1, count // _PAIRS))
    second = np.empty_like(first)
    nearest_ahead(points, first, low, high, second)
    one, other = points[first].astype(np.float64), points[second].astype(np.float64)
    order = np.argsort(((other - one) ** 2).sum(axis=1), kind="stable")
    return one[order], other[order]


def find_axis(first: np.ndarray, second: np.ndarray) -> Seen:
    """What pairs of points (M, 3) float64 agree on best; nearest to each other at first.

    Of the nearest, most are of one ring, and a place that is off tilts them least; all together tell the axis best.
    """
    near = slice(0, max(_FEW, len(first) // _NEAREST), max(1, len(first) // _NEAREST // _FEW))
    some = np.ascontiguousarray(first[near]), np.ascontiguousarray(second[near])
    best, least = None, np.inf
    for axis, start in _starts(*some):
        seen = _descend(*some, shortest_turn(axis), start)
        sure = _sure(seen.rises)
        if sure < least:
            best, least = seen, sure
        if least < _SHARP:
            break
    assert best is not None
    if least > _HOPELESS:
        return best
    one, other = (np.ascontiguousarray(each[::_NEAREST]) for each in (first, second))
    return _descend(one, other, best.rotation, best.place)


def settle_axis(points: np.ndarray, rotation: np.ndarray, place: np.ndarray) -> Seen | None:
    """What pairs of points (N, 3) from across each ring agree on, where rings are told apart by a rotation and a place
    that are nearly right: hundreds of times as exact as neighbours are. None where there are no rings."""
    from_place = points - place
    height = multiply(from_place, rotation[:, 2:])[:, 0] / (np.sqrt((from_place**2).sum(axis=1)) + 1e-9)
    order = np.argsort(height, kind="stable")
    ring = np.cumsum(np.diff(height[order], prepend=height[order[0]]) > _APART)
    order = order[np.lexsort((order, ring))]
    counts = np.bincount(ring)
    many = counts >= _LEAST_OF_RING
    if counts[many].sum() < _IN_RINGS * len(points):
        return None
    half = np.where(many, counts // 2, 0)[ring]
    first = np.flatnonzero(np.arange(len(points)) - (np.cumsum(counts) - counts)[ring] < half)
    for most in _ACROSS:
        some = first[:: max(1, len(first) // most)]
        one, other = (np.ascontiguousarray(points[order[at]], np.float64) for at in (some, some + half[some]))
        seen = _descend(one, other, rotation, place)
        if _sure(seen.rises) > _SETTLED:
            return None
        rotation, place = seen.rotation, seen.place
    return seen


def _starts(first: np.ndarray, second: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Axes and positions to begin with: the origin, and the likeliest among the points."""
    along = np.quantile(first, _AMONG, axis=0).T
    starts = np.array([(0.0, 0.0, 0.0), *product(*along.tolist()), *product(_BESIDE, repeat=3)])
    axes, scores = np.empty(starts.shape), np.empty(len(starts))
    scratch = np.empty((2, *first.shape)), np.empty((2, 3, 3))
    _score(first, second, starts, *scratch, axes, scores)
    order = [0, *(1 + np.argsort(scores[1:], kind="stable")[:_DESCENTS])]
    return [(axes[k], starts[k]) for k in order]


@kernel
def _score(first, second, starts, directions, spread, axes, scores):
    """Fill axes (S, 3) with what pairs (M, 3) are squarest to, seen from each start (S, 3), and scores (S,) with how
    square they are; directions (2, M, 3) and spread (2, 3, 3) are scratch."""
    seen, level = directions[0], directions[1]
    for s in range(starts.shape[0]):
        axis = axes[s]
        for i in range(first.shape[0]):
            x, y, z = first[i, 0] - starts[s, 0], first[i, 1] - starts[s, 1], first[i, 2] - starts[s, 2]
            r = np.sqrt(x * x + y * y + z * z) + 1e-9
            seen[i, 0], seen[i, 1], seen[i, 2] = x / r, y / r, z / r
            x, y, z = second[i, 0] - starts[s, 0], second[i, 1] - starts[s, 1], second[i, 2] - starts[s, 2]
            r = np.sqrt(x * x + y * y + z * z) + 1e-9
            x, y, z = x / r - seen[i, 0], y / r - seen[i, 1], z / r - seen[i, 2]
            r = np.sqrt(x * x + y * y + z * z) + 1e-9
            level[i, 0], level[i, 1], level[i, 2] = x / r, y / r, z / r
        axis[0], axis[1], axis[2] = 0.05, 0.02, 1.0
        for turn in range(_ROUNDS):
            for p in range(3):
                for q in range(3):
                    spread[0, p, q] = 1e-9 if p == q else 0.0
            for i in range(first.shape[0]):
                away = axis[0] * level[i, 0] + axis[1] * level[i, 1] + axis[2] * level[i, 2]
                weight = 1.0 / (1.0 + (away / _OUTVOTED) ** 2) if turn else 1.0
                for p in range(3):
                    for q in range(3):
                        spread[0, p, q] += weight * level[i, p] * level[i, q]
            towards_least_axis(spread[0], spread[1], axis)
        total = 0.0
        for i in range(first.shape[0]):
            away = abs(axis[0] * level[i, 0] + axis[1] * level[i, 1] + axis[2] * level[i, 2])
            up = axis[0] * seen[i, 0] + axis[1] * seen[i, 1] + axis[2] * seen[i, 2]
            # from far off along an axis everything looks square to it, but also steep
            away /= np.sqrt(max(1.0 - up * up, _STEEP))
            total += away / (away + _OUTVOTED)
        scores[s] = total


def _sure(rises: np.ndarray) -> float:
    """What pairs rise that surely are of one ring."""
    return float(np.partition(np.abs(rises), int(_SURE * len(rises)))[int(_SURE * len(rises))])


def _descend(first: np.ndarray, second: np.ndarray, rotation: np.ndarray, place: np.ndarray) -> Seen:
    """Turn and move a sensor until most pairs of points (M, 3) rise least."""
    one, other = np.empty((2, len(first))), np.empty((2, len(first), 5))
    matrix, vector, scratch = np.empty((5, 5)), np.empty(5), np.empty((2, 5))
    damping, back = _DAMPED, np.empty((1, 3, 3))
    _rise(first, second, rotation, place, one[0], other[0], scratch)
    for _ in range(_STEPS):
        scale = max(_WIDE * _sure(one[0]), _LEAST)
        before = _normals(one[0], other[0], scale, matrix, vector)
        for _ in range(_TRIALS):
            damped = matrix + np.diag(damping * np.diag(matrix) + 1e-12)
            move = solve_definite(damped, vector)
            cayley(move[0], move[1], 0.0, np.ascontiguousarray(rotation.T), back, 0)
            trial = np.ascontiguousarray(back[0].T), place - np.array(turned(rotation, *move[2:].tolist()))
            _rise(first, second, *trial, one[1], other[1], scratch)
            after = _cost(one[1], scale)
            if after < before:
                break
            damping *= _MORE
        else:
            break
        (rotation, place), one, other = trial, one[::-1], other[::-1]
        damping = max(damping * _LESS, _LEAST_DAMPED)
        if before - after < _GAINED * before:
            break
    return Seen(rotation, place, one[0].copy())


@kernel
def _elevation(rotation, x, y, z, rates):
    """Elevation of a point beside the sensor, and rates (5,): what turns of it about the sensor's x and y and shifts
    along its axes add to that."""
    x, y, z = turned_back(rotation, x, y, z)
    rho = np.sqrt(x * x + y * y) + 1e-9
    square = rho * rho + z * z
    rates[2], rates[3], rates[4] = -z * x / rho / square, -z * y / rho / square, rho / square
    rates[0] = rates[4] * y - rates[3] * z
    rates[1] = rates[2] * z - rates[4] * x
    return arctangent2(z, rho)


@kernel
def _rise(first, second, rotation, place, rises, rates, scratch):
    """Fill rises (M,) of pairs and their rates (M, 5); scratch (2, 5)."""
    for i in range(rises.size):
        x, y, z = first[i, 0] - place[0], first[i, 1] - place[1], first[i, 2] - place[2]
        u, v, w = second[i, 0] - place[0], second[i, 1] - place[1], second[i, 2] - place[2]
        rise = _elevation(rotation, u, v, w, scratch[1]) - _elevation(rotation, x, y, z, scratch[0])
        r, s = np.sqrt(x * x + y * y + z * z) + 1e-9, np.sqrt(u * u + v * v + w * w) + 1e-9
        x, y, z = u / s - x / r, v / s - y / r, w / s - z / r
        angle = np.sqrt(x * x + y * y + z * z) + 1e-9
        rises[i] = rise / angle
        for k in range(5):
            rates[i, k] = (scratch[1, k] - scratch[0, k]) / angle


@kernel
def _cost(rises, scale):
    """What rises (M,) cost, 0 to 1 each."""
    total = 0.0
    for i in range(rises.size):
        square = (rises[i] / scale) ** 2
        total += square / (1.0 + square)
    return total


@kernel
def _normals(rises, rates, scale, matrix, vector):
    """Fill the normal equations (5, 5) and (5,) of a move; returns the cost before."""
    for p in range(5):
        vector[p] = 0.0
        for q in range(5):
            matrix[p, q] = 0.0
    for i in range(rises.size):
        share = 1.0 / (1.0 + (rises[i] / scale) ** 2)
        weight = share * share
        for p in range(5):
            vector[p] -= weight * rates[i, p] * rises[i]
            for q in range(5):
                matrix[p, q] += weight * rates[i, p] * rates[i, q]
    return _cost(rises, scale)


def shortest_turn(axis: np.ndarray) -> np.ndarray:
    """Rotation (3, 3) that takes z to a unit vector and turns nothing else: the shortest way."""
    x, y, z = axis.tolist()
    if z < -0.999999:
        return np.array([[1.0, 0.0, 0.0], [0.0, -1.0, 0.0], [0.0, 0.0, -1.0]])
    share = 1.0 / (1.0 + z)
    return np.array([[1.0 - x * x * share, -x * y * share, x], [-x * y * share, 1.0 - y * y * share, y], [-x, -y, z]])
