"""Normal equations of the pose law. Encoder only.

All points of a firing are first condensed to the normal equations of its pose (six numbers): what follows works on
those thousand small systems, so a Gauss-Newton step costs a millisecond or two.
"""

from __future__ import annotations

import numpy as np

from lizip.jit import kernel
from lizip.sensor.fit.motion.law_track import LOCAL, Normals, Track, firing_jacobian, pose_change, track_cost


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
    rotation, base shift, matrix, vector. `scratch`: (3, 3), (6, 18) of 0, (18,) int64, (18,) int64, (6, 18), (18, 18),
    (6,), (18,).
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
        firing_jacobian(times, fast_times, fast, slow_times, slow, fixed, i, rotation, turn, jacobian, index)
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
            for q in range(LOCAL):
                pushed[q] += jacobian[p, q] * right
            # numbers at hand, and rows at a time: so the inner loops become vector code
            m0, m1, m2 = matrix[i, p, 0], matrix[i, p, 1], matrix[i, p, 2]
            m3, m4, m5 = matrix[i, p, 3], matrix[i, p, 4], matrix[i, p, 5]
            row = product[p]
            for q in range(LOCAL):
                total = m0 * jacobian[0, q]
                total += m1 * jacobian[1, q]
                total += m2 * jacobian[2, q]
                total += m3 * jacobian[3, q]
                total += m4 * jacobian[4, q]
                row[q] = total + m5 * jacobian[5, q]
        # height and lever turn nothing; x, y and yaw stay level
        for q in range(4):
            w0, w1, w2 = jacobian[0, q], jacobian[1, q], jacobian[2, q]
            row = local[q]
            for s in range(4):
                total = row[s] + w0 * product[0, s]
                total += w1 * product[1, s]
                row[s] = total + w2 * product[2, s]
        for q in range(4, 10):
            w0, w1, w2 = jacobian[0, q], jacobian[1, q], jacobian[2, q]
            w3, w4, w5 = jacobian[3, q], jacobian[4, q], jacobian[5, q]
            row = local[q]
            for s in range(10):
                total = row[s] + w0 * product[0, s]
                total += w1 * product[1, s]
                total += w2 * product[2, s]
                total += w3 * product[3, s]
                total += w4 * product[4, s]
                row[s] = total + w5 * product[5, s]
        for q in range(10, LOCAL):
            w0, w1, w5 = jacobian[0, q], jacobian[1, q], jacobian[5, q]
            row = local[q]
            for s in range(LOCAL):
                total = row[s] + w0 * product[0, s]
                total += w1 * product[1, s]
                row[s] = total + w5 * product[5, s]
    _flush(local, pushed, before, hessian, gradient)
    for p in range(gradient.size):
        for q in range(p):
            hessian[q, p] = hessian[p, q]
    return cost


@kernel
def _directions(track, poses, normals, begin, scratch, cross, own, push):
    """See `directions`; scratch: (3, 3), (6, 18) of 0, (18,) int64, (6, 6), (6,), (6,)."""
    times, fast_times, fast, slow_times, slow, fixed = track
    rotation, shift = poses
    base_rotation, base_shift, matrix, vector = normals
    turn, jacobian, index, pulled, change, right = scratch
    for i in range(begin, times.size):
        pose_change(rotation, shift, base_rotation, base_shift, i, change)
        firing_jacobian(times, fast_times, fast, slow_times, slow, fixed, i, rotation, turn, jacobian, index)
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
        np.zeros((6, LOCAL)),
        np.zeros(LOCAL, np.int64),
        np.empty((6, 6)),
        np.empty(6),
        np.empty(6),
    )
    _directions(track.numbers, track.poses(), normals.numbers, begin, scratch, cross, own, push)
    return cross, own, push


def assemble(track: Track, normals: Normals, begin: int) -> tuple[float, np.ndarray, np.ndarray]:
    """Cost (as `cost_of`), normal matrix (P, P) and gradient (P,) of the track's parameters."""
    hessian, gradient = np.empty((track.size, track.size)), np.empty(track.size)
    cost = assemble_track(
        track.numbers, track.poses(), normals.numbers, begin, scratch_of_assembly(), hessian, gradient
    )
    return cost, hessian, gradient


def scratch_of_assembly() -> tuple[np.ndarray, ...]:
    """See `assemble_track`."""
    return (
        np.empty((3, 3)),
        np.zeros((6, LOCAL)),
        np.zeros(LOCAL, np.int64),
        np.zeros(LOCAL, np.int64),
        np.empty((6, LOCAL)),
        np.empty((LOCAL, LOCAL)),
        np.empty(6),
        np.empty(LOCAL),
    )


def cost_of(track: Track, normals: Normals, begin: int) -> float:
    """Weighted squares gained against the base poses by all firings from `begin` on (negative is better)."""
    return track_cost(*track.poses(), *normals.numbers, begin, np.empty(6))
