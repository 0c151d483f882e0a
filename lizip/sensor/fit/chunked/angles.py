"""Lasers, firings, whole azimuths and a first track, from angles alone. Encoder only."""

from __future__ import annotations

import numpy as np

from lizip.exact.rotation import products
from lizip.exact.screw import Track, poses_at, rotations_of
from lizip.sensor.fit.chunked.azimuths import find_azimuths
from lizip.sensor.fit.chunked.elevations import Rough, elevations_of
from lizip.sensor.fit.chunked.firings import Firings, find_firings, rest_angles
from lizip.sensor.fit.chunked.knots import Groups, blurred, fit_rays, headings_of
from lizip.sensor.fit.chunked.observed import MIDDLE, Observed, telling, to_sensor
from lizip.sensor.fit.chunked.ray_sums import Rays, elevation_table
from lizip.sensor.stages.slots import Lasers

FIRING = 55.296
"""Mean microseconds from firing to firing."""

_COARSE, _FINE = 8000.0, 2500.0
"""Microseconds between the knots of the first tracks."""

_ROUNDS = 6
_FIRST = tuple((0.0, sigma) for sigma in (3e-4, 2e-4, 1e-4, 5e-5, 3e-5, 2e-5, 1e-5))
_LATER = tuple((0.0, sigma) for sigma in (1e-4, 3e-5, 1e-5))
_LAST = tuple((0.0, sigma) for sigma in (2e-5, 1e-5, 5e-6))
_SURE = (0.02, 0.01, 0.004)
"""How well the sensor's position is known, round after round, m."""

_NEAREST = 2.5
_LEAST, _MOST = 64, 4096
"""Firings of a sensor's part: it is about a turn, of 1808. What goes the other way would have one a turn."""
_MOST_LOST = 0.02
"""Share of the returns of which laser or firing may stay unknown."""


def resample(track: Track, times: np.ndarray) -> Track:
    """The same motion by other knots."""
    poses = poses_at(track, times)
    return Track(times, poses.turns, poses.places)


def turned(track: Track, yaw: np.ndarray) -> Track:
    """A track whose sensor is turned about its own axis by angles (K,), rad."""
    right = rotations_of(np.stack([np.zeros_like(yaw), np.zeros_like(yaw), yaw], axis=1))
    return Track(track.times, products(track.turns, right), track.places)


def _knots(found: Firings) -> tuple[np.ndarray, float]:
    """Times of the knots and of all firings, us."""
    span = len(found.heading) * FIRING
    return np.arange(int(np.ceil((span + 40 * FIRING) / _COARSE)) + 1) * _COARSE, span


def _rays(found: Firings, points: np.ndarray, rest: np.ndarray, lasers: Lasers) -> tuple[Groups, Rays]:
    """The firings as groups of rays."""
    count = len(found.heading)
    groups = Groups(np.searchsorted(found.firing, np.arange(count + 1)), np.arange(count) * FIRING + MIDDLE)
    late = lasers.slot[found.laser] * lasers.slot_time - MIDDLE
    use = telling(found.known, found.distance, found.firing, _NEAREST)
    return groups, Rays(points, found.laser, rest[found.laser], late, use)


def _same(one: Firings, other: Firings) -> bool:
    if len(one.heading) != len(other.heading):
        return False
    return bool((one.firing == other.firing).all() and (one.laser == other.laser).all())


def find_angles(
    points: np.ndarray, rough: Rough, lasers: Lasers, noise: float = 0.0
) -> tuple[Observed, np.ndarray, Track] | None:
    """Find lasers and firings of points (N, 3) float32, in turn with a track, until neither changes.

    `noise` as `lizip.sensor.fit.chunked.solve.solve` has it.

    Returns
    -------
    tuple or None
        The returns, azimuths (F,) of all firings, known up to a common number, and the track that belongs to them. None
        when too many returns do not fit.
    """
    upside_down = rough.upside_down
    found = find_firings(rough.about, lasers, upside_down, 0.02 + 0.02 * abs(rough.motion[7]), 0.13)
    table, rest = elevation_table(elevations_of(lasers, upside_down)), rest_angles(lasers, upside_down)
    track = None
    for turn in range(_ROUNDS):
        if found.known.mean() < 1 - 5 * _MOST_LOST or not _LEAST <= len(found.heading) <= _MOST:
            return None
        track = rough.track(*_knots(found)) if track is None else resample(track, _knots(found)[0])
        groups, rays = _rays(found, points, rest, lasers)
        steps = blurred(_LATER if turn else _FIRST, noise)
        track, _ = fit_rays(track, rays, groups, found.heading, table, lasers.tick, steps, (turn % 3, 3))
        about = to_sensor(points, groups, track, rays.late)
        again = find_firings(about, lasers, upside_down, _SURE[min(turn, 2)], 0.08)
        same, found = _same(again, found), again
        if same:
            break
    if found.known.mean() < 1 - _MOST_LOST:
        return None
    groups, rays = _rays(found, points, rest, lasers)
    assert track is not None
    track = resample(track, _knots(found)[0])
    steps = blurred(_LAST, noise)
    track, heading = fit_rays(track, rays, groups, found.heading, table, lasers.tick, steps)
    heading = headings_of(track, rays, groups, heading, table, lasers.tick, steps[-1])
    numbers = find_azimuths(heading, found, lasers.packet)
    if numbers is None or len(numbers.azimuth) > _MOST:
        return None
    seen = Observed(lasers, upside_down, points, found.laser, numbers.firing, found.known, found.distance, noise)
    fine = np.arange(int(np.ceil(len(numbers.azimuth) * FIRING / _FINE)) + 1) * _FINE
    yaw = np.interp(fine, np.arange(len(numbers.yaw)) * FIRING, numbers.yaw)
    return seen, numbers.azimuth, turned(resample(track, fine), yaw)
