"""Rings and firings of points of which only the positions are known, as seen from a sensor that moved evenly."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import product
from typing import NamedTuple

import numpy as np

from lizip.exact.trig import TURN as FULL
from lizip.exact.trig import arctangent2
from lizip.jit import kernel
from lizip.sensor.fit.motion.firing import NEAREST, RINGS, hdl32e
from lizip.sensor.fit.motion.walk import number_firings
from lizip.sensor.stages.beams import COSINE, SINE
from lizip.sensor.stages.firing_azimuths import STEP, TURN

SWEEP = 0.05
"""Seconds of a turn."""
_SPEEDS = np.arange(-4.0, 36.0, 0.1)
_TURNS = np.arange(-0.9, 0.95, 0.1)
"""Speeds (m/s) and rates of turning (rad/s) tried."""
_SAMPLE, _FEW, _COARSE = 1500, 6, 4
"""Points looked at; at first, every sixth of them at every fourth speed."""
_CLOSE = 0.06 * FULL / 360
"""Elevations (rad) that fit are nearer than this."""
_LEAST_SHARE, _LEAST_AT_FIRST = 0.6, 0.3
"""Share of elevations that fit; by chance, a tenth does."""
_AHEAD, _NEARLY, _ASIDE = np.arange(-20.0, 20.1, 0.25), np.arange(-0.2, 0.21, 0.05), np.arange(-0.3, 0.31, 0.1)
"""Places of a displaced sensor tried, m forwards; then nearer by, and to the side."""
_ROUGH, _LIKELY, _LEAST_ROUGH = 4, 16, 0.55
"""A sample is thinned by this for a first look at every place; so many of them get a second one, of the share that fits
by then at least this."""
_LOOSE, _LEAST_LOOSE, _WELL_SEEN = 0.3 * FULL / 360, 0.6, 8.0
"""Elevations (rad) of a displaced sensor are about so near to rings, as many of them (by chance, 0.45).
Points nearer than this (m) are not looked at."""
_ASTRAY = 0.05
"""How far the sensor may be from where it is thought to be, m."""
_JUST_NOW = 0.1
"""Of a turn."""
_SLOPES = 1 << 15
"""Parts of the slopes from -1 to 1 that are marked as close to a ring's or not."""
_NEAREST = 1.0
"""Nearer to the sensor than this (m), points are no returns."""


@kernel
def _angles(points, since, speed, rate, elevation, azimuth):
    """Elevation and azimuth (N,), rad, of points (N, 3) as seen from where the sensor was `since` (N,) s ago."""
    for i in range(since.size):
        x = points[i, 0] + 0.5 * speed * rate * since[i] * since[i]
        y = points[i, 1] + speed * since[i]
        elevation[i] = arctangent2(points[i, 2], np.sqrt(x * x + y * y))
        azimuth[i] = arctangent2(y, x)


@kernel
def _nearest_rings(elevation, rings, ring, off):
    """The ring (N,) nearest to each elevation (N,), of ascending ones (R,), and by how much it is off."""
    for i in range(elevation.size):
        low = np.int64(0)
        while low < rings.size - 2 and 0.5 * (rings[low] + rings[low + 1]) < elevation[i]:
            low += 1
        best = low if abs(elevation[i] - rings[low]) < abs(elevation[i] - rings[low + 1]) else low + 1
        ring[i] = best
        off[i] = abs(elevation[i] - rings[best])


@kernel
def _mark_slopes(rings, within, marks):
    """Mark (K,) the slopes, -1 to 1, whose elevations are `within` so much (rad) of a ring's."""
    for k in range(marks.size):
        elevation = arctangent2(2.0 * (k + 0.5) / marks.size - 1.0, 1.0)
        low = np.int64(0)
        while low < rings.size - 2 and 0.5 * (rings[low] + rings[low + 1]) < elevation:
            low += 1
        marks[k] = min(abs(elevation - rings[low]), abs(elevation - rings[low + 1])) < within


@kernel
def _count_close(points, since, motions, marks, close):
    """How many of points (N, 3), for each speed and rate (K, 2), have slopes that are marked (M,)."""
    half = 0.5 * marks.size
    for k in range(close.size):
        speed, rate = motions[k, 0], motions[k, 1]
        count = np.int64(0)
        for i in range(since.size):
            x = points[i, 0] + 0.5 * speed * rate * since[i] * since[i]
            y = points[i, 1] + speed * since[i]
            place = np.int64((points[i, 2] / (np.sqrt(x * x + y * y) + 1e-9) + 1.0) * half)
            if 0 <= place < marks.size:
                count += marks[place]
        close[k] = np.float64(count)


