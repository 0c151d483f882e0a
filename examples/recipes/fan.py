"""The recipe's worked example of a sensor: a made-up turning one, with its law, its stage, its solver and a simulator.

Twelve beams fire together, 600 times a turn, beginning ahead, and nod seven times a turn, which no sensor does that
lizip knows. The driver computes in double, by the C library's sine:

    x = r cos(elevation) cos(azimuth),  y = r cos(elevation) sin(azimuth),  z = r sin(elevation)

where r is ticks of 4 mm, the azimuth of firing i is i / 600 turns and the elevation of beam k is
2 k - 11 + 1.7 sin(7 azimuth) degrees; a file holds the returns, firing after firing, as x, y, z and intensity. See "Add
a sensor or a driver" in CONTRIBUTING.md; in the product the stage would stand in `lizip/sensor/stages`, the solver in
`lizip/sensor/solvers`, what finds the numbers, which here are all known, in `lizip/sensor/fit`, and the simulator in
`lizip/simulator`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from lizip.cloud import Cloud
from lizip.errors import CorruptError
from lizip.exact.trig import DEGREE, TURN, sincos
from lizip.exact.ulp import spacing
from lizip.sensor.fit.coordinates import stored_points
from lizip.sensor.fit.further import add_further
from lizip.sensor.model import TITLES, About, Part, Solution, SweepModel
from lizip.sensor.returns import Returns
from lizip.sensor.stages.corrections import Corrections, find_corrections
from lizip.sensor.stages.places import Places
from lizip.sensor.state import SensorState
from lizip.simulator.draws import Draws
from lizip.simulator.rays import cast
from lizip.simulator.returns import Receiver, receive
from lizip.simulator.scene import street
from lizip.simulator.sweep import Sweep

FIRINGS, BEAMS, TICK = 600, 12, 0.004
NODS, WIDE = 7, 1.7
"""A turn, and degrees to either side."""

_LEAST_POINTS = 512
_MOST_EXCEPTIONS = 0.05
_MOST_UNITS = 4


@cache
def _directions() -> tuple[np.ndarray, np.ndarray]:
    """Sine and cosine (2, 600) of azimuths and (2, 600, 12) of elevations: the same bits on every machine."""
    azimuths = [sincos(i * (TURN / FIRINGS)) for i in range(FIRINGS)]
    nods = [WIDE * sincos(i * (NODS * TURN / FIRINGS))[0] for i in range(FIRINGS)]
    elevations = [[sincos((2.0 * k - 11.0 + nod) * DEGREE) for k in range(BEAMS)] for nod in nods]
    return np.array(azimuths).T, np.moveaxis(np.array(elevations), 2, 0)


@dataclass(frozen=True)
class Fan:
    """From the grid to points: the stage has nothing to say but that it is this sensor."""

    def apply(self, returns: Returns) -> None:
        """Compute the points of all cells with a return, in the order of the file."""
        if returns.halved or returns.ranges.shape != (FIRINGS, BEAMS):
            raise CorruptError("not the grid of this sensor")
        returns.row, returns.ring = np.nonzero(returns.ranges)
        returns.firing, returns.firings = returns.row, FIRINGS
        returns.ticks = returns.ranges[returns.row, returns.ring]
        azimuth, elevation = _directions()
        reach = returns.ticks * TICK
        fall, rise = elevation[1, returns.row, returns.ring], elevation[0, returns.row, returns.ring]
        level = reach * fall
        x, y = level * azimuth[1, returns.row], level * azimuth[0, returns.row]
        points = np.stack([x, y, reach * rise], axis=1)
        returns.rounded = points.astype(np.float32)
        returns.fraction = np.clip((points - returns.rounded) / spacing(returns.rounded), -0.5, 0.5)
        returns.xyz = returns.rounded

    def pack(self) -> bytes:
        """Nothing."""
        return b""

    @classmethod
    def unpack(cls, data: bytes) -> Fan:
        """Read what `pack` wrote; raises CorruptError."""
        if data:
            raise CorruptError("this sensor has nothing to say")
        return cls()


class FanSolver:
    """The solver."""

    def solve(self, cloud: Cloud, level: str, state: SensorState) -> Solution | None:
        """Find the cell of every point; see `lizip.sensor.Solver`."""
        xyz = stored_points(cloud, _LEAST_POINTS)
        if xyz is None:
            return None
        row, ring, ticks = _cells(xyz.astype(np.float64))
        cell = row * BEAMS + ring
        seen = (ticks > 0) & (cell > np.maximum.accumulate(np.append(-1, cell[:-1])))  # in the order of the file
        ranges = np.zeros((FIRINGS, BEAMS), np.int32)
        ranges[row[seen], ring[seen]] = ticks[seen]
        corrections, right = find_corrections(_run(cloud, ranges).rounded, xyz[seen], 0, _MOST_UNITS)
        place = np.flatnonzero(seen)[right]
        if cloud.count - len(place) > _MOST_EXCEPTIONS * cloud.count:
            return None
        ranges[row[seen][~right], ring[seen][~right]] = 0  # what no correction reaches is an exception
        returns, listed = _run(cloud, ranges), np.setdiff1d(np.arange(cloud.count), place)
        stages = [Fan(), Corrections.of(returns, corrections[right]), Places.of(xyz, listed)]
        returns.place = place
        grid = add_further(list(cloud.columns.values()), returns, TICK, stages)
        about = About(TITLES.index("spinning sensor"), {"exceptions": len(listed)})
        return Solution(SweepModel([Part(stages, cloud.count)]), [grid], about)


SOLVER = FanSolver()


def _cells(xyz: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Firing, beam and range of points (N, 3); range 0 where no cell is near. Only the encoder does this."""
    with np.errstate(all="ignore"):
        reach = np.sqrt((xyz**2).sum(axis=1))
        azimuth = np.arctan2(xyz[:, 1], xyz[:, 0])
        beam = (np.degrees(np.arcsin(xyz[:, 2] / reach)) - WIDE * np.sin(NODS * azimuth) + 11.0) / 2.0
        ok = np.isfinite(beam) & (reach < 1e4) & (np.abs(beam - np.rint(beam)) < 0.25)
        beam, reach = np.where(ok, np.rint(beam), 0), np.where(ok, reach, 0)
        firing = np.rint(np.where(ok, azimuth, 0) / TURN * FIRINGS) % FIRINGS
    row, ring = firing.astype(np.int64), beam.astype(np.int64)
    inside = (ring >= 0) & (ring < BEAMS)
    return row, np.clip(ring, 0, BEAMS - 1), np.where(inside, np.rint(reach / TICK), 0).astype(np.int64)


