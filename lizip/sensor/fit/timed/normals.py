"""The normal equations of a law's numbers, and of the times of groups of points. Encoder only."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lizip.jit import kernel
from lizip.sensor.fit.timed.law import LOCAL, derive
from lizip.sensor.stages.euler_track import segment_of


@kernel
def _tangents(d0, d1, d2, out):
    """Two unit vectors across the direction (d0, d1, d2): level, and up."""
    flat = np.sqrt(d0 * d0 + d1 * d1) + 1e-300
    out[0, 0], out[0, 1], out[0, 2] = -d1 / flat, d0 / flat, 0.0
    out[1, 0], out[1, 1], out[1, 2] = -d2 * d0 / flat, -d2 * d1 / flat, flat


@kernel
def accumulate(knots, axes, sample, miss, weight, across, columns, work, normals):
    """Add all points to the normal equations.

    `miss` (M, 3) is stored minus predicted; `weight` (M, 3) of its coordinates, or (M, 3) of the two directions across
    the ray where `across` is true. `axes` are those of the far frame, mount and lever; `columns` is scratch; `normals`
    h (P, P), g (P,), and by (G, P), own (G, 2) for the groups' times.
    """
    far, mount, lever = axes
    by = normals[2]
    k = np.int64(0)
    last = np.int64(0)
    used = columns.used
    rows, value, scaled, square, vector, _ = columns
    for i in range(miss.shape[0]):
        if weight[i, 0] + weight[i, 1] + weight[i, 2] == 0.0:
            continue
        k = segment_of(knots.times, sample.times[i], k)
        if k != last:
            _spread(square, vector, used, last, knots.times.size, normals)
            last = k
        s0, s1, s2 = sample.points[i, 0], sample.points[i, 1], sample.points[i, 2]
        derive(knots, far, mount, lever, sample.times[i], k, s0, s1, s2, used, work)
        if across:
            _across(knots, far, sample.stored, sample.times[i], i, k, rows)
        for m in range(3):
            w = weight[i, m]
            if w == 0.0:
                scaled[m, :used] = 0.0
                continue
            if across:
                a0, a1, a2 = rows[m, 0], rows[m, 1], rows[m, 2]
                e = a0 * miss[i, 0] + a1 * miss[i, 1] + a2 * miss[i, 2]
                speed = a0 * work.speed[0] + a1 * work.speed[1] + a2 * work.speed[2]
                for c in range(used):
                    value[m, c] = a0 * work.jacobian[0, c] + a1 * work.jacobian[1, c] + a2 * work.jacobian[2, c]
            else:
                e, speed = miss[i, m], work.speed[m]
                for c in range(used):
                    value[m, c] = work.jacobian[m, c]
            for c in range(used):
                scaled[m, c] = w * value[m, c]
                vector[c] += scaled[m, c] * e
            if by.shape[0] > 0:
                _add_to_group(normals, sample.group[i], k, knots.times.size, w * speed, speed, e, value[m], used)
        for c in range(used):
            f0, f1, f2 = scaled[0, c], scaled[1, c], scaled[2, c]
            for q in range(c + 1):
                square[c, q] += f0 * value[0, q] + f1 * value[1, q] + f2 * value[2, q]
    _spread(square, vector, used, last, knots.times.size, normals)


@kernel
def _across(knots, far, stored, time, i, k, rows):
    """The two directions across the ray to point i, at a time in segment k."""
    place = (time - knots.times[k]) / (knots.times[k + 1] - knots.times[k])
    o0 = knots.spots[k, 0] + place * (knots.spots[k + 1, 0] - knots.spots[k, 0])
    o1 = knots.spots[k, 1] + place * (knots.spots[k + 1, 1] - knots.spots[k, 1])
    o2 = knots.spots[k, 2] + place * (knots.spots[k + 1, 2] - knots.spots[k, 2])
    d0 = stored[i, 0] - (far[0, 0] * o0 + far[1, 0] * o1 + far[2, 0] * o2)
    d1 = stored[i, 1] - (far[0, 1] * o0 + far[1, 1] * o1 + far[2, 1] * o2)
    d2 = stored[i, 2] - (far[0, 2] * o0 + far[1, 2] * o1 + far[2, 2] * o2)
    r = np.sqrt(d0 * d0 + d1 * d1 + d2 * d2) + 1e-300
    _tangents(d0 / r, d1 / r, d2 / r, rows)


@kernel
def _column(c, k, size):
    """Which of all numbers the derivative c of a point of segment k is by."""
    if c < 12:
        return 6 * k + c
    return 6 * size + k + c - 12 if c < 14 else 7 * size + c - 14


@kernel
def _spread(square, vector, used, k, size, normals):
    """Add what the points of segment k come to to the whole equations, and begin anew."""
    h, g = normals[0], normals[1]
    for c in range(used):
        p = _column(c, k, size)
        g[p] += vector[c]
        vector[c] = 0.0
        for q in range(c + 1):
            h[p, _column(q, k, size)] += square[c, q]
            square[c, q] = 0.0


@kernel
def _add_to_group(normals, n, k, size, weighted, speed, e, value, used):
    """Add a coordinate of a point to the equations of the time of its group n."""
    by, own = normals[2], normals[3]
    own[n, 0] += weighted * speed
    own[n, 1] += weighted * e
    for c in range(used):
        by[n, _column(c, k, size)] += weighted * value[c]


class Columns(NamedTuple):
    """Scratch of `accumulate`: the two directions (2, 3), a point's derivatives and these by weight (3, LOCAL), the
    equations of a segment (LOCAL, LOCAL), (LOCAL,), all float64; and how many derivatives count.

    Those behind belong to numbers that are held.
    """

    rows: np.ndarray
    value: np.ndarray
    scaled: np.ndarray
    square: np.ndarray
    vector: np.ndarray
    used: int


def make_columns(used: int) -> Columns:
    """Make that memory."""
    each = np.zeros((3, LOCAL)), np.zeros((3, LOCAL))
    return Columns(np.zeros((2, 3)), *each, np.zeros((LOCAL, LOCAL)), np.zeros(LOCAL), used)


@kernel
def eliminate(by, own, h, g):
    """Take the groups' times out of the normal equations (lower triangle)."""
    for n in range(by.shape[0]):
        for p in range(g.size):
            x = by[n, p]
            if x == 0.0:
                continue
            x /= own[n, 0]
            g[p] -= x * own[n, 1]
            for q in range(p + 1):
                h[p, q] -= x * by[n, q]
