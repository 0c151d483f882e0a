"""The law of a driver and its numbers, from points sorted by laser."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from lizip.exact.trig import DEGREE, TURN
from lizip.sensor.fit.driver.heights import Heights, find_heights
from lizip.sensor.fit.driver.offsets import UNIT, Laser, find_common, find_offset, find_wholes
from lizip.sensor.fit.driver.phases import phases
from lizip.sensor.fit.driver.polar import Polar
from lizip.sensor.stages.driver import TURN_UNITS, Driver, DriverLaw, Printed
from lizip.sensor.stages.driver_arithmetic import (
    EXACT,
    FINE_ANGLES,
    HUNDREDTHS,
    SINGLE_DEGREES,
    SINGLE_HUNDREDTHS,
    SUM,
    TURNED,
)
from lizip.sensor.stages.rounding import round_points

_COHERENT = 0.9
_WHOLE = 0.01
_SAMPLE = 1500
_LEAST_EXACT = 0.9
_SURE = 0.995
_LIKELY, _PROBED = 3, 6
"""Numbers of whole hundredths that are tried of a laser; lasers without an offset before a law is given up."""

_VOTERS = 32
"""Lasers that are asked for a number which all share."""


class Found(NamedTuple):
    """A driver, what it was given, and how much of the points that explains.

    Attributes
    ----------
    driver : Driver
    azimuth : (K,) int64
        0.01 degrees, of each point of `Polar`.
    share : float
        Of the points that come out exactly.
    """

    driver: Driver
    azimuth: np.ndarray
    share: float


def _in_frame(azimuth: np.ndarray, frame: int) -> np.ndarray:
    """Angles in 0.01 degrees, 0 to 36000, counted as a frame does, of azimuths (rad) from x towards y."""
    angle = (-azimuth, TURN / 4 - azimuth, azimuth, azimuth - TURN / 4)[frame]
    angle = angle - np.floor(angle / TURN) * TURN
    return angle / UNIT


def as_printed(radians: np.ndarray, decimals: tuple[int, ...], double: bool) -> Printed:
    """Angles as the shortest decimals that give them all, or as float32 words."""
    for digits in decimals:
        if digits == decimals[-1] and double:
            return Printed(np.rint(radians / DEGREE * 10.0**digits).astype(np.int64), digits, False)
        numbers = np.rint(radians / DEGREE * 10.0**digits).astype(np.int64)
        for single in (False,) if double else (True, False):
            printed = Printed(numbers, digits, single)
            values = printed.radians() if double else printed.radians().astype(np.float32)
            if (values == radians).all():
                return printed
    return Printed(radians.astype(np.float32).view(np.uint32).astype(np.int64), -1, False)


def share_exact(driver: Driver, polar: Polar, azimuth: np.ndarray, which: np.ndarray | slice) -> float:
    """Share of the points `which` that come out exactly, -0.0 and 0.0 apart."""
    points = round_points(driver.points(polar.laser[which], azimuth[which], polar.ticks[which]), polar.decimal)[0]
    return float((points.view(np.int32) == np.ascontiguousarray(polar.xyz[which]).view(np.int32)).all(axis=1).mean())


def find_driver(polar: Polar) -> Found | None:
    """Find the law that makes nearly all points exactly; None when there is none."""
    best = None
    # laws whose lasers have offsets take a search each, those without are told at once
    for heights, searched in sorted(itertools.product(find_heights(polar), (False, True)), key=lambda way: way[1]):
        for found in _laws(polar, heights, searched):
            if best is None or found.share > best.share:
                best = found
            # in double any frame gives nearly all points; which one it was shows where a coordinate is 0
            if best.share > _SURE and heights.angle != EXACT:
                break
        if best is not None and best.share > _SURE:
            break
    if best is None or best.share < _LEAST_EXACT:
        return None
    share = share_exact(best.driver, polar, best.azimuth, slice(None))
    return best._replace(share=share) if share > _LEAST_EXACT else None


def _laws(polar: Polar, heights: Heights, searched: bool) -> Iterator[Found]:
    """Laws that go with these heights, of lasers whose offsets have to be searched or others, each with the share of a
    sample that it makes exactly."""
    few = np.arange(0, len(polar.ticks), 1 + len(polar.ticks) // _SAMPLE)
    if searched and heights.angle in (*FINE_ANGLES, EXACT):
        return
    for frame in range(4):
        units = _in_frame(polar.azimuth, frame)
        phase, coherence = np.empty((2, len(polar.bounds) - 1))
        phases(units, polar.bounds, phase, coherence)
        if np.median(coherence) < _COHERENT:
            return
        if heights.angle in FINE_ANGLES:
            offsets = np.rint(phase * 256).astype(np.int64)
            law = DriverLaw(heights.distance, heights.angle, heights.sine, frame)
            elevations = Printed(heights.elevations.astype(np.int64), 0, False)
            driver = Driver(law, polar.tick, elevations, Printed(offsets, 0, False))
            azimuth = np.rint(units - np.repeat(offsets / 256, np.diff(polar.bounds))).astype(np.int64) % TURN_UNITS
            yield Found(driver, azimuth, share_exact(driver, polar, azimuth, few))
            continue
        if heights.angle == EXACT:
            offsets = np.rint(phase * 10).astype(np.int64)
            law = DriverLaw(heights.distance, EXACT, heights.sine, frame)
            elevations = as_printed(heights.elevations, (2, 3, 4, 6, 7), True)
            driver = Driver(law, polar.tick, elevations, Printed(offsets, 3, False))
            azimuth = np.rint(units - np.repeat(offsets / 10.0, np.diff(polar.bounds))).astype(np.int64) % 36000
            yield Found(driver, azimuth, share_exact(driver, polar, azimuth, slice(None)))
            continue
        elevations = as_printed(heights.elevations, (2, 3, 4, 6, 8), False)
        none = Printed(np.zeros(len(phase), np.int64), 0, False)
        if not searched and np.median(np.abs(phase)) < _WHOLE:
            azimuth = np.rint(units).astype(np.int64) % 36000
            for angle in (HUNDREDTHS, SINGLE_HUNDREDTHS, SINGLE_DEGREES):
                driver = Driver(DriverLaw(heights.distance, angle, heights.sine, frame), polar.tick, elevations, none)
                yield Found(driver, azimuth, share_exact(driver, polar, azimuth, few))
        for angle in ((SUM, TURNED) if frame == 0 else (SUM,)) if searched else ():
            law = DriverLaw(heights.distance, angle, heights.sine, frame)
            if (found := _find_offsets(polar, law, units, phase, elevations)) is not None:
                yield found._replace(share=share_exact(found.driver, polar, found.azimuth, few))


def _find_offsets(
    polar: Polar, law: DriverLaw, units: np.ndarray, phase: np.ndarray, elevations: Printed
) -> Found | None:
    """Offsets of all lasers under the law `SUM` or `TURNED`; None when the first few have none."""
    bare = Driver(law, polar.tick, elevations, Printed(np.zeros(len(phase), np.int64), 0, False))
    # where sine is 0 and cosine 1, a point shows its distance from the axis
    flat = replace(bare, law=law._replace(frame=0, angle=SUM))
    levels = flat.points(polar.laser, np.zeros(len(polar.ticks), np.int64), polar.ticks)[:, 0]
    spans = [slice(first, last) for first, last in itertools.pairwise(polar.bounds.tolist())]
    lasers = [
        Laser(
            levels[span], np.ascontiguousarray(polar.xyz[span, :2]), units[span], float(phase[k]), float(polar.decimal)
        )
        for k, span in enumerate(spans)
    ]
    offsets, azimuth = phase * UNIT, np.full(len(units), -1, np.int64)
    neighbours = _neighbours(polar)

    def settle(which: int, searching: bool) -> bool:
        own, found = lasers[which], (0.0, 0.0)
        # the first of a block follows the last of the one before
        for known in azimuth[neighbours[:, spans[which]]]:
            if found[1] <= _SURE and (known >= 0).any():
                likely = _usual(own.wholes(known[known >= 0], known >= 0))
                found = max(found, find_offset(law, own, likely), key=lambda pair: pair[1])
        if searching and found[1] < _LEAST_EXACT and (wholes := find_wholes(law, own)).size:
            found = find_offset(law, own, wholes)
        if found[1] > (_SURE if searching else _LEAST_EXACT):
            offsets[which] = found[0]
            azimuth[spans[which]] = np.rint(own.units - found[0] / UNIT).astype(np.int64) % 36000
        return bool(azimuth[spans[which]][0] >= 0)

    order = np.argsort(-np.diff(polar.bounds), kind="stable").tolist()

    def spread(left: list[int], searching: bool) -> list[int]:
        # who has most neighbours that are known comes first
        later: list[int] = []
        while left and (len(later) < _PROBED or (azimuth >= 0).any()):
            which = max(left, key=lambda k: np.count_nonzero(azimuth[neighbours[:, spans[k]]] >= 0))
            left.remove(which)
            if not settle(which, searching):
                later.append(which)
        return later + left

    later = spread(order.copy(), searching=True)
    if (azimuth < 0).all():
        return None
    spread(later, searching=False)
    if polar.decimal:
        common = find_common(law, [lasers[k] for k in order[:_VOTERS]], offsets[order[:_VOTERS]])
        offsets += common * UNIT
        azimuth = np.where(azimuth < 0, azimuth, (azimuth - common) % 36000)
        kept = [which for which in order[:_VOTERS] if _share_of(law, lasers[which], offsets[which]) > _SURE]
        known = np.isin(polar.laser, kept)
        azimuth[~known] = -1
        spread([which for which in order if which not in kept], searching=False)
    offsets = offsets.astype(np.float32).astype(np.float64)
    driver = replace(bare, offsets=as_printed(offsets, (2, 3, 4, 6, 8), False))
    azimuth = np.rint(units - np.repeat(offsets / UNIT, np.diff(polar.bounds))).astype(np.int64) % 36000
    return Found(driver, azimuth, 0.0)


def _share_of(law: DriverLaw, laser: Laser, offset: float) -> float:
    return find_offset(law, laser, np.rint([offset / UNIT - laser.phase]).astype(np.int64))[1]


def _neighbours(polar: Polar) -> np.ndarray:
    """For each point the one before it and the one after it in the file, (2, K) int64: mostly of the same block."""
    sequence = np.argsort(polar.order, kind="stable")
    beside = np.empty((2, len(sequence)), np.int64)
    beside[0, sequence] = np.concatenate([sequence[:1], sequence[:-1]])
    beside[1, sequence] = np.concatenate([sequence[1:], sequence[-1:]])
    return beside


def _usual(wholes: np.ndarray) -> np.ndarray:
    """The most frequent numbers."""
    values, counts = np.unique(wholes, return_counts=True)
    return values[np.argsort(-counts, kind="stable")[:_LIKELY]]
