"""Ranges that are multiples of some ticks only, as the near-lossless mode makes them: the grid holds the multiples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lizip.errors import CorruptError
from lizip.packed import Packed, whole
from lizip.sensor.stages.beams import MAX_TICKS

if TYPE_CHECKING:
    from lizip.sensor.returns import Returns

MOST_STEP = 1 << 16
"""Largest step of ranges."""


@dataclass(frozen=True)
class Coarse(Packed):
    """The first stage of all: how many ticks a 1 in the grid stands for.

    Attributes
    ----------
    step : int
        Ticks.
    middle : int
        1: half a tick is added. The middle of an even number of ticks lies there: what stands for 4 ticks is 1.5 off
        at most then, not 2. Ranges count halves of ticks from here on.
    """

    step: int = whole(MOST_STEP, 2)
    middle: int = whole(1)

    @classmethod
    def centred(cls, step: int) -> Coarse:
        """The stage whose ranges are in the middle of the ticks that they stand for."""
        return cls(step, 1 - step % 2)

    def divided(self, ranges: np.ndarray) -> np.ndarray:
        """Grid (F, R) int32 of the multiples nearest to ranges (ticks); what returned stays above 0."""
        nearest = (ranges.astype(np.int64) + (self.step - self.middle) // 2) // self.step
        return np.where(ranges > 0, np.maximum(nearest, 1), 0).astype(np.int32)

    def apply(self, returns: Returns) -> None:
        """Turn the grid into ticks, or halves of them."""
        unit = self.step << self.middle
        if int(returns.ranges.max(initial=0)) * unit >= MAX_TICKS - 1:
            raise CorruptError("a range is out of bounds")
        returns.ranges = returns.ranges * np.int32(unit)
        if self.middle:
            returns.ranges += returns.ranges > 0
            returns.halved = True
