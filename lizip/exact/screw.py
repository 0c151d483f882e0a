"""Rotation vectors and screw motion, the same bits everywhere.

Between two poses a body moves as a screw: T(t) = T_k exp(s log(T_k^-1 T_k+1)), which is the same motion in whatever
frame it is written. With w the rotation vector from one knot to the next, D the way, s the share of the time:

    R = exp(s w) R_k,   t = t_k + s D - s(1 - s)/2 w x D + s(1 - s)(1 - 2s)/12 w x (w x D)

exact in rotation, to the second order of |w| in position.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lizip.exact.trig import arcsine, arctangent2, sincos
from lizip.jit import kernel


class Track(NamedTuple):
    """Poses at knots.

    Attributes
    ----------
    times : (K,) float64
        Ascending, any unit.
    turns : (K, 3, 3) float64
        Rotations.
    places : (K, 3) float64
        Positions.
    """

    times: np.ndarray
    turns: np.ndarray
    places: np.ndarray


class Poses(NamedTuple):
    """Poses at G times on a track, and how they change.

    Attributes
    ----------
    turns, places : (G, 3, 3), (G, 3) float64
    spin, speed : (G, 3) float64
        Rotation vector and way a unit of time.
    segment : (G,) int64
        Knot before.
    share : (G,) float64
        Part of the time to the next knot: 0 to 1, beyond at the ends.
    """

    turns: np.ndarray
    places: np.ndarray
    spin: np.ndarray
    speed: np.ndarray
    segment: np.ndarray
    share: np.ndarray


@kernel
def rotation_of(x, y, z, out):
    """Write the rotation exp([x y z]) to out (3, 3): Rodrigues' formula."""
    square = x * x + y * y + z * z
    if square < 1e-4:
        s = 1.0 - square / 6.0 * (1.0 - square / 20.0 * (1.0 - square / 42.0))
        c = 0.5 - square / 24.0 * (1.0 - square / 30.0 * (1.0 - square / 56.0))
    else:
        angle = np.sqrt(square)
        sine, cosine = sincos(angle)
        s = sine / angle
        c = (1.0 - cosine) / square
    out[0, 0] = 1.0 - c * (y * y + z * z)
    out[0, 1] = c * x * y - s * z
    out[0, 2] = c * x * z + s * y
    out[1, 0] = c * x * y + s * z
    out[1, 1] = 1.0 - c * (x * x + z * z)
    out[1, 2] = c * y * z - s * x
    out[2, 0] = c * x * z - s * y
    out[2, 1] = c * y * z + s * x
    out[2, 2] = 1.0 - c * (x * x + y * y)


@kernel
def vector_between(after, before, out):
    """Write the rotation vector of after @ before.T (3, 3 each) to out (3,); for turns below a right angle."""
    x = 0.0
    y = 0.0
    z = 0.0
    for k in range(3):
        x += after[2, k] * before[1, k] - after[1, k] * before[2, k]
        y += after[0, k] * before[2, k] - after[2, k] * before[0, k]
        z += after[1, k] * before[0, k] - after[0, k] * before[1, k]
    x *= 0.5
    y *= 0.5
    z *= 0.5
    square = x * x + y * y + z * z
    if square < 1e-6:
        scale = 1.0 + square / 6.0 * (1.0 + square * 0.45)
    else:
        sine = np.sqrt(square)
        scale = arcsine(sine) / sine
    out[0] = x * scale
    out[1] = y * scale
    out[2] = z * scale


@kernel
def _between(track, spins, ways):
    for k in range(track.times.size - 1):
        vector_between(track.turns[k + 1], track.turns[k], spins[k])
        for a in range(3):
            ways[k, a] = track.places[k + 1, a] - track.places[k, a]


