"""How a sensor moved during its turn: bends and tilts told by elevations, and by points that returned nothing.

Time is the share of the turn that is left, as azimuths have it, from the azimuth at which the turn ends. Encoder only.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lizip.exact.linear import multiply, solve_definite
from lizip.exact.trig import TURN as FULL
from lizip.sensor.fit.motion.elevations import SWEEP, ring_elevations, rings_seen
from lizip.sensor.fit.motion.frame import upright
from lizip.sensor.fit.motion.heading import Guess
from lizip.sensor.fit.motion.ring_after_ring import azimuths

_ROUNDS = 3
"""Of tilting the sensor, each of which knows better when points were seen."""
_WELL_SEEN = 3.0
"""Points further off (m) tell how the sensor was tilted."""
_AT_SENSOR, _AROUND = 0.03, 0.02
"""Points nearer than this (m) to the sensor's way returned nothing; shares of it before and behind count as well."""
_BENDS = 4
"""Numbers that tell each coordinate of the way, and each tilt."""


class Way(NamedTuple):
    """Where the sensor was: its axes (3, 3), and for powers of the share of the turn that is left, coefficients of its
    place (K, 3), m, and of how it is tilted about x and y (K, 2), rad."""

    frame: np.ndarray
    places: np.ndarray
    tilts: np.ndarray

    @classmethod
    def of(cls, guess: Guess) -> Way:
        """Straight on, as far as a guess knows."""
        return cls(upright(guess), np.stack([guess.place, -guess.velocity * SWEEP]), np.zeros((_BENDS, 2)))

    def place(self, left: np.ndarray) -> np.ndarray:
        """Places (N, 3) when so much of the turn was left (N,)."""
        return multiply(_powers(left, len(self.places)), self.places)

    def seen(self, points: np.ndarray, left: np.ndarray) -> np.ndarray:
        """Points (N, 3) as the sensor saw them when so much of the turn was left (N,)."""
        seen = multiply(points - self.place(left), self.frame)
        x, y, z = seen.T
        about_x, about_y = multiply(_powers(left, len(self.tilts)), self.tilts).T
        return np.stack([x + about_y * z, y - about_x * z, z + about_x * y - about_y * x], axis=1)

    def tilted(self, points: np.ndarray, rings: np.ndarray | None) -> Way:
        """The same, tilted so that points (N, 3) lie at their rings' elevations (N,), as a column has them or not."""
        way = self
        for _ in range(_ROUNDS):
            seen = way.seen(points, left_at(way.seen(points, left_at(points))))
            far = (seen * seen).sum(axis=1) > _WELL_SEEN * _WELL_SEEN
            seen = seen[far]
            ring, elevation = rings_seen(seen)
            ring = ring if rings is None else rings[far]
            x, y = seen[:, 0], seen[:, 1]
            level = np.sqrt(x * x + y * y)
            powers = _powers(left_at(seen), _BENDS)
            rows = np.concatenate([powers * (y / level)[:, None], powers * (-x / level)[:, None]], axis=1)
            miss = ring_elevations()[ring] - elevation
            more = _least_squares(rows, miss[:, None], _trust(miss)).reshape(2, _BENDS).T
            way = way._replace(tilts=way.tilts + more)
        return way

    def at_sensor(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Which of points (N, 3) are where the sensor was; and how much of the turn was left when it was nearest."""
        first, last = self.place(np.array([1.0, 0.0]))
        away, along, left = points - last, (first - last)[None], np.zeros(len(points))
        for _ in range(_ROUNDS):
            left += (away * along).sum(axis=1) / np.maximum((along * along).sum(axis=1), 1e-12)
            left = np.clip(left, -_AROUND, 1.0 + _AROUND)
            away = points - self.place(left)
            rates = self.places[1:] * np.arange(1.0, len(self.places))[:, None]
            along = multiply(_powers(left, len(rates)), rates)
        return (away * away).sum(axis=1) < _AT_SENSOR * _AT_SENSOR, left

    def through(self, places: np.ndarray, left: np.ndarray) -> Way:
        """The same through places (M, 3) where the sensor was when so much of the turn was left (M,)."""
        rows, weight = _powers(left, _BENDS), np.ones(len(left))
        for _ in range(_ROUNDS):
            bends = _least_squares(rows, places, weight)
            weight = _trust(np.sqrt(((places - multiply(rows, bends)) ** 2).sum(axis=1)))
        return self._replace(places=bends)


def turned_at(seen: np.ndarray) -> np.ndarray:
    """Share of the turn (N,) gone by when points (N, 3), as the sensor saw them, were seen."""
    return np.mod(0.5 * FULL - azimuths(seen), FULL) / FULL


def left_at(seen: np.ndarray) -> np.ndarray:
    """Share of the turn (N,) that was left then."""
    return 1.0 - turned_at(seen)


def _powers(left: np.ndarray, count: int) -> np.ndarray:
    """Powers (N, K) of numbers (N,), from the one that is 1."""
    return left[:, None] ** np.arange(count)


def _trust(miss: np.ndarray) -> np.ndarray:
    """Weights of what is missed by so much (N,): little of what is missed by far more than usual."""
    return 1.0 / (1.0 + (miss / (3.0 * np.median(np.abs(miss)) + 1e-6)) ** 2)


def _least_squares(rows: np.ndarray, right: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """What rows (M, K) have to be multiplied by to come to the right (M, C), as nearly as weights (M,) ask."""
    weighted = rows * weight[:, None]
    normal = multiply(np.ascontiguousarray(weighted.T), rows)
    normal += 1e-9 * np.diag(np.diag(normal)) + 1e-9 * np.eye(len(normal))
    sums = multiply(np.ascontiguousarray(weighted.T), right)
    return np.stack([solve_definite(normal, np.ascontiguousarray(column)) for column in sums.T], axis=1)
