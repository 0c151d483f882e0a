"""Arithmetic that gives the same bits on every machine and with every numpy: separate + - * /, in a fixed order.

numpy's own sine, matrix product and interpolation differ in the last bit from one processor to the next; a float32 far
from the sensor then rounds the other way now and then. What decides stored bytes uses these instead.
"""

from __future__ import annotations

import numpy as np

_QUARTER_HIGH, _QUARTER_LOW = 1.57079632673412561417, 6.07710050650619224932e-11
"""pi / 2 as its first 33 bits and the rest (Cody and Waite)."""

_SINE = (-1 / 6, 1 / 120, -1 / 5040, 1 / 362880, -1 / 39916800, 1 / 6227020800, -1 / 1307674368000)
_COSINE = (-1 / 2, 1 / 24, -1 / 720, 1 / 40320, -1 / 3628800, 1 / 479001600, -1 / 87178291200, 1 / 20922789888000)
"""Taylor's coefficients after the first; enough for 1e-16 up to pi / 4."""


def sine_cosine(angle: np.ndarray | float) -> tuple[np.ndarray, np.ndarray]:
    """Sine and cosine of angles (rad, below 1e5) of any shape, to about 1e-16."""
    angle = np.asarray(angle, np.float64)
    quarter = np.rint(angle / (np.pi / 2))
    x = (angle - quarter * _QUARTER_HIGH) - quarter * _QUARTER_LOW
    square = x * x
    sine, cosine = np.zeros_like(x), np.zeros_like(x)
    for coefficient in reversed(_SINE):
        sine = (sine + coefficient) * square
    for coefficient in reversed(_COSINE):
        cosine = (cosine + coefficient) * square
    sine, cosine = x + x * sine, 1.0 + cosine
    place = quarter.astype(np.int64) % 4
    turned_sine = np.choose(place, [sine, cosine, -sine, -cosine])
    return turned_sine, np.choose(place, [cosine, -sine, -cosine, sine])


def sine(angle: np.ndarray | float) -> np.ndarray:
    """Sine of angles (rad)."""
    return sine_cosine(angle)[0]


def cosine(angle: np.ndarray | float) -> np.ndarray:
    """Cosine of angles (rad)."""
    return sine_cosine(angle)[1]


def apply(matrix: np.ndarray, vector: np.ndarray) -> np.ndarray:
    """Products (..., 3) of matrices (..., 3, 3) and vectors (..., 3), each summed from left to right."""
    rows = [
        matrix[..., row, 0] * vector[..., 0]
        + matrix[..., row, 1] * vector[..., 1]
        + matrix[..., row, 2] * vector[..., 2]
        for row in range(3)
    ]
    return np.stack(rows, axis=-1)


def multiply(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Products (..., 3, 3) of matrices (..., 3, 3)."""
    return np.stack([apply(first, second[..., column]) for column in range(3)], axis=-1)


def interpolate(at: np.ndarray, knots: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Values (K,) at increasing knots (K,), linear in between (and beyond), at places `at`."""
    after = np.clip(np.searchsorted(knots, at, side="right"), 1, len(knots) - 1)
    share = (at - knots[after - 1]) / (knots[after] - knots[after - 1])
    return values[after - 1] + share * (values[after] - values[after - 1])
