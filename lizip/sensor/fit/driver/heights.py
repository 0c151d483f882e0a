"""Elevations of lasers and the form of the distance: heights alone decide both, without any azimuth."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from lizip.exact.single import MODERN, ROUNDED, sincos_single
from lizip.exact.trig import DEGREE, TURN, arctangent2, sincos
from lizip.jit import kernel
from lizip.sensor.fit.driver.polar import Polar
from lizip.sensor.stages.driver_arithmetic import (
    DOUBLE_DISTANCE,
    EXACT,
    FINE,
    FINE_ANGLES,
    FINE_SINGLE,
    FINE_TURN,
    SUM,
    UNIT_IN_DOUBLE,
    UNIT_IN_SINGLE,
    laser_distance,
)
from lizip.sensor.stages.rounding import rounded_coordinate

_SAMPLE = 96
"""Points of a laser looked at."""

FINE_UNIT = TURN / FINE_TURN
"""1/25600 degree in radians."""

_NEIGHBOURS = 4
"""Float32 angles on each side of the measured one that are tried."""

_DECIMALS = (2, 3, 4, 6, 7)
_NEAR, _NEAR_SHARE = 4e-9, 6e-8
"""How far (rad, and of the angle) a printed angle may lie from the measured one."""

_LEAST_EXACT, _SURE = 0.9, 0.995
_WHOLE, _LEAST_WHOLE = 0.05, 0.9
"""How near whole 1/25600 degrees so many of the elevations must be."""


class Heights(NamedTuple):
    """What heights say.

    Attributes
    ----------
    distance : int
        Form of the distance, see `lizip.sensor.stages.driver`.
    sine : int
        See `lizip.exact.single`.
    angle : int
        `SUM` for float32 angles of any kind, `EXACT`, `FINE` or `FINE_SINGLE`.
    elevations : (L,) float64
        Radians, of float32 values if `SUM`; 1/25600 degrees if `FINE`.
    share : float
        Of the sampled heights that come out exactly.
    """

    distance: int
    sine: int
    angle: int
    elevations: np.ndarray
    share: float


@kernel
def _slopes(z, level, ticks, bounds, elevations):
    """Fill elevations (L,) with the least-squares elevation of each laser."""
    for laser in range(bounds.size - 1):
        up = 0.0
        along = 0.0
        for i in range(bounds[laser], bounds[laser + 1]):
            up += np.float64(z[i]) * ticks[i]
            along += level[i] * ticks[i]
        elevations[laser] = arctangent2(up, along)


@kernel
def _count_heights(z, level, ticks, bounds, tick, decimal, form, sine, double, angles, hits, away):
    """Fill hits and away (L, A): exact heights, and how far levels are off, for angles (L, A) of each laser."""
    for laser in range(bounds.size - 1):
        first = bounds[laser]
        last = bounds[laser + 1]
        stride = 1 + (last - first) // _SAMPLE
        for k in range(angles.shape[1]):
            if double:
                up, along = sincos(angles[laser, k])
            else:
                up, along = sincos_single(angles[laser, k], sine)
            hit = np.int64(0)
            off = 0.0
            for i in range(first, last, stride):
                distance = laser_distance(np.float64(ticks[i]), tick, form)
                if rounded_coordinate(np.float64(np.float32(distance * up)), decimal) == z[i]:
                    hit += 1
                off += distance * along - level[i]
            hits[laser, k] = hit
            away[laser, k] = abs(off)


def printed_angles(radians: float, within: float = _NEAR) -> Iterator[tuple[int, int]]:
    """Whole numbers and decimals of degrees that an angle, known to `within`, may be a print of; shortest first."""
    for decimals in _DECIMALS:
        scale = 10.0**decimals
        number = int(np.rint(radians / DEGREE * scale))
        if abs(number / scale * DEGREE - radians) < within + _NEAR_SHARE * abs(radians):
            yield number, decimals


def _single_candidates(radians: float) -> list[float]:
    """Float32 angles near a measured one, those that decimals give first."""
    found = []
    for number, decimals in printed_angles(radians):
        degrees = number / 10.0**decimals
        found += [np.float32(degrees) * np.float32(DEGREE), np.float32(degrees * DEGREE)]
    low = high = np.float32(radians)
    found.append(low)
    for _ in range(_NEIGHBOURS):
        low, high = np.nextafter(low, np.float32(-9)), np.nextafter(high, np.float32(9))
        found += [low, high]
    return list(dict.fromkeys(map(float, found)))


def _double_candidates(radians: float) -> list[float]:
    """Double angles of decimals near a measured one."""
    found = []
    for number, decimals in printed_angles(radians):
        # PCL's table of the HDL-32E has -9.3299999 and the like
        found += [
            number / 10.0**decimals * DEGREE,
            *(number / 10.0**decimals * DEGREE + e * DEGREE for e in (1e-7, -1e-7)),
        ]
    return list(dict.fromkeys(found)) or [radians]


def _fine_candidates(radians: float) -> list[float]:
    """The angle of the table's nearest entry."""
    return [float(np.rint(radians / FINE_UNIT)) * TURN / FINE_TURN]


