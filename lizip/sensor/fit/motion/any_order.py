"""Points of a moving HDL-32E in any order, sorted or shuffled by a user: as the sensor listed them. Encoder only.

Azimuths tell about when each was seen; with that, elevations tell rings and how the sensor moved; with that, azimuths
tell firings, since they lie on steps. Points where the sensor was itself returned nothing and fill the cells left.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lizip.exact.linear import multiply
from lizip.exact.trig import TURN as FULL
from lizip.sensor.fit.motion.cells import MOST_FIRINGS
from lizip.sensor.fit.motion.elevations import SWEEP, far_rings, ring_elevations, rings_seen
from lizip.sensor.fit.motion.firing import RINGS, as_rings
from lizip.sensor.fit.motion.frame import refined_by_rings, upright
from lizip.sensor.fit.motion.heading import Guess
from lizip.sensor.fit.motion.ring_after_ring import Drift, drift, firings_of
from lizip.sensor.fit.motion.silent import fill
from lizip.sensor.fit.motion.way import Way, left_at, turned_at
from lizip.sensor.stages.firing_azimuths import STEP, TURN

MOST_SORTED = MOST_FIRINGS * RINGS
"""More points are no sweep of this sensor."""
_ROUNDS, _SETTLED = 3, 3
"""Of finding out how the sensor moved; and when each point was seen, which needs from where."""
_STARTS, _NEAR = (0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0), 1.5
"""Parts of the turn at which points nearer than this (m) may have been seen: a vehicle passes by them."""
_AMID, _WELL_SEEN = 0.02, 3.0
"""Shares of a turn after its begin and before its end, and distances (m), at which points surely tell firings."""
_OFF, _ASIDE, _ASTRAY = 1e-3, 0.08, 2e-3
"""By how much elevations (rad), azimuths (firings) and the sensor's places (m) are off."""
_MISFIT = 25.0
"""Squares of what is off, in these units, of points in no firing."""
_SHIFTS, _LIKELY, _LONGEST = 8, 3, 1087
"""Firings by which a turn may begin earlier or later than usual, those that are looked at twice, and firings of a turn
at most."""
_NEAREST, _FEWEST = 0.03, 64
"""How near points are at least (m); and fewer that returned nothing do not tell where the sensor was."""
_MOSTLY = 0.98
"""Share of points that have cells of their own: usually 0.998."""


def firing_order(points: np.ndarray, others: list[np.ndarray]) -> np.ndarray | None:
    """Which point the sensor listed first, second, ... (N,) int64, of points (N, 3) float64 in the frame of the end of
    the turn, y forward. Further columns (N,) may tell rings. None where the points are not an HDL-32E's."""
    if len(points) > MOST_SORTED:
        return None
    rings = next((ring for ring in map(as_rings, others) if ring is not None), None)
    guess = _motion(points, rings)
    if guess is None:
        return None
    way = Way.of(guess).tilted(points, rings)
    for last in (False, True):
        silent, left = way.at_sensor(points)
        laid = _laid(points, rings, way, silent, left)
        if laid is None:
            return None
        place, seen = laid
        if not last:  # those that returned nothing tell the way
            firing, ring = np.nonzero(place >= 0)
            at = np.full(len(points), -1)
            at[place[firing, ring]] = firing
            silent &= at >= 0
            if np.count_nonzero(silent) < _FEWEST:
                break
            way = way.through(points[silent], np.interp(at[silent], *seen.told))
    placed = place[place >= 0]
    return np.concatenate([np.setdiff1d(np.arange(len(points)), placed), placed])


class _Seen(NamedTuple):
    """Ring, firing, counted from any, by how much that is off, and share of the turn, each (N,), of points."""

    ring: np.ndarray
    firing: np.ndarray
    off: np.ndarray
    turned: np.ndarray

    @classmethod
    def of(cls, points: np.ndarray, rings: np.ndarray | None, way: Way, turned: np.ndarray, ahead: Drift) -> _Seen:
        """Of points (N, 3) seen near these shares of the turn (N,), with rings (N,) if a column says them."""
        each = _Settled.of(points, rings, way, turned)
        count = each.gone - ahead(each.gone)
        firing = np.rint(count)
        astray = _ASTRAY / np.maximum(each.distance, _NEAREST)
        off = (each.off / (_OFF + astray)) ** 2 + ((count - firing) / (_ASIDE + astray * TURN / (STEP * FULL))) ** 2
        return cls(each.ring, firing.astype(np.int64), off, each.turned)

    @property
    def told(self) -> tuple[np.ndarray, np.ndarray]:
        """Firings (K,) that points tell of, and how much of the turn was left at each (K,), as azimuths have it."""
        at = np.flatnonzero(self.off < _MISFIT)
        count = np.bincount(self.firing[at])
        full = np.flatnonzero(count)
        return full, 1.0 - np.bincount(self.firing[at], self.turned[at])[full] / count[full]


