"""From points predicted in the far frame to the stored float32, exactly: what was missed, in far ULPs and in ULPs.

A point is predicted in the far frame, x = t + M s; rounded to float32 there (along the axes where that is known to have
happened) and turned back to the stored frame. Two kinds of integers are coded: by how many ULPs the far coordinates are
off, then by how many the stored z, x and y. Each prediction is updated by what is known by then. The context of an
integer is its expected error: against the unit when larger than it, else against the distance to the rounding tie.

One kernel codes both ways; the encoder alone chooses, beforehand, which far ULPs to code.
"""

from __future__ import annotations

import numpy as np

from lizip.entropy.adaptive import INTEGER_NODES, code_bit, code_integer, fresh_counters
from lizip.jit import kernel
from lizip.sensor.nuscenes.firing import ring_azimuth, sensor_point

CLASSES = 48
_NEAR = 12
"""Classes of the distance to the tie; the rest are classes of the expected error in units."""
_ACTIVE = 4
_ZERO = 0
_AWAY = 6 * CLASSES * _ACTIVE
_SAME = 2 * _AWAY
_REST = _SAME + 2
_COUNTERS = _REST + 6 * CLASSES * INTEGER_NODES
_LIMIT = 250
_HALF_OCTAVE = 1.4142135623730951
DECISIONS = 6 * 16 + 1
"""Most binary decisions a point takes."""
RAW_BITS = 6 * 40
_LARGEST = np.int64(1) << 40


@kernel
def ordinal(x):
    """Place of float32(x) among the float32 numbers, -0.0 being one below 0.0; every bit pattern has its own."""
    bits = np.int64(np.float32(x).view(np.int32))
    return bits if bits >= 0 else -1 - (bits & 0x7FFFFFFF)


@kernel
def at_ordinal(place):
    """The float32 at a place, as float64; places beyond all bit patterns are held at the last."""
    place = min(max(place, -(np.int64(1) << 31)), (np.int64(1) << 31) - 1)
    bits = place if place >= 0 else (-1 - place) - (np.int64(1) << 31)
    return np.float64(np.int32(bits).view(np.float32))


@kernel
def unit_at(x):
    """Spacing of the float32 numbers at x, held between those at 2**-103 and 2**127."""
    bits = np.float32(x).view(np.int32) & np.int32(0x7F800000)
    return np.float64(np.int32(min(max(bits, np.int32(0x0C000000)), np.int32(0x7F000000))).view(np.float32)) * 2.0**-23


@kernel
def _class(sigma, unit, miss):
    """Context of an integer in units: `sigma` is the expected error, `miss` how far rounding moved the prediction."""
    level = np.int64(0)
    if sigma < 0.5 * unit:
        distance = 0.5 * unit - abs(miss)
        bound = 0.125 * sigma
        while level < _NEAR - 1 and distance > bound:
            bound *= 2.0
            level += 1
        return level
    bound = unit
    while level < CLASSES - _NEAR - 1 and sigma > bound:
        bound *= _HALF_OCTAVE
        level += 1
    return _NEAR + level


@kernel
def _code_units(coder, counters, axis, sigma, unit, miss, active, value):
    """Code one integer of axis 0 to 5, counted against where rounding moved the prediction. Updates active[axis]."""
    where = _class(sigma, unit, miss)
    context = (axis * CLASSES + where) * _ACTIVE + min(active[axis] >> 4, _ACTIVE - 1)
    flip = miss > 0.0
    if flip:
        value = -value
    if code_bit(coder, counters, _ZERO + context, _LIMIT, np.int64(1) if value != 0 else np.int64(0)) == 0:
        active[axis] = (active[axis] * 3) >> 2
        return np.int64(0)
    negative = code_bit(coder, counters, _AWAY + context, _LIMIT, np.int64(1) if value < 0 else np.int64(0))
    base = _REST + (axis * CLASSES + where) * INTEGER_NODES
    rest = code_integer(coder, counters, base, _LIMIT, abs(value) - 1)
    active[axis] = (active[axis] * 3 + 64) >> 2
    magnitude = min(max(rest, np.int64(0)), _LARGEST) + 1
    return -magnitude if (negative == 1) != flip else magnitude


