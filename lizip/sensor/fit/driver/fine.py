"""Points whose two angles are whole 1/25600 degrees: the law that makes them, the angles, and the laser of each."""

from __future__ import annotations

import itertools
from typing import NamedTuple

import numpy as np

from lizip.exact.single import MODERN, ROUNDED
from lizip.exact.trig import DEGREE, arctangent2
from lizip.jit import kernel
from lizip.sensor.fit.driver.polar import find_tick
from lizip.sensor.stages.driver import MAX_LASERS, DriverLaw
from lizip.sensor.stages.driver_arithmetic import (
    FINE,
    FINE_SINGLE,
    UNIT_IN_DOUBLE,
    UNIT_IN_SINGLE,
    fine_sincos,
    laser_distance,
)
from lizip.sensor.stages.fine_angles import PART

_UNITS = 25600.0 / DEGREE
"""Of an angle, a radian."""
_HIGH, _WIDE = 3, 7
"""Units of elevation and azimuth by which float32 points may seem to be off."""
_TICK_SAMPLE, _SAMPLE = 2048, 400
_LEAST_EXACT = 0.98
_NEAR = 10 * PART
"""Elevations of a laser change by less from one point to its next, but for what its neighbours do as well; those of two
lasers differ by more."""
_BACK, _MOST_TRACKS = 120 * PART, 4 * MAX_LASERS
_BESIDE, _IN_USE = 160 * PART, 1 << 10
"""1/25600 degrees to neighbours, points since a laser had one; above, how far off it may come back, if it does."""
_LEAST_OF_LASER = 4
_LAWS = tuple(
    DriverLaw(distance, angle, sine, frame)
    for frame, (angle, sine), distance in itertools.product(
        (1, 0, 2, 3),
        ((FINE_SINGLE, MODERN), (FINE, ROUNDED), (FINE_SINGLE, ROUNDED)),
        (UNIT_IN_DOUBLE, UNIT_IN_SINGLE),
    )
)


class Angles(NamedTuple):
    """Of points (K,): candidates in 1/25600 degrees.

    Attributes
    ----------
    ticks : (K,) int64
    elevation, azimuth : (K,) int64
        The first candidate of each.
    high, wide : (K,) int64
        Bits: which of the following ones are right too, the first's is 1; 0: none makes the point.
    """

    ticks: np.ndarray
    elevation: np.ndarray
    azimuth: np.ndarray
    high: np.ndarray
    wide: np.ndarray


@kernel
def _seen(frame, x, y):
    """Sine and cosine of the angle that a frame counts, times the distance from the axis."""
    if frame == 0:
        return -y, x
    if frame == 1:
        return x, y
    if frame == 2:
        return y, x
    return -x, y


@kernel
def _candidates(law, tick, points, ticks, elevation, azimuth, high, wide):
    """Fill what `Angles` holds of points (K, 3) float32."""
    for i in range(points.shape[0]):
        across, along = _seen(law.frame, np.float64(points[i, 0]), np.float64(points[i, 1]))
        up = np.float64(points[i, 2])
        flat = np.sqrt(across * across + along * along)
        ticks[i] = np.int64(np.rint(np.sqrt(flat * flat + up * up) / tick))
        distance = laser_distance(np.float64(ticks[i]), tick, law.distance)
        elevation[i] = np.int64(np.rint(arctangent2(up, flat) * _UNITS)) - _HIGH
        azimuth[i] = np.int64(np.rint(arctangent2(across, along) * _UNITS)) - _WIDE
        high[i] = 0
        wide[i] = 0
        for k in range(2 * _HIGH + 1):
            rise, fall = fine_sincos(np.float64(elevation[i] + k), law.angle, law.sine)
            if np.float64(np.float32(distance * rise)) != up:
                continue
            level = np.float64(np.float32(distance * fall))
            found = np.int64(0)
            for j in range(2 * _WIDE + 1):
                sine, cosine = fine_sincos(np.float64(azimuth[i] + j), law.angle, law.sine)
                if np.float64(np.float32(level * sine)) == across and np.float64(np.float32(level * cosine)) == along:
                    found |= np.int64(1) << j
            if found:
                high[i] |= np.int64(1) << k
                wide[i] |= found
        while high[i] and not high[i] & 1:
            high[i] >>= 1
            elevation[i] += 1
        while wide[i] and not wide[i] & 1:
            wide[i] >>= 1
            azimuth[i] += 1


def angles_of(law: DriverLaw, tick: float, points: np.ndarray) -> Angles:
    """Candidates of points (K, 3) float32 under a law."""
    found = Angles(*(np.empty(len(points), np.int64) for _ in Angles._fields))
    _candidates(law, tick, np.ascontiguousarray(points), *found)
    return found


