"""What one laser beside the axis was given, and the range and azimuth of each of its points, from the points alone."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lizip.exact.trig import TURN as CIRCLE
from lizip.exact.trig import sincos
from lizip.jit import kernel
from lizip.sensor.fit.driver.offsets import UNIT
from lizip.sensor.fit.driver.phases import phases
from lizip.sensor.fit.driver.polar import TICKS
from lizip.sensor.fit.placed.model import (
    ASIDE,
    ELEVATION,
    FURTHER,
    LASER,
    MORE_X,
    MORE_Y,
    TURN,
    UP,
    Scratch,
    fit_heights,
    fit_lattice,
    see_points,
)

_ASIDE, _UP = 0.026, 0.2
"""Where such lasers sit about, m: a start."""
_SAMPLE = 320
_PASSES, _AGAIN = 8, 3
_MOST_MISS, _MOST_LEFT = 2e-5, 3e-6
"""Metres by which heights may be off; parts of the range by which points may be."""
_COHERENT, _LEAST_COHERENT = 0.9, 0.7
_SEARCHED, _ASIDE_STEP = 100, 4e-5
"""Steps, and metres of one, in which the horizontal offset is searched each way so that azimuths are whole."""
_NOTHING = 1e-5
"""Metres added near by that are none."""


class Fitted(NamedTuple):
    """A laser.

    Attributes
    ----------
    numbers : (LASER,) float64
        See `lizip.sensor.fit.placed.model`; `TURN` and `FURTHER` but for whole steps.
    ticks, azimuth : (K,) int64
        Of each point; azimuths in 0.01 degrees.
    tick : float
        Metres a tick.
    """

    numbers: np.ndarray
    ticks: np.ndarray
    azimuth: np.ndarray
    tick: float


@kernel
def _search_aside(units, per_metre, step, most):
    """Metres aside, in steps, that make azimuths units (K,), in 0.01 degrees, most alike modulo 1."""
    best = 0.0
    highest = -1.0
    for k in range(-most, most + 1):
        total_sine = 0.0
        total_cosine = 0.0
        for i in range(units.size):
            angle = units[i] + k * step * per_metre[i]
            sine, cosine = sincos((angle - np.floor(angle)) * CIRCLE)
            total_sine += sine
            total_cosine += cosine
        length = total_sine * total_sine + total_cosine * total_cosine
        if length > highest:
            best = k * step
            highest = length
    return best


def _phase(units: np.ndarray) -> tuple[float, float]:
    """Phase, -0.5 to 0.5, and coherence of numbers (K,) that are whole but for it."""
    phase, coherence = np.empty((2, 1))
    phases(units, np.array([0, len(units)]), phase, coherence)
    return float(phase[0]), float(coherence[0])


def fit_laser(scratch: Scratch, points: np.ndarray, elevation: float) -> Fitted | None:
    """Fit a laser that looks up by about `elevation` (rad) to points (K, 3) float64: across, along, up.

    None when it is none that sits beside the axis and measures whole ticks at whole 0.01 degrees.
    """
    some = np.ascontiguousarray(points[:: 1 + len(points) // _SAMPLE])
    best, highest = None, _LEAST_COHERENT
    for aside, free in ((_ASIDE, False), (-_ASIDE, False), (_ASIDE, True)):
        laser = np.zeros(LASER)
        laser[ELEVATION], laser[UP], laser[ASIDE] = elevation, _UP, aside
        left = fit_heights(scratch, laser, some, free, _PASSES)
        if not left < _MOST_MISS:
            continue
        reach, angle = np.empty((2, len(some)))
        see_points(scratch, laser, some, reach, angle)
        per_metre = 1 / (reach * UNIT)
        more = _search_aside(angle / UNIT, per_metre, _ASIDE_STEP, _SEARCHED)
        laser[ASIDE] += more
        coherence = _phase(angle / UNIT + more * per_metre)[1]
        if coherence > highest:
            best, highest = laser, coherence
        if coherence > _COHERENT:
            break
    return None if best is None else _on_lattice(scratch, best, points)


def _on_lattice(scratch: Scratch, laser: np.ndarray, points: np.ndarray) -> Fitted | None:
    held = np.zeros(LASER, bool)
    held[[MORE_X, MORE_Y]] = np.abs(laser[[MORE_X, MORE_Y]]).max() < _NOTHING
    laser[held] = 0.0
    reach, angle = np.empty((2, len(points)))
    see_points(scratch, laser, points, reach, angle)
    tick = next((each for each in TICKS if _phase(reach / each)[1] > _COHERENT), None)
    if tick is None:
        return None
    for _ in range(_AGAIN):
        away, turned = _phase(reach / tick)[0], _phase(angle / UNIT)[0]
        laser[FURTHER], laser[TURN] = away * tick, -turned * UNIT
        ticks = np.rint(reach / tick - away).astype(np.int64)
        azimuth = np.rint(angle / UNIT - turned).astype(np.int64)
        left = fit_lattice(scratch, laser, points, ticks * tick, azimuth * UNIT, held, _AGAIN)
        if left < _MOST_LEFT:
            return Fitted(laser, ticks, azimuth, tick)
        if not np.isfinite(laser).all():
            return None
        see_points(scratch, laser, points, reach, angle)
    return None