def _likeliest(ways: list[tuple[np.ndarray, _Seen]], count: int, start: int, firings: int) -> _Seen:
    """Of ways to see some points (M,) each, of `count` in all, the likeliest in so many firings from a first one."""
    best = _Seen(np.zeros(count, np.int64), np.full(count, -1), np.full(count, np.inf), np.zeros(count))
    for at, seen in ways:
        inside = (seen.firing >= start) & (seen.firing < start + firings)
        better = np.flatnonzero(inside & (seen.off < best.off[at]))
        for column, values in zip(best, seen, strict=True):
            column[at[better]] = values[better]
    return best._replace(firing=best.firing - start)


def _motion(points: np.ndarray, rings: np.ndarray | None) -> Guess | None:
    """How the sensor moved."""
    since = left_at(points) * SWEEP
    found = far_rings(points, since)
    if found is None:
        return None
    guess = None
    seen = points + np.outer(since, [0.0, found.speed, 0.0])
    for _ in range(_ROUNDS):
        ring = rings_seen(seen)[0] if rings is None else rings
        better = refined_by_rings(points, ring, -since, found.speed)
        if better is None:
            break
        guess = better
        seen = multiply(points - guess.place + since[:, None] * guess.velocity, upright(guess))
        since = left_at(seen) * SWEEP
    return guess


def _ways(points: np.ndarray, rings: np.ndarray | None, way: Way) -> tuple[list[tuple[np.ndarray, _Seen]], int] | None:
    """Parts of the turn at which points (N, 3), by number, may have been seen; and the first firing of a usual turn."""
    once = _Settled.of(points, rings, way, turned_at(way.seen(points, left_at(points))))
    sure = (once.distance > _WELL_SEEN) & (np.abs(once.turned - 0.5) < 0.5 - _AMID)
    ahead = drift(once.gone, sure)
    if ahead is None:
        return None
    beside = once.distance < _NEAR
    far, near = np.flatnonzero(~beside), np.flatnonzero(beside)
    turned = once.turned[far]
    tries = [(far, turned), (far, turned + np.where(turned < 0.5, 1.0, -1.0))]
    tries += [(near, np.full(len(near), start)) for start in _STARTS]
    ways = [(at, _Seen.of(points[at], None if rings is None else rings[at], way, start, ahead)) for at, start in tries]
    return ways, int(np.rint(-ahead(np.zeros(1))[0]))


class _Settled(NamedTuple):
    """When points were seen, as a share of the turn (N,), near one that was given; from how far (N,), m; ring (N,), and
    by how much its elevation is missed (N,), rad."""

    turned: np.ndarray
    distance: np.ndarray
    ring: np.ndarray
    off: np.ndarray

    @classmethod
    def of(cls, points: np.ndarray, rings: np.ndarray | None, way: Way, turned: np.ndarray) -> _Settled:
        for _ in range(_SETTLED):
            seen = way.seen(points, 1.0 - turned)
            again = turned_at(seen)
            turned = again + np.rint(turned - again)
        ring, elevation = rings_seen(seen)
        ring = ring if rings is None else rings
        off = np.abs(elevation - ring_elevations()[ring])
        return cls(turned, np.sqrt((seen * seen).sum(axis=1)), ring, off)

    @property
    def gone(self) -> np.ndarray:
        """Firings (N,) gone by, about."""
        return firings_of(self.turned, self.ring)


def _laid(
    points: np.ndarray, rings: np.ndarray | None, way: Way, silent: np.ndarray, left: np.ndarray
) -> tuple[np.ndarray, _Seen] | None:
    """Point (F, RINGS) of each cell, -1: none; and how the points were seen.

    All cells are points where some returned nothing, and there are as many points as whole firings have.
    """
    found = _ways(points, rings, way)
    if found is None:
        return None
    ways, usual = found
    whole = len(points) % RINGS == 0 and np.count_nonzero(silent) >= _FEWEST
    firings = len(points) // RINGS if whole else _LONGEST
    tries = []
    for shift in sorted(range(-_SHIFTS, _SHIFTS + 1), key=abs):
        seen = _likeliest(ways, len(points), usual + shift, firings)
        seen.off[silent] = np.inf
        place = _cells(seen, firings)
        tries.append((int(np.count_nonzero(~silent) - np.count_nonzero(place >= 0)), place, seen))
    tries.sort(key=lambda each: each[0])
    if tries[0][0] > (1.0 - _MOSTLY) * np.count_nonzero(~silent):
        return None
    if not whole:
        return tries[0][1:]
    splits = [
        fill(place, points, rings, (seen.firing, seen.ring), silent, _firings_at(left, seen))
        for _, place, seen in tries[:_LIKELY]
    ]
    best = int(np.argmin(splits))
    return None if np.isinf(splits[best]) else tries[best][1:]


def _firings_at(left: np.ndarray, seen: _Seen) -> np.ndarray:
    """Firings (N,), not whole, at which so much of the turn was left (N,)."""
    firing, then = seen.told
    usual = TURN / STEP
    return np.interp(left, then[::-1], (firing + then * usual)[::-1]) - left * usual


def _cells(seen: _Seen, firings: int) -> np.ndarray:
    """Points in cells (F, RINGS); of two, the one that fits better."""
    place = np.full((firings, RINGS), -1)
    at = np.flatnonzero(seen.off < _MISFIT)
    at = at[np.argsort(-seen.off[at], kind="stable")]
    place[seen.firing[at], seen.ring[at]] = at
    return place
