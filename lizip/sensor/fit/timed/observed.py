"""A sweep as the later fits see it: what its points were, in whole numbers, and when they were fired. Encoder only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lizip.exact.rotation import products, rotation_of_euler
from lizip.exact.trig import DEGREE
from lizip.sensor.fit.timed.adjust import Sample
from lizip.sensor.fit.timed.labels import Labels, rays_of
from lizip.sensor.fit.timed.law import Law
from lizip.sensor.fit.timed.sensor import Sensor
from lizip.sensor.stages.arithmetic import PLAIN
from lizip.sensor.stages.packet_times import packets_of

COLUMN = 0.01 * DEGREE


@dataclass
class Observed:
    """Points of a sweep that have a laser and a block, in the order of the file.

    Attributes
    ----------
    sensor : Sensor
    place : (M,) int64
        Their places among all points.
    ring, block, ticks : (M,) int64
        Laser from the bottom up, block from 0 on, range.
    first : int
        Azimuth of the first block, columns.
    stored : (M, 3) float64
    points : (M, 3) float64
        In the sensor's frame, by the whole numbers.
    clear : (M,) bool
        Points whose range is a whole number of ticks as well as can be told, and neither near nor far.
    starts : (B,) float64
        Time of each block, slots.
    noise : float
        What a rounding more coarse than to float32 left in coordinates, standard deviation, m.
    phase : int
        First block that starts a packet.
    """

    sensor: Sensor
    place: np.ndarray
    ring: np.ndarray
    block: np.ndarray
    ticks: np.ndarray
    first: int
    stored: np.ndarray
    points: np.ndarray
    clear: np.ndarray
    starts: np.ndarray
    noise: float = 0.0
    phase: int = 0

    @property
    def blocks(self) -> int:
        """Number of blocks B."""
        return len(self.starts)

    @property
    def times(self) -> np.ndarray:
        """Time of each point (M,), slots."""
        return self.starts[self.block] + self.sensor.slot[self.ring]

    @property
    def packet(self) -> np.ndarray:
        """Packet of each block (B,)."""
        return packets_of(self.blocks, self.phase, self.sensor.packet)[0]

    def blurred(self, floor: float) -> float:
        """Noise of the points in a fit that would take it for no less than `floor`, m."""
        return max(floor, self.noise)

    def sample(self, which: np.ndarray, group: np.ndarray) -> Sample:
        """Some points (indices), and the group (B,) of each block."""
        return Sample(self.stored[which], self.points[which], self.times[which], group[self.block[which]])


_CLEAR = 0.3
_NEAREST, _FARTHEST = 3.0, 80.0
_FEWEST = 4
"""Points of a block that tell its time; where fewer are neither near nor far, near ones do."""
_BETWEEN = 0.3
"""Ranges typically this far (ticks) from whole ones lie between them: they would be 0.25 if they were anywhere."""


def observe(
    points: np.ndarray, law: Law, phase: float, labels: Labels, sensor: Sensor, noise: float = 0.0
) -> tuple[Observed, Law]:
    """Turn what directions tell into whole numbers; the law then counts azimuths in whole columns."""
    whole = round(phase / COLUMN)
    # azimuths are clockwise: what they lose the sensor's axes gain
    aside = rotation_of_euler(0.0, 0.0, -(phase - whole * COLUMN))
    law = law._replace(turns=products(law.turns, aside))
    place = np.flatnonzero(labels.block >= 0)
    ring, block = labels.ring[place], labels.block[place]
    stored = np.ascontiguousarray(points[place], np.float64)
    starts = np.arange(int(block.max()) + 1) * (sensor.packet_step / sensor.packet)
    seen = Observed(sensor, place, ring, block, block, whole, stored, stored, block >= 0, starts, noise)
    measure(seen, law)
    return seen, law


def measure(seen: Observed, law: Law) -> None:
    """Find the ticks under a law, or halves of them where ranges lie between."""
    distance = rays_of(law, seen.times, seen.stored).range
    ticks = np.rint(distance / seen.sensor.beams.tick)
    away = np.abs(distance / seen.sensor.beams.tick - ticks)
    telling = (distance > _NEAREST) & (distance < _FARTHEST)
    # beside a wall all points of a block are near: they tell its time then
    alone = np.bincount(seen.block, telling, seen.blocks) < _FEWEST
    telling |= alone[seen.block] & (distance < _FARTHEST)
    if not seen.sensor.coarse and telling.any() and np.median(away[telling]) > _BETWEEN:
        seen.sensor = seen.sensor.halved()
        measure(seen, law)
        return
    seen.ticks = ticks.astype(np.int64)
    seen.clear = (away < _CLEAR) & telling
    beams = seen.sensor.beams
    column = (seen.first + round(seen.sensor.step / COLUMN) * seen.block) % beams.columns
    kinds = (values.astype(np.int32) for values in (seen.ring, column, seen.ticks))
    seen.points = PLAIN.points(beams, *kinds)
