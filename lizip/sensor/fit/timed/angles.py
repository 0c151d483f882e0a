"""From where a sensor is to what it measured: lasers, blocks and a track, by directions alone. Encoder only."""

from __future__ import annotations

from itertools import pairwise, product

import numpy as np

from lizip.exact.linear import cross, multiply, unit
from lizip.exact.rotation import rotation_of_euler
from lizip.exact.trig import TURN, arctangent2
from lizip.sensor.fit.timed.adjust import Free, Sample, direction_step
from lizip.sensor.fit.timed.labels import Labels, Rays, follow, nearest, phase_of, rays_of, unwind
from lizip.sensor.fit.timed.law import FIXED, Law
from lizip.sensor.fit.timed.origin import Start
from lizip.sensor.fit.timed.sensor import Sensor

_WINDOWS, _WINDOW = 24, 500
_DEGREE = np.pi / 180
_TILTED = ((2, 0.6), (3, 0.6), (3, 0.6), (3, 0.3), (3, 0.3), (3, 0.15), (3, 0.15))
"""Knots, and how far elevations may be off (degrees), step by step. A vehicle's tilt bends at each of its poses, one of
which falls into the middle of a sweep, and by so much in a town (3 mrad) that a straight track is off by centimetres,
and azimuths of near points by a block; before the bend is known, a tight look takes lasers for their neighbours."""
_TIGHT, _NEAR = 0.15 * _DEGREE, 0.03 * _DEGREE
_YAWS = 64
_MEANS, _BEFORE = 400, 0.1
"""Points are looked at in so many runs; from one to the next they turn by at least minus this (turns)."""
_CLOSE = 0.03 * _DEGREE
_COHERENT = 0.5
_SHIFTS, _TELLING, _SAMPLE = np.arange(-0.15, 0.16, 0.02), 15.0, 1000
"""Places tried where phases are not clear, m; points beyond the second, so many, tell."""
_NEAREST, _NEARER, _FARTHEST = 3.0, 0.5, 80.0
_ROUNDS = 3
NOWHERE = np.zeros(FIXED)


def first_law(points: np.ndarray, start: Start, span: float) -> Law:
    """A law with two knots, at the ends of a sweep of `span` slots; azimuths count from where the sweep looks last.

    What comes first in a sweep is where the sensor looks back.
    """
    up = unit(start.up)
    away = points[:40].astype(np.float64) - (start.place - 0.5 * start.way)
    back = np.median(away / np.sqrt((away * away).sum(axis=1))[:, None], axis=0)
    left = unit(cross(up, -back))
    turn = np.stack([cross(left, up), left, up], axis=1)
    places = np.stack([start.place - 0.5 * start.way, start.place + 0.5 * start.way])
    turns = np.stack([turn, turn])
    return Law(np.array([0.0, span]), turns, places, np.eye(3), np.eye(3), np.zeros(3))


def directions(sensor: Sensor, ring: np.ndarray, azimuth: np.ndarray) -> np.ndarray:
    """Unit vectors (M, 3) of rings and azimuths of blocks (M,), rad clockwise."""
    angle, rise = azimuth + sensor.offset[ring], sensor.elevation[ring]
    return np.stack([np.cos(rise) * np.cos(angle), -np.cos(rise) * np.sin(angle), np.sin(rise)], axis=1)


def turned_times(law: Law, points: np.ndarray, sensor: Sensor) -> np.ndarray:
    """Times (N,) of points (N, 3), slots, from where the sensor looked, of which neighbours have a mean."""
    count = len(points)
    rays = rays_of(law, np.linspace(law.times[0], law.times[-1], count), points.astype(np.float64))
    edges = np.linspace(0, count, _MEANS + 1).astype(np.int64)
    sine, cosine = (np.add.reduceat(way(rays.azimuth), edges[:-1]) for way in (np.sin, np.cos))
    angle = np.array([arctangent2(s, c) for s, c in zip(sine.tolist(), cosine.tolist(), strict=True)])
    change = np.diff(angle)
    angle = np.concatenate([[0.0], np.cumsum(change - TURN * np.floor(change / TURN + _BEFORE))])
    even = np.maximum.accumulate(angle) * (sensor.packet_step / sensor.packet / sensor.step)
    return _along(0.5 * (edges[:-1] + edges[1:]), even, np.arange(count))


def find_tilt(points: np.ndarray, start: Start, sensor: Sensor, span: float) -> Law | None:
    """Place and tilt from elevations alone, in windows over the sweep."""
    law = first_law(points, start, span)
    starts = np.linspace(0, len(points) - _WINDOW, _WINDOWS).astype(np.int64)
    index = (starts[:, None] + np.arange(_WINDOW)).ravel()
    times = turned_times(law, points, sensor)
    law = law._replace(times=np.array([0.0, max(float(times[-1]), 1.0)]))
    times, stored = times[index], points[index].astype(np.float64)
    for knots, tolerance in _TILTED:
        law = law if knots == len(law.times) else law.resampled(np.linspace(law.times[0], law.times[-1], knots))
        rays = rays_of(law, times, stored)
        ring = follow(rays, sensor, tolerance * _DEGREE, _NEAR)
        # between walls most points are near
        good = np.flatnonzero((ring >= 0) & (rays.range > min(_NEAREST, _NEARER * float(np.median(rays.range)))))
        if 2 * len(good) < len(index):
            return None
        for _ in range(3):
            rays = rays_of(law, times[good], stored[good])
            ways = directions(sensor, ring[good], rays.azimuth - sensor.offset[ring[good]])
            sample = Sample(stored[good], ways, times[good], np.zeros(len(good), np.int64))
            law = direction_step(law, sample, Free(yaw=False), NOWHERE, 0.0).law
    return law


