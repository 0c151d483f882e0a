"""Where the sensor was during a sweep, firing by firing, from the points alone. Encoder only.

The stored frame is the sensor's at the last firing of a turn; of a part of a turn, the last pose is given. From there
the track is followed backward in windows of a few firings with constant velocity: the pose takes each point back to the
sensor, where its range is a whole number of ticks and its azimuth of 0.01 degrees; what is left over corrects the pose
(Gauss-Newton). No-returns, all at the sensor's position, give the first velocity; where there are none, several are
tried.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product
from typing import NamedTuple

import numpy as np

from lizip.exact.linear import multiply, solve_banded
from lizip.exact.rotation import cayley, quaternion_of_rotation
from lizip.jit import kernel
from lizip.sensor.fit.motion.firing import Sensor, measure_firing
from lizip.sensor.fit.motion.rigid import firing_normals
from lizip.sensor.fit.motion.velocities import last_seen, velocities
from lizip.sensor.stages.pose import AT_ORIGIN, Mount

SEEN_FROM_ORIGIN = replace(AT_ORIGIN)
"""The pose of the last firing that saw something, where those behind it saw nothing: of points moved, then cropped."""

WINDOW = 8
"""Firings with one velocity (0.37 ms)."""

_LOOSE, _TIGHT = 30.0, 8.0
"""Gates of the first rounds and of the later ones, standard deviations."""
_MISFIT = 27.0
"""Weighted squares that make a point of the first window worthless (three axes, three deviations each)."""
_CLEAR = 0.5
"""Share of the last points that a start explains if it is right."""
_BLURS = ((0.0,), (1e-4, 2e-5, 0.0), (1e-3, 1e-4, 2e-5, 0.0))
"""How far off points may be, m, in fit after fit. The second: where the last firing is 0.1 mm from where it should
be, more than the gates of sharp points let through. The last: when a pose is but about known."""
_LONG = 10
"""Firings without points beyond which a pose is sought anew, and not only followed."""
_AWAY, _GAP_A_STEP, _MOST_AWAY = 8e-4, 16, 16
"""Steps by which a sensor may have driven further in a gap, or less far, m; firings of a gap for a step more."""
_TURNS = (0.0, -1.5e-5, 1.5e-5, -3e-5, 3e-5, -5e-5, 5e-5)
"""Rates of turning tried, rad a firing."""
_FASTEST = 1e-4
"""Rate of turning above that of any vehicle (2 rad/s), rad a firing: at 0.01 degrees a firing more all looks alike."""
_FIRST_PRIOR = np.array([3e-6] * 3 + [5e-6] * 3)
_DRIFT = np.array([2e-5] * 3 + [2e-7] * 3)
"""How much velocity may change from window to window, m and rad a firing."""
_PLACE = np.array([1e-4] * 3 + [1e-5] * 3)


@dataclass
class Tracked:
    """A track: pose (F, 6) position (m) and Cayley vector in the far frame's axes; what each firing measured, and in
    which ticks; whether the firings that it begins with came out well."""

    pose: np.ndarray
    ranges: np.ndarray
    azimuth: np.ndarray
    explained: float
    sensor: Sensor
    began: bool


class _Seen(NamedTuple):
    """What a track is fitted to: `track_sweep`'s points, weight and axes; the sensor's tick and elevations."""

    points: np.ndarray
    weight: np.ndarray
    axes: np.ndarray
    tick: float
    cos_elevation: np.ndarray
    sin_elevation: np.ndarray


class _Work(NamedTuple):
    """Memory of a fit: poses, sensor points, what `firing_normals` fills, a window's equations, what was measured."""

    rotation: np.ndarray
    shift: np.ndarray
    sensor: np.ndarray
    matrix: np.ndarray
    vector: np.ndarray
    stats: np.ndarray
    residual: np.ndarray
    band: np.ndarray
    right: np.ndarray
    guess: np.ndarray
    ranges: np.ndarray
    azimuth: np.ndarray


def _make_work(firings: int, rings: int) -> _Work:
    poses = np.zeros((firings, 3, 3)), np.zeros((firings, 3)), np.zeros((firings, rings, 3))
    normals = np.zeros((firings, 6, 6)), np.zeros((firings, 6)), np.zeros((firings, 4)), np.zeros((firings, rings, 3))
    measured = np.zeros((firings, rings), np.int64), np.zeros((firings, rings), np.int64)
    return _Work(*poses, *normals, np.zeros((12, 12)), np.zeros(12), np.zeros(12), *measured)