@kernel
def _code_far(coder, counters, axis, error, x, offset, active, units):
    """Code by how many ULPs far coordinate x (relative to offset) is off; returns the corrected one."""
    exact = x + offset
    place = ordinal(exact)
    miss = at_ordinal(place) - exact
    place += _code_units(coder, counters, axis, error, unit_at(exact), miss, active, units)
    return at_ordinal(place) - offset


@kernel
def _code_stored(coder, counters, axis, error, p, active, stored, i, j, k):
    """Code stored coordinate k of a point given its prediction p; returns by how much it differs from that, m."""
    place = ordinal(p)
    miss = at_ordinal(place) - p
    place += _code_units(coder, counters, axis, error, unit_at(p), miss, active, stored[i, j, k] - place)
    stored[i, j, k] = place
    return at_ordinal(place) - p


@kernel
def _code_same(coder, counters, first, stored, i, j):
    """Whether a further no-return of a firing is where the first one was; if so, it is put there."""
    same = stored[i, j, 0] == first[0] and stored[i, j, 1] == first[1] and stored[i, j, 2] == first[2]
    if code_bit(coder, counters, _SAME, 255, np.int64(0) if same else np.int64(1)) == 1:
        return False
    for k in range(3):
        stored[i, j, k] = first[k]
    return True


@kernel
def _code_point(coder, counters, x0, x1, x2, e0, e1, e2, far, active, lattice, stored, i, j):
    """Code one point predicted at (x0, x1, x2) in the far frame with expected errors (e0, e1, e2), m."""
    axes, offset, rounded, _ = far
    if rounded[0] == 1:
        x0 = _code_far(coder, counters, 0, e0, x0, offset[0], active, lattice[i, j, 0])
    if rounded[1] == 1:
        x1 = _code_far(coder, counters, 1, e1, x1, offset[1], active, lattice[i, j, 1])
    open0 = 0.0 if rounded[0] == 1 else e0
    open1 = 0.0 if rounded[1] == 1 else e1
    known = False
    if rounded[2] == 1:
        # a height finer than the stored z can tell is left to the stored z
        tells = unit_at(x2 + offset[2]) >= unit_at(axes[0, 2] * x0 + axes[1, 2] * x1 + axes[2, 2] * x2)
        known = open0 + open1 == 0.0 and tells
        if known:
            x2 = _code_far(coder, counters, 2, e2, x2, offset[2], active, lattice[i, j, 2])
        else:
            x2 = at_ordinal(ordinal(x2 + offset[2])) - offset[2]
    p0 = axes[0, 0] * x0 + axes[1, 0] * x1 + axes[2, 0] * x2
    p1 = axes[0, 1] * x0 + axes[1, 1] * x1 + axes[2, 1] * x2
    p2 = axes[0, 2] * x0 + axes[1, 2] * x1 + axes[2, 2] * x2
    up0 = axes[2, 0] / axes[2, 2]
    up1 = axes[2, 1] / axes[2, 2]
    if open0 > 0.0 and open1 > 0.0:
        # nothing is known but the height: x and y as they come, then z from them
        error = open0 * abs(axes[0, 0]) + open1 * abs(axes[1, 0])
        change = up0 * _code_stored(coder, counters, 4, error, p0, active, stored, i, j, 0)
        error = open0 * abs(axes[0, 1]) + open1 * abs(axes[1, 1])
        change += up1 * _code_stored(coder, counters, 5, error, p1, active, stored, i, j, 1)
        _code_stored(coder, counters, 3, e2, p2 - change, active, stored, i, j, 2)
        return
    unit = unit_at(p2)
    error = 0.002 * unit if known else e2 + open0 * abs(axes[0, 2]) + open1 * abs(axes[1, 2])
    change = _code_stored(coder, counters, 3, error, p2, active, stored, i, j, 2)
    if not known or abs(change) >= 2.0 * unit:
        p0 += up0 * change
        p1 += up1 * change
    settled = (0.002 if known else 0.05) * unit + 1e-10
    if open0 + open1 == 0.0:
        _code_stored(coder, counters, 4, settled, p0, active, stored, i, j, 0)
        _code_stored(coder, counters, 5, settled, p1, active, stored, i, j, 1)
        return
    # one axis is open: the coordinate more along it first, then the other by sliding along the axis
    k = 0 if rounded[0] == 0 else 1
    w0 = axes[k, 0] - up0 * axes[k, 2]
    w1 = axes[k, 1] - up1 * axes[k, 2]
    error = settled + open0 + open1
    if abs(w0) > abs(w1):
        change = w1 / w0 * _code_stored(coder, counters, 4, error, p0, active, stored, i, j, 0)
        error = settled + 0.4 * abs(w1 / w0) * unit_at(p0)
        _code_stored(coder, counters, 5, error, p1 + change, active, stored, i, j, 1)
    else:
        change = w0 / w1 * _code_stored(coder, counters, 5, error, p1, active, stored, i, j, 1)
        error = settled + 0.4 * abs(w0 / w1) * unit_at(p1)
        _code_stored(coder, counters, 4, error, p0 + change, active, stored, i, j, 0)