def _run(cloud: Cloud, ranges: np.ndarray) -> Returns:
    returns = Returns(ranges, None, cloud.schema, cloud.count)
    Fan().apply(returns)
    return returns


def sweep(seed: int) -> Sweep:
    """Simulate one turn in a made-up street; a seed decides every byte."""
    draws = Draws(seed, "fan")
    row, ring = np.divmod(np.arange(FIRINGS * BEAMS), BEAMS)
    azimuth = row * (TURN / FIRINGS)
    elevation = (2.0 * ring - 11.0 + WIDE * np.sin(NODS * azimuth)) * DEGREE
    flat = np.cos(elevation)
    ways = np.stack([flat * np.cos(azimuth), flat * np.sin(azimuth), np.sin(elevation)], axis=1)
    hits = cast(street(seed), np.broadcast_to([0.0, 0.0, 1.8], ways.shape), ways, draws)
    receiver = Receiver(tick=TICK, noise=0.008, reach=100.0, nearest=0.5, gain=120.0, speckle=3.5)
    ticks, intensity, _ = receive(hits, receiver, draws)
    level = ticks * TICK * flat
    records = np.zeros((len(ticks), 4), "<f4")
    records[:, 0], records[:, 1] = level * np.cos(azimuth), level * np.sin(azimuth)
    records[:, 2], records[:, 3] = ticks * TICK * np.sin(elevation), intensity
    shape = (FIRINGS, BEAMS)
    return Sweep(records[ticks > 0].tobytes(), 4, ticks.reshape(shape), intensity.reshape(shape))
