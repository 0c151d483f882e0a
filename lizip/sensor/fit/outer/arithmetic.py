"""The transform between points as they were and as they are stored: its numbers, and the arithmetic of its writer."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lizip.exact.linear import multiply, solve_definite
from lizip.exact.ulp import from_ordinals, spacing, to_ordinals
from lizip.relations.motion import DOUBLE, DOUBLE_TURN, WIDE, moved

_SAMPLE, _TESTED = 20_000, 1500
_FITS, _HINGES = 3, 12
_OUTSIDE = 4.0
"""Units in the last place beyond which a point is not of the transform."""
_CERTAIN = 0.985
"""Coordinates that come out right with the right numbers: nearly all."""
_LEAST_UNIT = 1e-8
_TINY = 1e-8
_STEPS = (1, -1, 2, -2, 5, -5)
_TURNS, _FINALISTS = 6, 3
_FLOAT32 = np.dtype("<f4")


class Transform(NamedTuple):
    """Matrix (3, 4) float64, arithmetic, and the share of coordinates that come out right."""

    matrix: np.ndarray
    arithmetic: int
    share: float


def find_transform(inner: np.ndarray, stored: np.ndarray) -> Transform:
    """Find what makes stored points (M, 3) float32 of inner ones; all of them should be of it."""
    step = max(1, len(inner) // _SAMPLE)
    inner, stored = np.ascontiguousarray(inner[::step]), np.ascontiguousarray(stored[::step])
    fitted = np.stack([_row(inner, stored[:, k]) for k in range(3)])
    tested = slice(None, None, max(1, len(inner) // _TESTED))
    some = np.ascontiguousarray(inner[tested]), np.ascontiguousarray(stored[tested])
    ways = [_searched(fitted, DOUBLE, some, ())]
    if ways[0].share < _CERTAIN and (whole := _whole_ones(fitted)) is not None:
        held = np.stack([_row(inner, stored[:, k], held=whole[k]) for k in range(3)])
        better = _shares(held, DOUBLE, some) > _shares(fitted, DOUBLE, some)
        fitted = np.where(better[:, None], held, fitted)
        ways = [_searched(fitted, DOUBLE, some, ())]
    if ways[0].share < _CERTAIN:
        singles = [number for number in range(1, WIDE) if number != DOUBLE_TURN]
        rough = [_searched(fitted, number, some, ()) for number in singles]
        rough.sort(key=lambda way: -way.share)
        for way in rough[:_FINALISTS]:
            ways.append(_searched(way.matrix, way.arithmetic, some, _STEPS))
            if ways[-1].share > _CERTAIN:
                break
        else:
            ways.append(_searched(fitted, DOUBLE_TURN, some, ()))
    return max(ways, key=lambda way: way.share)


def fitted_rows(inner: np.ndarray, stored: np.ndarray) -> np.ndarray:
    """Numbers (3, 4) that give stored points (M, 3) float32 of inner ones by least squares."""
    floor = spacing(np.abs(stored).max(axis=1))
    return np.stack([_row(inner, stored[:, k], 0, floor=floor) for k in range(3)])


def _row(
    inner: np.ndarray,
    stored: np.ndarray,
    hinges: int = _HINGES,
    held: np.ndarray | None = None,
    floor: np.ndarray | float = _LEAST_UNIT,
) -> np.ndarray:
    """Four numbers (4,) that give one stored coordinate (M,): least squares, then only those that come out wrong.

    Numbers that are `held` are no NaN: with few to be found, those that were rounded least count most. A coordinate is
    off by `floor` (M,) at least.
    """
    numbers = np.concatenate([inner.astype(np.float64), np.ones((len(inner), 1))], axis=1)
    units = np.maximum(spacing(stored), floor if held is None else _LEAST_UNIT**2)
    values = stored.astype(np.float64)
    row = np.zeros(4) if held is None else np.nan_to_num(held)
    free = np.ones(4, bool) if held is None else np.isnan(held)
    for turn in range(_FITS + hinges):
        miss = (values - multiply(numbers, row[:, None])[:, 0]) / units
        if turn < _FITS:
            used = np.abs(miss) < _OUTSIDE if turn else np.ones(len(miss), bool)
        else:
            over = np.abs(miss) - 0.5
            miss = np.where(over > 0, np.sign(miss) * over, 0.0)
            used = (over > -0.05) & (over < _OUTSIDE)
            if not (miss[used] != 0).any():
                break
        if np.count_nonzero(used) < 16:
            break
        weighted = numbers[used] / units[used][:, None] * free
        normal = multiply(weighted.T, weighted)
        normal += np.diag(1e-12 * np.diag(normal) + 1e-12)
        row = row + solve_definite(normal, multiply(weighted.T, miss[used][:, None])[:, 0])
    return row


def _whole_ones(matrix: np.ndarray) -> np.ndarray | None:
    """Those numbers (3, 4) of a turn that are nearly 0, 1 or -1, as that, NaN for the others; None: there are none."""
    whole = np.rint(matrix) + 0.0
    near = np.abs(matrix - whole) < _TINY
    near[:, 3] = False
    return np.where(near, whole, np.nan) if near.any() else None


def _shares(matrix: np.ndarray, arithmetic: int, some: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """Shares (3,) of the coordinates that come out right."""
    return (moved(some[0], matrix, arithmetic) == some[1]).mean(axis=0)


def _searched(
    fitted: np.ndarray, arithmetic: int, some: tuple[np.ndarray, np.ndarray], steps: tuple[int, ...]
) -> Transform:
    """The best numbers near fitted ones, those that are nearly 0, 1 or -1 taken as that if it does no harm."""
    matrix = fitted if arithmetic in (DOUBLE, DOUBLE_TURN) else fitted.astype(np.float32).astype(np.float64)
    best = _shares(matrix, arithmetic, some)
    whole = np.where(np.abs(matrix - np.rint(matrix)) < _TINY, np.rint(matrix) + 0.0, matrix)
    plain = _shares(whole, arithmetic, some)
    if (plain >= best - 0.001).all():
        matrix, best = whole, plain
    for _ in range(_TURNS if steps else 0):
        before = best.copy()
        for column in range(4):
            for step in steps:
                trial = matrix.copy()
                places = to_ordinals(trial[:, column].astype(_FLOAT32)) + step
                trial[:, column] = from_ordinals(places, _FLOAT32)
                shares = _shares(trial, arithmetic, some)
                better = shares > best
                matrix = np.where(better[:, None], trial, matrix)
                best = np.maximum(best, shares)
        if (best == before).all():
            break
    return Transform(np.ascontiguousarray(matrix), arithmetic, float(best.mean()))