class Rung(NamedTuple):
    """Rings and firings (N,) int64 of points, and how the sensor moved: speed forwards (m/s), rate of turning (rad/s).

    Points that fit into no firing have firing -1.
    """

    ring: np.ndarray
    firing: np.ndarray
    speed: float
    rate: float


class _Sample(NamedTuple):
    """Far points (M, 3), and how long ago they were seen (M,), s."""

    points: np.ndarray
    since: np.ndarray

    def every(self, step: int) -> _Sample:
        return _Sample(np.ascontiguousarray(self.points[::step]), np.ascontiguousarray(self.since[::step]))


def find_rings(points: np.ndarray, within: float = _CLOSE) -> Rung | None:
    """Find rings and firings of points (N, 3) float64 in the order of their firings.

    The frame is that of the end of the turn, y forward. None when elevations do not gather `within` so much (rad) of
    the sensor's.
    """
    since = since_last(points)
    some = np.flatnonzero(np.sqrt((points**2).sum(axis=1)) > 2 * _NEAREST)
    some = some[:: max(1, len(some) // _SAMPLE)]
    if len(some) < 64:
        return None
    sample = _Sample(points[some], since[some]).every(1)
    if _best_motion(sample.every(_FEW), _SPEEDS[::_COARSE], 0.0, within)[1] < _LEAST_AT_FIRST:
        return None
    (speed, _), _ = _best_motion(sample, _SPEEDS, 0.0, within)
    (_, rate), _ = _best_motion(sample, speed, _TURNS, within)
    (speed, _), share = _best_motion(sample, speed + np.arange(-0.3, 0.35, 0.05), rate, within)
    if share < _LEAST_SHARE:
        return None
    return Rung(*_walked(points, since, speed, rate), speed, rate)


def walk_rings(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rings and firings (N,) int64 of points (N, 3) float64, each as the sensor saw it; firing -1: fits into none."""
    return _walked(points, np.zeros(len(points)), 0.0, 0.0)


def _walked(points: np.ndarray, since: np.ndarray, speed: float, rate: float) -> tuple[np.ndarray, np.ndarray]:
    elevation, azimuth = np.empty(len(points)), np.empty(len(points))
    _angles(points, since, speed, rate, elevation, azimuth)
    ring = _nearest(elevation)
    slot = hdl32e().rhythm.slot[ring]
    block = np.rint(azimuth * (TURN / FULL)).astype(np.int64) + (2 * STEP * slot + 40) // 80
    firing = np.empty(len(points), np.int64)
    here = points + np.stack([0.5 * speed * rate * since * since, speed * since, 0.0 * since], axis=1)
    none = (here * here).sum(axis=1) < NEAREST * NEAREST
    slack = _ASTRAY * TURN / FULL / np.sqrt((here * here).sum(axis=1) + _ASTRAY * _ASTRAY)
    number_firings(ring, block, slack, none, RINGS, firing)
    return ring, firing


def rings_seen(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The rings (N,) int64 nearest to points (N, 3) as the sensor saw them, and their elevations (N,), rad."""
    elevation, azimuth = np.empty(len(points)), np.empty(len(points))
    _angles(points, np.zeros(len(points)), 0.0, 0.0, elevation, azimuth)
    return _nearest(elevation), elevation


def _nearest(elevation: np.ndarray) -> np.ndarray:
    ring, off = np.empty(len(elevation), np.int64), np.empty(len(elevation))
    _nearest_rings(elevation, ring_elevations(), ring, off)
    return ring


class Nearest(NamedTuple):
    """Of some points, `near` (M,) int64: rings (M,) int64, how long ago they were seen (M,), s; the sensor's speed."""

    near: np.ndarray
    ring: np.ndarray
    since: np.ndarray
    speed: float


def nearest_rings(points: np.ndarray, within: float) -> Nearest | None:
    """Rings of far points among (N, 3) float64, about as the sensor saw them; None where elevations hardly gather."""
    return far_rings(points, since_last(points), within)


def far_rings(points: np.ndarray, since: np.ndarray, within: float = _LOOSE) -> Nearest | None:
    """The same of points seen so long ago (N,), s."""
    near = np.flatnonzero((points**2).sum(axis=1) > _WELL_SEEN**2)
    if len(near) < 256:
        return None
    sample = _Sample(points[near], since[near])
    (speed, _), share = _best_motion(sample.every(max(1, len(near) // _SAMPLE)), _SPEEDS[::5], 0.0, within)
    if share < _LEAST_LOOSE:
        return None
    elevation, azimuth = np.empty(len(near)), np.empty(len(near))
    _angles(*sample, speed, 0.0, elevation, azimuth)
    return Nearest(near, _nearest(elevation), sample.since, speed)


def find_displaced(points: np.ndarray) -> np.ndarray | None:
    """About where the sensor was at the end of the turn, (3,) m, for points (N, 3) float64 in the frame of another
    time: somewhere along its way, which went forwards. None if nowhere."""
    some = points[(points**2).sum(axis=1) > _WELL_SEEN**2]
    some = some[:: max(1, len(some) // (_SAMPLE // 3))]
    if len(some) < 64:
        return None

    def share_at(place: np.ndarray, every: int = 1) -> float:
        away = some - place
        sample = _Sample(away, since_last(away)).every(every)
        return _best_motion(sample, _SPEEDS[::10], 0.0, _LOOSE)[1]

    # a few points tell where it cannot have been
    along = [np.array([0.0, y, 0.0]) for y in _AHEAD]
    rough = np.array([share_at(place, _ROUGH) for place in along])
    if rough.max() < _LEAST_ROUGH:
        return None
    best, place = _likeliest(share_at, [along[k] for k in np.argsort(-rough, kind="stable")[:_LIKELY]])
    if best < _LEAST_ROUGH:
        return None
    around = [place + np.array([x, y, 0.0]) for x, y in product(_ASIDE, _NEARLY)]
    better, there = _likeliest(share_at, around)
    best, place = (better, there) if better > best else (best, place)
    return place if best > _LEAST_LOOSE else None


def _likeliest(share_at: Callable[[np.ndarray], float], places: list[np.ndarray]) -> tuple[float, np.ndarray]:
    """The largest share, and the first of places (3,) that has it."""
    shares = [share_at(place) for place in places]
    best = int(np.argmax(shares))
    return shares[best], places[best]


def since_last(points: np.ndarray) -> np.ndarray:
    """How long before the last one each of points (N, 3) was seen, by azimuth, (N,) s.

    Points are in the order of their firings: where the first were seen about a turn ago, none of them was just now.
    """
    elevation, azimuth = np.empty(len(points)), np.empty(len(points))
    _angles(points, np.zeros(len(points)), 0.0, 0.0, elevation, azimuth)
    seen = np.flatnonzero((points * points).sum(axis=1) > (2 * _NEAREST) ** 2)
    end = azimuth[seen[-1]] if len(seen) else 0.0
    turned = (np.mod(azimuth - end + 0.2, FULL) - 0.2) / FULL
    early = turned[: len(turned) // 4]
    if len(early) and np.median(early) > 0.5:
        early[early < _JUST_NOW] += 1.0
    # where near points are seen says little of when: that is told by far ones before and after
    far = np.flatnonzero((points * points).sum(axis=1) > _WELL_SEEN * _WELL_SEEN)
    if len(far):
        turned = np.interp(np.arange(len(points)), far, turned[far])
    return turned * SWEEP


@cache
def _close_slopes(within: float) -> np.ndarray:
    """Which of `_SLOPES` slopes have elevations `within` so much (rad) of a ring's, int64."""
    marks = np.zeros(_SLOPES, np.int64)
    _mark_slopes(ring_elevations(), within, marks)
    return marks


def ring_elevations() -> np.ndarray:
    """Elevations (R,) of the rings, rad, from the lowest up."""
    return np.array([arctangent2(row[SINE], row[COSINE]) for row in hdl32e().beams.table])


def _best_motion(
    sample: _Sample, speeds: np.ndarray | float, rates: np.ndarray | float, within: float
) -> tuple[tuple[float, float], float]:
    """Of speeds and rates (K,), those at which most points fit; and which share that is."""
    motions = np.stack(np.broadcast_arrays(speeds, rates), axis=1)
    close = np.empty(len(motions))
    _count_close(*sample, motions, _close_slopes(within), close)
    best = int(np.argmax(close))
    return (float(motions[best, 0]), float(motions[best, 1])), float(close[best]) / len(sample.since)
