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
    h, g, by, own = normals
    k = np.int64(0)
    size = knots.times.size
    used = columns.used
    rows, index, value = columns.rows, columns.places, columns.value
    for i in range(miss.shape[0]):
        if weight[i, 0] + weight[i, 1] + weight[i, 2] == 0.0:
            continue
        k = segment_of(knots.times, sample.times[i], k)
        s0, s1, s2 = sample.points[i, 0], sample.points[i, 1], sample.points[i, 2]
        derive(knots, far, mount, lever, sample.times[i], k, s0, s1, s2, work)
        for c in range(12):
            index[c] = 6 * k + c
        index[12] = 6 * size + k
        index[13] = 6 * size + k + 1
        for c in range(14, LOCAL):
            index[c] = 7 * size + c - 14
        rows[:, :] = 0.0
        if across:
            place = (sample.times[i] - knots.times[k]) / (knots.times[k + 1] - knots.times[k])
            o0 = knots.spots[k, 0] + place * (knots.spots[k + 1, 0] - knots.spots[k, 0])
            o1 = knots.spots[k, 1] + place * (knots.spots[k + 1, 1] - knots.spots[k, 1])
            o2 = knots.spots[k, 2] + place * (knots.spots[k + 1, 2] - knots.spots[k, 2])
            d0 = sample.stored[i, 0] - (far[0, 0] * o0 + far[1, 0] * o1 + far[2, 0] * o2)
            d1 = sample.stored[i, 1] - (far[0, 1] * o0 + far[1, 1] * o1 + far[2, 1] * o2)
            d2 = sample.stored[i, 2] - (far[0, 2] * o0 + far[1, 2] * o1 + far[2, 2] * o2)
            r = np.sqrt(d0 * d0 + d1 * d1 + d2 * d2) + 1e-300
            _tangents(d0 / r, d1 / r, d2 / r, rows)
        else:
            rows[0, 0], rows[1, 1], rows[2, 2] = 1.0, 1.0, 1.0
        for m in range(3):
            w = weight[i, m]
            if w == 0.0:
                continue
            a0, a1, a2 = rows[m, 0], rows[m, 1], rows[m, 2]
            e = a0 * miss[i, 0] + a1 * miss[i, 1] + a2 * miss[i, 2]
            for c in range(used):
                value[c] = a0 * work.jacobian[0, c] + a1 * work.jacobian[1, c] + a2 * work.jacobian[2, c]
            for c in range(used):
                p = index[c]
                scaled = w * value[c]
                g[p] += scaled * e
                for q in range(c + 1):
                    h[p, index[q]] += scaled * value[q]
            if by.shape[0] > 0:
                speed = a0 * work.speed[0] + a1 * work.speed[1] + a2 * work.speed[2]
                n = sample.group[i]
                own[n, 0] += w * speed * speed
                own[n, 1] += w * speed * e
                for c in range(used):
                    by[n, index[c]] += w * speed * value[c]


class Columns(NamedTuple):
    """Scratch of `accumulate`: (3, 3) float64, (LOCAL,) int64, (LOCAL,) float64; how many derivatives count.

    Those behind belong to numbers that are held.
    """

    rows: np.ndarray
    places: np.ndarray
    value: np.ndarray
    used: int


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
