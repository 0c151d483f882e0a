"""Knots of a track, moved by Gauss-Newton steps under what is known beforehand of knots. Encoder only."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lizip.exact.linear import solve_definite
from lizip.exact.screw import Poses, Track, poses_at, rotations_of, ways_between
from lizip.jit import kernel
from lizip.sensor.chunked.normals import Placed, Rays, Sums, gather, new_sums, point_sums, ray_sums

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


def _hold_times(prior: int, times: np.ndarray, whole: np.ndarray, right: np.ndarray) -> None:
    """Add what is known of the knots' times."""
    count = len(times)
    where = 7 * np.arange(count) + 6
    whole[where, where] += 1e-6
    if prior == FIXED:
        whole[where, where] += _FIRM
        return
    basis = [np.ones(count)]
    if prior != PHASE:
        basis.append(np.arange(count) - 0.5 * (count - 1))
    inner = np.ones(count)
    if prior == FREE:  # the outermost are extrapolations: they follow the grid of the others
        inner[[0, -1]] = 0.0
    grid = np.eye(count)
    for column in basis:
        for other in basis[: len(basis) - 1] if column is not basis[0] else []:
            column = column - other * ((column * other * inner).sum() / (other * other * inner).sum())
        grid -= np.outer(column, column * inner) / (column * column * inner).sum()
    weights = np.full(count, 1.0 / _LOOSE_TIME**2 if prior == FREE else _FIRM)
    weights[[0, -1]] = _FIRM
    penalty = (grid.T[:, :, None] * (weights[:, None] * grid)[None]).sum(axis=1)
    whole[np.ix_(where, where)] += penalty
    if prior == FREE:
        right[where] -= (penalty * times).sum(axis=1)


def _hold_bend(track: Track, which: range, sigma: float, first: int, whole: np.ndarray, right: np.ndarray) -> None:
    """Hold the second differences of rotation (`first` 0) or position (3) at some inner knots to zero."""
    spins, ways = ways_between(track)
    steps = ways if first else spins
    weight = 1.0 / sigma**2
    pattern = np.array([1.0, -2.0, 1.0])
    for k in which:
        bend = steps[k] - steps[k - 1]
        for a in range(3):
            where = 7 * np.arange(k - 1, k + 2) + first + a
            whole[np.ix_(where, where)] += weight * np.outer(pattern, pattern)
            right[where] -= weight * bend[a] * pattern


def move(track: Track, poses: Poses, sums: Sums, prior: Prior, stride: int = 1) -> tuple[Track, np.ndarray]:
    """One step; returns the track and by how much (d, w) the groups' poses moved, (G, 6), to first order."""
    count = len(track.times)
    whole, right = np.zeros((7 * count, 7 * count)), np.zeros(7 * count)
    gather(sums.matrix, sums.vector, poses, stride, whole, right, np.zeros(7))
    whole += np.tril(whole, -1).T
    where = np.arange(7 * count)
    whole[where[where % 7 < 6], where[where % 7 < 6]] += 1e2
    if any(prior.bend):
        _hold_bend(track, range(1, count - 1), prior.bend[0], 0, whole, right)
        _hold_bend(track, range(1, count - 1), prior.bend[1], 3, whole, right)
    else:
        _hold_bend(track, [1, count - 2], _EDGE, 3, whole, right)
    if prior.level:
        whole[where[2::7], where[2::7]] += 1e18
    _hold_times(prior.times, track.times, whole, right)
    step = solve_definite(whole, right).reshape(count, 7)
    turns = np.empty_like(track.turns)
    _turn_all(rotations_of(step[:, :3]), track.turns, turns)
    times = track.times + np.clip(step[:, 6], -_LARGEST_SHIFT, _LARGEST_SHIFT)
    after = step[poses.segment + 1] * poses.share[:, None] + step[poses.segment] * (1.0 - poses.share[:, None])
    moved = after[:, [3, 4, 5, 0, 1, 2]] - after[:, 6:] * np.concatenate([poses.speed, poses.spin], axis=1)
    return Track(times, turns, track.places + step[:, 3:6]), moved


@kernel
def _turn_all(left, right, out):
    for i in range(left.shape[0]):
        for a in range(3):
            for b in range(3):
                out[i, a, b] = left[i, a, 0] * right[i, 0, b] + left[i, a, 1] * right[i, 1, b]
                out[i, a, b] += left[i, a, 2] * right[i, 2, b]


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
) -> tuple[Track, Sums, float]:
    """Fit a track to sensor points: a step for each scale of the sigmas, then a last look; returns what that saw."""
    sums = new_sums(len(groups.times), len(placed.stored))
    cost = 0.0
    for scale in (*scales, 0.0):
        poses = poses_at(track, groups.times)
        cost = point_sums(placed, groups.starts, poses, scale or (scales or (1.0,))[-1], exact, stride, sums)
        if scale:
            track, _ = move(track, poses, sums, Prior(times), stride)
    return track, sums, cost


def fit_rays(
    track: Track,
    rays: Rays,
    groups: Groups,
    heading: np.ndarray | None,
    elevations: np.ndarray,
    tick: float,
    sigmas: tuple[tuple[float, float], ...],
) -> tuple[Track, np.ndarray | None, Sums]:
    """Fit a track to rays: a step for each pair of sigmas (range, m; angle, rad), then a last look.

    With `heading` (G,) the headings of the groups are free, and the fitted ones are returned.
    """
    sums = new_sums(len(groups.times), len(rays.stored))
    free = heading is not None
    angle = heading if free else np.zeros(len(groups.times))
    prior = Prior(FIXED, (1e-3, 3e-3), free)
    for i in range(len(sigmas) + 1):
        poses = poses_at(track, groups.times)
        sizes = np.array([tick, *(sigmas or ((1e-5, 1e-6),))[min(i, max(len(sigmas) - 1, 0))]])
        ray_sums(rays, groups.starts, angle, poses, elevations, sizes, free, sums, np.zeros(12), np.zeros((6, 6)))
        if i == len(sigmas):
            break
        track, moved = move(track, poses, sums, prior)
        if free:
            seen = sums.turn[:, 6] > 0
            change = sums.turn[:, 7] - (sums.turn[:, :6] * moved).sum(axis=1)
            angle = angle + np.where(seen, change / np.where(seen, sums.turn[:, 6], 1.0), 0.0)
    return track, angle if free else None, sums
