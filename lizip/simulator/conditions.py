"""What makes a sweep hard to fit: rain, walls beside, the vehicle itself in view, few returns, lost packets, jerks."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from lizip.simulator.draws import Draws
from lizip.simulator.rays import Hits, meet_box
from lizip.simulator.returns import Receiver, receive

_TALL = 30.0
"""Height of walls, m."""
_GREY = 0.3
_DROPS = 12.0
"""Metres within which drops of rain answer."""


@dataclass(frozen=True)
class Conditions:
    """How a sweep departs from a town on a clear day.

    Attributes
    ----------
    walls : float
        Distance of walls left and right of the sensor, m; 0 = none.
    roof : float
        Height of the sensor above its own vehicle's roof, m; 0 = no roof in view.
    trailer : bool
        Whether the vehicle pulls a box that is higher than the sensor.
    rain : float
        Share of the shots that meet a drop of rain.
    silence : float
        Share of the returns that come to nothing.
    reach : float
        Share of the receiver's reach that is left (fog; an open field at night).
    lost : float
        Share of the packets that never came.
    gaps, gap : int
        Runs of lost packets, and packets in each.
    jerk : float
        How much rougher than usual the vehicle moves.
    """

    walls: float = 0.0
    roof: float = 0.0
    trailer: bool = False
    rain: float = 0.0
    silence: float = 0.0
    reach: float = 1.0
    lost: float = 0.0
    gaps: int = 0
    gap: int = 0
    jerk: float = 1.0

    def receive(
        self, hits: Hits, ways: np.ndarray, receiver: Receiver, draws: Draws, rough: Draws
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Readings of `hits`, as `lizip.simulator.returns.receive` has them, with what stands and falls in between.

        `ways` (N, 3): unit vectors of the rays; forward, left, up. `rough` decides what these conditions need.
        """
        start = np.zeros_like(ways)
        for box in self._boxes():
            meet_box(box, start, ways, hits)
        weaker = replace(receiver, reach=receiver.reach * self.reach)
        ticks, intensity, power = receive(hits, weaker, draws)
        if self.silence:
            ticks[rough.chance(self.silence, len(ticks))] = 0
        if self.rain:
            drops = rough.chance(self.rain, len(ticks))
            near = receiver.nearest + _DROPS * rough.uniform(size=len(ticks)) ** 2
            near = np.rint(near / receiver.tick).astype(np.int32)
            drops &= (ticks == 0) | (near < ticks)
            ticks, intensity = np.where(drops, near, ticks), np.where(drops, near % 4, intensity)
        return ticks, intensity, power

    def _boxes(self) -> list[np.ndarray]:
        """What stands still beside the sensor, as `Scene.boxes` has it, from the sensor's place."""
        boxes: list[tuple[float, ...]] = []
        if self.walls:
            for side in (-1, 1):
                boxes.append((0, side * (self.walls + 0.5), -3, _TALL, 200, 0.5, 0, _GREY))
        if self.roof:
            boxes.append((-1.0, 0, -self.roof - 0.2, -self.roof, 2.0, 0.9, 0, _GREY))
        if self.trailer:
            boxes.append((-8.0, 0, -3, 1.2, 5.0, 1.25, 0, _GREY))
        return [np.array(box, float) for box in boxes]

    def lost_firings(self, firings: int, packet: int, rough: Draws, phase: int = 0) -> np.ndarray:
        """Which firings (F,) were in packets that never came; firing `phase` is the first of a packet of `packet`."""
        number = (np.arange(firings) - phase) // packet + 1
        count = int(number[-1]) + 1
        gone = rough.chance(self.lost, count)
        for start in rough.integers(0, max(count - self.gap, 1), self.gaps):
            gone[start : start + self.gap] = True
        return gone[number]


CLEAR = Conditions()
