"""The frame of a sensor at the end of its sweep, made exact by ranges, which are whole ticks, and by azimuths.

Encoder only.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lizip.exact.linear import cross, multiply, solve_definite
from lizip.exact.rotation import quaternion_of_rotation, rotation_of_quaternion
from lizip.exact.trig import TURN, arctangent2, sincos
from lizip.sensor.fit.motion.firing import RINGS, Sensor
from lizip.sensor.stages.pose import Mount

NEAREST = 1.5
"""Nearer to the sensor than this (m) points tell little."""
_STEP = TURN / 36000
_SECTOR, _SECTOR_SAMPLE = 200, 1200
_SPACING, _STEPS, _PLACES = 4e-4, 8, 10
"""Firings at the end of the sweep, points of them, and positions that are tried by them: spacing (m), steps, and how
many are looked at twice."""
_TICKED, _LEVEL = 0.06, 1e-4
"""Ranges this near (ticks) to whole ones, heights this near (m) to their elevations fit."""
_LAST, _SHIFT_QUANTUM, _TURN_QUANTUM = 5, 1e-6, 2.0**-28
"""Firings by which the azimuth is told: the vehicle turns; and in what the pose is written."""
_ON_THE_WAY, _UPRIGHT = 2.5, 0.995
"""Within a turn a vehicle goes less far (m), and its sensor tilts by less (cosine)."""


class Fired(NamedTuple):
    """Points (M, 3) float64 with their rings, firings (M,) and times (M,) before the last firing, s."""

    points: np.ndarray
    ring: np.ndarray
    firing: np.ndarray
    time: np.ndarray


class Guess(NamedTuple):
    """Axis of the sensor, where it is at the end, and its velocity (m/s)."""

    axis: np.ndarray
    place: np.ndarray
    velocity: np.ndarray


def sharpened(fired: Fired, guess: Guess, sensor: Sensor) -> Guess:
    """Put the sensor where ranges at the end of the sweep are whole ticks, then its axis where elevations are right."""
    last = np.flatnonzero(fired.firing > fired.firing[-1] - _SECTOR)
    last = last[:: max(1, len(last) // _SECTOR_SAMPLE)]
    sine = sensor.sin_elevation.astype(np.float64)[fired.ring[last]]
    points, time = fired.points[last], fired.time[last]
    tries = [
        _on_ticks(points, time, sine, guess._replace(place=place), sensor.tick)
        for place in _places(points, time, guess, sensor.tick)
    ]
    return max(tries, key=lambda each: each[0])[1]


def _places(points: np.ndarray, time: np.ndarray, guess: Guess, tick: float) -> list[np.ndarray]:
    """Positions near the guess from which ranges of points (M, 3) gather at whole ticks."""
    away = points - guess.place - guess.velocity * time[:, None]
    distance = np.sqrt((away * away).sum(axis=1))
    far = distance > NEAREST
    way = away[far] / distance[far, None]
    one = np.arange(-_STEPS, _STEPS + 1) * _SPACING
    moves = np.stack(np.meshgrid(one, one, one, indexing="ij"), axis=-1).reshape(-1, 3)
    ranges = distance[far, None] - multiply(way, np.ascontiguousarray(moves.T))
    score = np.cos(ranges * (TURN / tick)).sum(axis=0)
    chosen: list[np.ndarray] = []
    for k in np.argsort(-score, kind="stable").tolist():
        if all(np.abs(moves[k] - other).max() > 1.5 * _SPACING for other in chosen):
            chosen.append(moves[k])
        if len(chosen) == _PLACES:
            break
    return [guess.place + move for move in chosen]


def _on_ticks(points: np.ndarray, time: np.ndarray, sine: np.ndarray, guess: Guess, tick: float) -> tuple[float, Guess]:
    """Least squares for position, velocity and axis; returns also the share of points (M, 3) that fit."""
    axis, place, velocity = guess
    for _ in range(4):
        away = points - place - velocity * time[:, None]
        distance = np.sqrt((away * away).sum(axis=1)) + 1e-9
        rest = (distance / tick - np.rint(distance / tick)) * tick
        used = (distance > NEAREST) & (np.abs(rest) < 0.3 * tick)
        rows = away / distance[:, None]
        rows = np.concatenate([rows, rows * (time / 0.01)[:, None]], axis=1)[used]
        normal = multiply(rows.T, rows) + np.diag([1e-3] * 3 + [1.0] * 3)
        move = solve_definite(normal, multiply(rows.T, rest[used][:, None])[:, 0])
        place, velocity = place + move[:3], velocity + move[3:] / 0.01
    away = points - place - velocity * time[:, None]
    distance = np.sqrt((away * away).sum(axis=1)) + 1e-9
    for _ in range(4):
        one, other = square(axis)
        miss = multiply(away, axis[:, None])[:, 0] - sine * distance
        sides = multiply(away, np.stack([one, other], axis=1))
        rows = np.concatenate([sides, sides * (time / 0.01)[:, None]], axis=1)
        weight = (distance > NEAREST) / (1.0 + (miss / (3.0 * np.median(np.abs(miss)) + 1e-6)) ** 2)
        normal = multiply(rows.T, rows * weight[:, None]) + 1e-9 * np.eye(4)
        move = solve_definite(normal, multiply(rows.T, (miss * weight)[:, None])[:, 0])
        axis = axis - move[0] * one - move[1] * other
        axis = axis / np.sqrt((axis * axis).sum())
    rest = np.abs(distance / tick - np.rint(distance / tick))
    fits = (rest < _TICKED) & (np.abs(miss - multiply(rows, move[:, None])[:, 0]) < _LEVEL)
    return float(fits[distance > NEAREST].mean()), Guess(axis, place, velocity)


def square(axis: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two directions square to an axis and to each other; the three are right-handed."""
    start = np.zeros(3)
    start[int(np.argmin(np.abs(axis)))] = 1.0
    one = cross(start, axis)
    one = one / np.sqrt((one * one).sum())
    return one, cross(axis, one)


