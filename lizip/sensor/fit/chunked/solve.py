"""One moving sensor whose packets' returns went to the vehicle's frame chunk by chunk: from stored points to the law.

Elevations give position and tilt; angles give lasers, firings and whole azimuths; then ranges and chunks come out of
the rays, the knots' times and the packets' out of the points, and in the end all is tried bit for bit.
"""

from __future__ import annotations

import numpy as np

from lizip.exact.screw import poses_at
from lizip.sensor.fit.chunked.angles import find_angles, resample, turned
from lizip.sensor.fit.chunked.azimuths import UNIT, Seen, find_origin
from lizip.sensor.fit.chunked.elevations import Rough, elevations_of, fit_elevations
from lizip.sensor.fit.chunked.knots import PHASE, fit_points, look_at_points
from lizip.sensor.fit.chunked.normals import Sums
from lizip.sensor.fit.chunked.observed import Law, Observed, own_times, placed_of
from lizip.sensor.fit.chunked.packets import time_packets
from lizip.sensor.fit.chunked.phase import find_phase
from lizip.sensor.fit.chunked.polish import polish, settle, settle_rounded
from lizip.sensor.fit.chunked.ranges import find_ranges
from lizip.sensor.stages.slots import Lasers

KNOT_PERIOD = 9752.2
"""Microseconds between the poses that the vehicle reports."""

_PHASES = 6
_COARSE, _FINE = (20.0, 10.0, 5.0), (5.0, 3.0, 2.0)
_SEVENTH, _THIRD = 7, 3
_CLOSER, _STILL = 12, 0.5
"""Steps at most, until the knots move by less than so many microseconds."""

_TELLING = 8.0
"""Metres from which on a point tells its azimuth well."""

_FARTHEST = 1e4
"""Metres from the origin within which a sensor is."""

_CLEAR = 3e-5
_MISSED = 2e-5
"""Metres by which ranges typically miss whole ticks where they may be halves of them: those of a sweep that was
near-lossless once."""


def solve(
    points: np.ndarray, lasers: Lasers, noise: float = 0.0, rough: Rough | None = None
) -> tuple[Observed, Law] | None:
    """Find how points (N, 3) float32 of one sensor, firing after firing, came about; None when they did not so.

    `noise` is the standard deviation that a rounding more coarse than to float32 left in their coordinates, m; `rough`
    what `fit_elevations` said of them, where that was asked.
    """
    rough = rough or fit_elevations(points, elevations_of(lasers, False))
    if rough is None:
        return None
    found = find_angles(points, rough, lasers, noise)
    if found is None:
        return None
    seen, azimuth, track = found
    law, miss = find_ranges(seen, azimuth, track)
    if miss > _MISSED + 2 * noise:
        finer = seen._replace(lasers=lasers.halved())
        law_finer, miss_finer = find_ranges(finer, azimuth, track)
        if miss_finer < miss:
            seen, law = finer, law_finer
    law, sums = _find_knots(seen, law)
    if noise:
        return seen, settle_rounded(seen, law)
    begun, law = find_phase(seen, law)
    if begun is not seen:
        seen, (law, sums) = begun, _find_knots(begun, law)
    law = _find_origin(seen, law, sums)
    law = time_packets(seen, law)
    law = settle(seen, law)
    law = polish(seen, law)
    return (seen, law) if _is_track(law) else None


def _is_track(law: Law) -> bool:
    """Whether knots follow one another, somewhere: few points may lead astray."""
    times, turns, places = law.track
    finite = np.isfinite(times).all() and np.isfinite(turns).all() and (np.abs(places) < _FARTHEST).all()
    return bool(finite and (np.diff(times) > 0).all())


def _find_knots(seen: Observed, law: Law) -> tuple[Law, Sums]:
    """Put knots where the vehicle's poses were: on a grid, of which several phases are tried."""
    placed, track = placed_of(seen, law), law.track
    end = float(own_times(seen, law.packets).max())
    tried = []
    for phase in (np.arange(_PHASES) / _PHASES * KNOT_PERIOD).tolist():
        times = np.arange(phase - KNOT_PERIOD, end + KNOT_PERIOD, KNOT_PERIOD)
        start = resample(track, times)
        moved = fit_points(start, placed, law.groups, _COARSE, PHASE, stride=_SEVENTH)
        tried.append((look_at_points(moved, placed, law.groups, _COARSE[-1], _SEVENTH)[1], moved))
    _, track = min(tried, key=lambda trial: trial[0])
    for _ in range(_CLOSER):
        before = track.times[0]
        track = fit_points(track, placed, law.groups, _FINE[:1], PHASE, stride=_THIRD)
        if abs(track.times[0] - before) < _STILL:
            break
    track = fit_points(track, placed, law.groups, _FINE, PHASE)
    return law._replace(track=track), look_at_points(track, placed, law.groups)[0]


def _find_origin(seen: Observed, law: Law, sums: Sums) -> Law:
    """Count azimuths from the sensor's own zero, and turn the sensor back by as much."""
    placed = placed_of(seen, law)
    good = placed.use & (seen.distance > _TELLING) & (np.abs(sums.residual).max(axis=1) < _CLEAR)
    turns = poses_at(law.track, law.groups.times).turns[law.groups.of[good]]
    inward = (turns * sums.residual[good][:, :, None]).sum(axis=1)
    x, y = placed.points[good, 0].astype(np.float64), placed.points[good, 1].astype(np.float64)
    error = (inward[:, 1] * x - inward[:, 0] * y) / (x * x + y * y)
    told = Seen(seen.firing[good], seen.laser[good], error)
    shift, _ = find_origin(seen.lasers, seen.upside_down, law.azimuth, told)
    track = turned(law.track, np.full(len(law.track.times), shift * UNIT))
    return law._replace(azimuth=law.azimuth + shift, track=track)
