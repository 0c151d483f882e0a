"""Fitting the pose law to a sweep: Levenberg-Marquardt as one kernel, since its steps are short. Encoder only."""

from __future__ import annotations

import numpy as np

from lizip.exact.linear import factor, substitute
from lizip.jit import kernel
from lizip.sensor.fit.motion.equations import assemble_track, scratch_of_assembly
from lizip.sensor.fit.motion.law_track import FARTHEST, ROOM, Normals, Track, merged, track_cost
from lizip.sensor.fit.motion.vehicle import LEVER
from lizip.sensor.stages.pose_law import evaluate

ALL_FREE, LEVER_HELD, TIMES_HELD = range(3)
"""What may move: all; all but height and lever; of the rest not the times of knots either."""


def free_parameters(track: Track, freedom: int = ALL_FREE) -> np.ndarray:
    """Indices of the parameters that may move: all but the knot times at the ends, and what `freedom` holds."""
    a, b = len(track.fast), len(track.slow)
    free = np.ones(track.size, bool)
    free[: 0 if freedom == ALL_FREE else 4] = False
    for first, count in ((4, a), (4 + 3 * a, b)):
        step = 1 if freedom == TIMES_HELD else count - 1
        free[first : first + count : step] = False
    return np.flatnonzero(free)


def _prior(track: Track) -> tuple[np.ndarray, np.ndarray]:
    """Weak pull of the lever to its usual place: weights and targets for the first four parameters."""
    return np.array([0.0, 1 / 0.05**2, 1 / 0.05**2, 1 / 0.05**2]), np.array([0.0, *LEVER])


def adjust(track: Track, normals: Normals, rounds: int, begin: int, freedom: int = ALL_FREE) -> tuple[Track, float]:
    """Levenberg-Marquardt on the condensed normal equations; returns the better track and its cost.

    Knots that run into each other are made one, and the rounds begin again.
    """
    while True:
        track, cost = _descended(track, normals, rounds, begin, freedom)
        fewer = merged(track)
        if fewer.size == track.size:
            return track, cost
        track = fewer


def _descended(track: Track, normals: Normals, rounds: int, begin: int, freedom: int) -> tuple[Track, float]:
    free = free_parameters(track, freedom)
    count, size = len(free), track.size
    numbers = tuple(np.stack([part, part]) for part in track.numbers[1:])
    poses = tuple(np.stack([part, part]) for part in track.poses())
    scratch = np.empty((count, count)), np.empty((count, count)), np.empty(count), np.empty(count), np.empty(size)
    cost, side = _descend(
        track.times,
        numbers,
        poses,
        track.apart,
        normals.numbers,
        begin,
        rounds,
        _prior(track),
        free,
        (np.empty((size, size)), np.empty(size)),
        scratch,
        scratch_of_assembly(),
    )
    fast_times, fast, slow_times, slow, fixed = (part[side] for part in numbers)
    return Track(track.times, begin, fast_times, fast, slow_times, slow, fixed, track.apart), cost


@kernel
def _step_times(times, change, moved):
    """Move knot times (K,): a knot goes less than half the way to the next one."""
    for k in range(times.size):
        low = -FARTHEST if k == 0 else -ROOM * (times[k] - times[k - 1])
        high = FARTHEST if k == times.size - 1 else ROOM * (times[k + 1] - times[k])
        step = -FARTHEST if change[k] < -FARTHEST else FARTHEST if change[k] > FARTHEST else change[k]
        moved[k] = times[k] + (low if step < low else high if step > high else step)


@kernel
def _step(numbers, change, moved):
    """Write the numbers of a track after a step (P,) into those of another."""
    _, fast_times, fast, slow_times, slow, fixed = numbers
    _, new_fast_times, new_fast, new_slow_times, new_slow, new_fixed = moved
    a, b = fast_times.size, slow_times.size
    for k in range(4):
        new_fixed[k] = fixed[k] + change[k]
    _step_times(fast_times, change[4 : 4 + a], new_fast_times)
    _step_times(slow_times, change[4 + 3 * a : 4 + 3 * a + b], new_slow_times)
    for k in range(a):
        for c in range(2):
            new_fast[k, c] = fast[k, c] + change[4 + a + 2 * k + c]
    for k in range(b):
        for c in range(3):
            new_slow[k, c] = slow[k, c] + change[4 + 3 * a + b + 3 * k + c]


@kernel
def _side(times, numbers, side):
    """Numbers of one of two tracks, as `Track.numbers` has them."""
    fast_times, fast, slow_times, slow, fixed = numbers
    return times, fast_times[side], fast[side], slow_times[side], slow[side], fixed[side]


@kernel
def _descend(times, numbers, poses, apart, normals, begin, rounds, prior, free, equations, scratch, assembling):
    """Take steps that lower the cost, at most `rounds`; returns the cost and on which side the track then is.

    `numbers` and `poses` have two sides each: the track, at first on side 0, and one to try a step on. `prior`: weights
    and targets (4,) of the first parameters, of which `free` (Q,) may move. `equations`: (P, P), (P,); `scratch`:
    (Q, Q), (Q, Q), (Q,), (Q,), (P,); `assembling`: see `assemble_track`.
    """
    rotation, shift = poses
    base_rotation, base_shift, matrix, vector = normals
    hessian, gradient = equations
    weight, target = prior
    scaled, damped, scale, right, change = scratch
    damping = 1e-5
    least = np.nan
    side = np.int64(0)
    for _ in range(rounds):
        track = _side(times, numbers, side)
        cost = assemble_track(track, (rotation[side], shift[side]), normals, begin, assembling, hessian, gradient)
        for k in range(4):
            hessian[k, k] += weight[k]
            gradient[k] += weight[k] * (target[k] - track[5][k])
        for p in range(free.size):
            scale[p] = np.sqrt(hessian[free[p], free[p]]) + 1e-12
        for p in range(free.size):
            for q in range(free.size):
                scaled[p, q] = hessian[free[p], free[q]] / scale[p] / scale[q]
        nearer = np.nan
        found = False
        other = 1 - side
        tried = _side(times, numbers, other)
        for _ in range(5):
            for p in range(free.size):
                for q in range(free.size):
                    damped[p, q] = scaled[p, q]
                damped[p, p] += damping + 1e-12
                right[p] = gradient[free[p]] / scale[p]
            factor(damped)
            substitute(damped, right)
            for p in range(change.size):
                change[p] = 0.0
            for p in range(free.size):
                change[free[p]] = right[p] / scale[p]
            _step(track, change, tried)
            evaluate(
                times,
                begin,
                tried[1],
                tried[2],
                tried[3],
                tried[4],
                tried[5],
                apart,
                assembling[0],
                rotation[other],
                shift[other],
            )
            nearer = track_cost(
                rotation[other], shift[other], base_rotation, base_shift, matrix, vector, begin, assembling[6]
            )
            found = nearer < cost
            if found:
                break
            damping = damping * 30.0 + 1e-9
        if not found:
            break
        least = nearer
        side = other
        damping /= 30.0
        if cost - nearer < 0.5:
            break
    if np.isnan(least):
        least = track_cost(rotation[side], shift[side], base_rotation, base_shift, matrix, vector, begin, assembling[6])
    return least, side
