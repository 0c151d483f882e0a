"""A sweep of a moving sensor whose points have poses of their own: from stored points to the law. Encoder only.

Lines on the road give place and tilt; elevations and steps of azimuth give lasers and blocks; directions give a track
and whole ranges; then points give when packets were sent, and where the track bends.
"""

from __future__ import annotations

from dataclasses import replace
from operator import itemgetter

import numpy as np

from lizip.exact.linear import multiply
from lizip.exact.rotation import rotation_of_euler
from lizip.exact.trig import TURN, arctangent2
from lizip.sensor.fit.timed.adjust import Free, coordinate_step, misses
from lizip.sensor.fit.timed.angles import find_tilt, find_yaw, label_all, refine
from lizip.sensor.fit.timed.labels import Labels
from lizip.sensor.fit.timed.law import FIXED, Law
from lizip.sensor.fit.timed.observed import Observed, measure, observe
from lizip.sensor.fit.timed.origin import find_start
from lizip.sensor.fit.timed.packets import find_packets, settle_packets, time_packets, within
from lizip.sensor.fit.timed.sensor import Sensor

_TURN = 1851
"""Blocks of a sweep, about."""
_MILLISECOND = 4194.304
_KNOTS = np.array([1.3, 51.3, 101.3]) * _MILLISECOND
"""About where a vehicle's poses, 50 ms apart, fall in a sweep: slots from the first block."""
_REFINED = (
    ((5, 12.0, 6), (5, 6.0, 6), (9, 3.0, 3), (17, 3.0, 2)),
    ((5, 4.0, 6), (5, 3.0, 6), (9, 2.5, 3), (17, 2.5, 2)),
    ((5, 2.5, 6), (5, 2.0, 6), (9, 1.5, 3), (17, 1.0, 2)),
)
"""Knots, how near points may be (m), and which of some points are looked at: one of so many. Far points tell directions
best; where walls leave none in half of the directions, near ones have to."""
_LABELLED = 0.95
"""Share of the points that have a laser once the track is right."""
_SOME = 3
"""Of so many points one tells the track; odd, so that no laser is left out."""
_COHERENT, _NOISY = 3e-6, 1.5
"""Largest deviation of elevations under a law, rad, and how many times that which a rounding makes at the points'
usual distance."""
_TIMED = 2e-6, 2e-6, 1e-6, 5e-7, 3e-7, 2e-7
_FREED = 3
_MOUNT, _LEVER = rotation_of_euler(0.0, 0.0157, 0.0), np.array([0.828, 0.0, 1.835])
"""How the sensor sits on PandaSet's vehicle: where the search begins."""
_DOUBTS, _LEANS, _NEAR = (0.5, 0.1), 0.98, 1.2
"""How far it may sit otherwise, see `Free.fixed`; the cosine of what it may be turned by, unless points are so near to
where the law has them (see `_away`)."""
_ENDS = 1.0
_FIRST, _BEFORE = 40, 0.05
"""Points by which a sweep begins, and how much of a turn (turns) they may be before the back."""
_MARGIN, _CLOSEST = 0.1 * _MILLISECOND, 0.05 * _MILLISECOND
_WHOLE = 0.95
"""Share of a turn that a sweep shows which is whole."""
_SPARSE = 3
_ROUGH, _FINER, _FINEST = (1e-4, 1e-5), (3e-6, 1e-6, 5e-7), (3e-7, 1e-7, 5e-8)
"""Noise, m, in the fits to all points."""
_WIDE = 100.0


def solve(points: np.ndarray, sensor: Sensor, noise: float = 0.0) -> tuple[Observed, Law] | None:
    """Find how points (N, 3) float32 came about; None when they did not so.

    `noise` is the standard deviation that a rounding more coarse than to float32 left in their coordinates, m.
    """
    start = find_start(points, sensor)
    if start is None:
        return None
    law = find_tilt(points, start, sensor, _TURN * sensor.packet_step / sensor.packet)
    found = None if law is None else find_yaw(law, points, sensor)
    if found is None:
        return None
    law, phase, labels = found
    tries = []
    for steps in _REFINED:
        tries.append(
            _refined(law, points[::_SOME], Labels(labels.ring[::_SOME], labels.block[::_SOME]), phase, sensor, steps)
        )
        if tries[-1][0] > _LABELLED:
            break
    _, scale, law, labels = max(tries, key=itemgetter(0))
    distance = np.sqrt(((points[::_SOME] - np.median(law.places, axis=0)) ** 2).sum(axis=1))
    if scale > _COHERENT + _NOISY * noise / np.median(distance):
        return None
    labels = label_all(law, points, labels, _SOME, phase, sensor)
    first = int(labels.block[labels.block > -_TURN].min())
    labels = Labels(labels.ring, np.where(labels.ring >= 0, labels.block - first, -1))
    law = law._replace(times=law.times - first * sensor.packet_step / sensor.packet)
    seen, law = observe(points, law, phase + first * sensor.step, labels, sensor, noise)
    if not seen.clear.any():  # no vehicle is so far from all that it saw
        return None
    at = _knots(seen, law, sensor)
    settled = []
    for doubt in _DOUBTS:
        settled.append(_settled(replace(seen), _seated(law, seen.times, at), at, doubt))
        if _is_seated(settled[-1][1]) or _away(*settled[-1]) < _NEAR:
            break
    seen, law = settled[0] if len(settled) == 1 else min(settled, key=lambda each: _away(*each))
    return (seen, law) if (np.diff(law.times) > _CLOSEST).all() else None


def _settled(seen: Observed, law: Law, knots: np.ndarray, doubt: float) -> tuple[Observed, Law]:
    """Find times and law of a sweep whose sensor may sit otherwise, by so much `doubt` (see `Free.fixed`)."""
    law, centre = _timed(seen, law, doubt)
    law = _without_scraps(_all_of_it(seen, law, centre, knots, doubt))
    measure(seen, law)
    return seen, law


