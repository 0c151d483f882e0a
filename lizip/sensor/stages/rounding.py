"""The last rounding before a number is stored: to float32, or to whole decimals of a metre and then to float32."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lizip.exact.ulp import unit32
from lizip.jit import kernel
from lizip.packed import Packed, whole

if TYPE_CHECKING:
    from lizip.sensor.returns import Returns


def round_points(points: np.ndarray, decimal: int) -> tuple[np.ndarray, np.ndarray]:
    """Round model points as the file's writer did.

    Parameters
    ----------
    points : (N, 3) float64
        Metres, finite, below 1e30.
    decimal : int
        Units a metre of a decimal rounding before the float32 (1000), 0 for none.

    Returns
    -------
    rounded : (N, 3) float32
    fraction : (N, 3) float64
        What the rounding took away, in units: -0.5 to 0.5.
    """
    rounded, fraction = np.empty(points.shape, np.float32), np.empty(points.shape)
    values = np.ascontiguousarray(points).ravel()
    if decimal:
        _round_decimals(values, float(decimal), rounded.ravel(), fraction.ravel())
    else:
        _round_floats(values, rounded.ravel(), fraction.ravel())
    return rounded, fraction


@kernel
def _round_decimals(values, decimal, rounded, fraction):
    for i in range(values.size):
        scaled = values[i] * decimal
        units = np.rint(scaled)
        fraction[i] = scaled - units
        rounded[i] = np.float32(units / decimal)


@kernel
def _round_floats(values, rounded, fraction):
    for i in range(values.size):
        value = np.float32(values[i])
        rounded[i] = value
        fraction[i] = (values[i] - np.float64(value)) / unit32(value)


@dataclass(frozen=True)
class Rounding(Packed):
    """Rounding of coordinates: units a metre, 0 for float32 alone."""

    decimal: int = whole(1 << 20, default=0)

    def apply(self, returns: Returns) -> None:
        """Round the points."""
        returns.need("points")
        returns.decimal = self.decimal
        returns.rounded, returns.fraction = round_points(returns.points, self.decimal)
        returns.xyz = returns.rounded
