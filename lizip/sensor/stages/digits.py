"""Coordinates that had been printed: float32 rounded to so many decimals, or to so many digits in all.

The last stage: what other columns follow from are the points before.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lizip.errors import CorruptError
from lizip.packed import Packed, whole

if TYPE_CHECKING:
    from lizip.sensor.returns import Returns

IN_ALL = 16
"""Added where digits are counted in all, as by `%.6g`, not behind the point, as by `%.6f`."""

_POWERS = np.array([float(10**k) for k in range(23)])
"""Exact in float64."""
_LARGEST, _MOST = 10, 22
"""Numbers with more digits before the point stay; and most decimals of any, or zeros before the point."""
_FLOAT32 = np.dtype("<f4")


@dataclass(frozen=True)
class Digits(Packed):
    """How coordinates were printed: so many decimals, or `IN_ALL` and so many digits."""

    form: int = whole(2 * IN_ALL - 1)

    def apply(self, returns: Returns) -> None:
        """Round the points of the file."""
        for name, _ in returns.schema[:3]:
            if name not in returns.columns or returns.columns[name].dtype != _FLOAT32:
                raise CorruptError("the stages of a sweep are not in order")
            returns.columns[name] = printed(returns.columns[name], self.form)


def printed(values: np.ndarray, form: int) -> np.ndarray:
    """Numbers (N,) float32 as they are read when they have been printed in a `form`; what is none stays."""
    with np.errstate(all="ignore"):
        known = np.abs(values) < _POWERS[_LARGEST]
    exact = np.where(known, values, np.float32(0.0)).astype(np.float64)
    after = np.full(len(values), form)
    if form >= IN_ALL:
        # digits before the point; less where zeros follow it
        before = np.searchsorted(_POWERS, np.abs(exact), side="right")
        for zeros in range(1, _MOST):
            before -= np.abs(exact) * _POWERS[zeros] < 1.0
        after = np.clip(max(form - IN_ALL, 1) - before, -_MOST, _MOST)  # as %.0g, which prints one
    scale, grain = _POWERS[np.maximum(after, 0)], _POWERS[np.maximum(-after, 0)]
    return np.where(known, (np.rint(exact * scale / grain) / scale * grain).astype(np.float32), values)