@kernel
def code_sweep(coder, counters, ranges, block, advance, rotation, shift, far, tables, scratch, lattice, stored):
    """Code, or decode, the stored coordinates of a sweep.

    Parameters
    ----------
    coder : Coder
    counters : (C,) int32
        From `fresh_models`.
    ranges, block, advance
        (F, R) ticks; (F,) azimuth and advance, 0.01 degrees.
    rotation, shift : (F, 3, 3), (F, 3) float64
        Pose of each firing in the far frame (shift relative to its offset).
    far : tuple
        axes (3, 3), offset (3,), rounded (3,) int64, sigma (6,): expected error of the far coordinates (m) and how it
        grows with range (a metre); see `FarFrame`.
    tables : tuple
        slot, tick, cos and sin of elevation, cos and sin of azimuth; see `Sensor`.
    scratch : tuple
        first (3,) int64, active (6,) int64.
    lattice : (F, R, 3) int64
        Encoder: the far ULPs to code. Decoder: not looked at.
    stored : (F, R, 3) int64
        Places (`ordinal`) of the stored float32; read or written.
    """
    sigma = far[3]
    slot, tick, cos_e, sin_e, cos_a, sin_a = tables
    first, active = scratch
    for i in range(ranges.shape[0]):
        seen = False
        for j in range(ranges.shape[1]):
            ticks = ranges[i, j]
            if ticks == 0 and seen and _code_same(coder, counters, first, stored, i, j):
                continue
            azimuth = ring_azimuth(block[i], advance[i], slot[j])
            s0, s1, s2 = sensor_point(ticks, azimuth, tick, cos_e, sin_e, cos_a, sin_a, j)
            x0 = shift[i, 0] + rotation[i, 0, 0] * s0 + rotation[i, 0, 1] * s1 + rotation[i, 0, 2] * s2
            x1 = shift[i, 1] + rotation[i, 1, 0] * s0 + rotation[i, 1, 1] * s1 + rotation[i, 1, 2] * s2
            x2 = shift[i, 2] + rotation[i, 2, 0] * s0 + rotation[i, 2, 1] * s1 + rotation[i, 2, 2] * s2
            far_range = abs(ticks * tick)
            e0 = sigma[0] + sigma[3] * far_range
            e1 = sigma[1] + sigma[4] * far_range
            e2 = sigma[2] + sigma[5] * far_range
            _code_point(coder, counters, x0, x1, x2, e0, e1, e2, far, active, lattice, stored, i, j)
            if ticks == 0 and not seen:
                seen = True
                for k in range(3):
                    first[k] = stored[i, j, k]


def fresh_models() -> np.ndarray:
    """Counters that have seen nothing."""
    return fresh_counters(_COUNTERS)
