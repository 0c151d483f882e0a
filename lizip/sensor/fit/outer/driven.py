"""The points of a driver's sweep as they were before a rigid transform, to the bit, where those were float32.

The mount comes from the rings, lasers and ranges from the sensor's place, azimuths up to a heading. Which heading it
is, and which law, is told by what a model of exact points leaves over: the roundings of a table of angles, of float32
sines, or of the points themselves.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from lizip.exact.linear import multiply, solve_definite
from lizip.exact.single import MODERN, ROUNDED
from lizip.exact.trig import sines_of
from lizip.sensor.fit.driver.blocks import wrapped
from lizip.sensor.fit.driver.heights import FINE_UNIT, elevations_of
from lizip.sensor.fit.driver.offsets import UNIT
from lizip.sensor.fit.driver.phases import phases
from lizip.sensor.fit.driver.polar import Polar, find_polar
from lizip.sensor.fit.mount import find_mount
from lizip.sensor.fit.outer.arithmetic import fitted_rows
from lizip.sensor.fit.outer.gauge import common_part
from lizip.sensor.fit.outer.loose_offsets import find_loose_offsets
from lizip.sensor.fit.outer.own_frame import find_heading, left_over, size_left
from lizip.sensor.fit.outer.printed import printed_doubles, printed_singles
from lizip.sensor.fit.outer.settled import settled
from lizip.sensor.fit.outer.table_angles import Aside, Way, find_common, find_fine, find_turned, in_one_block
from lizip.sensor.fit.ring_pairs import settle_axis
from lizip.sensor.stages.driver import TURN_UNITS, Driver, DriverLaw, Printed
from lizip.sensor.stages.driver_arithmetic import (
    DOUBLE_DISTANCE,
    EXACT,
    FINE,
    HUNDREDTHS,
    SINGLE_DEGREES,
    SINGLE_HUNDREDTHS,
    SUM,
    TURNED,
    UNIT_IN_DOUBLE,
    UNIT_IN_SINGLE,
)
from lizip.sensor.stages.pose import Mount

_COHERENT, _ALIKE = 0.9, 0.995
"""How nearly azimuths of a laser are whole units, and what lasers add to them parts of these."""
_FINE_PARTS = 256
"""1/25600 degrees in 0.01 degrees."""
_PARTS = (1, 10, _FINE_PARTS)
"""Parts of 0.01 degrees that offsets may be whole numbers of."""
_FITTED, _TESTED = 1 << 15, 1024
_ON_GRID = 0.05
_TOLD, _TOLD_FINE = 0.1, 0.02
"""Share of what a model leaves over that roundings of angles, or of sines alone, have to explain."""
_AXIS, _EXACT = 1e-3, 6e-8
"""Metres from the axis within which directions are nothing, and how exact (rad) none is beyond."""


class _Seen(NamedTuple):
    """Points of a sensor, laser after laser, in a frame that may be turned about its axis by whole parts.

    Attributes
    ----------
    polar : Polar
    stored : (K, 3) float32
    elevations : (L,) float64
        rad.
    angles : (K,) float64
        Azimuths by the model, anticlockwise, in 0.01 degrees.
    phases : (L,) float64
        What these are beyond whole ones: whole numbers of parts.
    parts : int
        Of 0.01 degrees, 0: anything.
    """

    polar: Polar
    stored: np.ndarray
    elevations: np.ndarray
    angles: np.ndarray
    phases: np.ndarray
    parts: int

    @property
    def points(self) -> np.ndarray:
        """By the model, (K, 3) float64."""
        return _points(self.polar, self.elevations, self.angles)

    @property
    def nearest(self) -> np.ndarray:
        """Whole azimuths (K,) int64."""
        return np.rint(self.angles - self.phases[self.polar.laser]).astype(np.int64)


_Tried = Iterator[tuple[Driver, np.ndarray]]
"""Drivers, and azimuths (K,) that they may have been given."""


def find_driven(xyz: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """Places (K,) and points (K, 3) float32 before the transform, of finite points xyz (N, 3) float32 of a driver's
    sweep that was moved; None where they are none."""
    seen = _see(xyz)
    if seen is None:
        return None
    polar, draw = seen.polar, np.random.default_rng(1)
    some = draw.permutation(len(seen.stored))[:_TESTED]
    laser, ticks, stored = polar.laser[some], polar.ticks[some], np.ascontiguousarray(seen.stored[some])
    best: tuple[Driver, np.ndarray] | None = None
    least = np.inf
    for driver, azimuth in _laws(seen, draw):
        left = size_left(driver.points(laser, azimuth[some], ticks).astype(np.float32), stored)
        if left < least:
            best, least = (driver, azimuth), left
    if best is None:
        return None
    driver = settled(*best, polar, seen.stored)
    return polar.order, driver.points(polar.laser, best[1], polar.ticks).astype(np.float32)


def _points(polar: Polar, elevations: np.ndarray, angles: np.ndarray) -> np.ndarray:
    reach, (rise, fall) = polar.ticks * polar.tick, (each[polar.laser] for each in sines_of(elevations))
    sine, cosine = sines_of(angles * UNIT)
    return np.stack([reach * fall * cosine, reach * fall * sine, reach * rise], axis=1)


def _see(xyz: np.ndarray) -> _Seen | None:
    mount = find_mount(xyz)
    if mount is None:
        return None
    settled = settle_axis(xyz, mount.rotation, mount.shift)
    if settled is None:
        return None
    seen = _by_laser(xyz, Mount(settled.rotation, settled.place).to_sensor(xyz))
    if seen is None:
        return None
    some = slice(None, None, 1 + len(seen.stored) // _FITTED)
    rows = fitted_rows(seen.points[some], seen.stored[some])
    again = _by_laser(xyz, multiply(xyz - rows[:, 3], np.linalg.inv(rows[:, :3]).T))
    return None if again is None else _in_parts(again)


def _by_laser(xyz: np.ndarray, inner: np.ndarray) -> _Seen | None:
    """Stored points (N, 3) float32, seen from the sensor (N, 3) float64; None where there are no lasers."""
    polar = find_polar(inner, np.ones(len(xyz), bool))
    if polar is None:
        return None
    units, phase, coherence = polar.azimuth / UNIT, *np.empty((2, len(polar.bounds) - 1))
    phases(units, polar.bounds, phase, coherence)
    if np.median(coherence) < _COHERENT:
        return None
    own = phase[polar.laser]
    stored = np.ascontiguousarray(xyz[polar.order])
    return _Seen(polar, stored, elevations_of(polar), np.rint(units - own) + own, phase, 0)


def _in_parts(seen: _Seen) -> _Seen:
    """The same turned so that phases are whole numbers of parts, or of no parts where they are of none."""
    for parts in _PARTS:
        common, length = common_part(seen.phases * parts, np.diff(seen.polar.bounds))
        if length > _ALIKE:
            printed = np.rint(seen.phases * parts - common) / parts
            angles = seen.angles + (printed - seen.phases)[seen.polar.laser]
            return seen._replace(angles=angles, phases=printed, parts=parts)
    return seen


def _laws(seen: _Seen, draw: np.random.Generator) -> _Tried:
    """Drivers that may have computed the points, by the first kind of roundings that tells azimuths."""
    aside = _aside(seen)
    ways = [_of_tables(seen, aside)]
    if seen.parts:
        ways += [_of_fine_tables(seen, aside), _in_double(seen, draw)]
    for laws in ways:
        told = False
        for each in laws:
            told = True
            yield each
        if told:
            return


def _of_tables(seen: _Seen, aside: Aside) -> _Tried:
    """Drivers whose angles are float32."""
    lasers = len(seen.elevations)
    ways = [Way(*_of_blocks(seen), (SUM, TURNED))]
    if seen.parts == 1:
        straight = HUNDREDTHS, SINGLE_HUNDREDTHS, SINGLE_DEGREES
        ways.insert(0, Way(seen.nearest, np.zeros(lasers, np.int64), straight))
    turned = find_turned(aside, ways)
    if turned.share < _TOLD:
        return
    offsets = [Printed(np.zeros(lasers, np.int64), 0, False)]
    if turned.angle == SUM:
        turned = in_one_block(turned, seen.polar.bounds, aside, _usual_step(seen))
    if not seen.parts:
        known = turned.sign * (seen.phases + turned.wholes)
        loose = find_loose_offsets(turned, known, seen.polar.bounds, aside) if turned.angle == SUM else None
        if loose is None:
            return
        offsets = printed_singles(loose)
    elif turned.angle in (SUM, TURNED):
        known = turned.sign * (seen.phases + turned.wholes)
        # where sines are turned, angles hardly tell what offsets have in common: mostly they are alike on both sides
        middle = -np.rint((known.min() + known.max()) / 2 * seen.parts) / seen.parts
        common = find_common(turned, known, seen.polar.laser, aside, seen.parts)
        offsets = [each for more in (common, middle) for each in printed_singles((known + more) * UNIT)]
    elevations = printed_singles(seen.elevations)
    distances = UNIT_IN_DOUBLE, UNIT_IN_SINGLE, DOUBLE_DISTANCE
    for distance, sine, rise, offset in itertools.product(distances, (MODERN, ROUNDED), elevations, offsets):
        law = DriverLaw(distance, turned.angle, sine, 1 + turned.sign)
        yield Driver(law, seen.polar.tick, rise, offset), turned.azimuth


def _of_fine_tables(seen: _Seen, aside: Aside) -> _Tried:
    """Drivers whose angles are double and whole 1/25600 degrees, and whose sines are float32."""
    fine = seen.elevations / FINE_UNIT
    if _FINE_PARTS % seen.parts or np.median(np.abs(fine - np.rint(fine))) > _ON_GRID:
        return
    index = np.rint(seen.angles * seen.parts).astype(np.int64)
    steps, share = find_fine(aside, index, seen.parts)
    if share < _TOLD_FINE:
        return
    wholes, more = divmod(steps * (_FINE_PARTS // seen.parts), _FINE_PARTS)
    offsets = Printed(np.rint(seen.phases * _FINE_PARTS).astype(np.int64) + more, 0, False)
    elevations = Printed(np.rint(fine).astype(np.int64), 0, False)
    for distance in (UNIT_IN_SINGLE, UNIT_IN_DOUBLE):
        law = DriverLaw(distance, FINE, ROUNDED, 2)
        yield Driver(law, seen.polar.tick, elevations, offsets), (seen.nearest + wholes) % TURN_UNITS


def _in_double(seen: _Seen, draw: np.random.Generator) -> _Tried:
    """Drivers that compute in double."""
    headings = UNIT / seen.parts, TURN_UNITS * seen.parts
    some = draw.permutation(len(seen.stored))[:_FITTED]
    heading = None
    if seen.parts < _FINE_PARTS:
        heading = find_heading(seen.points[some], seen.stored[some], headings, draw)
    if heading is None:
        return
    wholes = np.rint(heading / UNIT)
    offsets = Printed(np.rint((seen.phases + heading / UNIT - wholes) * 1e3).astype(np.int64), 5, False)
    law = DriverLaw(DOUBLE_DISTANCE, EXACT, ROUNDED, 2)
    driver = Driver(law, seen.polar.tick, printed_doubles(seen.elevations), offsets)
    yield driver, (seen.nearest + int(wholes)) % TURN_UNITS


def _of_blocks(seen: _Seen) -> tuple[np.ndarray, np.ndarray]:
    """Azimuths (K,) of blocks in 0.01 degrees, and whole ones (L,) that lasers add.

    All lasers of a block share one. Which of the fullest laser's points is of the same block, the one before or the
    one after in the file, shows in how often the difference is the same.
    """
    polar, index, sizes = seen.polar, seen.nearest, np.diff(seen.polar.bounds)
    fullest = slice(*polar.bounds[np.argmax(sizes) : np.argmax(sizes) + 2])
    places, known = polar.order[fullest], index[fullest]
    behind = np.searchsorted(places, polar.order, side="right")
    beside = np.clip(np.stack([behind - 1, behind]), 0, len(places) - 1)
    away = wrapped(index - known[beside])
    wholes = np.zeros(len(sizes), np.int64)
    for which, (first, last) in enumerate(itertools.pairwise(polar.bounds.tolist())):
        usual = [np.unique(each, return_counts=True) for each in away[:, first:last]]
        values, counts = max(usual, key=lambda each: int(each[1].max()))
        wholes[which] = values[np.argmax(counts)]
    return index - wholes[polar.laser], wholes


def _usual_step(seen: _Seen) -> int:
    """From block to block, 0.01 degrees."""
    index = seen.nearest[slice(*seen.polar.bounds[np.argmax(np.diff(seen.polar.bounds)) :][:2])]
    steps = np.abs(wrapped(np.diff(index)))
    return int(np.median(steps))


def _aside(seen: _Seen) -> Aside:
    """What the model leaves over, as angles about the axis."""
    left = left_over(seen.stored, seen.points)
    (sine, cosine), level = sines_of(seen.angles * UNIT), np.maximum(seen.polar.level, _AXIS)
    angle = (cosine * left.rests[:, 1] - sine * left.rests[:, 0]) / level
    weight = 1.0 / (((left.noises[:, 0] + left.noises[:, 1]) / level) ** 2 + _EXACT**2)
    # a transform takes up what goes once or twice round with the azimuth
    double = 2 * sine * cosine, cosine * cosine - sine * sine
    rows = np.stack([np.ones(len(angle)), sine, cosine, *double], axis=1)
    taken = solve_definite(multiply(rows.T * weight, rows), multiply(rows.T * weight, angle[:, None])[:, 0])
    return Aside(angle - multiply(rows, taken[:, None])[:, 0], weight)
