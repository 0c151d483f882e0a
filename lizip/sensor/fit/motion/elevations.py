"""Rings and firings of points of which only the positions are known, as seen from a sensor that moved evenly."""

from __future__ import annotations

import numpy as np

from lizip.exact.trig import TURN as FULL
from lizip.exact.trig import arctangent2
from lizip.jit import kernel
from lizip.sensor.fit.motion.firing import hdl32e
from lizip.sensor.stages.beams import COSINE, SINE
from lizip.sensor.stages.firing_azimuths import STEP, TURN

_SWEEP = 0.05
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
def _count_close(points, since, motions, rings, close):
    """How many of points (N, 3), for each speed and rate (K, 2), are so near to a ring's elevation that they fit."""
    for k in range(close.size):
        speed, rate = motions[k, 0], motions[k, 1]
        close[k] = 0.0
        for i in range(since.size):
            x = points[i, 0] + 0.5 * speed * rate * since[i] * since[i]
            y = points[i, 1] + speed * since[i]
            elevation = arctangent2(points[i, 2], np.sqrt(x * x + y * y))
            low = np.int64(0)
            while low < rings.size - 2 and 0.5 * (rings[low] + rings[low + 1]) < elevation:
                low += 1
            close[k] += min(abs(elevation - rings[low]), abs(elevation - rings[low + 1])) < _CLOSE


@kernel
def _walk(ring, block, first, firing):
    """Number the firings: a new one begins where the azimuth has fallen by more than half a step.

    `block` (N,): azimuth of each point's firing, 0.01 degrees, about. A point that does not rise in its firing gets -1.
    """
    now = np.int64(0)
    at = block[first]
    top = np.int64(-1)
    for i in range(ring.size):
        fall = (at - block[i]) % TURN
        fall = fall - TURN if fall > TURN // 2 else fall
        steps = np.int64(np.rint(np.float64(fall) / STEP))
        if steps > 0 and (steps < 4 or ring[i] <= top):
            now += steps
            at = block[i]
            top = np.int64(-1)
        elif steps == 0 and ring[i] > top and top < 0:
            at = block[i]
        if steps < 0 or ring[i] <= top:
            firing[i] = -1
            continue
        firing[i] = now
        top = ring[i]


def find_rings(points: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """Find rings and firings (N,) int64 of points (N, 3) float64 in the order of their firings.

    The frame is that of the end of the turn, y forward. Points that fit into no firing get -1. None when elevations
    do not gather at the sensor's.
    """
    sensor = hdl32e()
    table = sensor.beams.table
    rings = np.array([arctangent2(row[SINE], row[COSINE]) for row in table])
    elevation, azimuth = np.empty(len(points)), np.empty(len(points))
    distance = np.sqrt((points**2).sum(axis=1))
    zero = np.zeros(len(points))
    _angles(points, zero, 0.0, 0.0, elevation, azimuth)
    end = azimuth[-1]
    since = np.mod(azimuth - end + 0.2, FULL) / FULL * _SWEEP
    some = np.flatnonzero(distance > 2 * _NEAREST)
    some = some[:: max(1, len(some) // _SAMPLE)]
    if len(some) < 64:
        return None
    sample, when = np.ascontiguousarray(points[some]), since[some]
    few, then = np.ascontiguousarray(sample[::_FEW]), np.ascontiguousarray(when[::_FEW])
    if _best_motion(few, then, rings, _SPEEDS[::_COARSE], 0.0)[1] < _LEAST_AT_FIRST:
        return None
    (speed, _), _ = _best_motion(sample, when, rings, _SPEEDS, 0.0)
    (_, rate), _ = _best_motion(sample, when, rings, speed, _TURNS)
    (speed, _), share = _best_motion(sample, when, rings, speed + np.arange(-0.3, 0.35, 0.05), rate)
    if share < _LEAST_SHARE:
        return None
    _angles(points, since, speed, rate, elevation, azimuth)
    ring, off = np.empty(len(points), np.int64), np.empty(len(points))
    _nearest_rings(elevation, rings, ring, off)
    block = np.rint(azimuth * (TURN / FULL)).astype(np.int64) + (2 * STEP * sensor.rhythm.slot[ring] + 40) // 80
    firing = np.empty(len(points), np.int64)
    _walk(ring, block, 0, firing)
    return ring, firing


def _best_motion(
    points: np.ndarray, since: np.ndarray, rings: np.ndarray, speeds: np.ndarray | float, rates: np.ndarray | float
) -> tuple[tuple[float, float], float]:
    """Of speeds and rates (K,), those at which most of points (N, 3) fit; and which share that is."""
    motions = np.stack(np.broadcast_arrays(speeds, rates), axis=1)
    close = np.empty(len(motions))
    _count_close(points, since, motions, rings, close)
    best = int(np.argmax(close))
    return (float(motions[best, 0]), float(motions[best, 1])), float(close[best]) / len(since)
