"""Where the origin was of float32 coordinates that are known but for a common shift: one number for each axis.

From a power of two to the next, float32 are spaced alike, and beyond it twice as widely. So how many binary digits of
the coordinates are zeros tells how far they were from the origin.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lizip.jit import kernel

_FINEST = 29
"""Coordinates count in units of 2**-29 m: those of 16 mm and more are whole."""
_UNIT = 2.0**-_FINEST
_MANTISSA = 23
_MOST_BITS, _CLEAR, _LEAST_POINTS = 14, 6.0, 100
"""How many digits are told, by so many points whose majority is so many standard deviations from chance."""
_WHOLE, _LEAST_WHOLE = 0.05, 0.5
_IMPOSSIBLE = -12.0
"""Bits, of a coordinate that has a digit where there should be none."""
_GRIDS = ((0.05, 1000), (0.002, 8000), (1e-4, 1 << 16), (1e-5, 1 << 18))
"""Metres from one shift to the next, and by how many points they are looked at, coarsely first."""
_WORK, _LEAST_SHIFTS = 1 << 23, 400
"""Points times shifts that are looked at, but for so many shifts at least."""
_AROUND = 3
_AS_GOOD = 3.0
"""Bits that the best of all shifts may be better than one that is as likely."""


class Origins(NamedTuple):
    """What is known of the first point's coordinates.

    Attributes
    ----------
    digits : (3,) int64
        The lowest binary digits, in units of 2**-29 m.
    period : (3,) int64
        Units after which they repeat.
    middle, wide : (3,) float64
        About where they are, m, and how far beside it they may be.
    """

    digits: np.ndarray
    period: np.ndarray
    middle: np.ndarray
    wide: np.ndarray

    def fit(self, begins: np.ndarray) -> np.ndarray:
        """Which of coordinates (T, 3) have these digits."""
        off = begins / _UNIT - self.digits
        off -= np.rint(off / self.period) * self.period
        return (np.abs(off) < _WHOLE).all(axis=1)

    def candidates(self, axis: int) -> np.ndarray:
        """All coordinates (C,) of an axis that may be, the likeliest first."""
        step = self.period[axis] * _UNIT
        most = int(self.wide[axis] / step)
        count = np.arange(-most, most + 1)
        return self.middle[axis] + step * count[np.argsort(np.abs(count), kind="stable")]

    def nearest(self, begin: np.ndarray) -> np.ndarray:
        """The nearest coordinates (3,) that have them."""
        return (np.rint((begin / _UNIT - self.digits) / self.period) * self.period + self.digits) * _UNIT


def whole_share(along: np.ndarray) -> float:
    """The least share of coordinates (N, 3), counted from a point, that are whole units from it."""
    counted = along / _UNIT
    return float((np.abs(counted - np.rint(counted)) < _WHOLE).mean(axis=0).min())


def find_origins(along: np.ndarray) -> Origins | None:
    """Find where the origin was, from coordinates along (N, 3) float64 that count from a point; None: no digits."""
    found = [_find_origin(np.ascontiguousarray(each)) for each in along.T]
    rows = [each for each in found if each is not None]
    return Origins(*(np.array(each) for each in zip(*rows, strict=True))) if len(rows) == 3 else None


def _find_origin(along: np.ndarray) -> tuple[int, int, float, float] | None:
    """Digits, period, place and how far beside it, of one axis (N,)."""
    counted = along / _UNIT
    whole = np.abs(counted - np.rint(counted)) < _WHOLE
    if whole.mean() < _LEAST_WHOLE:
        return None
    numbers = np.rint(counted[whole]).astype(np.int64)
    digits, bits = _lowest_digits(numbers)
    if bits == 0:
        return None
    period = 1 << bits
    draw = np.random.default_rng(1).permutation(len(numbers))
    low, high = float(-along[whole].max()), float(-along[whole].min())
    for step, points in _GRIDS:
        some = numbers[draw[:points]]
        # where many places are alike, they are looked at more coarsely
        step = max(step, (high - low) / max(_WORK // points, _LEAST_SHIFTS))
        grid = np.arange(np.floor(low / step), np.ceil(high / step) + 1) * step
        shifts = digits + np.rint((grid / _UNIT - digits) / period).astype(np.int64) * period
        scores = np.empty(len(shifts))
        _score(some, shifts, bits, scores)
        best = np.flatnonzero(scores >= scores.max() - _AS_GOOD)
        low, high = grid[best[0]] - _AROUND * step, grid[best[-1]] + _AROUND * step
    low, high = grid[best[0]] - step, grid[best[-1]] + step
    middle = float(shifts[best[len(best) // 2]]) * _UNIT
    return digits, period, middle, float(high - low)


def _lowest_digits(numbers: np.ndarray) -> tuple[int, int]:
    """The lowest digits of what has to be added to whole numbers (N,), and how many those are."""
    digits, left = 0, numbers
    for bit in range(_MOST_BITS):
        odd = ((left + digits) >> bit) & 1 == 1
        share = float(odd.mean())
        if len(left) < _LEAST_POINTS or abs(2 * share - 1) * np.sqrt(len(left)) < _CLEAR:
            return digits, bit
        if share > 0.5:
            digits += 1 << bit
            odd = ~odd
        left = left[~odd]
    return digits, _MOST_BITS


@kernel
def _score(numbers, shifts, bits, scores):
    """Fill scores (T,): bits by which digits of numbers (N,) after each shift are likelier than by chance."""
    for j in range(shifts.size):
        total = 0.0
        for i in range(numbers.size):
            value = numbers[i] + shifts[j]
            size = np.float64(abs(value)) + 0.5
            # a number of so many digits has this many zeros at its end
            zeros = min(max(((np.float64(size).view(np.int64) >> 52) - 1023) - _MANTISSA, 0), bits)
            if value & ((np.int64(1) << zeros) - 1):
                total += _IMPOSSIBLE
            else:
                total += zeros
        scores[j] = total