def _away(seen: Observed, law: Law) -> float:
    """How far points are from where a law has them, the mean of the binary logarithm of micrometres."""
    some = seen.sample(np.flatnonzero(seen.clear)[::_SPARSE], np.zeros(seen.blocks, np.int64))
    return float(np.log2(1.0 + 1e6 * np.abs(misses(law, some))).mean())


def _is_seated(law: Law) -> bool:
    """Whether the sensor sits as one may: a track that hardly bends does not tell it, and a fit may run away."""
    return bool((multiply(law.mount, _MOUNT.T).trace() - 1.0) / 2.0 > _LEANS)


def _refined(
    law: Law,
    points: np.ndarray,
    labels: Labels,
    phase: float,
    sensor: Sensor,
    steps: tuple[tuple[int, float, int], ...],
) -> tuple[float, float, Law, Labels]:
    """Fit the track to directions of some points in `steps` (see `_REFINED`): share that has a laser, how far these
    are off, law and labels."""
    scale = np.inf
    for knots, near, sparse in steps:
        law = law.resampled(np.linspace(law.times[0], law.times[-1], knots))
        law, scale, labels = refine(law, points, labels, phase, sensor, near, sparse)
    return float((labels.ring >= 0).mean()), scale, law, labels


def _knots(seen: Observed, law: Law, sensor: Sensor) -> np.ndarray:
    """About where knots fall (slots): whole sweeps begin at the vehicle's back, parts where they do in its frame.

    A whole one does so in any frame, also where somebody has turned the vehicle's.
    """
    turn = _TURN * sensor.packet_step / sensor.packet
    if not law.in_own_frame or np.ptp(seen.times) > _WHOLE * turn:
        return _KNOTS
    x, y, _ = np.median(seen.stored[:_FIRST] - law.places[0], axis=0).tolist()
    turned = 0.5 - arctangent2(y, x) / TURN
    turned = (turned + _BEFORE) % 1.0 - _BEFORE
    return _KNOTS - turned * turn


def _inside(knots: np.ndarray, first: float, last: float) -> np.ndarray:
    """Those of some knots that lie between two times, and at neither end."""
    return knots[(knots > first + _MARGIN) & (knots < last - _MARGIN)]


def _seated(law: Law, times: np.ndarray, knots: np.ndarray) -> Law:
    """The law with three knots, or as many as a part of a sweep has, on a vehicle."""
    first, last = times.min(), times.max()
    inner = _inside(knots, first, last)
    law = law.resampled(inner if len(inner) == len(knots) else np.array([first, *inner, last]))
    far = multiply(_MOUNT, law.turns[-1].T) if law.in_own_frame else np.eye(3)
    return law._replace(far=far, mount=_MOUNT, lever=_LEVER)


def _timed(seen: Observed, law: Law, doubt: float) -> tuple[Law, np.ndarray]:
    """Find when packets were sent, to the slot."""
    law = find_packets(seen, law)
    centre = np.zeros(FIXED)
    for number, floor in enumerate(_TIMED):
        free = Free(fixed=doubt * (number >= _FREED), inner=True)
        step = time_packets(seen, law, within(seen, law)[::2], floor, free, centre)
        law, centre = step.law, centre + step.change
        if number == _FREED - 1:
            measure(seen, law)
    return settle_packets(seen, law), centre


def _all_of_it(seen: Observed, law: Law, centre: np.ndarray, knots: np.ndarray, doubt: float) -> Law:
    """Fit the law to all points: the ends of a sweep have knots, and packets, of their own."""
    first, last = seen.times.min(), seen.times.max()
    # a track bends every 50 ms, and where it does is known for a knot between all these points
    found = law.times[(law.times > law.times[0]) & (law.times < law.times[-1])]
    away = found[:, None] - knots
    near = np.unravel_index(int(np.argmin(np.abs(away))), away.shape) if len(found) else None
    inner = _inside(knots + (0.0 if near is None else away[near]), first, last)
    law = law.resampled(np.array([first - _ENDS, *inner, last + _ENDS]))
    nobody = np.zeros(seen.blocks, np.int64)
    for floor in _ROUGH:
        measure(seen, law)
        law = coordinate_step(
            law, seen.sample(_which(seen, law)[::2], nobody), Free(), seen.blurred(floor), centre, _WIDE
        ).law
    for floor in _FINER:
        measure(seen, law)
        law = time_packets(seen, law, _which(seen, law), floor, Free(inner=True), centre).law
    law = settle_packets(seen, law)
    free = Free(fixed=doubt, inner=True)
    for floor in _FINEST:
        measure(seen, law)
        step = coordinate_step(law, seen.sample(_which(seen, law), nobody), free, seen.blurred(floor), centre, _WIDE)
        law, centre = step.law, centre + step.change
    measure(seen, law)
    return law


def _without_scraps(law: Law) -> Law:
    """The law without knots at the ends that others have come up to: hardly a point lies between."""
    first, last = 0, len(law.times)
    while last - first > 2 and law.times[first + 1] - law.times[first] <= _CLOSEST:
        first += 1
    while last - first > 2 and law.times[last - 1] - law.times[last - 2] <= _CLOSEST:
        last -= 1
    kept = slice(first, last)
    return law._replace(times=law.times[kept], turns=law.turns[kept], places=law.places[kept])


def _which(seen: Observed, law: Law) -> np.ndarray:
    """Some of the clear points, and all of those at the ends of a sweep."""
    times = seen.times
    few = np.arange(len(times)) % _SPARSE == 0
    return np.flatnonzero(seen.clear & (few | (times < law.times[1]) | (times > law.times[-2])))
