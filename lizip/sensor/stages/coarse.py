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

MOST_STEP = 1 << 17
"""Largest step of ranges, ticks or halves of them."""


@dataclass(frozen=True)
class Coarse(Packed):
    """The first stage of all: which ranges the numbers in the grid stand for.

    Attributes
    ----------
    step, offset : int
        A number n stands for n * step + offset.
    halved : int
        1: ranges count halves of ticks from here on. The middle of an even number of ticks lies there: what stands for
        4 ticks is 1.5 off at most then, not 2.
    """

    step: int = whole(MOST_STEP, 1)
    offset: int = whole(MOST_STEP, default=0)
    halved: int = whole(1, default=0)

    @classmethod
    def centred(cls, step: int, halved: bool = False) -> Coarse:
        """The stage whose ranges are in the middle of the `step` ticks that they stand for.

        Where ranges count halves of ticks already, `step` is a number of these, and odd.
        """
        if halved:
            return cls(step, 0, 1)
        return cls(step, 0, 0) if step % 2 else cls(2 * step, 1, 1)

    def divided(self, ranges: np.ndarray) -> np.ndarray:
        """Grid (F, R) int32 of the numbers nearest to ranges (in what this stage counts); what returned stays above
        0."""
        nearest = (ranges.astype(np.int64) - self.offset + self.step // 2) // self.step
        return np.where(ranges > 0, np.maximum(nearest, 1), 0).astype(np.int32)

    def multiplied(self, numbers: np.ndarray) -> np.ndarray:
        """The ranges (F, R) int64 that numbers of the grid stand for."""
        return np.where(numbers > 0, numbers.astype(np.int64) * self.step + self.offset, 0)

    def apply(self, returns: Returns) -> None:
        """Turn the grid into ticks, or halves of them."""
        ranges = self.multiplied(returns.ranges)
        if int(ranges.max(initial=0)) >= MAX_TICKS:
            raise CorruptError("a range is out of bounds")
        returns.ranges = ranges.astype(np.int32)
        returns.halved = bool(self.halved)
