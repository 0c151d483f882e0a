"""A sweep of a sensor whose two angles are corrected as it turns (Hesai's AT128), written down as grid and stages."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from lizip.cloud import Cloud
from lizip.jit import kernel
from lizip.sensor.fit.driver.blocks import usual_places, wrapped
from lizip.sensor.fit.driver.fine import angles_of, find_fine_law, find_lasers
from lizip.sensor.fit.driver.further import Sequence, begun, find_further, further_returns
from lizip.sensor.fit.driver.silent import Fired, block_size
from lizip.sensor.fit.driver.solution import PASSES, Missing, lags_of, whole_places, write_down
from lizip.sensor.model import Solution, Stage
from lizip.sensor.returns import Returns
from lizip.sensor.stages.blocks import ALL_CELLS, ALL_COMPUTED, RETURNS, Blocks, encode_azimuths, spots
from lizip.sensor.stages.driver import TURN_UNITS
from lizip.sensor.stages.fine_angles import PART, FineAngles

_UNSEEN = 1 << 40
_LEAST_KNOWN = 0.95
_RESIDUES = 6
"""Passes in which parts of blocks and lasers are told."""


class Looks(NamedTuple):
    """Points (K,) in the order of the file: place there, laser, ticks, and both angles in 1/25600 degrees."""

    place: np.ndarray
    laser: np.ndarray
    ticks: np.ndarray
    azimuth: np.ndarray
    elevation: np.ndarray

    def take(self, which: np.ndarray) -> Looks:
        """Some of them."""
        return Looks(*(column[which] for column in self))


class _Turned(NamedTuple):
    """Azimuths in parts: beyond whole 0.01 degrees of each block (F,) and laser (L,), and the whole of each point."""

    parts: np.ndarray
    lasers: np.ndarray
    whole: np.ndarray
    right: np.ndarray


def solve_mirrors(cloud: Cloud, xyz: np.ndarray, missing: Missing) -> Solution | None:
    """Find law, lasers, blocks and corrections of points (N, 3) float32; None when they are of no such sensor."""
    valid = np.flatnonzero(~missing.which)
    found = find_fine_law(xyz[valid]) if len(valid) else None
    if found is None:
        return None
    law, tick = found
    angles = angles_of(law, tick, xyz[valid])
    lasers = find_lasers(angles)
    if lasers is None:
        return None
    known = lasers[0] >= 0
    if np.count_nonzero(known) < _LEAST_KNOWN * len(valid):
        return None
    looks = Looks(valid, lasers[0], angles.ticks, angles.azimuth, lasers[1]).take(known)
    stage = FineAngles(law, tick, np.zeros(0, np.int64), np.zeros(0, np.int64))
    if missing.which.any():
        fired = _fire_all(looks, stage, xyz, missing)
        return None if fired is None else write_down(cloud, xyz, fired, missing)
    for _ in range(PASSES):
        fired, astray = _fire(looks, stage)
        if not len(astray):
            return write_down(cloud, xyz, fired, missing)
        looks = looks.take(~np.isin(looks.place, astray))
    return None


def _modes(group: np.ndarray, values: np.ndarray, count: int) -> np.ndarray:
    """Most frequent value (G,), of 0 to `PART` - 1, in each group; -1 where it is empty."""
    pairs, counts = np.unique(group * PART + values, return_counts=True)
    owners, numbers = np.divmod(pairs, PART)
    sort = np.lexsort((counts, owners))
    modes = np.full(count, -1, np.int64)
    modes[owners[sort]] = numbers[sort]
    return modes


def _turned(looks: Looks, block: np.ndarray, blocks: int, lasers: int) -> _Turned:
    """Tell what blocks and what lasers have beyond whole 0.01 degrees: from the fullest laser, then from all known."""
    parts, own = np.full(blocks, -1, np.int64), np.full(lasers, -1, np.int64)
    own[np.argmax(np.bincount(looks.laser, minlength=lasers))] = 0
    for _ in range(_RESIDUES):
        told = own[looks.laser] >= 0
        parts = _modes(block[told], (looks.azimuth - own[looks.laser])[told] % PART, blocks)
        told = parts[block] >= 0
        before, own = own, _modes(looks.laser[told], (looks.azimuth - parts[block])[told] % PART, lasers)
        if (own == before).all():
            break
    whole, beyond = np.divmod(looks.azimuth - parts[block] - own[looks.laser], PART)
    right = (beyond == 0) & (parts[block] >= 0) & (own[looks.laser] >= 0)
    return _Turned(np.maximum(parts, 0), np.maximum(own, 0), whole % TURN_UNITS, right)


@kernel
def _settle(starts, laser, whole, last, azimuth, added):
    """Fill azimuths (F,) of blocks, -1 without points, such that most lasers add (K,) what they did last (L,)."""
    for b in range(azimuth.size):
        low, high = starts[b], starts[b + 1]
        azimuth[b] = whole[low] if high > low else -1
        votes = np.int64(0)
        for i in range(low, high):
            if last[laser[i]] == _UNSEEN:
                continue
            here = (whole[i] - last[laser[i]]) % TURN_UNITS
            count = np.int64(0)
            for j in range(i, high):
                if last[laser[j]] != _UNSEEN and (whole[j] - last[laser[j]]) % TURN_UNITS == here:
                    count += 1
            if count > votes:
                votes = count
                azimuth[b] = here
        for i in range(low, high):
            added[i] = (whole[i] - azimuth[b] + TURN_UNITS // 2) % TURN_UNITS - TURN_UNITS // 2
            last[laser[i]] = added[i]


class _Cut(NamedTuple):
    """Azimuths (F,) of blocks, their usual step, what each laser (L,) adds at first, each point (K,) beyond it."""

    azimuth: np.ndarray
    step: float
    wholes: np.ndarray
    rest: np.ndarray


def _cut(block: np.ndarray, laser: np.ndarray, whole: np.ndarray, blocks: int, lasers: int) -> _Cut:
    """Settle the azimuths of blocks whose points stand together."""
    starts = np.searchsorted(block, np.arange(blocks + 1))
    azimuth, added = np.empty(blocks, np.int64), np.empty(len(laser), np.int64)
    _settle(starts, laser, whole, np.full(lasers, _UNSEEN, np.int64), azimuth, added)
    seen = np.flatnonzero(azimuth >= 0)
    steps = wrapped(np.diff(azimuth[seen]))[np.diff(seen) == 1]
    steps = steps[steps != 0]
    step = float(np.median(steps)) if len(steps) else 0.0
    # a block without any return lies on the way from the one before to the next
    nearest = np.clip(np.searchsorted(seen, np.arange(blocks), side="right") - 1, 0, len(seen) - 1)
    gone = np.rint((np.arange(blocks) - seen[nearest]) * step).astype(np.int64)
    wholes = np.zeros(lasers, np.int64)
    wholes[laser[::-1]] = added[::-1]
    return _Cut((azimuth[seen[nearest]] + gone) % TURN_UNITS, step, wholes, added - wholes[laser])


class _Adjusted(NamedTuple):
    """Elevations (L,) of lasers at first, and corrections (2, K) of both angles, 0.01 degrees."""

    elevations: np.ndarray
    corrections: np.ndarray


def _adjusted(looks: Looks, block: np.ndarray, turned: _Turned, cut: _Cut) -> _Adjusted:
    elevations = np.zeros(len(cut.wholes), np.int64)
    elevations[looks.laser[::-1]] = looks.elevation[::-1]
    wide = wrapped(turned.whole - cut.azimuth[block] - cut.wholes[looks.laser])
    return _Adjusted(elevations, np.stack([wide, (looks.elevation - elevations[looks.laser]) // PART]))


def _places(laser: np.ndarray, lasers: int) -> np.ndarray:
    """Place (L,) of each laser in a block: by elevation, or as it mostly comes; what makes the fewest blocks."""
    rising = np.arange(lasers)
    ways = rising, rising[::-1], usual_places(laser, lasers)
    return min(ways, key=lambda places: np.count_nonzero(np.diff(places[laser]) < 0))


def _fire(looks: Looks, stage: FineAngles) -> tuple[Fired, np.ndarray]:
    """Blocks of returns alone; and places of points that fit in no block."""
    lasers = int(looks.laser.max()) + 1
    usual = _places(looks.laser, lasers)
    rough = np.cumsum(np.append(True, np.diff(usual[looks.laser]) < 0)) - 1
    turned = _turned(looks, rough, int(rough[-1]) + 1, lasers)
    nth, firsts = find_further(Sequence(looks.place, looks.laser, turned.whole, looks.ticks), usual, stage.tick)
    first = nth == 0
    own = looks.laser[first]
    places = begun(_places(own, lasers), looks.laser, nth)
    alone = np.cumsum(np.append(True, np.diff(places[own]) <= 0)) - 1
    block, blocks = alone[np.cumsum(first)[firsts] - 1], int(alone[-1]) + 1
    turned = _turned(looks, block, blocks, lasers)
    if not turned.right.all():
        return Fired(np.zeros((0, 0), np.int32), [], looks.place), looks.place[~turned.right]
    cut = _cut(alone, own, turned.whole[first], blocks, lasers)
    lags = lags_of(cut.wholes, cut.step)
    row = block + lags[looks.laser]
    ranges = np.zeros((blocks + int(lags.max()), lasers), np.int32)
    ranges[row[first], own] = looks.ticks[first]
    nothing = np.zeros(3, np.uint32)
    stages: list[Stage] = [Blocks(places, cut.wholes, lags, blocks, RETURNS, nothing, encode_azimuths(cut.azimuth))]
    place, astray = looks.place, np.zeros(0, np.int64)
    if not first.all():
        returns = Returns(ranges, None, (), len(looks.place))
        stages[0].apply(returns)
        points = Sequence(looks.place, looks.laser, turned.whole, looks.ticks)
        further, place, astray = further_returns(returns, row * lasers + looks.laser, points, nth)
        if len(astray):
            return Fired(ranges, stages, looks.place), astray
        stages += further
    adjusted = _adjusted(looks, block, turned, cut)
    corrections = adjusted.corrections[:, np.searchsorted(looks.place, place)]
    stage = replace(stage, azimuths=turned.lasers, elevations=adjusted.elevations)
    return _with_angles(Fired(ranges, stages, place), stage, len(place), turned.parts, corrections), astray


def _fire_all(looks: Looks, stage: FineAngles, xyz: np.ndarray, missing: Missing) -> Fired | None:
    """Blocks of which every cell is stored; None where they are not."""
    count, form = len(xyz), ALL_CELLS if missing.alike else ALL_COMPUTED
    points = Sequence(looks.place, looks.laser, looks.azimuth // PART, looks.ticks)
    lasers = block_size(points, count, int(looks.laser.max()) + 1)
    places = whole_places(points, count, lasers, form)
    if places is None:
        return None
    blocks = count // lasers
    block, at = spots(looks.place, blocks, lasers, form)
    right = places[looks.laser] == at
    for _ in range(PASSES):
        looks, block = looks.take(right), block[right]
        turned = _turned(looks, block, blocks, lasers)
        right = turned.right
        if right.all():
            break
    else:
        return None
    cut = _cut(block, looks.laser, turned.whole, blocks, lasers)
    lags = lags_of(cut.wholes, cut.step)
    ranges = np.zeros((blocks + int(lags.max()), lasers), np.int32)
    ranges[block + lags[looks.laser], looks.laser] = looks.ticks
    blocked = Blocks(places, cut.wholes, lags, blocks, form, missing.nothing, encode_azimuths(cut.azimuth))
    adjusted = _adjusted(looks, block, turned, cut)
    place, corrections, elevations = looks.place, adjusted.corrections, adjusted.elevations
    if form == ALL_COMPUTED:
        place, corrections = np.arange(count), _held(looks.place, corrections, blocks, lasers)
        silent = np.setdiff1d(np.arange(lasers), looks.laser)
        down = np.signbit(xyz.reshape(blocks, lasers, 3)[:, places[silent], 2]).mean(axis=0) > 0.5
        elevations[silent] = np.where(down, -PART, PART)
    stage = replace(stage, azimuths=turned.lasers, elevations=elevations)
    return _with_angles(Fired(ranges, [blocked], place), stage, count, turned.parts, corrections)


def _held(place: np.ndarray, corrections: np.ndarray, blocks: int, lasers: int) -> np.ndarray:
    """Corrections (2, N) of all cells: where nothing returned, what the laser had last."""
    every = np.zeros((2, blocks * lasers), np.int64)
    every[:, place] = corrections
    latest = np.zeros(blocks * lasers, np.int64)
    latest[place] = place // lasers
    latest = np.maximum.accumulate(latest.reshape(blocks, lasers), axis=0)
    return every[:, (latest * lasers + np.arange(lasers)).ravel()]


def _with_angles(fired: Fired, stage: FineAngles, count: int, parts: np.ndarray, corrections: np.ndarray) -> Fired:
    """With the stage that holds parts of blocks (F,) and corrections (2, M) of returns."""
    returns = Returns(fired.ranges, None, (), count)
    for before in fired.stages:
        before.apply(returns)
    return fired._replace(stages=[*fired.stages, stage.coded(returns, parts, corrections)])