def _fine_single_candidates(radians: float) -> list[float]:
    """The same where the table was filled by float32 angles."""
    index = np.float32(2 * (np.rint(radians / FINE_UNIT) % FINE_TURN))
    return [float(index * np.float32(np.pi) / np.float32(FINE_TURN))]


_CANDIDATES = {
    SUM: _single_candidates,
    EXACT: _double_candidates,
    FINE: _fine_candidates,
    FINE_SINGLE: _fine_single_candidates,
}


def _padded(rows: list[list[float]]) -> np.ndarray:
    longest = max(map(len, rows))
    return np.array([row + row[:1] * (longest - len(row)) for row in rows])


def elevations_of(polar: Polar) -> np.ndarray:
    """Elevations (L,) of lasers as measured, rad."""
    measured = np.empty(len(polar.bounds) - 1)
    _slopes(np.ascontiguousarray(polar.xyz[:, 2]), polar.level, polar.ticks, polar.bounds, measured)
    return measured


def find_heights(polar: Polar) -> list[Heights]:
    """The ways of computing heights that explain them, the best first; empty when none does."""
    lasers = len(polar.bounds) - 1
    z, measured = np.ascontiguousarray(polar.xyz[:, 2]), elevations_of(polar)
    total = int(np.minimum(np.diff(polar.bounds), _SAMPLE).sum())
    ways = [
        (form, sine, SUM) for form in (UNIT_IN_DOUBLE, UNIT_IN_SINGLE, DOUBLE_DISTANCE) for sine in (MODERN, ROUNDED)
    ]
    ways.append((DOUBLE_DISTANCE, ROUNDED, EXACT))
    whole = measured / FINE_UNIT
    if np.mean(np.abs(whole - np.rint(whole)) < _WHOLE) > _LEAST_WHOLE:
        ways = [(UNIT_IN_SINGLE, ROUNDED, FINE), (UNIT_IN_DOUBLE, MODERN, FINE_SINGLE), *ways]
    found: list[Heights] = []
    for form, sine, angle in ways:
        if found and found[-1].share > _SURE and found[-1].angle in FINE_ANGLES:
            break
        angles = _padded([_CANDIDATES[angle](each) for each in measured])
        hits, away = np.zeros(angles.shape, np.int64), np.zeros(angles.shape)
        arguments = polar.bounds, polar.tick, float(polar.decimal), form, sine, angle == EXACT
        _count_heights(z, polar.level, polar.ticks, *arguments, angles, hits, away)
        best = [min(range(angles.shape[1]), key=lambda k: (-hits[laser, k], away[laser, k])) for laser in range(lasers)]
        at = np.arange(lasers), np.array(best)
        sampled = sum(len(range(0, n, 1 + n // _SAMPLE)) for n in np.diff(polar.bounds).tolist())
        share = hits[at].sum() / max(min(total, sampled), 1)
        if share > _LEAST_EXACT:
            elevations = np.rint(whole) if angle in FINE_ANGLES else angles[at]
            found.append(Heights(form, sine, angle, elevations, float(share)))
    return sorted(found, key=lambda heights: -heights.share)
