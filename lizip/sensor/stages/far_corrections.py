"""From points predicted in the far frame to the stored float32, exactly: what was missed, in far ULPs and in ULPs.

A point is predicted in the far frame, x = t + M s; rounded to float32 there (along the axes where that is known to have
happened) and turned back to the stored frame. Most points come out right: one decision says so, in the context of how
near the six roundings came to their ties, measured in expected errors. For the others two kinds of integers are coded:
by how many ULPs the far coordinates are off, then by how many the stored z, x and y. Each prediction is updated by what
is known by then. The context of an integer is its expected error: against the unit when larger than it, else against
the distance to the rounding tie.

One kernel codes both ways; the encoder alone chooses, beforehand, which far ULPs to code.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lizip.entropy.adaptive import code_bit
from lizip.entropy.coder import decode_stream, encode_stream
from lizip.exact.ulp import from_ordinals, ordinal32, unit32, value32
from lizip.jit import kernel
from lizip.packed import Packed, rest
from lizip.sensor.stages.rounding_misses import FAR, SAME, STORED, TIES, code_some, code_units, fresh_misses

if TYPE_CHECKING:
    from lizip.sensor.returns import Returns


_NEAREST, _FARTHEST = 2.0**-10, 2.0**10
"""Distances to a tie, in expected errors, that have classes of their own."""


@kernel
def _code_far(coder, models, work, k, offset, units):
    """Code by how many ULPs far coordinate k is off, and correct it."""
    exact = work.point[k] + offset[k]
    place = ordinal32(exact)
    miss = value32(place) - exact
    place += code_units(coder, models, work, FAR + k, work.error[k], unit32(exact), miss, units)
    work.point[k] = value32(place) - offset[k]


@kernel
def _code_stored(coder, models, work, error, p, stored, i, k):
    """Code stored coordinate k of point i given its prediction p; returns by how much it differs from that, m."""
    place = ordinal32(p)
    miss = value32(place) - p
    place += code_units(coder, models, work, STORED + k, error, unit32(p), miss, stored[i, k] - place)
    stored[i, k] = place
    return value32(place) - p


@kernel
def _code_height(coder, models, work, far, units, finest):
    """Code by how much the far height is off; returns whether it is known then: where it is rounded coarsely enough.

    A height finer than the stored z can tell is left to the stored z.
    """
    x, axes = work.point, far.axes
    if far.rounded[2] == 0:
        return False
    stored = far.origin[2] + axes[0, 2] * x[0] + axes[1, 2] * x[1] + axes[2, 2] * x[2]
    tells = unit32(x[2] + far.offset[2]) >= unit32(stored)
    if finest and tells:
        _code_far(coder, models, work, 2, far.offset, units)
        return True
    x[2] = value32(ordinal32(x[2] + far.offset[2])) - far.offset[2]
    return False


@kernel
def _code_point(coder, models, work, far, lattice, stored, i):
    """Code a point of which something was missed."""
    x, axes, error = work.point, far.axes, work.error
    for k in range(2):
        if far.rounded[k] == 1:
            _code_far(coder, models, work, k, far.offset, lattice[i, k])
    open0 = 0.0 if far.rounded[0] == 1 else error[0]
    open1 = 0.0 if far.rounded[1] == 1 else error[1]
    known = _code_height(coder, models, work, far, lattice[i, 2], open0 + open1 == 0.0)
    p0 = far.origin[0] + axes[0, 0] * x[0] + axes[1, 0] * x[1] + axes[2, 0] * x[2]
    p1 = far.origin[1] + axes[0, 1] * x[0] + axes[1, 1] * x[1] + axes[2, 1] * x[2]
    p2 = far.origin[2] + axes[0, 2] * x[0] + axes[1, 2] * x[1] + axes[2, 2] * x[2]
    # by what x and y change with the height
    up0 = axes[2, 0] / axes[2, 2]
    up1 = axes[2, 1] / axes[2, 2]
    if open0 > 0.0 and open1 > 0.0:
        # nothing is known but the height: x and y as they come, then z from them
        spread = open0 * abs(axes[0, 0]) + open1 * abs(axes[1, 0])
        change = up0 * _code_stored(coder, models, work, spread, p0, stored, i, 0)
        spread = open0 * abs(axes[0, 1]) + open1 * abs(axes[1, 1])
        change += up1 * _code_stored(coder, models, work, spread, p1, stored, i, 1)
        _code_stored(coder, models, work, error[2], p2 - change, stored, i, 2)
        return
    unit = unit32(p2)
    spread = far.blur * unit if known else error[2] + open0 * abs(axes[0, 2]) + open1 * abs(axes[1, 2])
    change = _code_stored(coder, models, work, spread, p2, stored, i, 2)
    # a height known, or predicted, better than z's unit is not moved by z's rounding
    fine = known or (open0 + open1 == 0.0 and far.rounded[2] == 1 and error[2] < 0.5 * unit)
    if not fine or abs(change) >= 2.0 * unit:
        p0 += up0 * change
        p1 += up1 * change
    settled = max(far.blur, 0.0 if fine else 0.05) * unit + 1e-10
    if open0 + open1 == 0.0:
        _code_stored(coder, models, work, settled, p0, stored, i, 0)
        _code_stored(coder, models, work, settled, p1, stored, i, 1)
        return
    # one axis is open: the coordinate more along it first, then the other by sliding along the axis
    k = 0 if far.rounded[0] == 0 else 1
    w0 = axes[k, 0] - up0 * axes[k, 2]
    w1 = axes[k, 1] - up1 * axes[k, 2]
    spread = settled + open0 + open1
    if abs(w0) > abs(w1):
        change = w1 / w0 * _code_stored(coder, models, work, spread, p0, stored, i, 0)
        spread = settled + 0.4 * abs(w1 / w0) * unit32(p0)
        _code_stored(coder, models, work, spread, p1 + change, stored, i, 1)
    else:
        change = w0 / w1 * _code_stored(coder, models, work, spread, p1, stored, i, 1)
        spread = settled + 0.4 * abs(w0 / w1) * unit32(p1)
        _code_stored(coder, models, work, spread, p0 + change, stored, i, 0)


@kernel
def _tie_class(x, error):
    """Class of how far x is from the nearest rounding tie, in expected errors."""
    distance = (0.5 * unit32(x) - abs(np.float64(np.float32(x)) - x)) / error
    if not _NEAREST < distance < _FARTHEST:
        return np.int64(TIES - 1) if distance >= _FARTHEST else np.int64(0)
    # a float's bits count half octaves from bit 51 on
    return (np.float64(distance).view(np.int64) >> 51) - 2 * (1023 - 10)


@kernel
def _expect(far, work):
    """Compute the stored places as if nothing had been missed, and how near each rounding came to its tie."""
    x, axes, error, tie = work.point, far.axes, work.error, work.tie
    spread0 = 0.0
    spread1 = 0.0
    spread2 = 0.0
    p0 = 0.0
    p1 = 0.0
    p2 = 0.0
    for k in range(3):
        value = x[k]
        tie[FAR + k] = TIES - 1
        left = error[k]
        if far.rounded[k] == 1:
            value += far.offset[k]
            tie[FAR + k] = _tie_class(value, error[k])
            value = np.float64(np.float32(value)) - far.offset[k]
            left = 0.0
        p0 += axes[k, 0] * value
        p1 += axes[k, 1] * value
        p2 += axes[k, 2] * value
        spread0 += left * abs(axes[k, 0])
        spread1 += left * abs(axes[k, 1])
        spread2 += left * abs(axes[k, 2])
    p0 += far.origin[0]
    p1 += far.origin[1]
    p2 += far.origin[2]
    unit = unit32(p2)
    if far.rounded[2] == 1 and unit32(x[2] + far.offset[2]) < unit:
        tie[FAR + 2] = TIES - 1
        spread2 += error[2]
    settled = far.blur * unit + 1e-10
    tie[STORED] = _tie_class(p0, spread0 + settled)
    tie[STORED + 1] = _tie_class(p1, spread1 + settled)
    tie[STORED + 2] = _tie_class(p2, spread2 + settled)
    work.place[0] = ordinal32(p0)
    work.place[1] = ordinal32(p1)
    work.place[2] = ordinal32(p2)


@kernel
def _code_same(coder, models, first, stored, i):
    """Whether a further no-return of a firing is where the first one was; if so, it is put there."""
    same = stored[i, 0] == first[0] and stored[i, 1] == first[1] and stored[i, 2] == first[2]
    if code_bit(coder, models.some, SAME, 255, np.int64(0) if same else np.int64(1)) == 1:
        return False
    for k in range(3):
        stored[i, k] = first[k]
    return True


@kernel
def _code_points(coder, models, work, far, predicted, distance, firing, lattice, stored):
    """Code, or decode, stored places; see `FarCorrections`."""
    last = np.int64(-1)
    for i in range(distance.size):
        if distance[i] == 0.0 and firing[i] == last and _code_same(coder, models, work.first, stored, i):
            continue
        missed = False
        for k in range(3):
            work.point[k] = predicted[i, k]
            work.error[k] = far.sigma[k] + far.sigma[3 + k] * distance[i]
            missed = missed or lattice[i, k] != 0
        _expect(far, work)
        for k in range(3):
            missed = missed or stored[i, k] != work.place[k]
        if code_some(coder, models, work, np.int64(1) if missed else np.int64(0)) == 1:
            work.seen[0] = 0
            _code_point(coder, models, work, far, lattice, stored, i)
        else:
            for k in range(3):
                stored[i, k] = work.place[k]
        if distance[i] == 0.0 and firing[i] != last:
            last = firing[i]
            for k in range(3):
                work.first[k] = stored[i, k]


@kernel
def _expect_all(work, far, predicted, distance, places):
    """Fill the places (N, 3) as if nothing had been missed."""
    for i in range(distance.size):
        for k in range(3):
            work.point[k] = predicted[i, k]
            work.error[k] = far.sigma[k] + far.sigma[3 + k] * distance[i]
        _expect(far, work)
        for k in range(3):
            places[i, k] = work.place[k]


def expected_places(returns: Returns) -> np.ndarray:
    """Places (M, 3) int64 of stored coordinates if nothing was missed; 0 of blank points."""
    places = np.zeros(returns.points.shape, np.int64)
    predicted, distance, _ = _given(returns)
    found = np.zeros(predicted.shape, np.int64)
    _expect_all(fresh_misses()[1], returns.far, predicted, distance, found)
    places[slice(None) if returns.blank is None else ~returns.blank] = found
    return places


@dataclass(frozen=True)
class FarCorrections(Packed):
    """What was missed, coded given where points are predicted."""

    body: bytes = rest()

    @classmethod
    def of(cls, returns: Returns, lattice: np.ndarray, places: np.ndarray) -> FarCorrections:
        """Code the far ULPs of points (M, 3) int64, and the places of their stored coordinates likewise."""
        lattice, places = (_but_blanks(returns, values) for values in (lattice, places))
        return cls(encode_stream(_code_points, *fresh_misses(), returns.far, *_given(returns), lattice, places.copy()))

    def apply(self, returns: Returns) -> None:
        """Round the points in the far frame, take them back and correct them."""
        returns.need("far", "points", "firing", "ticks", "beams")
        given = _given(returns)
        places = np.zeros(given[0].shape, np.int64)
        with np.errstate(all="ignore"):  # what no encoder writes becomes any number
            decode_stream(self.body, _code_points, *fresh_misses(), returns.far, *given, places, places)
        returns.xyz = _with_blanks(returns, from_ordinals(places, np.dtype("<f4")))


def expected_points(returns: Returns) -> np.ndarray:
    """Stored coordinates (M, 3) float32 if nothing was missed."""
    places = _but_blanks(returns, expected_places(returns))
    return _with_blanks(returns, from_ordinals(places, np.dtype("<f4")))


def _with_blanks(returns: Returns, points: np.ndarray) -> np.ndarray:
    """Points (K, 3) float32 and among them those that are blank."""
    if returns.blank is None:
        return points
    xyz = np.empty((len(returns.points), 3), np.uint32)
    xyz[returns.blank] = returns.nothing
    xyz[~returns.blank] = points.view(np.uint32)
    return xyz.view(np.float32)


def _but_blanks(returns: Returns, values: np.ndarray) -> np.ndarray:
    """Those of some values (M, ...) of points that are not blank."""
    return values if returns.blank is None else values[~returns.blank]


def _given(returns: Returns) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of the points that are not blank: where they are predicted, distance (m, 0 without a return), firing."""
    distance = returns.ticks * float(returns.beams.tick)
    points, distance, firing = (_but_blanks(returns, each) for each in (returns.points, distance, returns.firing))
    return points, distance, firing