def find_fine_law(points: np.ndarray) -> tuple[DriverLaw, float] | None:
    """The law and tick that make nearly all points (K, 3) float32, none of them 0 or NaN; None when there is none."""
    few = points[:: 1 + len(points) // _TICK_SAMPLE].astype(np.float64)
    tick = find_tick(np.sqrt((few**2).sum(axis=1)))
    if tick is None:
        return None
    some = points[:: 1 + len(points) // _SAMPLE]
    shares = [float((angles_of(law, tick, some).high > 0).mean()) for law in _LAWS]
    best = int(np.argmax(shares))
    return (_LAWS[best], tick) if shares[best] > _LEAST_EXACT else None


@kernel
def _nearest(elevation, high, last, drift, lasers):
    """The laser that is nearest by now, whole 0.01 degrees from its last elevation, and the candidate; -1: none."""
    best = np.int64(-1)
    distance = np.float64(_NEAR)
    chosen = np.int64(elevation)
    for k in range(2 * _HIGH + 1):
        if not (high >> k) & 1:
            continue
        for which in range(lasers):
            off = elevation + k - last[which]
            away = abs(off - drift[which])
            if away < distance and off % PART == 0:
                best = np.int64(which)
                distance = away
                chosen = elevation + k
    return best, chosen


@kernel
def _drift(which, moved, now, last, when, drift, lasers):
    """Let idle lasers drift (`drift`, R) as those in use move, one of which did: neighbours if any, or all."""
    for other in range(lasers):
        if when[other] < 0 or now - when[other] < _IN_USE:
            continue
        beside = np.int64(0)
        some = np.int64(0)
        for each in range(lasers):
            if when[each] >= 0 and now - when[each] < _IN_USE:
                some += 1
                beside += np.int64(abs(last[each] - last[other]) <= _BESIDE)
        if beside == 0:
            drift[other] += moved / max(some, 1)
        elif abs(last[which] - last[other]) <= _BESIDE:
            drift[other] += moved / beside


@kernel
def _follow(elevation, high, last, when, drift, lasers, laser, chosen):
    """Fill laser and elevation (K,) of each point by the last (R,) of each laser, `lasers` of which are known.

    Where there is room for further ones, points make them. Returns how many there are.
    """
    for i in range(elevation.size):
        laser[i] = -1
        if high[i] == 0:
            continue
        which, here = _nearest(elevation[i], high[i], last, drift, lasers)
        new = which < 0
        if new and high[i] == 1 and lasers < last.size:
            which = np.int64(lasers)
            lasers += 1
        if which >= 0:
            laser[i] = which
            chosen[i] = here
            if not new and here != last[which]:
                _drift(which, np.float64(here - last[which]), i, last, when, drift, lasers)
            last[which] = here
            when[which] = i
            drift[which] = 0.0
    return lasers


def find_lasers(found: Angles) -> tuple[np.ndarray, np.ndarray] | None:
    """Laser (K,) of each point, -1 of none, from the highest down, and its elevation; None: too many lasers.

    A laser's elevations all have the same part beyond whole 0.01 degrees, and change by little while it turns.
    """
    laser, elevation = np.empty_like(found.elevation), found.elevation.copy()
    last, when, drift = np.zeros(_MOST_TRACKS, np.int64), np.full(_MOST_TRACKS, -1, np.int64), np.zeros(_MOST_TRACKS)
    tracks = int(_follow(found.elevation, found.high, last, when, drift, 0, laser, elevation))
    if not 0 < tracks < _MOST_TRACKS:
        return None
    first = np.full(tracks, -1, np.int64)
    at = np.flatnonzero(laser >= 0)[::-1]
    first[laser[at]] = at
    joined = _joined(elevation[first], first, last[:tracks], when[:tracks])
    # what came before a laser was known, told backwards from where it was
    left = np.flatnonzero((laser < 0) & (found.high > 0))[::-1]
    before = np.empty((2, len(left)), np.int64)
    states = elevation[first], np.full(tracks, -1, np.int64), np.zeros(tracks)
    _follow(found.elevation[left], found.high[left], *states, tracks, before[0], before[1])
    laser[left], elevation[left] = before
    known = laser >= 0
    laser[known] = joined[laser[known]]
    counts = np.bincount(laser[known], minlength=tracks)
    mean = np.bincount(laser[known], elevation[known], tracks) / np.maximum(counts, 1)
    order = np.argsort(-mean, kind="stable")
    order = order[counts[order] >= _LEAST_OF_LASER]
    ranks = np.full(tracks, -1, np.int64)
    ranks[order] = np.arange(len(order))
    laser[known] = ranks[laser[known]]
    return (laser, elevation) if len(order) <= MAX_LASERS else None


def _joined(begins: np.ndarray, first: np.ndarray, last: np.ndarray, when: np.ndarray) -> np.ndarray:
    """Which track (T,) each belongs to: a laser that was idle for long may have come back anywhere near.

    Elevation and place (T,) of the first point of each, and of the last.
    """
    own = np.arange(len(last))
    joined, ends, places = own.copy(), last.copy(), when.copy()
    for track in np.argsort(first, kind="stable").tolist():
        away = np.abs(begins[track] - ends)
        may = (joined == own) & (first < first[track]) & (places < first[track])
        may &= (away % PART == 0) & (away < _BACK)
        if may.any():
            other = int(np.argmin(np.where(may, away, _BACK)))
            joined[track], ends[other], places[other] = other, last[track], when[track]
    return joined