@kernel
def _evaluate(track, spins, ways, times, rotation, poses):
    q = np.int64(0)
    last = np.int64(track.times.size - 2)
    for i in range(times.size):
        while q < last and times[i] >= track.times[q + 1]:
            q += 1
        while q > 0 and times[i] < track.times[q]:
            q -= 1
        period = track.times[q + 1] - track.times[q]
        f = (times[i] - track.times[q]) / period
        w0, w1, w2 = spins[q, 0], spins[q, 1], spins[q, 2]
        d0, d1, d2 = ways[q, 0], ways[q, 1], ways[q, 2]
        rotation_of(w0 * f, w1 * f, w2 * f, rotation)
        for a in range(3):
            for b in range(3):
                total = rotation[a, 0] * track.turns[q, 0, b]
                total += rotation[a, 1] * track.turns[q, 1, b]
                poses.turns[i, a, b] = total + rotation[a, 2] * track.turns[q, 2, b]
        c0, c1, c2 = w1 * d2 - w2 * d1, w2 * d0 - w0 * d2, w0 * d1 - w1 * d0
        e0, e1, e2 = w1 * c2 - w2 * c1, w2 * c0 - w0 * c2, w0 * c1 - w1 * c0
        h = -0.5 * f * (1.0 - f)
        g = f * (1.0 - f) * (1.0 - 2.0 * f) / 12.0
        poses.places[i, 0] = track.places[q, 0] + f * d0 + h * c0 + g * e0
        poses.places[i, 1] = track.places[q, 1] + f * d1 + h * c1 + g * e1
        poses.places[i, 2] = track.places[q, 2] + f * d2 + h * c2 + g * e2
        hv = f - 0.5
        gv = (1.0 - 6.0 * f + 6.0 * f * f) / 12.0
        poses.speed[i, 0] = (d0 + hv * c0 + gv * e0) / period
        poses.speed[i, 1] = (d1 + hv * c1 + gv * e1) / period
        poses.speed[i, 2] = (d2 + hv * c2 + gv * e2) / period
        poses.spin[i, 0] = w0 / period
        poses.spin[i, 1] = w1 / period
        poses.spin[i, 2] = w2 / period
        poses.segment[i] = q
        poses.share[i] = f


@kernel
def _rotations(vectors, out):
    for i in range(vectors.shape[0]):
        rotation_of(vectors[i, 0], vectors[i, 1], vectors[i, 2], out[i])


@kernel
def _vectors(after, before, out):
    for i in range(after.shape[0]):
        vector_between(after[i], before[i], out[i])


def vectors_between(after: np.ndarray, before: np.ndarray) -> np.ndarray:
    """Rotation vectors (M, 3) of after @ before.T, (M, 3, 3) each, for turns below a right angle."""
    out = np.empty((len(after), 3))
    _vectors(np.ascontiguousarray(after), np.ascontiguousarray(before), out)
    return out


def vector_of(rotation: np.ndarray) -> np.ndarray:
    """Rotation vector (3,) of any rotation (3, 3), by its quaternion: up to half a turn."""
    diagonal = np.diag(rotation)
    squares = np.array([1.0 + diagonal.sum(), *(1.0 + 2.0 * diagonal - diagonal.sum())])
    largest = int(np.argmax(squares))
    q = np.empty(4)
    q[largest] = np.sqrt(squares[largest])
    for k, (i, j) in enumerate(((2, 1), (0, 2), (1, 0)), 1):
        if largest == 0:
            q[k] = (rotation[i, j] - rotation[j, i]) / q[0]
        elif largest == k:
            q[0] = (rotation[i, j] - rotation[j, i]) / q[k]
        else:
            q[k] = (rotation[largest - 1, k - 1] + rotation[k - 1, largest - 1]) / q[largest]
    q = -q if q[0] < 0 else q
    sine = float(np.sqrt((q[1:] * q[1:]).sum()))
    return 2.0 * arctangent2(sine, float(q[0])) * q[1:] / sine if sine > 1e-12 else q[1:]


def rotations_of(vectors: np.ndarray) -> np.ndarray:
    """Rotations (M, 3, 3) of rotation vectors (M, 3) in radians."""
    out = np.empty((len(vectors), 3, 3))
    _rotations(np.ascontiguousarray(vectors, np.float64), out)
    return out


def ways_between(track: Track) -> tuple[np.ndarray, np.ndarray]:
    """Rotation vectors (left-multiplied) and ways, (K - 1, 3) each, from every knot to the next."""
    spins, ways = np.empty((len(track.times) - 1, 3)), np.empty((len(track.times) - 1, 3))
    _between(track, spins, ways)
    return spins, ways


def poses_at(track: Track, times: np.ndarray) -> Poses:
    """Poses on a track of at least two knots at times (G,); beyond the ends the last screw goes on."""
    count = len(times)
    poses = Poses(
        np.empty((count, 3, 3)),
        np.empty((count, 3)),
        np.empty((count, 3)),
        np.empty((count, 3)),
        np.empty(count, np.int64),
        np.empty(count),
    )
    _evaluate(track, *ways_between(track), np.ascontiguousarray(times, np.float64), np.empty((3, 3)), poses)
    return poses
