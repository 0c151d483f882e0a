"""Where a moved sensor was at the end of its sweep, in the frame that its points were moved to. Encoder only.

Lasers of one firing look into a half plane through the sensor's axis: the planes of all firings give the axis and,
where they meet, the sensor. From there the elevations, which are known, and then ranges, which are whole ticks, make
both exact, together with how the sensor moved.
"""

from __future__ import annotations

import numpy as np

from lizip.exact.linear import cross, multiply, solve_definite
from lizip.exact.trig import TURN, arctangent2
from lizip.exact.triples import every
from lizip.sensor.fit.motion.elevations import SWEEP, find_displaced, find_rings, nearest_rings, since_last, walk_rings
from lizip.sensor.fit.motion.firing import RINGS, Sensor, as_rings, hdl32e
from lizip.sensor.fit.motion.heading import NEAREST, Fired, Guess, nearly_at_rest, sharpened, square, with_heading
from lizip.sensor.fit.motion.planes import from_planes
from lizip.sensor.fit.motion.velocities import FARTHER
from lizip.sensor.stages.pose import Mount

_FARTHEST, _LEAST_FIRINGS, _LEAST_POINTS = 1000.0, 64, 12
_ROUNDS, _SAMPLE = 14, 8000
_SIGMA, _ACCELERATION = 3e-5, 1.5
"""How exact stored points are (m), and how much the sensor's motion may change (m/s2)."""
_SIZES = np.array([1.0] * 3 + [0.01] * 3 + [1.0] * 2 + [0.01] * 2)
"""About how large position, velocity, turns and their rates may be against each other."""
_CLOSE, _LEAST_SHARE, _LEAST_SEEN = 2e-3, 0.6, 512
"""So many elevations must be this near (rad) after all; and there must be so many points."""
_ROUGHLY = ((9e-3, 10.0), (3e-3, 2.0))
"""How near (rad) elevations of a displaced sensor are to rings, and thousandths of a distance they start with."""
_SCALE = 1.0
"""Thousandths of a distance by which points are off when only the speed is known."""
_MOSTLY = 0.8
"""So many points fit into firings."""
_HOME = np.array([3e-3, 3e-3, 3e-3, 2e-3, 2e-3])
"""How far from the origin (m), and from upright, the sensor may be at the end of a turn, as far as known before."""


def find_moved_frame(xyz: np.ndarray, others: list[np.ndarray], missing: np.ndarray) -> Mount | None:
    """Find the frame of the sensor at the end of the sweep, x to where the turn began, from stored points (N, 3)
    float32 beside further columns; None when they are not those of an HDL-32E's firings."""
    sensor = hdl32e()
    for ring in _rings(len(xyz), others):
        firing = np.cumsum(np.diff(ring, prepend=-1) <= 0) - 1
        if not _LEAST_FIRINGS <= firing[-1] < len(xyz) // 4:
            continue
        kept = ~missing & every(np.abs(xyz) < _FARTHEST)
        time = (firing[kept] - firing[-1]) * (sensor.rhythm.period * 1e-6)
        fired = Fired(xyz[kept].astype(np.float64), ring[kept], firing[kept], time)
        guess = from_planes(fired, sensor)
        guess = None if guess is None else _refined(fired, guess, sensor)
        if guess is not None:
            fired, guess = _until_last_seen(fired, guess)
            return with_heading(fired, sharpened(fired, guess, sensor))
    return _displaced(xyz[~missing & every(np.abs(xyz) < _FARTHEST)].astype(np.float64), sensor)


def _until_last_seen(fired: Fired, guess: Guess) -> tuple[Fired, Guess]:
    """Leave out firings after the last one with a point far from the sensor: where others were cropped, none tells
    more."""
    away = fired.points - guess.place - guess.velocity * fired.time[:, None]
    far = np.flatnonzero((away * away).sum(axis=1) > FARTHER * FARTHER)
    if not len(far) or fired.firing[far[-1]] == fired.firing[-1]:
        return fired, guess
    kept = fired.firing <= fired.firing[far[-1]]
    end = float(fired.time[far[-1]])
    fired = Fired(fired.points[kept], fired.ring[kept], fired.firing[kept], fired.time[kept] - end)
    return fired, guess._replace(place=guess.place + guess.velocity * end)


