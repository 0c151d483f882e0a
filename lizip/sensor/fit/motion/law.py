"""From a tracked sweep to its pose law and a far frame to the picometre. Encoder only.

First the spline's poses are read as the vehicle's: kinks of roll and pitch, and of x, y and yaw, by dynamic
programming. Then Gauss-Newton on knots and their times, packet times to the microsecond, knots added and dropped, and
in between the far frame sharpened by the points that come out exactly.
"""

from __future__ import annotations

import numpy as np

from lizip.exact.linear import solve_definite, solve_each
from lizip.jit import kernel
from lizip.sensor.fit.lattice.refine import polish_frame
from lizip.sensor.fit.motion.adjust import adjust
from lizip.sensor.fit.motion.coarse_law import coarse_track
from lizip.sensor.fit.motion.firing import Sensor
from lizip.sensor.fit.motion.knots import add_knots, drop_knots, find_steps
from lizip.sensor.fit.motion.law_track import Normals, Track, condense
from lizip.sensor.fit.motion.observe import Observed
from lizip.sensor.fit.motion.segments import find_segments
from lizip.sensor.fit.motion.vehicle import LEVER, Vehicle, vehicle_behind
from lizip.sensor.stages.pose_law import (
    FAST_QUANTA,
    FIXED_QUANTA,
    RATE_QUANTA,
    SLOW_QUANTA,
    STEP_QUANTA,
    TIME_QUANTUM,
    Law,
    firing_times,
    packets,
    second_packet,
)

_BLUR = np.array([1e-6, 1e-6, 1e-7])
"""How far a spline's poses may be off, m: added to the points' deviations at first."""
_MEAN_STEP = 553.96
_GROUP = 6
_LONGEST = 30000.0
_PRICES = (300.0, 120.0)
"""Weighted squares that a kink of the fast and of the slow functions must save in the first segmentation."""
_APART = 700.0
"""Least distance of first knots, us."""
_KNOTS = (100.0, 80.0), (50.0, 50.0)
"""Weighted squares that a knot of the fast and of the slow functions must save to be added, and to be kept."""
Prices = tuple[tuple[float, float], tuple[float, float]]
_EXACT_STEPS = 4
"""Last steps, which see only the points that do not come out."""
_EXACTLY = 1e-9
"""Metres by which sums of the same float32 may differ."""
_PACKET_TIME = 553.0
"""us"""
_RATES = np.array([3e-3, 3e-3, 3e-4, 1e-4, 1e-4, 3e-4])
"""How far the first packet may move against the track in that time: m and rad."""
_STEP_BLURS = (1e-4, 1e-4, 3e-5, 1e-5, 1e-5, 3e-6, 1e-6, 3e-7, 0.0, 0.0)


def _normals(track: Track, seen: Observed, share: float, gate: float) -> Normals:
    return condense(seen.points, seen.sensor_points, seen.blurred(share * _BLUR), *track.poses(), gate)


def _kinks(times: np.ndarray, vehicle: Vehicle, columns: list[int], price: float, begin: int) -> list[int]:
    """Firings where three of the vehicle's functions bend."""
    normals = vehicle.matrix[begin:][:, columns][:, :, columns]
    trace = normals[:, 0, 0] + normals[:, 1, 1] + normals[:, 2, 2]
    safe = normals + np.eye(3) * (1e-3 + 1e-9 * trace)[:, None, None]
    samples = vehicle.poses[begin:, columns] + solve_each(safe, vehicle.vector[begin:, columns])
    found: list[int] = []
    for k in find_segments(times[begin:], samples, normals, _GROUP, price, _LONGEST):
        time = times[begin + k]
        clear = time - times[begin] > _APART and time < -_APART / 2
        if clear and (not found or time - times[found[-1]] > _APART):
            found.append(begin + k)
    return found