@kernel
def _fit_window(seen, begin, end, rounds, prior, start, work):
    """Gauss-Newton for pose start[:6] + (i - end + 1) * start[6:] of firings begin to end; returns points explained."""
    rotation, shift, sensor, matrix, vector, stats, residual, band, right, guess, ranges, azimuth = work
    points, weight, base, tick, cos_e, sin_e = seen
    for p in range(12):
        guess[p] = start[p]
    for turn in range(rounds):
        for i in range(begin, end):
            dt = i - end + 1
            for p in range(3):
                shift[i, p] = start[p] + dt * start[6 + p]
            cayley(start[3] + dt * start[9], start[4] + dt * start[10], start[5] + dt * start[11], base, rotation, i)
            measure_firing(points, rotation, shift, tick, cos_e, sin_e, i, ranges, azimuth, sensor)
        gate = _LOOSE if turn < 2 else _TIGHT
        firing_normals(points, sensor, weight, rotation, shift, gate, begin, end, matrix, vector, stats, residual)
        for p in range(12):
            right[p] = (guess[p] - start[p]) / (prior[p] * prior[p])
            for q in range(12):
                band[p, q] = 0.0
            band[p, 0] = 1.0 / (prior[p] * prior[p])
        for i in range(begin, end):
            dt = np.float64(i - end + 1)
            for p in range(6):
                right[p] += vector[i, p]
                right[6 + p] += vector[i, p] * dt
                for q in range(6):
                    if q <= p:
                        band[p, p - q] += matrix[i, p, q]
                        band[6 + p, p - q] += matrix[i, p, q] * dt * dt
                    band[6 + p, 6 + p - q] += matrix[i, p, q] * dt
        solve_banded(band, right)
        for p in range(12):
            start[p] += right[p]
    total = 0.0
    for i in range(begin, end):
        total += stats[i, 0]
    return total


@kernel
def _follow(seen, first, end, rounds, prior, start, work, pose):
    """Fit window after window from the firing before `end` to `first`; fills pose (F, 6), returns the points explained,
    and leaves in `start` (12,) the pose of the firing before `first`."""
    total = 0.0
    while end > first:
        begin = max(first, end - WINDOW)
        total += _fit_window(seen, begin, end, rounds, prior, start, work)
        for i in range(begin, end):
            for p in range(6):
                pose[i, p] = start[p] + (i - end + 1) * start[6 + p]
        for p in range(6):
            start[p] -= (end - begin) * start[6 + p]
        end = begin
    return total


def track_sweep(
    points: np.ndarray, axes: np.ndarray, weight: np.ndarray, sensor: Sensor, end: Mount = AT_ORIGIN
) -> Tracked:
    """Follow the sensor through a sweep.

    Parameters
    ----------
    points : (F, R, 3) float64
        Stored points in the far frame's axes, m.
    axes : (3, 3) float64
        Rows: axes of the far frame in the stored frame.
    weight : (F, R, 3) float64
        1 / standard deviation of each coordinate.
    sensor : Sensor
        Where its ticks explain nothing, halves of them are tried.
    end : Mount
        Pose of the last firing in the stored frame; it has turned by little against that.

    Returns
    -------
    Tracked
    """
    firings, rings, _ = points.shape
    work = _make_work(firings, rings)
    axes = np.ascontiguousarray(axes)
    seen = _Seen(points, weight, axes, sensor.tick, sensor.cos_elevation, sensor.sin_elevation)
    last = firings if end is AT_ORIGIN else last_seen(points)
    ending = slice(max(0, last - 2 * WINDOW), last)
    at_end = _Seen(points[ending], weight[ending], *seen[2:])
    start, clear = _start(at_end, points[:last], end)
    if not clear and not sensor.coarse:
        finer = sensor.halved()
        found, clear = _start(at_end._replace(tick=finer.tick), points[:last], end)
        start, sensor = (found, finer) if clear else (start, sensor)
        seen = seen._replace(tick=sensor.tick)
    prior = np.concatenate([_PLACE, _DRIFT])
    pose = np.zeros((firings, 6))
    pose[last:] = start[:6] + np.arange(1, firings - last + 1)[:, None] * start[6:]
    explained, after = 0.0, last
    for begin, stop in _unbroken(weight[:last]):
        if stop < after:
            _again(seen, begin, stop, after, start)
            share = (np.arange(stop, after) - stop + 1)[:, None] / (after - stop + 1)
            pose[stop:after] = start[:6] + share * ((pose[after] if after < firings else start[:6]) - start[:6])
        explained += _follow(seen, begin, stop, 5, prior, start, work, pose)
        after = begin
    told = explained / max(int(np.count_nonzero(weight[:, :, 0])), 1)
    return Tracked(pose, work.ranges, work.azimuth, told, sensor, clear)


