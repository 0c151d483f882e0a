"""Which decimals of a metre coordinates were rounded to before they were stored. Encoder only."""

from __future__ import annotations

import numpy as np

from lizip.sensor.stages.rounding import HALF, UNSIGNED, Rounding, round_points

DECIMALS = (100, 1000, 10_000, 100_000, 1_000_000)
"""Decimal roundings to look for, units a metre, the coarsest first: its multiples are those of finer ones too."""

FARTHEST = 1e4
"""Points with a larger coordinate (m), or NaN, take no part."""

_TELLING = 0.5
"""A coordinate tells whether it was rounded where float32 are closer together than so many steps of the decimals."""

_LATTICE_SHARE, _LEAST_TELLING = 0.97, 4
"""Share of the telling coordinates that is on the lattice of a rounding; one in so many has to tell."""

_LARGE, _LEAST_LARGE = 10, 16
"""Metres from which on a number has one digit more before its point, and one less behind it if it has six in all;
one in so many has to be such."""

_HIDING = 100_000
"""Decimals, in units a metre, that are so coarse that those of float32 do not show."""


def find_decimal(xyz: np.ndarray) -> int:
    """Rounding of nearly all sane coordinates of xyz (N, 3) float32, as `lizip.sensor.stages.rounding` has it."""
    sample = xyz[:: max(1, len(xyz) // 256)]
    sane = sample[np.abs(sample) < FARTHEST]
    for decimal in (*DECIMALS, HALF):
        telling = sane if decimal == HALF else _telling(sane, decimal)
        if _on_lattice(telling, decimal) > _LATTICE_SHARE * max(telling.size, sample.size / _LEAST_TELLING):
            return 0 if decimal < HALF and _is_of_digits(sane, decimal) else decimal
    return 0


def _telling(coordinates: np.ndarray, decimal: int) -> np.ndarray:
    """Those of which not all float32 are decimals."""
    return coordinates[np.spacing(np.abs(coordinates)) * decimal < _TELLING]


def _on_lattice(coordinates: np.ndarray, decimal: int) -> int:
    """How many of coordinates (M,) float32 are as a rounding leaves them."""
    return int(np.count_nonzero(round_points(coordinates.astype(np.float64), decimal)[0] == coordinates))


def _is_of_digits(coordinates: np.ndarray, decimal: int) -> bool:
    """Whether coordinates (M,) float32 have a number of digits in all: larger ones lie on a coarser lattice."""
    large = _telling(coordinates[np.abs(coordinates) >= _LARGE], decimal // _LARGE)
    least = max(large.size, coordinates.size / _LEAST_LARGE)
    return _on_lattice(large, decimal // _LARGE) > _LATTICE_SHARE * least


def hides_arithmetic(decimal: int) -> bool:
    """Whether a rounding leaves nothing of how the coordinates before it were computed."""
    return 0 < decimal <= _HIDING or decimal >= HALF


def rounding_of(stored: np.ndarray, decimal: int) -> Rounding:
    """The stage that rounds as stored coordinates (M, 3) float32 were, whose `decimal` is known."""
    zeros = stored[stored == 0]
    return Rounding(decimal + (UNSIGNED if decimal and not np.signbit(zeros).any() else 0))


def noise_of(decimal: int) -> float:
    """Standard deviation that a decimal rounding leaves in coordinates, m; 0 of float32 alone."""
    return 1.0 / (decimal * np.sqrt(12.0)) if decimal else 0.0
