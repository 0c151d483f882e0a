"""A sweep of a moving sensor whose points have poses of their own: from stored points to the law. Encoder only.

Lines on the road give place and tilt; elevations and steps of azimuth give lasers and blocks; directions give a track
and whole ranges; then points give when packets were sent, and where the track bends.
"""

from __future__ import annotations

import numpy as np

from lizip.exact.linear import multiply
from lizip.exact.rotation import rotation_of_euler
from lizip.sensor.fit.timed.adjust import Free, coordinate_step
from lizip.sensor.fit.timed.angles import find_tilt, find_yaw, refine
from lizip.sensor.fit.timed.labels import Labels
from lizip.sensor.fit.timed.law import FIXED, Law
from lizip.sensor.fit.timed.observed import Observed, measure, observe
from lizip.sensor.fit.timed.origin import find_start
from lizip.sensor.fit.timed.packets import find_packets, settle_packets, time_packets
from lizip.sensor.fit.timed.sensor import Sensor

_TURN = 1851
"""Blocks of a sweep, about."""
_MILLISECOND = 4194.304
_KNOTS = np.array([1.04, 51.5, 100.9]) * _MILLISECOND
"""Where a vehicle's poses fall in a sweep, slots from the first block."""
_REFINED = (5, 12.0), (5, 6.0), (9, 3.0), (17, 3.0)
"""Knots, and how near points may be, m."""
_COHERENT = 3e-6
"""Largest deviation of elevations under a law, rad."""
_TIMED = 2e-6, 2e-6, 2e-6, 1e-6, 5e-7, 3e-7, 3e-7, 2e-7
_FREED = 4
_MOUNT, _LEVER = rotation_of_euler(0.0, 0.0157, 0.0), np.array([0.828, 0.0, 1.835])
"""How the sensor sits on PandaSet's vehicle: where the search begins."""
_OWN_FRAME = 3.0
"""Nearer than this to the origin, m, the sensor's points are in its vehicle's frame."""
_ENDS = 1.0
_MARGIN, _CLOSEST = 0.5 * _MILLISECOND, 0.05 * _MILLISECOND
_SPARSE = 3


def solve(points: np.ndarray, sensor: Sensor) -> tuple[Observed, Law] | None:
    """Find how points (N, 3) float32 came about; None when they did not so."""
    start = find_start(points, sensor)
    if start is None:
        return None
    law = find_tilt(points, start, sensor, _TURN * sensor.packet_step / sensor.packet)
    found = None if law is None else find_yaw(law, points, sensor)
    if found is None:
        return None
    law, phase, labels = found
    for knots, near in _REFINED:
        law = law.resampled(np.linspace(law.times[0], law.times[-1], knots))
        law, scale, labels = refine(law, points, labels, phase, sensor, near)
    if scale > _COHERENT:
        return None
    first = int(labels.block[labels.block > -_TURN].min())
    labels = Labels(labels.ring, np.where(labels.ring >= 0, labels.block - first, -1))
    law = law._replace(times=law.times - first * sensor.packet_step / sensor.packet)
    seen, law = observe(points, law, phase + first * sensor.step, labels, sensor)
    law, centre = _timed(seen, _seated(law, seen.times))
    law = _all_of_it(seen, law, centre)
    return (seen, law) if (np.diff(law.times) > _CLOSEST).all() else None


def _inside(knots: np.ndarray, first: float, last: float) -> np.ndarray:
    """Those of some knots that lie between two times, and at neither end."""
    return knots[(knots > first + _MARGIN) & (knots < last - _MARGIN)]


def _seated(law: Law, times: np.ndarray) -> Law:
    """The law with three knots, or as many as a part of a sweep has, on a vehicle."""
    first, last = times.min(), times.max()
    inner = _inside(_KNOTS, first, last)
    law = law.resampled(inner if len(inner) == len(_KNOTS) else np.array([first, *inner, last]))
    own = np.abs(law.places[-1, :2]).max() < _OWN_FRAME
    far = multiply(_MOUNT, law.turns[-1].T) if own else np.eye(3)
    return law._replace(far=far, mount=_MOUNT, lever=_LEVER)


def _timed(seen: Observed, law: Law) -> tuple[Law, np.ndarray]:
    """Find when packets were sent, to the slot."""
    law = find_packets(seen, law)
    centre = np.zeros(FIXED)
    for number, floor in enumerate(_TIMED):
        step = time_packets(seen, law, floor, Free(fixed=0.5 * (number >= _FREED), inner=True), centre)
        law, centre = step.law, centre + step.change
        if number == _FREED - 1:
            measure(seen, law)
    settle_packets(seen)
    return law, centre


def _all_of_it(seen: Observed, law: Law, centre: np.ndarray) -> Law:
    """Fit the law under whole times, from all points: the ends of a sweep have knots of their own."""
    times = seen.times
    first, last = times.min(), times.max()
    inner = _inside(law.times, first, last)
    law = law.resampled(np.array([first - _ENDS, *inner, last + _ENDS]))
    for floor in (2e-6, 2e-6, 3e-7, 1e-7, 5e-8, 5e-8):
        measure(seen, law)
        which = np.flatnonzero(seen.clear)[::_SPARSE]
        sample = seen.sample(which, np.zeros(seen.blocks, np.int64))
        step = coordinate_step(law, sample, Free(fixed=1.0, inner=True), floor, centre, 100.0)
        law, centre = step.law, centre + step.change
    measure(seen, law)
    return law
