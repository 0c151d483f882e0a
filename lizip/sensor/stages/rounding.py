"""The last rounding before a number is stored: to float32, or to whole decimals of a metre and then to float32."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

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
    if decimal:
        scaled = points * float(decimal)
        whole = np.rint(scaled)
        scaled -= whole
        whole /= float(decimal)
        return whole.astype(np.float32), scaled
    rounded = points.astype(np.float32)
    return rounded, (points - rounded) / np.spacing(np.abs(rounded)).astype(np.float64)


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
