"""How public drivers compute a point from range, azimuth and laser, step by step: the same bits from the same integers.

Azimuths come in 0.01 degrees, as the packets of Velodyne and Hesai hold them. What differs from driver to driver, and
what it is in nebula, velodyne_pointcloud, PCL's grabbers and Hesai's SDKs, their sources say (the law of each is listed
in `DriverLaw`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lizip.errors import CorruptError
from lizip.exact.single import ROUNDED, sincos_single
from lizip.exact.trig import DEGREE, sincos
from lizip.jit import kernel
from lizip.packing import Unpacker, pack_signed, pack_varint, pack_varints
from lizip.sensor.stages.driver_arithmetic import (
    DOUBLE_ANGLES,
    DOUBLE_DISTANCE,
    EXACT,
    EXACT_MOVED,
    FINE,
    FINE_ANGLES,
    FINE_SINGLE,
    FINE_TURN,
    LENS,
    PLACED,
    PLACED_ANGLES,
    PLACED_EXACT,
    PLACED_SINGLE,
    azimuth_sincos,
    fine_sincos,
    laser_distance,
    store_point,
)
from lizip.sensor.stages.driver_places import PLACES, placed_point

if TYPE_CHECKING:
    from lizip.sensor.returns import Returns

TURN_UNITS = 36000
"""Azimuths of a turn, in 0.01 degrees."""

MAX_LASERS = 256


FRAMES = ("x = cos, y = -sin", "x = sin, y = cos", "x = cos, y = sin", "x = -sin, y = cos")
"""From what axis and which way round the angle counts."""

_DEGREE = np.float32(DEGREE)
_MAX_DECIMALS = 8
_STEEPEST = 10.0
"""Radians; no elevation is."""
_FARTHEST_LENS = 10.0
"""Metres."""
_MAX_NUMBER = 1 << 40
_POWERS = (1.0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8)


class DriverLaw(NamedTuple):
    """What a driver does.

    nebula for Hesai: UNIT_IN_DOUBLE, SUM, modern, frame 1. nebula for Velodyne: UNIT_IN_SINGLE, HUNDREDTHS, modern,
    frame 0. velodyne_pointcloud: UNIT_IN_SINGLE, SINGLE_HUNDREDTHS, frame 0. PCL's grabbers: DOUBLE_DISTANCE,
    EXACT_MOVED, frame 1. Hesai's general SDK: DOUBLE_DISTANCE, a table, frame 1; its SDK 2.0: UNIT_IN_SINGLE, FINE,
    frame 1. rs_driver: UNIT_IN_SINGLE, LENS, frame 0. An HDL-64E by velodyne_pointcloud: UNIT_IN_SINGLE, PLACED or
    PLACED_SINGLE, frame 0; by PCL: DOUBLE_DISTANCE, PLACED_EXACT, frame 1.

    Attributes
    ----------
    distance, angle : int
        See `UNIT_IN_DOUBLE` and following, `SUM` and following.
    sine : int
        See `lizip.exact.single`.
    frame : int
        Index into `FRAMES`.
    """

    distance: int
    angle: int
    sine: int
    frame: int

    def check(self, angles: Sequence[int], lasers: int, tick: float) -> None:
        """Raise CorruptError unless a stage that knows some `angles` can compute so."""
        possible = self.distance <= DOUBLE_DISTANCE and self.angle in angles and self.sine <= 1
        if not possible or self.frame >= len(FRAMES) or not 0 < lasers <= MAX_LASERS or not 1e-6 < tick < 1.0:
            raise CorruptError("a sensor computes in an unknown way")


@kernel
def driver_points(law, tick, lens, rises, offsets, places, laser, azimuth, ticks, points):
    """Fill points (M, 3) float64, values of float32.

    Parameters
    ----------
    law : DriverLaw
    tick : float64
        Metres a tick.
    lens : (2,) float64
        Where the lens is, away from the axis and up, m, values of float32 (`LENS`).
    rises : (2, L) float64
        Sine and cosine of each laser's elevation, of float32 values unless the law is `EXACT`.
    offsets : (L,) float64
        Azimuth offsets: float32 radians (`SUM`, `TURNED`, `PLACED`), 0.01 degrees (`EXACT`, `LENS`) or 1/25600 degrees
        (`FINE`).
    places : (L, 5) float64
        See `lizip.sensor.stages.driver_places`; L is 0 where the law has none.
    laser, azimuth, ticks : (M,) int64
        Azimuth in 0.01 degrees.
    """
    double = law.angle in (EXACT, EXACT_MOVED)
    for i in range(laser.size):
        which = laser[i]
        if law.angle in (PLACED, PLACED_SINGLE, PLACED_EXACT):
            rise, fall = rises[0, which], rises[1, which]
            sine, cosine = azimuth_sincos(np.float64(azimuth[i]), offsets[which], law.angle, law.sine)
            reach = np.float64(ticks[i])
            across, along, up = placed_point(law, tick, rise, fall, sine, cosine, places[which], reach)
            store_point(law.frame, across, along, up, points[i])
            continue
        distance = laser_distance(np.float64(ticks[i]), tick, law.distance)
        sine, cosine = azimuth_sincos(np.float64(azimuth[i]), offsets[which], law.angle, law.sine)
        level = distance * rises[1, which]
        if not double:
            level = np.float64(np.float32(level))
        across = level * sine
        along = level * cosine
        up = distance * rises[0, which]
        if law.angle == EXACT_MOVED:
            across -= 0.0 * cosine
            along += 0.0 * sine
            up += 0.0
        elif law.angle == LENS:
            sine, cosine = azimuth_sincos(np.float64(azimuth[i]), 0.0, law.angle, law.sine)
            across = np.float64(np.float32(across)) + np.float64(np.float32(lens[0] * sine))
            along = np.float64(np.float32(along)) + np.float64(np.float32(lens[0] * cosine))
            up = np.float64(np.float32(up)) + lens[1]
        across = np.float64(np.float32(across))
        along = np.float64(np.float32(along))
        store_point(law.frame, across, along, np.float64(np.float32(up)), points[i])


@kernel
def _rises(law, elevations, rises):
    for i in range(elevations.size):
        if law.angle in (EXACT, EXACT_MOVED, PLACED_EXACT):
            rises[0, i], rises[1, i] = sincos(elevations[i])
        elif law.angle in (FINE, FINE_SINGLE):
            rises[0, i], rises[1, i] = fine_sincos(elevations[i], law.angle, law.sine)
        elif law.angle == LENS:
            rises[0, i], rises[1, i] = sincos_single(elevations[i], ROUNDED)
        else:
            rises[0, i], rises[1, i] = sincos_single(elevations[i], law.sine)


class Printed(NamedTuple):
    """Angles as somebody wrote them down, or as float32 words.

    Attributes
    ----------
    numbers : (L,) int64
        Angles in units of 10**-decimals degrees; bits of float32 radians where `decimals` is negative.
    decimals : int
    single : bool
        Whether degrees were read as float32 and turned into radians in float32.
    """

    numbers: np.ndarray
    decimals: int
    single: bool

    def radians(self) -> np.ndarray:
        """Angles (L,) float64; of `single` ones and words the values of float32."""
        if self.decimals < 0:
            return self.numbers.astype(np.uint32).view(np.float32).astype(np.float64)
        degrees = self.numbers / _POWERS[self.decimals]
        if self.single:
            return (degrees.astype(np.float32) * _DEGREE).astype(np.float64)
        return degrees * DEGREE

    def metres(self) -> np.ndarray:
        """Lengths (L,) float64 that are printed so: units of 10**-decimals metres, or float32 words."""
        if self.decimals < 0:
            return self.radians()
        return self.numbers / _POWERS[self.decimals]

    def pack(self) -> bytes:
        """Write the numbers."""
        head = pack_varint((self.decimals + 1) * 2 + self.single)
        if self.decimals < 0:
            return head + self.numbers.astype("<u4").tobytes()
        return head + b"".join(pack_signed(int(number)) for number in self.numbers)

    @classmethod
    def unpack(cls, unpacker: Unpacker, lasers: int) -> Printed:
        """Read what `pack` wrote; raises CorruptError."""
        decimals, single = divmod(unpacker.varint(), 2)
        if decimals > _MAX_DECIMALS + 1:
            raise CorruptError("impossible angles of a laser")
        if decimals == 0:
            return cls(unpacker.array("<u4", lasers).astype(np.int64), -1, bool(single))
        numbers = [unpacker.signed() for _ in range(lasers)]
        if max(map(abs, numbers)) > _MAX_NUMBER:
            raise CorruptError("impossible angles of a laser")
        return cls(np.array(numbers, np.int64), decimals - 1, bool(single))


@dataclass(frozen=True)
class Driver:
    """The lasers of a sensor and what its driver does with them.

    Attributes
    ----------
    law : DriverLaw
    tick : float
        Metres a tick.
    elevations, offsets : Printed
        Of each laser; offsets count where the law is `SUM`, `EXACT`, `TURNED` or `LENS`. 1/25600 degrees if `FINE`.
    lens : (2,) float32
        Where the lens is, away from the axis and up, m.
    places : tuple of Printed
        What `lizip.sensor.stages.driver_places` lists of each laser, where the law has it.
    """

    law: DriverLaw
    tick: float
    elevations: Printed = field(repr=False)
    offsets: Printed = field(repr=False)
    lens: np.ndarray = field(default_factory=lambda: np.zeros(2, np.float32))
    places: tuple[Printed, ...] = field(default=(), repr=False)

    def points(self, laser: np.ndarray, azimuth: np.ndarray, ticks: np.ndarray) -> np.ndarray:
        """Points (M, 3) float64 of laser, azimuth (0.01 degrees) and ticks, each (M,)."""
        law, elevations = self.law, self.elevations.radians()
        if law.angle in FINE_ANGLES:
            elevations, offsets = (each.numbers.astype(np.float64) for each in (self.elevations, self.offsets))
        elif law.angle in (*DOUBLE_ANGLES, LENS):
            offsets = self.offsets.numbers / _POWERS[max(self.offsets.decimals, 0)] * 100.0
        else:
            offsets = self.offsets.radians().astype(np.float32).astype(np.float64)
            elevations = elevations.astype(np.float32).astype(np.float64)
        steepest = FINE_TURN if law.angle in FINE_ANGLES else _STEEPEST
        if not (np.abs(elevations) < steepest).all() or not (np.abs(offsets) < FINE_TURN).all():
            raise CorruptError("impossible angles of a laser")
        rises, points = np.empty((2, len(elevations))), np.empty((len(laser), 3))
        _rises(law, elevations, rises)
        places = np.array([each.metres() for each in self.places]).reshape(len(self.places), len(elevations)).T
        if law.angle != PLACED_EXACT:
            places = places.astype(np.float32).astype(np.float64)
        places = np.ascontiguousarray(places)
        if not (np.abs(places) < _FARTHEST_LENS).all():
            raise CorruptError("the lasers of a sensor lie far beside it")
        arrays = (np.ascontiguousarray(values, np.int64) for values in (laser, azimuth, ticks))
        driver_points(law, self.tick, self.lens.astype(np.float64), rises, offsets, places, *arrays, points)
        return points

    def apply(self, returns: Returns) -> None:
        """Compute the points."""
        returns.need("ring", "column", "ticks")
        if len(returns.ring) and int(returns.ring.max()) >= len(self.elevations.numbers):
            raise CorruptError("a grid has not as many rings as its sensor beams")
        returns.driver = driver = replace(self, tick=returns.unit(self.tick))
        returns.points = driver.points(returns.ring, returns.column, returns.ticks)

    def pack(self) -> bytes:
        """Write the stage."""
        head = pack_varints([*self.law, len(self.elevations.numbers)]) + np.array([self.tick], "<f8").tobytes()
        lens = self.lens.astype("<f4").tobytes() if self.law.angle == LENS else b""
        places = b"".join(each.pack() for each in self.places)
        return head + self.elevations.pack() + self.offsets.pack() + lens + places

    @classmethod
    def unpack(cls, data: bytes) -> Driver:
        """Read what `pack` wrote; raises CorruptError."""
        unpacker = Unpacker(data)
        law = DriverLaw(*(unpacker.varint() for _ in range(4)))
        lasers, tick = unpacker.varint(), float(unpacker.array("<f8", 1)[0])
        law.check(range(PLACED_EXACT + 1), lasers, tick)
        elevations, offsets = Printed.unpack(unpacker, lasers), Printed.unpack(unpacker, lasers)
        lens = unpacker.array("<f4", 2 if law.angle == LENS else 0).astype(np.float32)
        placed = range(PLACES if law.angle in PLACED_ANGLES else 0)
        places = tuple(Printed.unpack(unpacker, lasers) for _ in placed)
        unpacker.finish()
        if not (np.abs(lens) < _FARTHEST_LENS).all():
            raise CorruptError("the lens of a sensor lies far beside it")
        return cls(law, tick, elevations, offsets, lens if len(lens) else np.zeros(2, np.float32), places)