def _first_track(seen: Observed, rotation: np.ndarray, shift: np.ndarray, sensor: Sensor) -> tuple[Track, Normals]:
    """A track with knots where the spline's poses bend."""
    begin = second_packet(len(rotation), seen.phase, sensor.rhythm.packet)
    normals = condense(seen.points, seen.sensor_points, seen.blurred(_BLUR), rotation, shift, 20.0)
    vehicle = vehicle_behind(normals, np.array(LEVER))
    number, place = packets(len(rotation), seen.phase, sensor.rhythm.packet)
    times = (number - number[-1]) * _MEAN_STEP + (place - place[-1]) * sensor.rhythm.period
    fast = [begin, *_kinks(times, vehicle, [2, 3, 4], _PRICES[0], begin), len(times) - 1]
    slow = [begin, *_kinks(times, vehicle, [0, 1, 5], _PRICES[1], begin), len(times) - 1]
    height = np.median(vehicle.poses[:, 2])
    track = Track(
        times,
        begin,
        times[fast],
        vehicle.poses[fast][:, [3, 4]],
        times[slow],
        vehicle.poses[slow][:, [0, 1, 5]],
        np.array([height, *LEVER]),
    )
    return track, normals


def _fit_first_packet(track: Track, seen: Observed) -> None:
    """Fit the step and the rate of the first packet, in place: a line in time as far as its firings tell."""
    count = track.begin
    part = np.ascontiguousarray(seen.points[:count]), np.ascontiguousarray(seen.sensor_points[:count])
    since = (track.times[:count] - track.times[count]) / _PACKET_TIME
    ways = np.stack([np.ones(count), since], axis=1)
    products = ways[:, :, None] * ways[:, None, :]
    for blur in _STEP_BLURS:
        rotation, shift = (np.ascontiguousarray(value[:count]) for value in track.poses())
        weight = 1.0 / np.sqrt(seen.sigma[:count] ** 2 + (blur * np.array([1.0, 1.0, 0.3])) ** 2)
        vehicle = vehicle_behind(condense(*part, weight, rotation, shift, 20.0), track.fixed[1:])
        hessian = (products[:, :, None, :, None] * vehicle.matrix[:, None, :, None, :]).sum(axis=0).reshape(12, 12)
        gradient = (ways[:, :, None] * vehicle.vector[:, None, :]).sum(axis=0).ravel()
        hessian[np.diag_indices(12)] += np.repeat([0.0, 1.0], 6) / np.tile(_RATES, 2) ** 2
        gradient[6:] -= track.apart[1] * _PACKET_TIME / _RATES**2
        scale = 1.0 / (np.sqrt(np.diag(hessian)) + 1e-3)
        change = solve_definite(hessian * scale[:, None] * scale + 1e-9 * np.eye(12), gradient * scale) * scale
        change = np.clip(change, -0.01, 0.01).reshape(2, 6)
        track.apart = track.apart + change / np.array([[1.0], [_PACKET_TIME]])


def _quantised(track: Track, steps: np.ndarray) -> Law:
    def whole(values: np.ndarray, quanta: np.ndarray | float) -> np.ndarray:
        return np.rint(values / quanta).astype(np.int64)

    return Law(
        steps,
        whole(track.fast_times[1:-1], TIME_QUANTUM),
        whole(track.fast, FAST_QUANTA),
        whole(track.slow_times[1:-1], TIME_QUANTUM),
        whole(track.slow, SLOW_QUANTA),
        whole(track.fixed, FIXED_QUANTA),
        whole(track.apart[0], STEP_QUANTA),
        whole(track.apart[1], RATE_QUANTA),
    )


