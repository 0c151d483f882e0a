"""Knots of a track, moved by Gauss-Newton steps under what is known beforehand of knots. Encoder only."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lizip.exact.linear import solve_banded, solve_definite
from lizip.exact.rotation import products
from lizip.exact.screw import Poses, Track, poses_at, rotations_of, ways_between
from lizip.jit import kernel
from lizip.sensor.fit.chunked.normals import Sums, gather, new_sums
from lizip.sensor.fit.chunked.point_sums import Placed, point_sums
from lizip.sensor.fit.chunked.ray_sums import Rays, ray_sums

FIXED, PHASE, GRID, FREE = range(4)
"""How knots' times may move: not at all; all together; as a grid whose period may change; each by itself."""

_LOOSE_TIME = 3.0
"""Microseconds by which free knots stand beside the grid."""

_FIRM = 1e10
_LARGEST_SHIFT = 400.0


class Prior(NamedTuple):
    """What is known beforehand.

    Attributes
    ----------
    times : int
        `FIXED` to `FREE`.
    bend : tuple of float
        Expected second differences of rotation (rad) and position (m), 0 for none; else only the outermost knots'
        positions, which are extrapolations, are held to straight lines.
    level : bool
        Whether rotation about z is none of the knots' business.
    """

    times: int = FIXED
    bend: tuple[float, float] = (0.0, 0.0)
    level: bool = False


_EDGE = 3e-3
_BEND = (1e-3, 3e-3)
_Sigmas = tuple[float, float]
"""Of a range (m) and of an angle (rad)."""


@kernel
def _project(prior, basis, out):
    """Fill out (K, K) with what takes times (K,) to how they stand beside the best common shift or grid.

    The outermost knots are extrapolations: where the others are free, they do not decide on the grid.
    """
    count = basis.shape[1]
    ends = 0.0 if prior == FREE else 1.0
    for column in range(2):
        for k in range(count):
            basis[column, k] = 1.0 if column == 0 else k - 0.5 * (count - 1)
    for k in range(count):
        for m in range(count):
            out[k, m] = 1.0 if k == m else 0.0
    for column in range(1 if prior == PHASE else 2):
        total = 0.0
        for k in range(count):
            total += basis[column, k] * basis[column, k] * (ends if k in (0, count - 1) else 1.0)
        for k in range(count):
            for m in range(count if total > 0.0 else 0):
                share = basis[column, m] * (ends if m in (0, count - 1) else 1.0)
                out[k, m] -= basis[column, k] * share / total


@kernel
def _hold_times(prior, times, whole, right, basis, project):
    """Add what is known of the knots' times."""
    count = times.size
    for k in range(count):
        whole[7 * k + 6, 7 * k + 6] += _FIRM if prior == FIXED else 1e-6
    if prior == FIXED:
        return
    _project(prior, basis, project)
    for row in range(count):
        weight = _FIRM if prior != FREE or row in (0, count - 1) else 1.0 / (_LOOSE_TIME * _LOOSE_TIME)
        off = 0.0
        if prior == FREE:
            for m in range(count):
                off += project[row, m] * times[m]
        for k in range(count):
            right[7 * k + 6] -= weight * project[row, k] * off
            for m in range(count):
                whole[7 * k + 6, 7 * m + 6] += weight * project[row, k] * project[row, m]


@kernel
def _hold_bend(steps, first, last, weight, at, whole, right):
    """Hold second differences of rotation (`at` 0) or position (3) at knots `first` to `last` to zero."""
    for k in range(first, last):
        for a in range(3):
            bend = steps[k, a] - steps[k - 1, a]
            for i in range(3):
                side = -2.0 if i == 1 else 1.0
                right[7 * (k - 1 + i) + at + a] -= weight * bend * side
                for j in range(3):
                    other = -2.0 if j == 1 else 1.0
                    whole[7 * (k - 1 + i) + at + a, 7 * (k - 1 + j) + at + a] += weight * side * other


@kernel
def _normals(track, between, poses, sums, prior, every, whole, right, room):
    """Fill the knots' normal equations, whole (7 K, 7 K) and right (7 K,)."""
    spins, ways = between
    row, basis, project = room
    count = track.times.size
    gather(sums.matrix, sums.vector, poses, every, whole, right, row)
    for i in range(7 * count):
        for j in range(i):
            whole[j, i] = whole[i, j]
        if i % 7 < 6:
            whole[i, i] += 1e2
    if prior.bend[0] > 0.0:
        _hold_bend(spins, 1, count - 1, 1.0 / (prior.bend[0] * prior.bend[0]), 0, whole, right)
        _hold_bend(ways, 1, count - 1, 1.0 / (prior.bend[1] * prior.bend[1]), 3, whole, right)
    elif count > 2:
        _hold_bend(ways, 1, 2, 1.0 / (_EDGE * _EDGE), 3, whole, right)
        _hold_bend(ways, count - 2, count - 1, 1.0 / (_EDGE * _EDGE), 3, whole, right)
    if prior.level:
        for k in range(count):
            whole[7 * k + 2, 7 * k + 2] += 1e18
    _hold_times(prior.times, track.times, whole, right, basis, project)


@kernel
def _banded(whole, band):
    """Copy the lower triangle of a banded matrix (N, N) to band (N, B)."""
    for i in range(band.shape[0]):
        for k in range(min(i + 1, band.shape[1])):
            band[i, k] = whole[i, i - k]