def with_heading(fired: Fired, guess: Guess) -> Mount:
    """The frame in which the last firing looks along negative x, its azimuths whole hundredths of a degree."""
    last = np.flatnonzero(fired.firing > fired.firing[-1] - _LAST)
    one, other = square(guess.axis)
    away = fired.points[last] - guess.place - guess.velocity * fired.time[last, None]
    x, y = (multiply(away, each[:, None])[:, 0] for each in (one, other))
    far = np.flatnonzero(x * x + y * y > 4 * NEAREST**2)
    angles = np.array([arctangent2(float(y[k]), float(x[k])) for k in far.tolist()])
    end = angles[-RINGS:] if len(angles) else np.zeros(1)
    end = end[np.abs(end - end[-1]) < 0.1 * TURN]
    back = np.rint((float(np.median(end)) - 0.5 * TURN) / _STEP) * _STEP
    rest = (angles - back) / _STEP
    rest = (rest - np.rint(rest)) * TURN
    sine, cosine = (float(np.sum(part)) for part in (np.sin(rest), np.cos(rest)))
    back = back + arctangent2(sine, cosine) / TURN * _STEP
    c, s = float(np.cos(back)), float(np.sin(back))
    first = c * one + s * other
    rotation = np.stack([first, cross(guess.axis, first), guess.axis], axis=1)
    quaternion = np.rint(quaternion_of_rotation(rotation) / _TURN_QUANTUM) * _TURN_QUANTUM
    place = np.rint(guess.place / _SHIFT_QUANTUM) * _SHIFT_QUANTUM
    return Mount(rotation_of_quaternion(quaternion), place)


def nearly_at_rest(mount: Mount) -> Mount | None:
    """The pose of the last firing where a turn was not gone to its end; None where points were moved on purpose.

    The stored frame is that of the end of the turn then, a little further on. A heading by azimuths is known but for
    whole steps: it is the one nearest to none.
    """
    if np.sqrt((mount.shift * mount.shift).sum()) > _ON_THE_WAY or mount.rotation[2, 2] < _UPRIGHT:
        return None
    steps = np.rint(arctangent2(float(mount.rotation[1, 0]), float(mount.rotation[0, 0])) / _STEP)
    s, c = sincos(-steps * _STEP)
    about = np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])
    return Mount(multiply(mount.rotation, about), mount.shift)
