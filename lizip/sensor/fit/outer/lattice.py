"""The lattice of whole millimetres (or of any unit) in points that were turned, shifted or scaled after rounding to it.

Differences of points are sums of whole steps along three axes. Few differences of near points, reduced against each
other as Euclid reduces numbers (and Lagrange, Minkowski and Lenstra vectors), leave one step along each axis; more and
farther points make that exact.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lizip.exact.linear import multiply, solve_definite
from lizip.exact.ulp import spacing
from lizip.jit import kernel

_FARTHEST = 1e4
_GROUPS, _VECTORS = 6, 10
"""Places in the file from which differences are taken, and how many each; groups must agree."""
_NEAREST = 200
_NOISE, _CLEARLY = 3.0, 30.0
"""Coordinates are off by up to so many units in the last place; and how much longer than that differences are."""
_ROUNDS = 60
_PAIRS, _LEAST_PAIRS, _FIRST_REACH = 6000, 60, 100.0
"""Pairs of points that make the steps exact, and within how many steps the first of them are."""
_CUBIC = 0.03
"""Steps along the axes are as long as each other, and square to each other, within this share."""
_OFF, _SHARE = 0.2, 0.65
"""So many points must be within this share of a step of a whole one; of points on no lattice 6 % are."""
_ALONG = 1e-6
_RESTS, _MOST_RESTS, _AWAY, _ALIKE, _CLEAR = 3000, 50_000, 512, 16, 6.0
"""Points by which the origin is found, first and last; the most steps that it is away; how many shifts are looked at
twice; and how many standard deviations from chance the right one is."""


class Lattice(NamedTuple):
    """p = origin + steps n.

    Attributes
    ----------
    steps : (3, 3) float64
        Columns: one step along each axis, m; right-handed, as long as each other.
    origin : (3,) float64
    """

    steps: np.ndarray
    origin: np.ndarray

    @property
    def unit(self) -> float:
        """Length of a step, m."""
        return float(np.cbrt(np.linalg.det(self.steps)))

    @property
    def at_rest(self) -> bool:
        """Whether its axes are those of the file, and the file's origin is on it: nothing was moved."""
        along = np.abs(self.steps) / self.unit
        origin = self.whole(np.zeros((1, 3)))
        return bool(
            (np.minimum(along, np.abs(along - 1)) < _ALONG).all() and (np.abs(origin - np.rint(origin)) < 0.01).all()
        )

    def whole(self, points: np.ndarray) -> np.ndarray:
        """Steps (N, 3) float64, not rounded, from the origin to points (N, 3)."""
        return multiply(points - self.origin, np.linalg.inv(self.steps).T)


def find_lattice(points: np.ndarray) -> Lattice | None:
    """Find the lattice of points (N, 3) float32 in the order of a file; None when there is none."""
    for place in range(_GROUPS):
        start = len(points) * place // _GROUPS
        steps = _reduced(_sane(points[start : start + _NEAREST]))
        if steps is not None:
            lattice = _extended(steps, points)
            if lattice is not None:
                return lattice
    return None


def _sane(points: np.ndarray) -> np.ndarray:
    """Those that may be returns."""
    return points[(np.abs(points) < _FARTHEST).all(axis=1) & (points != points[:1]).any(axis=1)]


def _reduced(points: np.ndarray) -> np.ndarray | None:
    """Three steps (3, 3), columns, that differences of near points consist of; None when they are no cube's."""
    if len(points) < 16:
        return None
    vectors, costs = np.empty((_VECTORS, 3)), np.empty(_VECTORS)
    noises = np.sqrt(3.0) * spacing(points).max(axis=1)
    found, noise = _near_differences(points.astype(np.float64), noises, vectors, costs)
    if found < 4 or _euclid(vectors[:found], costs, _NOISE * 4 * noise) != 3:
        return None
    vectors = vectors[:3]
    length = np.sqrt((vectors**2).sum(axis=1))
    cosines = multiply(vectors, vectors.T) / (length[:, None] * length)
    if length.max() > (1 + _CUBIC) * length.min() or np.abs(cosines - np.eye(3)).max() > _CUBIC:
        return None
    steps = vectors.T.copy()
    if np.linalg.det(steps) < 0:
        steps[:, 2] = -steps[:, 2]
    return steps


