"""Points of float64 as they were before a rigid transform, when they were float32 (numpy, Open3D).

Float32 coordinates are whole multiples of some power of two. Differences of a few points turned by the transform tell
the three shortest steps, which are square to each other, and so the rotation, to all its digits. Where the origin was
shows in how coordinates get coarser away from it: at each power of two they lose a digit.
"""

from __future__ import annotations

import itertools
from typing import NamedTuple

import numpy as np

from lizip.exact.linear import multiply, solve_definite
from lizip.exact.ulp import from_ordinals, to_ordinals
from lizip.relations.motion import WIDE, WIDE_FUSED, Motion, moved
from lizip.sensor.fit.driver.polar import TICKS
from lizip.sensor.fit.outer.origin import Origins, find_origins, whole_share
from lizip.sensor.fit.outer.reduction import short_basis

_LEAST_POINTS, _FARTHEST, _OFTEN = 512, 1e4, 16
_COUNTED, _TRIED = 1024, 48
"""Points that are counted from another, and how many of these are tried."""
_GROUPS, _NEAREST, _VECTORS = 32, 200, 12
_SQUARE, _POWER = 1e-9, 1e-6
"""How square steps are, and how near their lengths are to powers of two."""
_LEAST_RIGHT = 0.9
_TESTED, _FITTED = 4096, 1 << 16
_DIGITS, _MOST_TRIED = 6, 4096
"""Decimals of a shift that somebody wrote down, at most; shifts that are tried of each number of decimals."""
_LARGEST = 1 << 60
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
    first = _usual(seen, axes)
    along = multiply(seen - seen[first], axes)
    origins = find_origins(along)
    if origins is None:
        return None
    begin = _begin(seen[first], axes, along, origins, repeated)
    matrix = np.concatenate([axes, (seen[first] - multiply(axes, begin[:, None])[:, 0])[:, None]], axis=1)
    some = slice(None, None, 1 + len(seen) // _FITTED)
    inner = (along[some] + begin).astype(np.float32)
    for _ in range(2):
        matrix = _refined(matrix, inner, seen[some])
    printed = np.rint(matrix[:, 3] * _PRINTED) / _PRINTED
    matrix[:, 3] = np.where(np.abs(printed - matrix[:, 3]) < _SAME, printed, matrix[:, 3]) + 0.0
    return _told(xyz, matrix)


def _usual(points: np.ndarray, axes: np.ndarray) -> int:
    """A point from which most others are whole units away: none of its coordinates was small."""
    few = np.arange(0, len(points), 1 + len(points) // _COUNTED)
    along = multiply(points[few], axes)
    return int(few[max(range(0, len(few), len(few) // _TRIED), key=lambda k: whole_share(along - along[k]))])


def _told(xyz: np.ndarray, matrix: np.ndarray) -> tuple[np.ndarray, Motion] | None:
    """Points before a transform, and that in the arithmetic that gives most of them; None where it gives few."""
    with np.errstate(all="ignore"):
        inner = multiply(xyz - matrix[:, 3], matrix[:, :3]).astype(np.float32)
        inner[~np.isfinite(inner)] = np.nan
        inner[np.abs(inner) < _NOTHING * np.abs(xyz).max(axis=1, keepdims=True)] = 0.0
    tested = slice(None, None, 1 + len(xyz) // _TESTED)
    ways = [_polished(matrix, way, inner[tested], xyz[tested]) for way in (WIDE, WIDE_FUSED)]
    away = np.abs(moved(inner[tested], matrix, WIDE) - xyz[tested])
    if not (away[np.isfinite(away)] < _SQUARE).mean() > _LEAST_RIGHT:
        return None
    way, matrix = (WIDE, WIDE_FUSED)[ways[1][0] > ways[0][0]], max(ways, key=lambda each: each[0])[1]
    expected = to_ordinals(moved(inner, matrix, way)).astype(np.float64)
    if np.abs(expected - to_ordinals(xyz)).max() > _LARGEST:
        return None
    return inner, Motion.of(inner, xyz, matrix, way)


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
    axes = (steps / lengths[:, None]).T
    powers = np.log2(lengths)
    if np.abs(powers - np.rint(powers)).max() > _POWER or np.abs(multiply(axes.T, axes) - np.eye(3)).max() > _SQUARE:
        return None
    best = max(itertools.permutations(range(3)), key=lambda way: sum(abs(axes[k, way[k]]) for k in range(3)))
    axes = axes[:, best] * np.sign(np.diag(axes[:, best]))
    u, _, v = np.linalg.svd(axes)
    axes = multiply(u, v)
    # what is nearly a turn by nothing, or by quarters, is that
    whole = np.rint(axes) + 0.0
    return np.where(np.abs(axes - whole) < _SQUARE * _SQUARE, whole, axes)


def _refined(matrix: np.ndarray, inner: np.ndarray, stored: np.ndarray) -> np.ndarray:
    """A matrix (3, 4) that fits stored points (M, 3) better, by what is left over of all that it nearly gives."""
    numbers = np.concatenate([inner.astype(np.float64), np.ones((len(inner), 1))], axis=1)
    # what a product leaves out is as large as what is looked for
    wide, total = numbers.astype(np.longdouble), matrix.astype(np.longdouble)
    out = matrix.copy()
    for k in range(3):
        rest = (stored[:, k] - (wide * total[k]).sum(axis=1)).astype(np.float64)
        near = np.abs(rest) < _SQUARE
        if np.count_nonzero(near) < _LEAST_POINTS // 2:
            continue
        normal = multiply(numbers[near].T, numbers[near])
        out[k] += solve_definite(normal, multiply(numbers[near].T, rest[near][:, None])[:, 0])
    return out


class _Shift(NamedTuple):
    """Where a shift by so many decimals is, and how far beside it may be."""

    middle: np.ndarray
    wide: float


def _begin(
    stored: np.ndarray, axes: np.ndarray, along: np.ndarray, origins: Origins, repeated: np.ndarray
) -> np.ndarray:
    """Coordinates (3,) of the first point before: counted from one that is repeated (at most 1, 3), of a printed
    shift, of whole ranges, or likely ones."""
    likely, known = origins.middle, multiply(stored - repeated, axes)
    if origins.fit(known).any():
        return known[0]
    shift = _Shift(stored - multiply(axes, likely[:, None])[:, 0], float(np.sqrt((origins.wide**2).sum())))
    for digits in range(_DIGITS + 1):
        scale = 10.0**digits
        low, high = np.ceil((shift.middle - shift.wide) * scale), np.floor((shift.middle + shift.wide) * scale)
        if (high < low).any():
            continue
        if np.prod(high - low + 1) > _MOST_TRIED:
            break
        ranges = [np.arange(a, b + 1) / scale for a, b in zip(low.tolist(), high.tolist(), strict=True)]
        tried = np.array(list(itertools.product(*ranges)))
        begins = multiply(stored - tried, axes)
        fits = origins.fit(begins)
        if fits.any():
            return begins[np.flatnonzero(fits)[0]]
    return _by_ranges(along, likely, origins)


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
