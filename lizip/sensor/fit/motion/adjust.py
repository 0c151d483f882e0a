"""Fitting the pose law to a sweep. Encoder only.

All points of a firing are first condensed to the normal equations of its pose (six numbers): what follows works on
those thousand small systems, so a Gauss-Newton step costs a millisecond or two.
"""

from __future__ import annotations

import numpy as np

from lizip.exact.linear import solve_definite
from lizip.jit import kernel
from lizip.sensor.fit.motion.law_track import LOCAL, Normals, Track, firing_jacobian, merged, pose_change, track_cost
from lizip.sensor.fit.motion.vehicle import LEVER

ALL_FREE, LEVER_HELD, TIMES_HELD = range(3)
"""What may move: all; all but height and lever; of the rest not the times of knots either."""

Poses = tuple[np.ndarray, np.ndarray]
"""Rotations (F, 3, 3) and shifts (F, 3)."""


@kernel
def _flush(local, pushed, index, hessian, gradient):
    """Add what firings of one interval have gathered to the normal equations (lower triangle), and clear it."""
    for q in range(LOCAL):
        a = index[q]
        gradient[a] += pushed[q]
        pushed[q] = 0.0
        for s in range(LOCAL):
            b = index[s]
            if b <= a:
                hessian[a, b] += local[q, s]
            local[q, s] = 0.0


@kernel
def assemble_track(track, poses, normals, begin, scratch, hessian, gradient):
    """Normal equations of the track's parameters: fills hessian (P, P) and gradient (P,); returns the cost.

    `track`: times, fast_times, fast, slow_times, slow, fixed. `poses`: rotation, shift of the track. `normals`: base
    rotation, base shift, matrix, vector. `scratch`: (3, 3), (6, 18), (18,) int64, (18,) int64, (18,), (18, 18), (6,),
    (18,).
    """
    times, fast_times, fast, slow_times, slow, fixed = track
    rotation, shift = poses
    base_rotation, base_shift, matrix, vector = normals
    turn, jacobian, index, before, product, local, change, pushed = scratch
    for p in range(gradient.size):
        gradient[p] = 0.0
        for q in range(gradient.size):
            hessian[p, q] = 0.0
    for q in range(LOCAL):
        pushed[q] = 0.0
        for s in range(LOCAL):
            local[q, s] = 0.0
    cost = 0.0
    for i in range(begin, times.size):
        pose_change(rotation, shift, base_rotation, base_shift, i, change)
        firing_jacobian(times, fast_times, fast, slow_times, slow, fixed, i, turn, jacobian, index)
        if i > begin and (index[4] != before[4] or index[10] != before[10]):
            _flush(local, pushed, before, hessian, gradient)
        for q in range(LOCAL):
            before[q] = index[q]
        for p in range(6):
            total = 0.0
            for q in range(6):
                total += matrix[i, p, q] * change[q]
            cost += change[p] * (total - 2.0 * vector[i, p])
            right = vector[i, p] - total
            # rows at a time, so that the inner loops become vector code
            for q in range(LOCAL):
                pushed[q] += jacobian[p, q] * right
            for q in range(LOCAL):
                total = matrix[i, p, 0] * jacobian[0, q]
                total += matrix[i, p, 1] * jacobian[1, q]
                total += matrix[i, p, 2] * jacobian[2, q]
                total += matrix[i, p, 3] * jacobian[3, q]
                total += matrix[i, p, 4] * jacobian[4, q]
                total += matrix[i, p, 5] * jacobian[5, q]
                product[q] = total
            for q in range(LOCAL):
                weight = jacobian[p, q]
                if weight != 0.0:
                    row = local[q]
                    for s in range(LOCAL):
                        row[s] += weight * product[s]
    _flush(local, pushed, before, hessian, gradient)
    for p in range(gradient.size):
        for q in range(p):
            hessian[q, p] = hessian[p, q]
    return cost


@kernel
def _directions(track, poses, normals, begin, scratch, cross, own, push):
    """See `directions`; scratch: (3, 3), (6, 18), (18,) int64, (6, 6), (6,), (6,)."""
    times, fast_times, fast, slow_times, slow, fixed = track
    rotation, shift = poses
    base_rotation, base_shift, matrix, vector = normals
    turn, jacobian, index, pulled, change, right = scratch
    for i in range(begin, times.size):
        pose_change(rotation, shift, base_rotation, base_shift, i, change)
        firing_jacobian(times, fast_times, fast, slow_times, slow, fixed, i, turn, jacobian, index)
        for p in range(6):
            right[p] = vector[i, p]
            for q in range(6):
                right[p] -= matrix[i, p, q] * change[q]
        for d in range(6):
            # roll, pitch, x, y, yaw: sums over both knots; time: minus what both knots' times do
            a = np.int64(6 + 2 * d if d < 2 else 8 + 2 * d)
            for p in range(6):
                if d < 5:
                    change[p] = jacobian[p, a] + jacobian[p, a + 1]
                else:
                    change[p] = -(jacobian[p, 4] + jacobian[p, 5] + jacobian[p, 10] + jacobian[p, 11])
            for q in range(6):
                pulled[d, q] = 0.0
                for p in range(6):
                    pulled[d, q] += change[p] * matrix[i, p, q]
            total = 0.0
            for p in range(6):
                total += change[p] * right[p]
            push[i, d] = total
            for q in range(18):
                total = 0.0
                for p in range(6):
                    total += pulled[d, p] * jacobian[p, q]
                cross[i, d, index[q]] += total
            for e in range(d + 1):
                b = np.int64(6 + 2 * e if e < 2 else 8 + 2 * e)
                total = 0.0
                for p in range(6):
                    if e < 5:
                        total += pulled[d, p] * (jacobian[p, b] + jacobian[p, b + 1])
                    else:
                        total += pulled[d, p] * change[p]
                own[i, d, e] = total
                own[i, e, d] = total


