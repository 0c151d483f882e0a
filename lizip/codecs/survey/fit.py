"""Least squares that shrugs off outliers, block by block and class by class; the stream carries the result."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lizip.exact.linear import factor, substitute
from lizip.jit import inlined_kernel, kernel

COEFFICIENT_ONE = 1 << 12
"""A coefficient of one, as it is written."""

_FEWEST = 4
"""Points for each feature that a fit needs."""

_ENOUGH = 128
"""Points of a group of which all are kept."""

_LARGEST = (1 << 27) - 1


@inlined_kernel
def predict(coefficients, at, features, width):
    """Sum of the first `width` features times their coefficients in float64, in a fixed order of four partial sums."""
    even, odd, third, fourth = 0.0, 0.0, 0.0, 0.0
    k = np.uint64(0)
    start = np.uint64(at)
    for _ in range(width >> 2):
        even += features[k] * coefficients[start + k]
        odd += features[k + np.uint64(1)] * coefficients[start + k + np.uint64(1)]
        third += features[k + np.uint64(2)] * coefficients[start + k + np.uint64(2)]
        fourth += features[k + np.uint64(3)] * coefficients[start + k + np.uint64(3)]
        k += np.uint64(4)
    return (even + odd) + (third + fourth)


class Effort(NamedTuple):
    """How hard the encoder tries to fit.

    Attributes
    ----------
    samples : int
        Points of a chunk that a fit looks at, about.
    passes : int
        Rounds of weighting.
    """

    samples: int
    passes: int


EFFORTS = {"fast": Effort(4000, 3), "default": Effort(6000, 4), "max": Effort(40000, 8)}
"""By level."""


class Look(NamedTuple):
    """The points that fits look at: of each group, every few.

    Attributes
    ----------
    thin : int
        Of so many points of a group, one.
    seen : (G,) int64
        Points of each group so far.
    filled : (1,) int64
        Points kept.
    groups : (S,) int64
    target : (A, S) float64
    features : (A, S, K) float64
        For each of A axes.
    """

    thin: int
    seen: np.ndarray
    filled: np.ndarray
    groups: np.ndarray
    target: np.ndarray
    features: np.ndarray


def open_look(points: int, groups: int, width: int, axes: int, samples: int) -> Look:
    """Make room for the points that are kept of so many."""
    thin = max(1, points // samples) if samples else 0
    room = min(points, points // thin + groups * (_ENOUGH + 1)) if thin else 0
    return Look(
        thin,
        np.zeros(groups, np.int64),
        np.zeros(1, np.int64),
        np.empty(room, np.int64),
        np.empty((axes, room)),
        np.empty((axes, room, width)),
    )


def seen(look: Look, axis: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features, target and group of the points kept."""
    kept = int(look.filled[0])
    return look.features[axis, :kept], look.target[axis, :kept], look.groups[:kept]


@inlined_kernel
def thinned(seen, group, thin):
    """Count a point of a group; whether it is one of those to keep."""
    number = seen[group]
    seen[group] = number + 1
    return number < _ENOUGH or number % thin == 0


@inlined_kernel
def keep(look, axis, features, target):
    """Keep what belongs to one axis of a point."""
    at = look.filled[0]
    look.target[axis, at] = target
    for k in range(features.size):
        look.features[axis, at, k] = features[k]


def fit_groups(
    features: np.ndarray, target: np.ndarray, groups: np.ndarray, passes: int, coefficients: np.ndarray
) -> None:
    """Fit target (S,) by features (S, K), float64, in each of the groups (S,) int64, 0 to G - 1.

    Fills coefficients (G, K) int64, in 1 / COEFFICIENT_ONE; zeros where a group has too few points. `passes` are rounds
    of weighting.
    """
    count, width = coefficients.shape
    members = np.argsort(groups, kind="stable")
    bounds = np.append(0, np.cumsum(np.bincount(groups, minlength=count)))
    best = np.zeros((count, width))
    _fit_all(features, target, members, bounds, passes, np.empty((width, width)), np.empty(width), best)
    coefficients[:] = np.clip(np.rint(best * COEFFICIENT_ONE), -_LARGEST, _LARGEST)


@kernel
def _fit_all(features, target, members, bounds, passes, matrix, right, best):
    """Find the coefficients (G, K) of each group, with members from bound to bound, that has enough of them."""
    for group in range(best.shape[0]):
        if bounds[group + 1] - bounds[group] >= _FEWEST * best.shape[1]:
            inside = members[bounds[group] : bounds[group + 1]]
            _fit(features, target, inside, passes, matrix, right, best[group])


@inlined_kernel
def _fit(features, target, members, passes, matrix, right, best):
    """Find the coefficients `best` (zeros to begin with) of some points; all passes but the last look at fewer."""
    width = best.size
    spread = 0.0
    for turn in range(passes):
        for k in range(width):
            right[k] = 0.0
            for m in range(width):
                matrix[k, m] = 0.0
        deviation = 0.0
        stride = max(1, min(4, members.size // (_FEWEST * width))) if turn < passes - 1 else 1
        for n in range(0, members.size, stride):
            row = features[members[n]]
            goal = target[members[n]]
            guess = 0.0
            for k in range(width):
                guess += row[k] * best[k]
            error = abs(goal - guess)
            deviation += min(error, 4 * spread) if turn > 1 else error
            weight = 1.0 / max(error, 0.3 * spread + 0.05) if turn else 1.0 / (1.0 + error)
            for k in range(width):
                scaled = weight * row[k]
                for m in range(width):
                    matrix[k, m] += scaled * row[m]
                right[k] += scaled * goal
        spread = deviation / ((members.size + stride - 1) // stride)
        for k in range(width):
            matrix[k, k] += 1e-4 * matrix[k, k] + 1e-3
        factor(matrix)
        substitute(matrix, right)
        for k in range(width):
            best[k] = right[k]