def find_yaw(law: Law, points: np.ndarray, sensor: Sensor) -> tuple[Law, float, Labels] | None:
    """How the sensor turned meanwhile, from how the azimuths' phase drifts; and lasers and blocks of all points."""
    count, step = len(points), sensor.step
    times, stored = turned_times(law, points, sensor), points.astype(np.float64)
    edges = np.linspace(0, count, _YAWS + 1).astype(np.int64)
    for again in (False, True):
        rays = rays_of(law, times, stored)
        ring = follow(rays, sensor, _TIGHT, _NEAR)
        phases, clear = np.zeros(_YAWS), np.zeros(_YAWS)
        for k, (first, last) in enumerate(pairwise(edges.tolist())):
            inside = Rays(*(values[first:last] for values in rays))
            phases[k], clear[k] = phase_of(inside, ring[first:last], sensor)
        if np.median(clear) > _COHERENT:
            break
        if again:
            return None
        far = np.flatnonzero((ring >= 0) & (rays.range > _TELLING))
        law = _aside(law, times, stored, ring, far[:: max(1, len(far) // _SAMPLE)], sensor)
    change = np.diff(phases) / step
    # a vehicle that turns moves them by much of a step each time, but about evenly
    turn = TURN * change
    usual = arctangent2(float(np.sin(turn).sum()), float(np.cos(turn).sum())) / TURN
    change -= np.rint(change - usual)
    drift = phases[0] + step * np.concatenate([[0.0], np.cumsum(change)])
    middle = 0.5 * (edges[:-1] + edges[1:])
    drift = _along(middle, _smoothed(drift), np.arange(count))
    drifted = rays._replace(azimuth=rays.azimuth - drift)
    seen = np.flatnonzero(ring >= 0)[:40]
    first = drifted.azimuth[seen] - sensor.offset[ring[seen]]
    first -= TURN * np.rint((first - first[0]) / TURN)
    begin = step * np.rint(np.median(first) / step)
    labels = Labels(ring, unwind(drifted, ring, sensor, begin))
    # azimuths are clockwise: a phase that grows is a sensor that turned the other way
    knots = np.linspace(0.0, law.times[-1], 9)
    yaws = np.interp(knots, times, drift)
    law = law.resampled(knots)
    turned = [multiply(turn, rotation_of_euler(0.0, 0.0, -yaw)) for turn, yaw in zip(law.turns, yaws, strict=True)]
    return law._replace(turns=np.stack(turned)), begin, labels


def _aside(law: Law, times: np.ndarray, stored: np.ndarray, ring: np.ndarray, which: np.ndarray, sensor: Sensor) -> Law:
    """The law with the sensor where azimuths of some points (indices) are in phase: elevations of a part of a turn tell
    little of what is across."""
    laws = [law._replace(places=law.places + np.array([x, y, 0.0])) for x, y in product(_SHIFTS, _SHIFTS)]
    clear = [phase_of(rays_of(each, times[which], stored[which]), ring[which], sensor)[1] for each in laws]
    return laws[int(np.argmax(clear))] if clear else law


def _along(places: np.ndarray, values: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Values (K,) at places, in between and, as the outer two of them go on, beyond."""
    ends = [2 * values[0] - values[1], 2 * values[-1] - values[-2]]
    outer = [2 * places[0] - places[1], 2 * places[-1] - places[-2]]
    return np.interp(at, [outer[0], *places, outer[1]], [ends[0], *values, ends[1]])


def _smoothed(values: np.ndarray) -> np.ndarray:
    """Running medians of five."""
    padded = np.concatenate([values[:1].repeat(2), values, values[-1:].repeat(2)])
    return np.median(np.stack([padded[k : k + len(values)] for k in range(5)]), axis=0)


def refine(
    law: Law, points: np.ndarray, labels: Labels, phase: float, sensor: Sensor, near: float, sparse: int
) -> tuple[Law, float, Labels]:
    """Fit the track to directions of some points, one of `sparse` that are not nearer than `near` (m), and label all
    points again."""
    stored = points.astype(np.float64)
    times = times_of(labels, sensor, len(points))
    distance = rays_of(law, times, stored).range
    good = np.flatnonzero((labels.ring >= 0) & (distance > near) & (distance < _FARTHEST))[::sparse]
    ring = labels.ring[good]
    ways = directions(sensor, ring, phase + sensor.step * labels.block[good])
    sample = Sample(stored[good], ways, times[good], np.zeros(len(good), np.int64))
    for _ in range(_ROUNDS):
        step = direction_step(law, sample, Free(), NOWHERE)
        law = step.law
    rays = rays_of(law, times, stored)
    labels = nearest(rays, sensor, phase, _CLOSE)
    return law, step.scale if (labels.ring >= 0).any() else np.inf, labels


def label_all(law: Law, points: np.ndarray, labels: Labels, every: int, phase: float, sensor: Sensor) -> Labels:
    """Lasers and blocks of all points, where one of `every` has them, under a law."""
    times = times_of(labels, sensor, len(points), every)
    return nearest(rays_of(law, times, points.astype(np.float64)), sensor, phase, _CLOSE)


def times_of(labels: Labels, sensor: Sensor, count: int, every: int = 1) -> np.ndarray:
    """Times (N,) of points if packets come evenly, slots; of those without a label between their neighbours'.

    Labels are those of one point of `every`.
    """
    block = labels.block
    known = np.flatnonzero(block >= 0)
    even = block[known] * (sensor.packet_step / sensor.packet) + sensor.slot[labels.ring[known]]
    return np.interp(np.arange(count), every * known, even)