def _first_fit(
    seen: Observed, rotation: np.ndarray, shift: np.ndarray, sensor: Sensor, prices: Prices
) -> tuple[Track, np.ndarray]:
    """A track that follows the spline's poses, and the packets' steps in whole microseconds."""
    track, normals = _first_track(seen, rotation, shift, sensor)
    begin = track.begin
    track, _ = adjust(track, normals, 4, begin)
    track = drop_knots(track, normals, begin, prices[1], 3)
    normals = _normals(track, seen, 1.0, 15.0)
    track, _ = adjust(track, normals, 4, begin)
    steps = find_steps(track, normals, seen.phase, sensor.rhythm.packet, sensor.rhythm.period)
    track.times = firing_times(steps, len(rotation), seen.phase, sensor.rhythm.packet, sensor.rhythm.period)
    track.fast_times[0] = track.slow_times[0] = track.times[begin]
    track, _ = adjust(track, normals, 8, begin)
    return add_knots(track, normals, begin, prices[0], 6), steps


@kernel
def _aim(rotation, shift, sensor_points, points, offset, rounded, aims):
    """Fill aims (F, R, 3), see `_aimed`; returns how many level ones are not where the track says."""
    missed = np.int64(0)
    for i in range(points.shape[0]):
        for j in range(points.shape[1]):
            x, y, z = sensor_points[i, j, 0], sensor_points[i, j, 1], sensor_points[i, j, 2]
            for k in range(3):
                aims[i, j, k] = points[i, j, k]
                if k == 2:
                    continue
                said = x * rotation[i, k, 0] + y * rotation[i, k, 1] + z * rotation[i, k, 2] + shift[i, k]
                if rounded[k]:
                    far = np.float64(np.float32(said + offset[k])) - offset[k]
                    aims[i, j, k] = said + (points[i, j, k] - far)
                missed += np.int64(abs(aims[i, j, k] - said) > _EXACTLY)
    return missed


def _aimed(track: Track, seen: Observed) -> tuple[np.ndarray, int]:
    """Places (F, R, 3) to fit a nearly right track to: where it says the points are, but for those that the far frame's
    rounding puts on another float32 than theirs, which are by as much away. So the noise of roundings is gone.

    The third coordinate is known no better than the file's own rounding: it stays. Returns also how many of the others
    are put on another float32 than theirs.
    """
    aims, frame = np.empty(seen.points.shape), seen.frame
    return aims, _aim(*track.poses(), seen.sensor_points, seen.points, frame.offset, frame.rounded, aims)


def solve_law(
    seen: Observed,
    rotation: np.ndarray,
    shift: np.ndarray,
    sensor: Sensor,
    dearness: tuple[float, float] = (1.0, 1.0),
) -> Law | None:
    """Fit the pose law, starting from a spline's poses (F, 3, 3), (F, 3); sharpens the far frame of `seen` on the way.

    That must be rounded along the first two axes at least. `dearness` are factors of what a knot must save to be added,
    and to be kept. How good the best found is shows in the size of the corrections; None when the fit broke down.
    """
    add, keep = ((factor * fast, factor * slow) for factor, (fast, slow) in zip(dearness, _KNOTS, strict=True))
    prices = add, keep
    track, steps = _first_fit(seen, rotation, shift, sensor, prices)
    begin = track.begin
    normals = _normals(track, seen, 0.0, 10.0)
    track, _ = adjust(track, normals, 8, begin)
    seen.refer(polish_frame(seen.frame, seen.stored, seen.sensor_points, track.poses(), begin))
    normals = _normals(track, seen, 0.0, 8.0)
    track = add_knots(track, normals, begin, prices[0], 4)
    track = drop_knots(track, normals, begin, prices[1], 12)
    normals = _normals(track, seen, 0.0, 8.0)
    track, _ = adjust(track, normals, 6, begin)
    for step in range(_EXACT_STEPS + 1):
        aims, missed = _aimed(track, seen)
        normals = condense(aims, seen.sensor_points, seen.weight, *track.poses(), 8.0)
        if step < _EXACT_STEPS:
            track, _ = adjust(track, normals, 1, begin)
    rounded = coarse_track(track, normals)
    if _aimed(rounded, seen)[1] < missed:
        track = rounded
    _fit_first_packet(track, seen)
    seen.refer(polish_frame(seen.frame, seen.stored, seen.sensor_points, track.poses(), begin, rounds=4))
    return _quantised(track, steps) if track.sane else None