def _unbroken(weight: np.ndarray) -> list[tuple[int, int]]:
    """First and last firings of what lies between gaps, the last first, from weights (F, R, 3)."""
    there = np.flatnonzero((weight > 0).any(axis=(1, 2)))
    if len(there) == 0:
        return [(0, len(weight))]
    ends = np.flatnonzero(np.diff(there) > _LONG)
    begins, stops = [0, *there[ends + 1].tolist()], [*(there[ends] + 1).tolist(), len(weight)]
    return list(zip(begins, stops, strict=True))[::-1]


def _again(seen: _Seen, begin: int, stop: int, after: int, start: np.ndarray) -> None:
    """Take the pose and velocity `start` (12,) at the firing before `after` to the one before `stop`, beyond a gap, and
    find them anew there, in place: they are but about known."""
    gap = after - stop
    start[:6] -= gap * start[6:]
    part = slice(max(begin, stop - 2 * WINDOW), stop)
    there = _Seen(seen.points[part], seen.weight[part], *seen[2:])
    best: tuple[float, np.ndarray] = (-np.inf, start)
    for away in range(min(_MOST_AWAY, 1 + gap // _GAP_A_STEP)):
        for side in (-1, 1)[: 1 + (away > 0)]:
            trial = start.copy()
            trial[:3] += side * away * _AWAY * start[6:9] / max(float(np.sqrt((start[6:9] ** 2).sum())), 1e-9)
            best = max(best, (_settled(there, trial, _BLURS[-1]), trial), key=lambda each: each[0])
        if best[0] > _CLEAR * np.count_nonzero(there.weight[:, :, 0]):
            break
    start[:] = best[1]


def _start(last: _Seen, points: np.ndarray, end: Mount) -> tuple[np.ndarray, bool]:
    """The pose of the last firing and the velocity (12,) by which the `last` two windows of a sweep come out best, and
    whether they come out well."""
    place = multiply(last.axes, end.shift[:, None])[:, 0]
    turned = multiply(multiply(last.axes, end.rotation), np.ascontiguousarray(last.axes.T))
    w, *xyz = quaternion_of_rotation(turned)
    pose = np.concatenate([place, 2.0 * np.array(xyz) / w])
    forward = multiply(last.axes, np.ascontiguousarray(end.rotation[:, 1:2]))[:, 0]
    best = (-np.inf, np.zeros(12))
    plans = _BLURS[:2] if end is AT_ORIGIN else _BLURS
    for blurs, tried in product(plans, velocities(points - place, forward)):
        for velocity, turn in product(tried, _TURNS):
            trial = np.concatenate([pose, velocity, [0.0, 0.0, turn]])
            best = max(best, (_settled(last, trial, blurs), trial), key=lambda each: each[0])
        if best[0] > _CLEAR * np.count_nonzero(last.weight[:, :, 0]):
            return best[1], True
    return best[1], False


def _settled(last: _Seen, start: np.ndarray, blurs: tuple[float, ...]) -> float:
    """Fit a start (12,) to the last points, at first as if these were blurred; returns how well they come out, minus
    infinity where no vehicle turns so."""
    firings, rings = last.weight.shape[:2]
    work = _make_work(firings, rings)
    for blur in blurs:
        prior = np.concatenate([_PLACE + blur, 100 * _FIRST_PRIOR])
        weight = last.weight / np.sqrt(1.0 + (blur * last.weight) ** 2)
        _fit_window(last._replace(weight=weight), 0, firings, 8, prior, start, work)
    if abs(start[11]) > _FASTEST:
        return -np.inf
    return float(work.stats[:, 0].sum() - work.stats[:, 1:].sum() / _MISFIT)