@kernel
def _near_differences(points, noises, vectors, costs):
    """Fill vectors (K, 3) with the differences of points (N, 3) that are short and little noisy, best first.

    Returns how many there are, and the noise of the noisiest.
    """
    found = 0
    for i in range(points.shape[0]):
        for j in range(i + 1, points.shape[0]):
            x, y, z = (points[i, 0] - points[j, 0], points[i, 1] - points[j, 1], points[i, 2] - points[j, 2])
            noise = noises[i] + noises[j]
            size = np.sqrt(x * x + y * y + z * z)
            cost = size * noise
            if size <= _CLEARLY * noise or (found == costs.size and cost >= costs[found - 1]):
                continue
            at = min(found, costs.size - 1)
            while at > 0 and costs[at - 1] > cost:
                costs[at] = costs[at - 1]
                for k in range(3):
                    vectors[at, k] = vectors[at - 1, k]
                at -= 1
            costs[at] = cost
            vectors[at, 0], vectors[at, 1], vectors[at, 2] = x, y, z
            found = min(found + 1, costs.size)
    most = 0.0
    for k in range(found):
        x, y, z = vectors[k, 0], vectors[k, 1], vectors[k, 2]
        most = max(most, costs[k] / np.sqrt(x * x + y * y + z * z))
    return found, most


@kernel
def _euclid(vectors, squares, least):
    """Reduce vectors (K, 3) by each other until three are left, at the front; those shorter than `least` are noise.

    Returns how many are left.
    """
    count = vectors.shape[0]
    for _ in range(_ROUNDS):
        count = _sorted(vectors, squares, count, least * least)
        if count < 3:
            return count
        changed = False
        for j in range(1, count):
            for i in range(j):
                product = vectors[j, 0] * vectors[i, 0] + vectors[j, 1] * vectors[i, 1] + vectors[j, 2] * vectors[i, 2]
                times = np.rint(product / squares[i])
                if times != 0.0:
                    changed = True
                    for k in range(3):
                        vectors[j, k] -= times * vectors[i, k]
        if not changed:
            break
    return count


@kernel
def _sorted(vectors, squares, count, least):
    """Sort vectors (K, 3) by their squares, without those that are not above `least`; returns how many are left."""
    left = 0
    for j in range(count):
        x, y, z = vectors[j, 0], vectors[j, 1], vectors[j, 2]
        square = x * x + y * y + z * z
        if square > least:
            at = left
            while at > 0 and squares[at - 1] > square:
                squares[at] = squares[at - 1]
                for k in range(3):
                    vectors[at, k] = vectors[at - 1, k]
                at -= 1
            squares[at] = square
            vectors[at, 0], vectors[at, 1], vectors[at, 2] = x, y, z
            left += 1
    return left


def _extended(steps: np.ndarray, points: np.ndarray) -> Lattice | None:
    """Make steps exact by pairs of points (N, 3) ever farther apart; None when not nearly all follow."""
    draw = np.random.default_rng(1)
    first = draw.integers(0, len(points), _PAIRS)
    second = first + np.exp2(draw.uniform(0, np.log2(len(points)), _PAIRS)).astype(np.int64)
    pairs = points[first], points[second % len(points)]
    sane = np.logical_and(*((np.abs(side) < _FARTHEST).all(axis=1) & (side != 0).any(axis=1) for side in pairs))
    one, other = (side[sane] for side in pairs)
    apart = other.astype(np.float64) - one
    units = spacing(one) + spacing(other) + 1e-9
    distance = np.sqrt((apart**2).sum(axis=1))
    lattice = Lattice(_cube(steps), np.zeros(3))
    reach = _FIRST_REACH * lattice.unit
    while True:
        inside = distance < reach
        for _ in range(2):
            whole = lattice.whole(apart[inside])
            near = (np.abs(whole - np.rint(whole)) < _OFF).all(axis=1)
            if np.count_nonzero(near) < _LEAST_PAIRS or near.mean() < _SHARE:
                return None
            lattice = Lattice(_fitted(np.rint(whole[near]), apart[inside][near], units[inside][near]), np.zeros(3))
        if inside.all():
            break
        reach *= 4
    # where the lattice is: whole steps from any point, on average
    whole = lattice.whole(one.astype(np.float64))
    origin = one[0].astype(np.float64)
    rest = lattice.whole(one.astype(np.float64)) - lattice.whole(origin[None])
    return lattice._replace(
        origin=origin + multiply(lattice.steps, np.median(rest - np.rint(rest), axis=0)[:, None])[:, 0]
    )


