"""Points of float64 as they were before a rigid transform, when they were float32 (numpy, Open3D).

Float32 coordinates are whole multiples of some power of two. Differences of a few points turned by the transform tell
the three shortest steps, which are square to each other, and so the rotation, to all its digits. Where the origin was
shows in how coordinates get coarser away from it: at each power of two they lose a digit.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from lizip.exact.fused import two_product, two_sum
from lizip.exact.linear import multiply, solve_definite
from lizip.exact.ulp import from_ordinals, to_ordinals
from lizip.jit import kernel
from lizip.relations.motion import WIDE, WIDE_FUSED, Motion, moved
from lizip.sensor.fit.driver.polar import TICKS
from lizip.sensor.fit.outer.origin import Origins, find_origins, whole_share
from lizip.sensor.fit.outer.reduction import short_basis
from lizip.sensor.fit.outer.sideways import upright_axis

_LEAST_POINTS, _FARTHEST, _OFTEN = 512, 1e4, 16
_COUNTED, _TRIED = 1024, 48
"""Points that are counted from another, and how many of these are tried."""
_GROUPS, _NEAREST, _VECTORS = 32, 200, 12
_ABOUT, _SQUARE = 1e-5, 1e-9
"""How nearly a transform is rigid: numbers of a calibration were printed with some digits. How near points come, m."""
_LEAST_RIGHT = 0.9
_TESTED, _FITTED = 4096, 1 << 16
_DIGITS, _MOST_TRIED = 6, 1 << 20
"""Decimals of a shift that somebody wrote down, at most; shifts that are tried of each number of decimals."""
_LARGEST = 1 << 60
_MOST_WAYS, _EIGHT, _NEAR = 2e7, 1e8, 2e-4
"""How many ways are looked through for a shift of eight decimals, and how near those are."""
_PRINTED, _SAME = 1e9, 1e-14
"""Shifts are decimals where they are so near."""
_NOTHING = 2.0**-50
"""Of the largest coordinate; what is less is what roundings left of 0."""
_STEPS, _TURNS = (1, -1, 2, -2, 4, -4, 8, -8, 16, -16), 8
_TOLD = 1e-6
"""Metres within which whole ranges are looked for."""


def undo_wide(xyz: np.ndarray) -> tuple[np.ndarray, Motion] | None:
    """Find points (N, 3) float32 whose transform points xyz (N, 3) float64 are; None when they are none."""
    with np.errstate(invalid="ignore"):
        there = np.flatnonzero((np.abs(xyz) < _FARTHEST).all(axis=1))
    _, which, counts = np.unique(xyz[there, 0], return_inverse=True, return_counts=True)
    # what stands for no return is repeated: the origin, mostly
    often = counts[which] > _OFTEN
    seen, repeated = xyz[there[~often]], xyz[there[often]][:1]
    if len(seen) < _LEAST_POINTS:
        return None
    axes = _find_axes(seen)
    if axes is None:
        return None
    back = np.linalg.inv(axes)
    first = _usual(seen, back)
    along = multiply(seen - seen[first], back.T)
    origins = find_origins(along)
    if origins is None:
        return None
    begin = _begin(seen[first], back, along, origins, repeated)
    matrix = np.concatenate([axes, (seen[first] - multiply(axes, begin[:, None])[:, 0])[:, None]], axis=1)
    some = slice(None, None, 1 + len(seen) // _FITTED)
    inner = (along[some] + begin).astype(np.float32)
    for _ in range(2):
        matrix = _refined(matrix, inner, seen[some])
    printed = np.rint(matrix[:, 3] * _PRINTED) / _PRINTED
    matrix[:, 3] = np.where(np.abs(printed - matrix[:, 3]) < _SAME, printed, matrix[:, 3]) + 0.0
    return _told(xyz, matrix)


def _usual(points: np.ndarray, back: np.ndarray) -> int:
    """A point from which most others are whole units away: none of its coordinates was small."""
    few = np.arange(0, len(points), 1 + len(points) // _COUNTED)
    along = multiply(points[few], back.T)
    return int(few[max(range(0, len(few), len(few) // _TRIED), key=lambda k: whole_share(along - along[k]))])


def _told(xyz: np.ndarray, matrix: np.ndarray) -> tuple[np.ndarray, Motion] | None:
    """Points before a transform, and that in the arithmetic that gives most of them; None where it gives few."""
    with np.errstate(all="ignore"):
        inner = multiply(xyz - matrix[:, 3], np.linalg.inv(matrix[:, :3]).T).astype(np.float32)
        # with the sign of what is stored: that of NaN depends on who computed it
        inner = np.where(np.isfinite(inner), inner, np.copysign(np.float32(np.nan), xyz).astype(np.float32))
        inner[np.abs(inner) < _NOTHING * np.abs(xyz).max(axis=1, keepdims=True)] = 0.0
    tested = slice(None, None, 1 + len(xyz) // _TESTED)
    order, signs = _own_axes(matrix, inner[tested], xyz[tested])
    inner, matrix = np.ascontiguousarray(inner[:, order] * signs), matrix.copy()
    matrix[:, :3] = matrix[:, order] * signs
    ways = [_polished(matrix, way, inner[tested], xyz[tested]) for way in (WIDE, WIDE_FUSED)]
    away = np.abs(moved(inner[tested], matrix, WIDE) - xyz[tested])
    if not (away[np.isfinite(away)] < _SQUARE).mean() > _LEAST_RIGHT:
        return None
    way, matrix = (WIDE, WIDE_FUSED)[ways[1][0] > ways[0][0]], max(ways, key=lambda each: each[0])[1]
    expected = to_ordinals(moved(inner, matrix, way)).astype(np.float64)
    if np.abs(expected - to_ordinals(xyz)).max() > _LARGEST:
        return None
    return inner, Motion.of(inner, xyz, matrix, way)


def _own_axes(matrix: np.ndarray, inner: np.ndarray, stored: np.ndarray) -> tuple[list[int], np.ndarray]:
    """The order of the axes of inner points (N, 3) in which sums come out right, and their signs (3,): z upwards,
    nothing mirrored."""

    def share(order: Sequence[int]) -> float:
        columns, points = matrix[:, [*order, 3]], inner[:, list(order)]
        return max(float((moved(points, columns, way) == stored).mean()) for way in (WIDE, WIDE_FUSED))

    order = max(map(list, itertools.permutations(range(3))), key=share)
    points = inner[:, order]
    upright = upright_axis(points[np.isfinite(points).all(axis=1) & (np.abs(points).max(axis=1) > 1.0)])
    signs = np.array([1, -1, -1] if upright == (2, -1) else [1, 1, 1], np.float32)
    if np.linalg.det(matrix[:, order] * signs) < 0:
        other = [order[1], order[0], order[2]]
        # which of the first two products comes first shows only where sums are fused
        if share(other) >= share(order):
            return other, signs
        signs[1] *= -1
    return order, signs


def _polished(matrix: np.ndarray, way: int, inner: np.ndarray, stored: np.ndarray) -> tuple[float, np.ndarray]:
    """Share of coordinates (N, 3) that come out right, and the numbers of a matrix (3, 4), each a few places on, that
    give most."""

    def shares(tried: np.ndarray) -> np.ndarray:
        return (moved(inner, tried, way) == stored).mean(axis=0)

    best = shares(matrix)
    for _ in range(_TURNS):
        before = best
        for column, step in itertools.product(range(4), _STEPS):
            trial = matrix.copy()
            trial[:, column] = from_ordinals(to_ordinals(trial[:, column]) + step, trial.dtype)
            found = shares(trial)
            better = found > best
            matrix, best = np.where(better[:, None], trial, matrix), np.maximum(found, best)
        if (best == before).all():
            break
    return float(best.mean()), matrix


def _find_axes(points: np.ndarray) -> np.ndarray | None:
    """Columns (3, 3): the axes of the points before, from the one that is nearest to x, to y and to z."""
    draw = np.random.default_rng(1)
    for place in range(_GROUPS):
        start = len(points) * place // _GROUPS
        group = np.unique(points[start : start + _NEAREST], axis=0)
        if len(group) < 2 * _VECTORS:
            continue
        few = group[draw.permutation(len(group))[: _VECTORS + 1]]
        noise = 2 * np.sqrt(3.0) * float(np.spacing(np.abs(few).max()))
        steps = short_basis(few[1:] - few[0], noise)
        if steps is not None and (axes := _axes_of(steps)) is not None:
            return axes
    return None


def _axes_of(steps: np.ndarray) -> np.ndarray | None:
    lengths = np.sqrt((steps**2).sum(axis=1))
    if not (lengths > 0).all():
        return None
    powers = np.rint(np.log2(lengths))
    axes = (steps / np.exp2(powers)[:, None]).T
    if np.abs(multiply(axes.T, axes) - np.eye(3)).max() > _ABOUT:
        return None
    best = max(itertools.permutations(range(3)), key=lambda way: sum(abs(axes[k, way[k]]) for k in range(3)))
    axes = axes[:, best] * np.sign(np.diag(axes[:, best]))
    # what is nearly a turn by nothing, or by quarters, is that
    whole = np.rint(axes) + 0.0
    return np.where(np.abs(axes - whole) < _SQUARE * _SQUARE, whole, axes)


@kernel
def _leave_over(numbers, row, stored, rest):
    """Fill rest (M,): stored (M,) without the sums of row (4,) times numbers (M, 4), and what their roundings left out,
    which is as large as what is looked for."""
    for i in range(stored.size):
        total, below = stored[i], 0.0
        for c in range(4):
            product, left = two_product(row[c], numbers[i, c])
            total, out = two_sum(total, -product)
            below += out - left
        rest[i] = total + below


def _refined(matrix: np.ndarray, inner: np.ndarray, stored: np.ndarray) -> np.ndarray:
    """A matrix (3, 4) that fits stored points (M, 3) better, by what is left over of all that it nearly gives."""
    numbers = np.concatenate([inner.astype(np.float64), np.ones((len(inner), 1))], axis=1)
    out, rest = matrix.copy(), np.empty(len(inner))
    for k in range(3):
        _leave_over(numbers, matrix[k], np.ascontiguousarray(stored[:, k]), rest)
        near = np.abs(rest) < _SQUARE
        if np.count_nonzero(near) < _LEAST_POINTS // 2:
            continue
        normal = multiply(numbers[near].T, numbers[near])
        out[k] += solve_definite(normal, multiply(numbers[near].T, rest[near][:, None])[:, 0])
    return out


def _begin(
    stored: np.ndarray, back: np.ndarray, along: np.ndarray, origins: Origins, repeated: np.ndarray
) -> np.ndarray:
    """Coordinates (3,) of the first point before: counted from one that is repeated (at most 1, 3), of a printed
    shift, of whole ranges, or likely ones."""
    likely, known = origins.middle, multiply(stored - repeated, back.T)
    if origins.fit(known).any():
        return known[0]
    shift = stored - multiply(np.linalg.inv(back), likely[:, None])[:, 0]
    beside = float(np.sqrt((origins.wide**2).sum()))
    for digits in range(_DIGITS + 1):
        scale = 10.0**digits
        low, high = np.ceil((shift - beside) * scale), np.floor((shift + beside) * scale)
        if (high < low).any():
            continue
        if np.prod(high - low + 1) > _MOST_TRIED:
            break
        ranges = [np.arange(a, b + 1) / scale for a, b in zip(low.tolist(), high.tolist(), strict=True)]
        tried = np.stack(np.meshgrid(*ranges, indexing="ij"), axis=-1).reshape(-1, 3)
        begins = multiply(stored - tried, back.T)
        fits = origins.fit(begins)
        if fits.any():
            return begins[np.flatnonzero(fits)[0]]
    found = _by_digits(stored, back, origins)
    return _by_ranges(along, likely, origins) if found is None else found


def _by_digits(stored: np.ndarray, back: np.ndarray, origins: Origins) -> np.ndarray | None:
    """Coordinates (3,) with which a shift has but a few decimals, of all that may be; None where too many may be."""
    axes = np.linalg.inv(back)
    order = sorted(range(3), key=lambda axis: len(origins.candidates(axis)))
    ways = [origins.candidates(axis) for axis in order]
    if np.prod([float(len(each)) for each in ways]) > _MOST_WAYS or len(ways[1]) * len(ways[2]) > _MOST_TRIED:
        return None
    one, two, three = (axes[:, axis] * each[:, None] for axis, each in zip(order, ways, strict=True))
    for k, first in enumerate(one):
        shifts = (stored - first - two)[:, None] - three
        shifts *= _EIGHT
        shifts -= np.rint(shifts)
        fits = np.flatnonzero((np.abs(shifts) < _NEAR).all(axis=2))
        if len(fits):
            begin = np.empty(3)
            begin[order] = ways[0][k], *(each[i] for each, i in zip(ways[1:], divmod(fits[0], len(three)), strict=True))
            return begin
    return None


def _by_ranges(along: np.ndarray, begin: np.ndarray, origins: Origins) -> np.ndarray:
    """The same by ranges that are whole multiples of a tick; as it was where there is none."""
    some = along[:: 1 + len(along) // _TESTED]
    for tick in TICKS:
        moved_on = begin
        for _ in range(6):
            points = some + moved_on
            reach = np.sqrt((points**2).sum(axis=1))
            rest = np.rint(reach / tick) * tick - reach
            far = reach > 1.0
            directions = points[far] / reach[far][:, None]
            size = float(np.median(np.abs(rest[far]))) + 1e-9
            weight = 1.0 / (1.0 + (rest[far] / (3 * size)) ** 2)
            normal = multiply(directions.T * weight, directions) + 1e-9 * np.eye(3)
            moved_on = moved_on + solve_definite(normal, multiply(directions.T * weight, rest[far][:, None])[:, 0])
        settled = origins.nearest(moved_on)
        reach = np.sqrt(((some + settled) ** 2).sum(axis=1))
        if (np.abs(reach - np.rint(reach / tick) * tick) < _TOLD + 1e-7 * reach).mean() > _LEAST_RIGHT:
            return settled
    return origins.nearest(begin)