def directions(track: Track, normals: Normals, begin: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Normal equations of six further ways in which each firing could move: roll, pitch, x, y, yaw, time.

    Returns
    -------
    cross : (F, 6, P) with the parameters of the track
    own : (F, 6, 6) with each other
    push : (F, 6) gradients
    """
    count = len(track.times)
    cross, own, push = np.zeros((count, 6, track.size)), np.zeros((count, 6, 6)), np.zeros((count, 6))
    scratch = (
        np.empty((3, 3)),
        np.empty((6, LOCAL)),
        np.zeros(LOCAL, np.int64),
        np.empty((6, 6)),
        np.empty(6),
        np.empty(6),
    )
    _directions(track.numbers, track.poses(), normals.numbers, begin, scratch, cross, own, push)
    return cross, own, push


def assemble(
    track: Track, normals: Normals, begin: int, poses: Poses | None = None
) -> tuple[float, np.ndarray, np.ndarray]:
    """Cost (as `cost_of`), normal matrix (P, P) and gradient (P,) of the track's parameters; `poses` are its poses."""
    hessian, gradient = np.empty((track.size, track.size)), np.empty(track.size)
    scratch = (
        np.empty((3, 3)),
        np.empty((6, LOCAL)),
        np.zeros(LOCAL, np.int64),
        np.zeros(LOCAL, np.int64),
        np.empty(LOCAL),
        np.empty((LOCAL, LOCAL)),
        np.empty(6),
        np.empty(LOCAL),
    )
    poses = poses or track.poses()
    cost = assemble_track(track.numbers, poses, normals.numbers, begin, scratch, hessian, gradient)
    return cost, hessian, gradient


def cost_of(track: Track, normals: Normals, begin: int) -> float:
    """Weighted squares gained against the base poses by all firings from `begin` on (negative is better)."""
    return _cost(track.poses(), normals, begin)


def _cost(poses: Poses, normals: Normals, begin: int) -> float:
    return track_cost(*poses, *normals.numbers, begin, np.empty(6))


def free_parameters(track: Track, freedom: int = ALL_FREE) -> np.ndarray:
    """Indices of the parameters that may move: all but the knot times at the ends, and what `freedom` holds."""
    a, b = len(track.fast), len(track.slow)
    fast, slow = 4 + np.arange(a), 4 + 3 * a + np.arange(b)
    if freedom != TIMES_HELD:
        fast, slow = fast[[0, -1]], slow[[0, -1]]
    held = np.concatenate([fast, slow, np.arange(0 if freedom == ALL_FREE else 4)])
    return np.setdiff1d(np.arange(track.size), held)


def _prior(track: Track) -> tuple[np.ndarray, np.ndarray]:
    """Weak pull of the lever to its usual place: weights and targets for the first four parameters."""
    return np.array([0.0, 1 / 0.05**2, 1 / 0.05**2, 1 / 0.05**2]), np.array([0.0, *LEVER])


def adjust(track: Track, normals: Normals, rounds: int, begin: int, freedom: int = ALL_FREE) -> tuple[Track, float]:
    """Levenberg-Marquardt on the condensed normal equations; returns the better track and its cost.

    Knots that run into each other are made one, and the rounds begin again.
    """
    while True:
        track, cost = _descend(track, normals, rounds, begin, freedom)
        fewer = merged(track)
        if fewer.size == track.size:
            return track, cost
        track = fewer


def _descend(track: Track, normals: Normals, rounds: int, begin: int, freedom: int) -> tuple[Track, float]:
    damping = 1e-5
    weight, target = _prior(track)
    free = free_parameters(track, freedom)
    poses, least = track.poses(), None
    for _ in range(rounds):
        cost, hessian, gradient = assemble(track, normals, begin, poses)
        hessian[np.arange(4), np.arange(4)] += weight
        gradient[:4] += weight * (target - track.fixed)
        hessian, gradient = hessian[np.ix_(free, free)], gradient[free]
        scale = np.sqrt(np.diag(hessian)) + 1e-12
        hessian = hessian / scale[:, None] / scale
        better = None
        for _ in range(5):
            damped = hessian.copy()
            damped[np.diag_indices(len(damped))] += damping + 1e-12
            change = np.zeros(track.size)
            change[free] = solve_definite(damped, gradient / scale) / scale
            better = track.moved(change)
            nearer = better.poses()
            if (new_cost := _cost(nearer, normals, begin)) < cost:
                break
            better = None
            damping = damping * 30 + 1e-9
        if better is None:
            break
        track, poses, least, damping = better, nearer, new_cost, damping / 30
        if cost - new_cost < 0.5:
            break
    return track, _cost(poses, normals, begin) if least is None else least
