"""The last rounding before a number is stored: to float32, or to decimals of a metre or to float16 before that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lizip.exact.ulp import unit32
from lizip.jit import kernel
from lizip.packed import Packed, whole

if TYPE_CHECKING:
    from lizip.sensor.returns import Returns

HALF = 1 << 20
"""In place of units a metre: coordinates were rounded to float16; what it is more, they had been to that before."""

UNSIGNED = 2 * HALF
"""Added to that: no zero has a sign."""


def round_points(
    points: np.ndarray, decimal: int, out: tuple[np.ndarray, np.ndarray] | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Round model points as the file's writer did.

    Parameters
    ----------
    points : (N, 3) float64
        Metres, finite, below 1e30.
    decimal : int
        Units a metre of a decimal rounding before the float32 (1000), 0 for none, from `HALF` on for one to float16.
    out : tuple of arrays, optional
        Contiguous, for what is returned.

    Returns
    -------
    rounded : (N, 3) float32
    fraction : (N, 3) float64
        What the rounding took away, in units: -0.5 to 0.5; of two roundings, the coarser.
    """
    if decimal >= HALF:
        before, taken = round_points(points, decimal - HALF)
        # what float16 does not reach is no coordinate
        rounded = np.clip(before, -_LARGEST_HALF, _LARGEST_HALF).astype(np.float16)
        unit = np.spacing(np.abs(rounded)).astype(np.float64)
        fraction = np.clip((points - rounded) / unit, -0.5, 0.5)
        coarser = unit * (decimal - HALF) < 1 if decimal > HALF else False
        found = rounded.astype(np.float32), np.where(coarser, taken, fraction)
        if out is None:
            return found
        out[0][:], out[1][:] = found
        return out
    rounded, fraction = out or (np.empty(points.shape, np.float32), np.empty(points.shape))
    values = np.ascontiguousarray(points).ravel()
    if decimal:
        _round_decimals(values, float(decimal), rounded.ravel(), fraction.ravel())
    else:
        _round_floats(values, rounded.ravel(), fraction.ravel())
    return rounded, fraction


@kernel
def rounded_coordinate(value, decimal):
    """The float32 that is stored of a coordinate: of its decimals, unless `decimal` is 0.0."""
    return np.float32(np.rint(value * decimal) / decimal) if decimal else np.float32(value)


@kernel
def _round_decimals(values, decimal, rounded, fraction):
    for i in range(values.size):
        scaled = values[i] * decimal
        fraction[i] = scaled - np.rint(scaled)
        rounded[i] = rounded_coordinate(values[i], decimal)


@kernel
def _round_floats(values, rounded, fraction):
    for i in range(values.size):
        value = np.float32(values[i])
        rounded[i] = value
        fraction[i] = (values[i] - np.float64(value)) / unit32(value)


_LARGEST_HALF = 65472.0
"""Rounds to a float16 that has a next one."""


def rounding_units(points: np.ndarray, decimal: int, floor: float = 0.0) -> np.ndarray:
    """Size (N, 3) float32 of the rounding of each coordinate, m; at least `floor` times that of the point's largest."""
    if 0 < decimal < HALF:
        # of a fine decimal, what is far is left to the float32
        return np.maximum(np.spacing(np.abs(points).astype(np.float32)), np.float32(1.0 / decimal))
    if decimal:
        with np.errstate(over="ignore"):
            sizes = np.abs(points.astype(np.float16))
        sizes = np.minimum(sizes, np.float16(_LARGEST_HALF))
    else:
        sizes = np.abs(points)
    units = np.spacing(sizes).astype(np.float32)
    if decimal > HALF:
        units = np.maximum(units, np.float32(1 / (decimal - HALF)))
    return np.maximum(units, units.max(axis=1, keepdims=True) * np.float32(max(floor, 1e-9)))


@dataclass(frozen=True)
class Rounding(Packed):
    """Rounding of coordinates: units a metre, 0 for float32 alone, `HALF` and more for float16, `UNSIGNED` beside."""

    decimal: int = whole(2 * UNSIGNED - 1, default=0)

    def apply(self, returns: Returns) -> None:
        """Round the points."""
        returns.need("points")
        returns.decimal = self.decimal % UNSIGNED
        returns.rounded, returns.fraction = round_points(returns.points, returns.decimal)
        if self.decimal >= UNSIGNED:
            returns.rounded += np.float32(0.0)  # makes 0.0 of -0.0
        returns.xyz = returns.rounded