def move(
    track: Track, poses: Poses, sums: Sums, prior: Prior, every: tuple[int, int] = (0, 1)
) -> tuple[Track, np.ndarray]:
    """One step; returns the track and by how much (d, w) the groups' poses moved, (G, 6), to first order."""
    count = len(track.times)
    whole, right = np.zeros((7 * count, 7 * count)), np.zeros(7 * count)
    room = np.zeros(7), np.zeros((2, count)), np.zeros((count, count))
    between = ways_between(track)
    _normals(track, between, poses, sums, prior, every, whole, right, room)
    if prior.times == FIXED:
        band = np.zeros((7 * count, 21))
        _banded(whole, band)
        solve_banded(band, right)
    else:
        right = solve_definite(whole, right)
    step = right.reshape(count, 7)
    turns = products(rotations_of(step[:, :3]), track.turns)
    times = track.times + np.clip(step[:, 6], -_LARGEST_SHIFT, _LARGEST_SHIFT)
    after = step[poses.segment + 1] * poses.share[:, None] + step[poses.segment] * (1.0 - poses.share[:, None])
    moved = after[:, [3, 4, 5, 0, 1, 2]] - after[:, 6:] * np.concatenate([poses.speed, poses.spin], axis=1)
    return Track(times, turns, track.places + step[:, 3:6]), moved


class Groups(NamedTuple):
    """Returns that share a pose.

    Attributes
    ----------
    starts : (G + 1,) int64
    times : (G,) float64
        Of the poses, us.
    """

    starts: np.ndarray
    times: np.ndarray

    @property
    def of(self) -> np.ndarray:
        """Group of each return, (N,) int64."""
        return np.repeat(np.arange(len(self.times)), np.diff(self.starts))


def fit_points(
    track: Track,
    placed: Placed,
    groups: Groups,
    scales: tuple[float, ...],
    times: int,
    exact: bool = False,
    stride: int = 1,
) -> Track:
    """Fit a track to sensor points, of every `stride`-th group: a step for each scale of the sigmas."""
    sums = new_sums(len(groups.times), 0)
    for scale in scales:
        poses = poses_at(track, groups.times)
        point_sums(placed, groups.starts, poses, scale, exact, stride, False, sums)
        track, _ = move(track, poses, sums, Prior(times), (0, stride))
    return track


def look_at_points(
    track: Track, placed: Placed, groups: Groups, scale: float = 1.0, stride: int = 1
) -> tuple[Sums, float]:
    """How sensor points, of every `stride`-th group, miss a track, and the cost of that."""
    sums = new_sums(1, len(placed.stored))
    poses = poses_at(track, groups.times)
    return sums, point_sums(placed, groups.starts, poses, scale, False, stride, True, sums)


_NEAR_BY = 15.0
"""Metres at which a rounding's noise counts in angles."""


def blurred(sigmas: tuple[_Sigmas, ...], noise: float) -> tuple[_Sigmas, ...]:
    """Pairs of sigmas (range, m; angle, rad) of points whose coordinates have a noise, m; ranges of 0 stay unknown."""
    return tuple((max(far, noise) if far else far, max(angle, noise / _NEAR_BY)) for far, angle in sigmas)


def fit_rays(
    track: Track,
    rays: Rays,
    groups: Groups,
    heading: np.ndarray | None,
    elevations: np.ndarray,
    tick: float,
    sigmas: tuple[_Sigmas, ...],
    every: tuple[int, int] = (0, 1),
) -> tuple[Track, np.ndarray]:
    """Fit a track to rays of `every` few groups: a step for each pair of sigmas (range, m; angle, rad).

    With `heading` (G,) the headings of the groups are free, and the fitted ones are returned.
    """
    sums = new_sums(len(groups.times), 0)
    free = heading is not None
    angle = np.zeros(len(groups.times)) if heading is None else heading
    prior, room = Prior(FIXED, _BEND, free), (np.zeros(12), np.zeros((6, 6)))
    for sigma in sigmas:
        poses = poses_at(track, groups.times)
        sizes = np.array([tick, *sigma])
        ray_sums(rays, groups.starts, angle, poses, elevations, sizes, free, every, False, sums, *room)
        track, moved = move(track, poses, sums, prior, every)
        if free:
            angle = _turn_headings(angle, sums, moved)
    return track, angle


def headings_of(
    track: Track, rays: Rays, groups: Groups, angle: np.ndarray, elevations: np.ndarray, tick: float, sigma: _Sigmas
) -> np.ndarray:
    """Headings (G,) of the groups that rays have under a track, near others (G,)."""
    sums, room = new_sums(len(groups.times), 0), (np.zeros(12), np.zeros((6, 6)))
    poses, sizes = poses_at(track, groups.times), np.array([tick, *sigma])
    ray_sums(rays, groups.starts, angle, poses, elevations, sizes, True, (0, 1), False, sums, *room)
    return _turn_headings(angle, sums, np.zeros((len(angle), 6)))


def look_at_rays(track: Track, rays: Rays, groups: Groups, elevations: np.ndarray, tick: float) -> Sums:
    """How rays miss a track."""
    sums, room = new_sums(1, len(rays.stored)), (np.zeros(12), np.zeros((6, 6)))
    poses, angle, sizes = poses_at(track, groups.times), np.zeros(len(groups.times)), np.array([tick, 0.0, 0.0])
    ray_sums(rays, groups.starts, angle, poses, elevations, sizes, False, (0, 1), True, sums, *room)
    return sums


def _turn_headings(angle: np.ndarray, sums: Sums, moved: np.ndarray) -> np.ndarray:
    """Headings (G,) that belong to poses moved by (G, 6): what was eliminated."""
    seen = sums.turn[:, 6] > 0
    change = sums.turn[:, 7] - (sums.turn[:, :6] * moved).sum(axis=1)
    return angle + np.where(seen, change / np.where(seen, sums.turn[:, 6], 1.0), 0.0)
