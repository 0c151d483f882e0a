"""Means of points that lay on a decimal lattice, as voxel grids make them: how many points, and multiples of a step.

A mean of k multiples of 1 / d is a multiple of 1 / (k d), rounded: the multiple of 1 / d nearest to it, what is left in
parts of that step, and how far the stored float32 is from all this, in units in the last place: mostly nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

MOST_POINTS = 127
"""Most points of a mean."""

_DECIMALS = (1000, 100)
_OTHERS = (1, 10, 100, 1000)
_SAMPLE, _LEAST_SHARE, _LEAST_MEANS = 512, 0.9, 0.05
"""So many points are looked at; so many of them have to be means, and so many of more than one point, and of one."""
_BETTER = 0.5
"""Bits by which the parts of one step have to be fewer than those of another."""
_ULPS, _SURE = 2, 0.08
"""A mean is off by so many units in the last place at most; where that is more of a part, anything would be a mean."""


def find_means(columns: Sequence[np.ndarray]) -> tuple[np.ndarray, list[int]] | None:
    """Find how many points each mean is of, (N,) uint8, and units a metre of each column's lattice, 0 for none; None
    unless the first three of the columns, (N,) float32 each, are such means."""
    if len(columns) < 3 or any(column.dtype != np.dtype("<f4") for column in columns[:3]):
        return None
    stride = max(1, len(columns[0]) // _SAMPLE)
    best, least = 0, np.inf
    for decimal in _DECIMALS:
        counts = _counts([column[::stride] for column in columns[:3]], decimal)
        if np.mean(counts > 0) < _LEAST_SHARE or min(np.mean(counts > 1), np.mean(counts == 1)) < _LEAST_MEANS:
            continue
        # multiples of a coarse step are those of a finer one too, and these are means of many of coarse ones
        parts = np.log2(decimal * counts[counts > 0]).mean()
        if parts < least - _BETTER:
            best, least = decimal, parts
    if not best:
        return None
    counts = np.maximum(_counts(columns[:3], best), 1).astype(np.uint8)
    return counts, [best] * 3 + [_decimal_of(column[::stride], counts[::stride]) for column in columns[3:]]


def _counts(columns: Sequence[np.ndarray], decimal: int) -> np.ndarray:
    """The fewest points (N,) of which all columns may be means; 0 where there is no such number."""
    counts = np.zeros(len(columns[0]), np.int64)
    left = np.flatnonzero(np.isfinite(np.stack(columns)).all(axis=0))
    for count in range(1, MOST_POINTS + 1):
        whole = np.ones(len(left), bool)
        for column in columns:
            whole &= _is_whole(column[left], count * decimal)
        counts[left[whole]] = count
        left = left[~whole]
        if not len(left):
            break
    return counts


def _is_whole(values: np.ndarray, units: int) -> np.ndarray:
    """Whether values (M,) float32 are multiples of 1 / units but for their rounding, and that says something."""
    scaled = values.astype(np.float64) * units
    with np.errstate(over="ignore"):  # of the largest
        room = _ULPS * np.spacing(np.abs(values)).astype(np.float64) * units
    return (np.abs(scaled - np.rint(scaled)) <= room) & (room < _SURE)


def _decimal_of(column: np.ndarray, counts: np.ndarray) -> int:
    """Units of a further column's lattice; 0 where it is on none."""
    if column.dtype != np.dtype("<f4") or not np.isfinite(column).all():
        return 0
    for decimal in _OTHERS:
        scaled = column.astype(np.float64) * decimal * counts
        room = _ULPS * np.spacing(np.abs(column)).astype(np.float64) * decimal * counts
        if np.mean(np.abs(scaled - np.rint(scaled)) <= room) > _LEAST_SHARE:
            return decimal
    return 0


def split(column: np.ndarray, counts: np.ndarray, decimal: int) -> tuple[np.ndarray, np.ndarray]:
    """Multiples of 1 / decimal (N,) float32 nearest to means, and what is left in parts of a step (N,) int8."""
    with np.errstate(all="ignore"):
        scaled = column.astype(np.float64) * decimal
        near = ((np.rint(scaled) + 0.0) / decimal).astype(np.float32)
        parts = np.rint((scaled - np.rint(near.astype(np.float64) * decimal)) * counts)
        return near, np.clip(np.nan_to_num(parts), -MOST_POINTS, MOST_POINTS).astype(np.int8)


def joined(near: np.ndarray, parts: np.ndarray, counts: np.ndarray, decimal: int) -> np.ndarray:
    """Means (N,) float32, but for the last place, of what `split` said."""
    counts = np.maximum(counts, 1).astype(np.float64)
    with np.errstate(all="ignore"):
        whole = np.rint(near.astype(np.float64) * decimal) * counts + parts
        return (whole / (counts * decimal)).astype(np.float32)
