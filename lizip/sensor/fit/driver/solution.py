"""A sweep that a driver computed, written down as grid and stages."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from lizip.cloud import Cloud
from lizip.exact.triples import every
from lizip.sensor.fit.decimals import rounding_of
from lizip.sensor.fit.driver.blocks import find_blocks, whole_blocks
from lizip.sensor.fit.driver.further import Sequence, further_returns
from lizip.sensor.fit.driver.law import Found
from lizip.sensor.fit.driver.offsets import UNIT
from lizip.sensor.fit.driver.polar import Polar
from lizip.sensor.fit.driver.silent import Fired, block_size, tell_silent, with_silent
from lizip.sensor.fit.further import add_further
from lizip.sensor.model import TITLES, About, Part, Solution, SweepModel
from lizip.sensor.returns import Returns
from lizip.sensor.stages.blocks import (
    ALL_CELLS,
    ALL_COMPUTED,
    DOUBLED,
    RETURNS,
    RINGS_CELLS,
    RINGS_COMPUTED,
    Blocks,
    encode_azimuths,
    spots,
)
from lizip.sensor.stages.corrections import Corrections, find_corrections
from lizip.sensor.stages.driver import TURN_UNITS, Driver
from lizip.sensor.stages.driver_arithmetic import EXACT, EXACT_MOVED, PLACED_ANGLES, SUM, TURNED
from lizip.sensor.stages.fine_angles import FineAngles
from lizip.sensor.stages.places import Places
from lizip.sensor.stages.rounding import Rounding
from lizip.sensor.stages.seconds import BY_FIRING, ReturnOrder, Seconds
from lizip.sensor.stages.within_blocks import Rest

_OFFSET = (SUM, TURNED, EXACT, *PLACED_ANGLES)
"""Laws under which lasers look beside the azimuth of their block."""
_MOST_EXCEPTIONS = 0.05
_MOST_UNITS = 1 << 10
_AGREE = 0.995
PASSES = 4
"""Points that do not fit are left aside so often."""
_PLAIN = Rounding()
"""To float32 alone."""


class Missing(NamedTuple):
    """Points (N,) bool that are no returns, and their bits (3,) uint32 where those are all alike."""

    which: np.ndarray
    nothing: np.ndarray
    alike: bool


def find_missing(xyz: np.ndarray) -> Missing:
    """Points that are zeros of any sign, or NaN."""
    which = ~every(np.isfinite(xyz)) | every(xyz == 0)
    bits = xyz[which].view(np.uint32)
    nothing = bits[0] if len(bits) else np.zeros(3, np.uint32)
    return Missing(which, nothing, bool((bits == nothing).all()))


def solution_of(cloud: Cloud, xyz: np.ndarray, polar: Polar, found: Found, missing: Missing) -> Solution | None:
    """Write down a sweep whose driver is known; None when too many points escape it."""
    sort = np.argsort(polar.order, kind="stable")
    points = Sequence(polar.order[sort], polar.laser[sort], found.azimuth[sort], polar.ticks[sort])
    known, driver = len(polar.bounds) - 1, found.driver
    rounding = rounding_of(polar.xyz if missing.alike else xyz, polar.decimal)
    lasers = known
    by_rings = bool(np.count_nonzero(np.diff(points.laser)) < 2 * lasers)
    form = (
        (RINGS_CELLS if missing.alike else RINGS_COMPUTED) if by_rings else ALL_CELLS if missing.alike else ALL_COMPUTED
    )
    whole = by_rings or bool(missing.which.any())
    if whole and not by_rings:
        lasers = block_size(points, len(xyz), lasers)
        driver = with_silent(driver, lasers)
    if whole and not by_rings and _is_doubled(points, len(xyz), lasers):
        places, form = whole_places(_single(points, lasers), len(xyz) // 2, lasers, DOUBLED), DOUBLED
    else:
        places = whole_places(points, len(xyz), lasers, form) if whole else None
    if places is not None:
        ways = [(driver, points)]
        if driver.law.angle == EXACT and not missing.alike:
            # in double any frame gives the same points, but not the same signs of zeros
            ways = [
                (_turned(driver, frame, angle), _seen_from(points, driver, frame))
                for frame, angle in itertools.product(range(4), (EXACT, EXACT_MOVED))
            ]
        fire = _fire_doubled if form == DOUBLED else _fire_all
        all_ways = [fire(seen, places, missing.nothing, len(xyz), each, form) for each, seen in ways]
        if lasers > known and not missing.alike:
            all_ways = [tell_silent(each, xyz, known) for each in all_ways]
        return write_down(
            cloud, xyz, max(all_ways, key=lambda each: _exact(cloud, xyz, each, rounding)), missing, rounding
        )
    if by_rings:
        return None  # what was fired together does not show
    for _ in range(PASSES):
        fired, astray = _fire(points, known, found.driver)
        if not len(astray):
            rounded = _run(cloud, fired, rounding).rounded
            stored = np.ascontiguousarray(xyz[fired.place])
            fits = find_corrections(rounded, stored, polar.decimal, _MOST_UNITS)[1]
            astray = fired.place[~fits]
        if not len(astray):
            break
        points = points.take(~np.isin(points.place, astray))
    else:
        return None
    listed = len(xyz) - len(points.place) - (np.count_nonzero(missing.which) if missing.alike else 0)
    return None if listed > _MOST_EXCEPTIONS * len(xyz) else write_down(cloud, xyz, fired, missing, rounding)


def _turned(driver: Driver, frame: int, angle: int) -> Driver:
    """The driver with its azimuths counted in another frame."""
    mirrored = (driver.law.frame < 2) != (frame < 2)
    numbers = -driver.offsets.numbers if mirrored else driver.offsets.numbers
    law = driver.law._replace(frame=frame, angle=angle)
    return replace(driver, law=law, offsets=driver.offsets._replace(numbers=numbers))


def _seen_from(points: Sequence, driver: Driver, frame: int) -> Sequence:
    """Points whose azimuths count in another frame."""
    quarter = TURN_UNITS // 4
    east = (-points.azimuth, quarter - points.azimuth, points.azimuth, points.azimuth + quarter)[driver.law.frame]
    azimuth = (-east, quarter - east, east, east - quarter)[frame]
    return points._replace(azimuth=azimuth % TURN_UNITS)


def whole_places(points: Sequence, count: int, lasers: int, form: int) -> np.ndarray | None:
    """Place (L,) of each laser in a block where all cells are stored; None where they are not."""
    if count % lasers:
        return None
    at = spots(points.place, count // lasers, lasers, form)[1]
    pairs = np.bincount(points.laser * lasers + at, minlength=lasers * lasers)
    pairs = pairs.reshape(lasers, lasers)
    places, seen = np.argmax(pairs, axis=1), pairs.any(axis=1)
    agree = pairs[np.arange(lasers), places].sum() >= _AGREE * len(points.place)
    if not agree or len(np.unique(places[seen])) < np.count_nonzero(seen):
        return None
    # those that returned nothing have the places that are left
    places[~seen] = np.setdiff1d(np.arange(lasers), places[seen])
    return places


def _is_doubled(points: Sequence, count: int, lasers: int) -> bool:
    """Whether all cells are stored, block after block of first and of second returns."""
    if count % (2 * lasers):
        return False
    pair, at = np.divmod(points.place, 2 * lasers)
    sort = np.lexsort((at, at % lasers, pair))
    pair, cell, azimuth = pair[sort], (at % lasers)[sort], points.azimuth[sort]
    both = (pair[1:] == pair[:-1]) & (cell[1:] == cell[:-1])
    alike = both & (azimuth[1:] == azimuth[:-1])
    return bool(np.count_nonzero(alike) > _AGREE * np.count_nonzero(both) > 0.0)


def _single(points: Sequence, lasers: int) -> Sequence:
    """First returns of a file that holds blocks of first and of second returns in turn, as if it held them alone."""
    pair, at = np.divmod(points.place, 2 * lasers)
    first = at < lasers
    return points._replace(place=pair * lasers + at).take(first)


def lags_of(offsets: np.ndarray, step: float) -> np.ndarray:
    """Rows (L,) by which lasers that look `offsets` (0.01 degrees) ahead of their block stand further down."""
    lags = np.rint(offsets / step).astype(np.int64) if step else np.zeros(len(offsets), np.int64)
    return lags - lags.min()


def _offsets(driver: Driver, wholes: np.ndarray) -> np.ndarray:
    turned = driver.offsets.radians() / UNIT if driver.law.angle in _OFFSET else np.zeros(1)
    return wholes + turned


def _fire(points: Sequence, lasers: int, driver: Driver) -> tuple[Fired, np.ndarray]:
    """Blocks of returns alone; and places of points that stand where no order of returns puts them."""
    cut = find_blocks(points, lasers, driver.law.angle in (SUM, *PLACED_ANGLES), driver.tick)
    first = cut.nth == 0
    lags = lags_of(_offsets(driver, cut.wholes), cut.step)
    ranges = np.zeros((len(cut.azimuth) + int(lags.max()), lasers), np.int32)
    row = cut.block + lags[points.laser]
    ranges[row[first], points.laser[first]] = points.ticks[first]
    rest = b""
    if cut.rest.any():
        added = Rest(cut.rest[first], points.laser[first], cut.block[first], cut.still.astype(np.int64))
        rest = added.encode(cut.azimuth, lasers)
    nothing = np.zeros(3, np.uint32)
    blocks = Blocks(
        cut.places, cut.wholes, lags, len(cut.azimuth), RETURNS, nothing, encode_azimuths(cut.azimuth), rest
    )
    if first.all():
        return Fired(ranges, [blocks, driver], points.place), np.zeros(0, np.int64)
    returns = Returns(ranges, None, (), len(points.place))
    blocks.apply(returns)
    stages, place, astray = further_returns(returns, row * lasers + points.laser, points, cut.nth)
    return Fired(ranges, [blocks, *stages, driver], place), astray


def _fire_all(
    points: Sequence, places: np.ndarray, nothing: np.ndarray, count: int, driver: Driver, form: int
) -> Fired:
    """Blocks of which every cell is stored."""
    lasers, blocks = len(places), count // len(places)
    block, at = spots(points.place, blocks, lasers, form)
    right = places[points.laser] == at
    sort = np.flatnonzero(right)[np.argsort(block[right], kind="stable")]
    points, block = points.take(sort), block[sort]
    cut = whole_blocks(points.laser, points.azimuth, block, blocks, places)
    lags = lags_of(_offsets(driver, cut.wholes), cut.step)
    ranges = np.zeros((blocks + int(lags.max()), lasers), np.int32)
    ranges[block + lags[points.laser], points.laser] = points.ticks
    every = np.zeros(count, np.int64)
    every[points.place] = cut.rest
    computed = form in (ALL_COMPUTED, RINGS_COMPUTED, DOUBLED)
    rest, listed = b"", np.arange(count) if computed else np.sort(points.place)
    if every.any():
        block, at = spots(listed, blocks, lasers, form)
        rest = Rest(every[listed], np.argsort(places)[at], block, cut.still.astype(np.int64)).encode(
            cut.azimuth, lasers
        )
    arguments = blocks, form, nothing, encode_azimuths(cut.azimuth), rest
    return Fired(ranges, [Blocks(places, cut.wholes, lags, *arguments), driver], listed)


def _fire_doubled(
    points: Sequence, places: np.ndarray, nothing: np.ndarray, count: int, driver: Driver, form: int
) -> Fired:
    """Blocks of which every cell is stored twice, block after block."""
    lasers = len(places)
    fired = _fire_all(_single(points, lasers), places, nothing, count // 2, driver, form)
    blocks = fired.stages[0]
    returns = Returns(fired.ranges, None, (), count)
    blocks.apply(returns)
    pair, at = np.divmod(points.place, 2 * lasers)
    second = np.zeros(count // 2, np.int64)
    behind = (at >= lasers) & (places[points.laser] == at - lasers)
    second[pair[behind] * lasers + at[behind] - lasers] = points.ticks[behind]
    stages = [blocks, Seconds.of(returns, second), ReturnOrder(BY_FIRING), driver]
    return Fired(fired.ranges, stages, np.arange(count))


def _run(cloud: Cloud, fired: Fired, rounding: Rounding) -> Returns:
    """What the decoder will have once the points are rounded."""
    returns = Returns(fired.ranges, None, cloud.schema, cloud.count)
    for stage in (*fired.stages, rounding):
        stage.apply(returns)
    return returns


def _exact(cloud: Cloud, xyz: np.ndarray, fired: Fired, rounding: Rounding) -> int:
    """Points that come out exactly."""
    rounded = _run(cloud, fired, rounding).rounded
    return int(np.count_nonzero((rounded.view(np.int32) == xyz[fired.place].view(np.int32)).all(axis=1)))


def write_down(
    cloud: Cloud, xyz: np.ndarray, fired: Fired, missing: Missing, rounding: Rounding = _PLAIN
) -> Solution | None:
    """Stages after the points, and the grid."""
    returns = _run(cloud, fired, rounding)
    whole, place = returns.place is not None, fired.place
    stored = np.ascontiguousarray(xyz[place])
    corrections, right = find_corrections(returns.rounded, stored, returns.decimal, _MOST_UNITS)
    corrections[~right] = 0
    listed = np.ones(len(xyz), bool)
    listed[place[right]] = False
    apart = missing.which & missing.alike
    if whole:
        listed &= (xyz.view(np.uint32) != returns.nothing).any(axis=1) | np.isin(np.arange(len(xyz)), place)
    else:
        listed &= ~apart
    exceptions = np.flatnonzero(listed)
    if len(exceptions) > _MOST_EXCEPTIONS * len(xyz):
        return None
    stages = [*fired.stages, rounding, Corrections.of(returns, corrections)]
    stages.append(Places.of(xyz, exceptions, None if whole else apart, missing.nothing))
    returns.place = place
    tick = next(stage.tick for stage in stages if isinstance(stage, Driver | FineAngles))
    grid = add_further(list(cloud.columns.values()), returns, tick, stages)
    notes = {
        "fitted to this scan": 1,
        "tick, um": round(tick * 1e6),
        "exceptions": len(exceptions),
        "corrected": int(np.count_nonzero(corrections.any(axis=1))),
    }
    about = About(TITLES.index("spinning sensor"), notes)
    return Solution(SweepModel([Part(stages, cloud.count)]), [grid], about)
