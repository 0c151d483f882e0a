"""Ranges that are multiples of some ticks only, as the near-lossless mode makes them: the grid holds the multiples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lizip.errors import CorruptError
from lizip.packed import Packed, whole
from lizip.sensor.stages.beams import MAX_TICKS

if TYPE_CHECKING:
    from lizip.sensor.model import Returns

MOST_STEP = 1 << 16
"""Largest step of ranges."""


@dataclass(frozen=True)
class Coarse(Packed):
    """The first stage of all: how many ticks a 1 in the grid stands for."""

    step: int = whole(MOST_STEP, 2)

    def divided(self, ranges: np.ndarray) -> np.ndarray:
        """Grid (F, R) int32 of the multiples nearest to ranges (ticks); what returned stays above 0."""
        nearest = (ranges.astype(np.int64) + self.step // 2) // self.step
        return np.where(ranges > 0, np.maximum(nearest, 1), 0).astype(np.int32)

    def apply(self, returns: Returns) -> None:
        """Turn the grid into ticks."""
        if int(returns.ranges.max(initial=0)) * self.step >= MAX_TICKS:
            raise CorruptError("a range is out of bounds")
        returns.ranges = returns.ranges * np.int32(self.step)
