"""What is known of a sensor so far: the stages from a range to a stored coordinate, for a fit to try and to change."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from lizip.sensor.fit.maker import find_maker
from lizip.sensor.stages.arithmetic import PLAIN, Arithmetic
from lizip.sensor.stages.beams import Beams, numbers_of
from lizip.sensor.stages.maker import quanta_of
from lizip.sensor.stages.pose import Mount


@dataclass(frozen=True)
class Calibration:
    """Those stages.

    Attributes
    ----------
    beams : Beams
    decimal : int
        Units a metre to which coordinates were rounded before they became float32; 0: not at all.
    arithmetic : Arithmetic
    mount : Mount or None
        Where points are stored in another frame than the sensor's.
    advances : (B,) int64 or None
        See `lizip.sensor.stages.timing.Steps`.
    """

    beams: Beams
    decimal: int
    arithmetic: Arithmetic = PLAIN
    mount: Mount | None = None
    advances: np.ndarray | None = None

    def with_beams(self, **changes: Any) -> Calibration:
        """The same with other fields of `beams`."""
        return replace(self, beams=replace(self.beams, **changes))

    def select(self, beams: np.ndarray) -> Calibration:
        """Keep some of the beams, (K,) int64."""
        advances = None if self.advances is None else self.advances[beams]
        return replace(self, beams=self.beams.select(beams), advances=advances)

    def points(self, ring: np.ndarray, column: np.ndarray, ticks: np.ndarray) -> np.ndarray:
        """Points (M, 3) float64 as they are before the last rounding, from ring, column and ticks, each (M,)."""
        points = self.arithmetic.points(self.beams, ring, column, ticks)
        return self.mount.to_vehicle(points) if self.mount else points

    def as_made(self) -> Calibration | None:
        """The calibration that a maker must have meant, if these numbers say so."""
        b = self.beams
        found = None if b.hypotenuse else find_maker(b.numbers * np.array(b.quanta), b.step, b.tick)
        if found is None:
            return None
        maker, printed, turns = found
        phases = -printed[:, 0] if b.clockwise else printed[:, 0]
        numbers = numbers_of(maker, phases, printed[:, 1], b.clockwise)
        shifts = (b.shifts + turns + b.columns // 2) % b.columns - b.columns // 2
        quanta = quanta_of(maker.unit, b.columns)
        return self.with_beams(quanta=quanta, numbers=numbers, shifts=shifts, maker=maker, trims=None)
