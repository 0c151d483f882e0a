"""Gauss-Newton steps on the five numbers of a beam, under the rounding that the points went through."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lizip.entropy.adaptive import bit_length
from lizip.exact.linear import factor, substitute
from lizip.exact.trig import arctangent2, sincos
from lizip.jit import kernel

_OUTLIER = 1.8
"""Residuals beyond this, in units, are no matter of rounding."""


class Grid(NamedTuple):
    """What a beam measures in.

    Attributes
    ----------
    step, tick : float
        Radians a column, metres a tick.
    hypotenuse : bool
        See `lizip.sensor.stages.beams`.
    hidden : bool
        Whether points were rounded so coarsely that ticks do not show.
    """

    step: float
    tick: float
    hypotenuse: bool
    hidden: bool = False


class Scratch(NamedTuple):
    """Memory of a fit, made once.

    Attributes
    ----------
    pairs : (64,) float64
        Samples to take a median of.
    sums : (L, 2) float64
        Complex sums, one for each lateral offset tried.
    sizes : (64,) int64
        Numbers of residuals by bit length.
    h, g : (5, 5), (5,) float64
        Normal equations.
    before, kept : (5,) float64
        A beam as it was, and the best so far.
    """

    pairs: np.ndarray
    sums: np.ndarray
    sizes: np.ndarray
    h: np.ndarray
    g: np.ndarray
    before: np.ndarray
    kept: np.ndarray


def make_scratch(laterals: int) -> Scratch:
    """Make the memory of a fit that searches so many lateral offsets either way."""
    sums, sizes = np.zeros((2 * laterals + 1, 2)), np.zeros(64, np.int64)
    return Scratch(np.zeros(64), sums, sizes, np.zeros((5, 5)), np.zeros(5), np.zeros(5), np.zeros(5))


@kernel
def _add_row(h, g, weight, e, row):
    """Add one residual e with its five derivatives to the normal equations (lower triangle)."""
    for u in range(5):
        g[u] += weight * row[u] * e
        for v in range(u + 1):
            h[u, v] += weight * row[u] * row[v]


@kernel
def _clear(scratch):
    for u in range(5):
        scratch.g[u] = 0.0
        for v in range(5):
            scratch.h[u, v] = 0.0
    for u in range(64):
        scratch.sizes[u] = 0


@kernel
def improve(points, units, frame, part, grid, hinge, cut, scratch, beam):
    """One Gauss-Newton step on a beam, by the points from part[0] to part[1] in steps of part[2].

    `hinge` is the weight of points whose rounding is right already (1: all alike; negative: only count them), `cut` the
    largest residual that takes part. Residuals count along the axes of `frame` (3, 3), or of the sensor if that is
    None, in `units` (N, 3) float32, the size of the rounding;
    `scratch.sizes` is filled with how many there are of each bit length of 16 times their size. Returns the share of
    coordinates within half a unit before the step.
    """
    sizes, h, g = scratch.sizes, scratch.h, scratch.g
    phase, lateral, elevation, height, offset = beam[0], beam[1], beam[2], beam[3], beam[4]
    sine, cosine = sincos(elevation)
    step, tick, hypotenuse = grid.step, grid.tick, grid.hypotenuse
    _clear(scratch)
    right = 0.0
    count = 0.0
    for i in range(part[0], part[1], part[2]):
        x = np.float64(points[i, 0])
        y = np.float64(points[i, 1])
        z = np.float64(points[i, 2])
        square = x * x + y * y
        if square <= lateral * lateral + 1e-6:
            continue
        level = np.sqrt(square - lateral * lateral)
        # the heading of the firing: the point's own, turned back by asin(lateral / rho)
        ca = (x * level + y * lateral) / square
        sa = (y * level - x * lateral) / square
        angle = arctangent2(sa, ca)
        away = (np.rint(angle / step - phase) + phase) * step - angle
        cb = ca - sa * away - 0.5 * ca * away * away
        sb = sa + ca * away - 0.5 * sa * away * away
        along = (np.sqrt(square) if hypotenuse else level) * cosine + z * sine
        distance = np.rint((along - offset) / tick) * tick + offset
        q = distance * cosine - height * sine
        ratio = 1.0
        longitudinal = q
        if hypotenuse:
            longitudinal = np.sqrt(max(q * q - lateral * lateral, 1e-12))
            ratio = q / longitudinal
        dq = (-distance * sine - height * cosine) * ratio
        drop = -lateral / longitudinal if hypotenuse else 0.0
        for axis in range(3):
            unit = np.float64(units[i, axis])
            if frame is not None:
                m0, m1, m2 = frame[axis, 0], frame[axis, 1], frame[axis, 2]
                ahead = m0 * cb + m1 * sb
                beside = m1 * cb - m0 * sb
                e = m0 * (x - (longitudinal * cb - lateral * sb)) + m1 * (y - (longitudinal * sb + lateral * cb))
                e += m2 * (z - (distance * sine + height * cosine))
                j0 = (longitudinal * beside - lateral * ahead) * step
                j1 = drop * ahead + beside
                j2, j3, j4 = dq * ahead + m2 * q, m2 * cosine - sine * ratio * ahead, m2 * sine + cosine * ratio * ahead
            elif axis == 0:
                e = x - (longitudinal * cb - lateral * sb)
                j0 = (-longitudinal * sb - lateral * cb) * step
                j1 = drop * cb - sb
                j2, j3, j4 = dq * cb, -sine * ratio * cb, cosine * ratio * cb
            elif axis == 1:
                e = y - (longitudinal * sb + lateral * cb)
                j0 = (longitudinal * cb - lateral * sb) * step
                j1 = drop * sb + cb
                j2, j3, j4 = dq * sb, -sine * ratio * sb, cosine * ratio * sb
            else:
                e = z - (distance * sine + height * cosine)
                j0, j1, j2, j3, j4 = 0.0, 0.0, q, cosine, sine
            size = abs(e) / unit
            if not size < 1e15:  # a step that went astray makes NaN too
                size = 1e15
            sizes[bit_length(np.int64(size * 16.0))] += 1
            count += 1.0
            weight = 1.0
            if hinge < 0.0:
                right += 1.0 if size <= 0.5 else 0.0
                continue
            if size <= 0.5:
                right += 1.0
                if hinge < 1.0:
                    weight = hinge
                    e = 0.0
                    if size < 0.4:
                        continue
            elif hinge < 1.0:
                e -= 0.5 * unit if e > 0.0 else -0.5 * unit
            if size > cut:
                continue
            weight /= unit * unit
            _add_row(h, g, weight, e, (j0, j1, j2, j3, j4))
    if hinge < 0.0:
        return right / max(count, 1.0)
    for u in range(5):
        h[u, u] = h[u, u] * (1.0 + 1e-9) + 1e-9
    factor(h)
    substitute(h, g)
    for u in range(5):
        beam[u] += g[u]
    return right / max(count, 1.0)


@kernel
def median_size(sizes):
    """Upper bound of the median residual, in units."""
    total = np.int64(0)
    for length in range(sizes.size):
        total += sizes[length]
    seen = np.int64(0)
    bound = 1.0 / 16.0
    for length in range(sizes.size):
        seen += sizes[length]
        if 2 * seen >= total:
            return bound
        bound *= 2.0
    return bound


@kernel
def refine_beam(points, units, frame, first, last, grid, hinges, scratch, beam):
    """Improve one beam by the points whose rounding it misses, while they become fewer; returns the share right."""
    before, kept = scratch.before, scratch.kept
    best = -1.0
    for turn in range(hinges + 1):
        for u in range(5):
            before[u] = beam[u]
        hinge = 0.003 if turn < hinges else -1.0
        share = improve(points, units, frame, (first, last, 1), grid, hinge, _OUTLIER, scratch, beam)
        if share < best:
            break
        best = share
        for u in range(5):
            kept[u] = before[u]
    for u in range(5):
        beam[u] = kept[u]
    return best