def _displaced(points: np.ndarray, sensor: Sensor) -> Mount | None:
    """The frame where only points (N, 3) float64 are known, if it is much like that of a little earlier or later."""
    place = find_displaced(points)
    if place is None:
        return None
    guess = _roughly(points, place, sensor)
    if guess is None:
        return None
    # what is at the sensor tells no ring
    frame = upright(guess)
    away = points - guess.place + since_last(multiply(points - guess.place, frame))[:, None] * guess.velocity
    points = points[(away * away).sum(axis=1) > FARTHER * FARTHER]
    ring, firing = _walked(points, guess)
    kept = firing >= 0
    if np.count_nonzero(kept) < _MOSTLY * len(points):
        return None
    firing = firing[kept]
    time = (firing - firing[-1]) * (sensor.rhythm.period * 1e-6)
    fired = Fired(points[kept], ring[kept], firing, time)
    better = _refined(fired, guess, sensor)
    return None if better is None else with_heading(fired, sharpened(fired, better, sensor))


def _roughly(points: np.ndarray, place: np.ndarray, sensor: Sensor) -> Guess | None:
    """Where the sensor of points (N, 3) float64 was, which began the search at a place (3,), and how it moved."""
    guess = Guess(np.array([0.0, 0.0, 1.0]), place, np.zeros(3))
    for within, scale in _ROUGHLY:
        frame = upright(guess)
        found = nearest_rings(multiply(points - guess.place, frame), within)
        if found is None:
            return None
        velocity = guess.velocity if guess.velocity.any() else found.speed * frame[:, 1]
        fired = Fired(points[found.near], found.ring, found.ring, -found.since)
        better = _refined(fired, guess._replace(velocity=velocity), sensor, scale=scale, most=_SAMPLE // 2)
        if better is None:
            return None
        guess = better
    return guess


def find_firings(points: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """Rings and firings (N,) int64 of points (N, 3) float64 in the frame of the end of the turn, in the order of their
    firings; firing -1 of those that fit into none. None when they are not an HDL-32E's."""
    found = find_rings(points)
    if found is None:
        # the sensor tilted meanwhile, or was a little aside
        rough = _roughly(points, np.zeros(3), hdl32e())
        return None if rough is None else _walked(points, rough)
    better = refined_by_rings(points, found.ring, -since_last(points), found.speed)
    walked = None if better is None else _walked(points, better)
    if walked is None or np.count_nonzero(walked[1] < 0) > np.count_nonzero(found.firing < 0):
        return found.ring, found.firing
    return walked


def refined_by_rings(points: np.ndarray, ring: np.ndarray, time: np.ndarray, speed: float) -> Guess | None:
    """How a sensor moved that went forwards at a speed (m/s), from points (N, 3), their rings and times (N,), s."""
    far = (points * points).sum(axis=1) > FARTHER * FARTHER
    fired = Fired(points[far], ring[far], ring[far], time[far])
    guess = Guess(np.array([0.0, 0.0, 1.0]), np.zeros(3), np.array([0.0, speed, 0.0]))
    return _refined(fired, guess, hdl32e(), scale=_SCALE)


def _walked(points: np.ndarray, guess: Guess) -> tuple[np.ndarray, np.ndarray]:
    """Rings and firings (N,) of points (N, 3) that a sensor in such a motion saw."""
    frame = upright(guess)
    seen = multiply(points - guess.place, frame)
    return walk_rings(seen + since_last(seen)[:, None] * multiply(guess.velocity[None], frame))


def find_sector_end(points: np.ndarray) -> Mount | None:
    """Find the pose of the last firing with a far point, of points (F, R, 3) float64 of a part of a turn.

    Where the turn ended the sensor was at the origin, upright, which is a little further on.
    """
    sensor = hdl32e()
    distance = np.sqrt((points * points).sum(axis=2))
    with np.errstate(invalid="ignore"):
        firing, ring = np.nonzero((distance > FARTHER) & (distance < _FARTHEST))
    if len(firing) < _LEAST_SEEN or firing[-1] - firing[0] < _LEAST_FIRINGS:
        return None
    time = (firing - firing[-1]) * (sensor.rhythm.period * 1e-6)
    fired = Fired(points[firing, ring], ring, firing, time)
    x, y = fired.points[-RINGS // 2 :, :2].sum(axis=0).tolist()
    left = (arctangent2(y, x) + 0.5 * TURN) / TURN * SWEEP
    guess = _refined(fired, Guess(np.array([0.0, 0.0, 1.0]), np.zeros(3), np.zeros(3)), sensor, left)
    return None if guess is None else nearly_at_rest(with_heading(fired, sharpened(fired, guess, sensor)))


def _rings(count: int, others: list[np.ndarray]) -> list[np.ndarray]:
    """Rings (N,) as a column says, or as they follow one another."""
    ways = [ring for ring in map(as_rings, others) if ring is not None]
    if not ways and count % RINGS == 0:
        ways.append(np.arange(count) % RINGS)
    return ways


def _refined(
    fired: Fired,
    guess: Guess,
    sensor: Sensor,
    left: float | None = None,
    scale: float = 0.05,
    most: int = 3 * _SAMPLE,
) -> Guess | None:
    """Make all exact by the elevations: axis, position, velocity and how the axis tilts.

    Where so many seconds are `left` of a turn, the sensor is at the origin after them. At first, points are off by so
    many thousandths of their distance (`scale`). About `most` points are looked at.
    """
    step = max(1, len(fired.points) // most)
    points, time = fired.points[::step], fired.time[::step]
    sine = sensor.sin_elevation.astype(np.float64)[fired.ring[::step]]
    axis, place, velocity = guess
    tilt = np.zeros(2)
    one, other = square(axis)
    for _ in range(_ROUNDS):
        away = points - place - velocity * time[:, None]
        distance = np.sqrt((away * away).sum(axis=1)) + 1e-9
        here = axis + time[:, None] * (tilt[0] * one + tilt[1] * other)
        miss = (away * here).sum(axis=1) - sine * distance
        rates = sine[:, None] * away / distance[:, None] - here
        sides = multiply(away, np.stack([one, other], axis=1))
        columns = [rates, rates * time[:, None], sides, sides * time[:, None]]
        sigma = _SIGMA + 0.5 * _ACCELERATION * time * time + scale * 1e-3 * distance
        weight = (distance > NEAREST) / (sigma * (1.0 + (miss / (3 * sigma)) ** 2))
        if np.count_nonzero(distance > NEAREST) < 256:
            return None
        rows, misses = np.concatenate(columns, axis=1) * weight[:, None], miss * weight
        if left is not None:
            home = np.concatenate([place + left * velocity, (axis + left * (tilt[0] * one + tilt[1] * other))[:2]])
            rows = np.concatenate([rows, _home_rates(one, other, left) / _HOME[:, None]])
            misses = np.concatenate([misses, home / _HOME])
        rows = rows * _SIZES
        normal = multiply(rows.T, rows)
        normal += np.diag(1e-9 * np.diag(normal) + 1e-9)
        move = -solve_definite(normal, multiply(rows.T, misses[:, None])[:, 0]) * _SIZES
        place, velocity, tilt = place + move[:3], velocity + move[3:6], tilt + move[8:]
        axis = axis + move[6] * one + move[7] * other
        axis = axis / np.sqrt((axis * axis).sum())
        if not (np.abs(place) < _FARTHEST).all():
            return None
        one, other = square(axis)
        scale *= 0.4
    good = np.abs(miss / distance)[distance > NEAREST] < _CLOSE
    return Guess(axis, place, velocity) if good.mean() > _LEAST_SHARE else None


def _home_rates(one: np.ndarray, other: np.ndarray, left: float) -> np.ndarray:
    """How the place (3) and the axis (2) after so many seconds change with the ten numbers of `_refined`, (5, 10)."""
    rates = np.zeros((5, 10))
    rates[:3, :3], rates[:3, 3:6] = np.eye(3), left * np.eye(3)
    rates[3:, 6], rates[3:, 7], rates[3:, 8], rates[3:, 9] = one[:2], other[:2], left * one[:2], left * other[:2]
    return rates


def upright(guess: Guess) -> np.ndarray:
    """Axes (3, 3), columns, of a sensor that looks about forwards."""
    right = cross(np.array([0.0, 1.0, 0.0]), guess.axis)
    right = right / np.sqrt((right * right).sum())
    return np.stack([right, cross(guess.axis, right), guess.axis], axis=1)
