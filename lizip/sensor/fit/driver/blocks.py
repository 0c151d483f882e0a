"""Blocks of a file: which points were fired together, in what order of lasers, and at what azimuth."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lizip.sensor.fit.driver.further import Sequence, begun, find_further
from lizip.sensor.stages.driver import TURN_UNITS

_PASSES = 6
_SETTLING = 4
_OFTEN = 0.5
_BEGINNING = 0.25
_ODD, _MOST_ODD = 3, 0.3
"""0.01 degrees from which on a point is odd, and the share of odd ones that makes a block so."""
_LEAST_STILL = 3
_FAR = 8
"""Steps this much longer or shorter than usual are gaps."""
_SPLIT = 0.6
"""Of a step: an azimuth this much further on belongs to the next block."""


class Cut(NamedTuple):
    """Points in blocks; K points in the order of the file.

    Attributes
    ----------
    nth : (K,) int64
        Which return of its laser and firing each is.
    places : (L,) int64
        Place of each laser in a block.
    block : (K,) int64
    azimuth : (F,) int64
        Of the blocks, 0.01 degrees.
    wholes : (L,) int64
        What each laser adds to it.
    rest : (K,) int64
        What a point adds beyond that.
    still : (F,) bool
        Blocks whose lasers share one azimuth where others' do not.
    step : float
        Usual step from block to block, signed.
    """

    nth: np.ndarray
    places: np.ndarray
    block: np.ndarray
    azimuth: np.ndarray
    wholes: np.ndarray
    rest: np.ndarray
    still: np.ndarray
    step: float


def wrapped(azimuth: np.ndarray) -> np.ndarray:
    """Differences of azimuths, the short way round."""
    return (azimuth + TURN_UNITS // 2) % TURN_UNITS - TURN_UNITS // 2


def find_blocks(points: Sequence, lasers: int, common: bool, tick: float) -> Cut:
    """Cut points into blocks.

    Parameters
    ----------
    points : Sequence
    lasers : int
        L.
    common : bool
        Whether all points of a block have one azimuth.
    tick : float
        Metres a tick.
    """
    laser, azimuth = points.laser, points.azimuth
    nth, firsts = find_further(points, usual_places(laser, lasers), tick)
    first = nth == 0
    own, angle = laser[first], azimuth[first]
    places = begun(usual_places(own, lasers), laser, nth)
    new = np.concatenate([[True], np.diff(places[own]) <= 0])
    if common:
        new |= np.concatenate([[True], angle[1:] != angle[:-1]])
        block = np.cumsum(new) - 1
        blocks, wholes, rest = angle[new], np.zeros(lasers, np.int64), np.zeros(len(own), np.int64)
        still = np.zeros(len(blocks), bool)
    else:
        wholes = _wholes(own, angle, np.cumsum(new) - 1, lasers)
        even = wrapped(angle - wholes[own])
        step = _usual_step(even, np.cumsum(new) - 1)
        ahead = np.concatenate([[0], wrapped(np.diff(even))]) * np.sign(step)
        new |= ahead > max(_SPLIT * abs(step), 2)
        block = np.cumsum(new) - 1
        blocks, wholes, rest, still = _settled(own, angle, block, wholes, places)
    whole_rest = np.zeros(len(laser), np.int64)
    whole_rest[first] = rest
    block = block[np.cumsum(first)[firsts] - 1]
    steps = wrapped(np.diff(blocks))
    step = float(np.median(steps[steps != 0])) if (steps != 0).any() else 0.0
    return Cut(nth, places, block, blocks, wholes, whole_rest, still, step)


def usual_places(sequence: np.ndarray, lasers: int) -> np.ndarray:
    """Places of lasers in a block, from who mostly comes shortly before whom; the file begins with place 0.

    A block is a cycle cut somewhere, and missing returns leave any of it out: what comes within a quarter of a cycle
    after a laser is behind it.
    """
    reach = max(2, lasers // 4)
    follows = np.zeros((lasers, lasers), np.int64)
    for lag in range(1, min(reach, len(sequence) - 1) + 1):
        pairs = sequence[:-lag] * lasers + sequence[lag:]
        follows += np.bincount(pairs, minlength=lasers * lasers).reshape(lasers, lasers)
    ahead = follows - follows.T
    start = int(sequence[0])
    mean = _mean_places(sequence, lasers, start)
    # just before the first is the end of a block
    mean[(mean < _BEGINNING) & (ahead[:, start] > 0)] += 1.0
    order = np.argsort(mean, kind="stable").tolist()
    for _ in range(lasers):
        swapped = False
        for k in range(1, lasers - 1):
            one, other = order[k], order[k + 1]
            if ahead[other, one] > 0:
                order[k], order[k + 1], swapped = other, one, True
        if not swapped:
            break
    return np.argsort(np.array(order))


def _mean_places(sequence: np.ndarray, lasers: int, start: int) -> np.ndarray:
    """Mean share (L,) of the way from one point of the fullest laser to its next, counted from `start`."""
    reference = int(np.argmax(np.bincount(sequence, minlength=lasers)))
    at = np.flatnonzero(sequence == reference)
    length = np.diff(at)
    if not len(length):
        return (np.arange(lasers) - start) % lasers / lasers
    cycle = np.repeat(np.arange(len(length)), length)
    inside = length[cycle] <= 1.3 * np.median(length)
    position = (np.arange(at[0], at[-1]) - at[cycle]) / length[cycle]
    who = sequence[at[0] : at[-1]][inside]
    total = np.bincount(who, weights=position[inside], minlength=lasers)
    mean = total / np.maximum(np.bincount(who, minlength=lasers), 1)
    mean[reference] = 0.0
    return (mean - mean[start]) % 1.0


def medians(group: np.ndarray, values: np.ndarray, count: int) -> np.ndarray:
    """Lower median (G,) of the values of each group, 0 where it is empty."""
    sort = np.lexsort((values, group))
    sizes = np.bincount(group, minlength=count)
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    middle = np.minimum(starts + (np.maximum(sizes, 1) - 1) // 2, max(len(values) - 1, 0))
    return np.where(sizes > 0, values[sort[middle]], 0)


def _references(values: np.ndarray, block: np.ndarray) -> np.ndarray:
    """Median azimuth (F,) of each block, of values that may pass the end of a turn."""
    starts = np.flatnonzero(np.concatenate([[True], np.diff(block) > 0]))
    base = values[starts]
    return (base + medians(block, wrapped(values - base[block]), len(base))) % TURN_UNITS


def _wholes(laser: np.ndarray, azimuth: np.ndarray, block: np.ndarray, lasers: int) -> np.ndarray:
    """What each laser (L,) adds to the azimuth of its block: against the fullest one, then against all known so far.

    Lasers may fire in turn, so that some are never in a block with others.
    """
    wholes, known = np.zeros(lasers, np.int64), np.zeros(lasers, bool)
    known[np.argmax(np.bincount(laser, minlength=lasers))] = True
    for _ in range(_PASSES):
        told = known[laser]
        blocks, compact = np.unique(block[told], return_inverse=True)
        reference = _references(azimuth[told] - wholes[laser[told]], compact)
        at = np.minimum(np.searchsorted(blocks, block), len(blocks) - 1)
        near = blocks[at] == block
        found = medians(laser[near], wrapped(azimuth - reference[at])[near], lasers)
        seen = np.bincount(laser[near], minlength=lasers) > 0
        if (found == wholes).all() and (known | ~seen).all():
            break
        wholes, known = found, known | seen
    return wholes


def _usual_step(even: np.ndarray, block: np.ndarray) -> float:
    steps = wrapped(np.diff(_references(even, block)))
    steps = steps[steps != 0]
    return float(np.median(steps)) if len(steps) else 1.0


class Settled(NamedTuple):
    """Azimuths (F,) of blocks, what lasers (L,) and points (K,) add, and blocks (F,) whose lasers share one azimuth."""

    azimuth: np.ndarray
    wholes: np.ndarray
    rest: np.ndarray
    still: np.ndarray


def _settled(
    laser: np.ndarray, azimuth: np.ndarray, block: np.ndarray, wholes: np.ndarray, places: np.ndarray
) -> Settled:
    """Azimuths of blocks such that laser and step to the next block tell what a point adds.

    Lasers fire one after another while the sensor turns, so each is late by a share of the step; for some blocks (the
    last of a packet) drivers leave that out. What the first laser shows is the azimuth of the block itself.
    """
    sizes = np.bincount(laser, minlength=len(places))
    often = np.flatnonzero(sizes >= _OFTEN * sizes.max())
    anchor = often[np.argmin(places[often])]
    usual, shares = wholes - wholes[anchor], np.zeros(len(wholes))
    blocks = _references(azimuth - usual[laser], block)
    shown = np.zeros(len(blocks), bool)
    shown[block[laser == anchor]] = True
    blocks[block[laser == anchor]] = azimuth[laser == anchor]
    still = np.zeros(len(blocks), bool)
    for _ in range(_SETTLING):
        steps = wrapped(np.diff(blocks, append=blocks[-1:]))
        step = int(np.sort(steps)[len(steps) // 2])
        added = wrapped(azimuth - blocks[block])
        moving = ~still[block] & shown[block]
        # a laser that never fires with the first keeps what was known
        told = np.bincount(laser[moving], minlength=len(usual)) > 0
        usual = np.where(told, medians(laser[moving], added[moving], len(usual)), usual)
        excess = np.where(still, -step, np.clip(steps - step, -_FAR, _FAR))[block]
        off = added - usual[laser] - np.rint(shares[laser] * excess).astype(np.int64)
        blocks = np.where(shown, blocks, (blocks + medians(block, off, len(blocks))) % TURN_UNITS)
        odd = np.bincount(block, np.abs(added - usual[laser]) >= _ODD, len(blocks))
        still = odd > _MOST_ODD * np.bincount(block, minlength=len(blocks))
        shares = _shares(laser, added - usual[laser], excess, still[block], step, len(usual))
    return Settled(blocks, usual, wrapped(azimuth - usual[laser] - blocks[block]), still)


def _shares(
    laser: np.ndarray, added: np.ndarray, excess: np.ndarray, still: np.ndarray, step: int, lasers: int
) -> np.ndarray:
    """Share (L,) of the step to the next block by which each laser is late."""
    if np.count_nonzero(still) >= _LEAST_STILL * lasers and step:
        return -medians(laser[still], added[still], lasers) / step
    near = ~still & (excess != 0) & (np.abs(excess) < _FAR)
    product = np.bincount(laser[near], (added * excess)[near], lasers)
    return np.clip(product / np.maximum(np.bincount(laser[near], (excess**2)[near], lasers), 1), -2.0, 2.0)


def whole_blocks(laser: np.ndarray, azimuth: np.ndarray, block: np.ndarray, blocks: int, places: np.ndarray) -> Cut:
    """Azimuths of `blocks` blocks of which every cell is stored.

    Laser, azimuth and block (K,) int64 are those of the points that returned, in the order of the file, `places` (L,)
    the place of each laser in a block.
    """
    seen, compact = np.unique(block, return_inverse=True)
    wholes = _wholes(laser, azimuth, compact, len(places))
    found, wholes, rest, unmoved = _settled(laser, azimuth, compact, wholes, places)
    step = _usual_step(azimuth - wholes[laser], compact)
    # a block without any return lies on the way from the one before to the next
    nearest = np.clip(np.searchsorted(seen, np.arange(blocks), side="right") - 1, 0, len(seen) - 1)
    every = (found[nearest] + np.rint((np.arange(blocks) - seen[nearest]) * step).astype(np.int64)) % TURN_UNITS
    still = np.zeros(blocks, bool)
    still[seen] = unmoved
    return Cut(np.zeros(len(laser), np.int64), places, block, every, wholes, rest, still, step)