def _fitted(numbers: np.ndarray, points: np.ndarray, units: np.ndarray) -> np.ndarray:
    """Least squares for steps (3, 3) that, taken `numbers` (N, 3) times, are points (N, 3)."""
    rows = np.empty((3, 3))
    for k in range(3):
        weighted = numbers / units[:, k : k + 1]
        right = multiply(weighted.T, (points[:, k] / units[:, k])[:, None])
        rows[k] = solve_definite(multiply(weighted.T, weighted), right[:, 0])
    return rows


def _cube(steps: np.ndarray) -> np.ndarray:
    """The nearest three columns that are square to each other and of one length."""
    u, sizes, v = np.linalg.svd(steps)
    return multiply(u, v) * sizes.mean()


def find_origin(lattice: Lattice, points: np.ndarray, decimal: float) -> Lattice:
    """Shift the origin, by whole steps, to where it was when points (N, 3) float32 were rounded to float32 first.

    What that rounding took away depends on how many steps a coordinate was; it is still there in what the lattice
    leaves over.
    """
    step = max(1, len(points) // _MOST_RESTS)
    some = points[::step]
    whole = np.rint(lattice.whole(some.astype(np.float64)))
    rest = some - lattice.origin - multiply(whole, lattice.steps.T)
    # what a slightly wrong lattice leaves over is linear
    numbers = np.concatenate([whole, np.ones((len(whole), 1))], axis=1)
    normal = multiply(numbers.T, numbers) + 1e-6 * np.eye(4)
    for k in range(3):
        linear = solve_definite(normal, multiply(numbers.T, rest[:, k : k + 1])[:, 0])
        rest[:, k] -= multiply(numbers, linear[:, None])[:, 0]
    weight = 1.0 / spacing(some).max(axis=1)
    along = multiply(rest, lattice.steps) * weight[:, None]
    moved = np.array([-_shift(whole[:, k], along[:, k], weight, decimal) for k in range(3)])
    return lattice._replace(origin=lattice.origin + multiply(lattice.steps, moved[:, None])[:, 0])


def _shift(whole: np.ndarray, along: np.ndarray, weight: np.ndarray, decimal: float) -> float:
    """Steps that are missing in `whole` (N,) if what rounding takes away is to be `along` (N,); 0 if none fits."""
    shifts = np.arange(-_AWAY, _AWAY + 1)
    few = slice(None, None, max(1, len(whole) // _RESTS))
    scores = np.array([_agreement(whole[few] + shift, along[few], weight[few], decimal) for shift in shifts.tolist()])
    # shifts by an eighth of a metre are much alike: more points tell
    best = shifts[np.argsort(-scores)[:_ALIKE]].tolist()
    best = max(best, key=lambda shift: _agreement(whole + shift, along, weight, decimal))
    score = _agreement(whole + best, along, weight, decimal)
    return float(best) if score > _CLEAR * np.sqrt((along * along).mean()) else 0.0


def _agreement(whole: np.ndarray, along: np.ndarray, weight: np.ndarray, decimal: float) -> float:
    """How well what is left over, (N,), follows what rounding so many steps (N,) to float32 takes away."""
    exact = whole / decimal
    taken = (exact.astype(np.float32) - exact) * weight
    return float((along * taken).sum() / np.sqrt((taken * taken).sum() + 1e-30))
