"""The very numbers a driver was given for a laser: those under which points come out exactly.

In double whole ticks and whole 0.01 degrees can be shifted to and fro. In float32 they show, for roundings depend on
them; then each number is one of few float32 values.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lizip.exact.single import sincos_single
from lizip.exact.trig import TURN as CIRCLE
from lizip.jit import kernel
from lizip.sensor.fit.driver.offsets import UNIT
from lizip.sensor.fit.placed.laser import Fitted
from lizip.sensor.fit.placed.model import (
    ASIDE,
    ELEVATION,
    FURTHER,
    LASER,
    MORE_X,
    MORE_Y,
    TURN,
    UP,
    Scratch,
    fit_lattice,
    moves_together,
)
from lizip.sensor.stages.driver import TURN_UNITS, DriverLaw
from lizip.sensor.stages.driver_arithmetic import laser_distance, single_hundredths, turn_single
from lizip.sensor.stages.driver_places import PLACES, placed_point

_TRIES = 3
_SAMPLE, _FEW = 200, 80
_ALL, _FURTHER, _ASIDE = 0.985, 20, 4
_WORDS, _FOLLOWED, _POLISHED = 2, 6, 8
"""Neighbours tried on each side of a number, and how often all numbers are gone through."""


class Words(NamedTuple):
    """A laser as a driver has it.

    Attributes
    ----------
    words : (2 + PLACES,) float64
        Elevation and azimuth offset (rad), its place; values of float32.
    ticks, azimuth : (K,) int64
    """

    words: np.ndarray
    ticks: np.ndarray
    azimuth: np.ndarray


@kernel
def fill_table(law, azimuth, whole, table):
    """Fill table (K, 2) with a driver's sines and cosines of azimuths (K,) and a whole number of 0.01 degrees more."""
    for i in range(azimuth.size):
        index = np.float64(azimuth[i] + whole)
        index -= np.floor(index / 36000.0) * 36000.0
        table[i, 0], table[i, 1] = sincos_single(np.float64(single_hundredths(index)), law.sine)


@kernel
def count_exact(law, tick, words, points, table, ticks, step, least):
    """Coordinates of points (K, 3) float32, across, along and up, that come out exactly with words (2 + PLACES,).

    Azimuths have sines and cosines table (K, 2), ranges are less than `ticks` by a step. Fewer than `least` may be
    counted only in part.
    """
    rise, fall = sincos_single(words[0], law.sine)
    aside, ahead = sincos_single(words[1], law.sine)
    hits = np.int64(0)
    for i in range(points.shape[0]):
        sine, cosine = turn_single(table[i, 0], table[i, 1], aside, ahead)
        reach = np.float64(ticks[i] - step)
        across, along, up = placed_point(law, tick, rise, fall, sine, cosine, words[2:], reach)
        hits += np.int64(across == points[i, 0]) + np.int64(along == points[i, 1]) + np.int64(up == points[i, 2])
        if hits + 3 * (points.shape[0] - 1 - i) < least:
            break
    return hits


@kernel
def _best_ticks(law, tick, words, points, table, ticks, steps):
    """That of `steps` (S,) by whose ticks more is added to the range under which most coordinates are exact."""
    best, chosen = np.int64(-1), np.int64(0)
    further, more_x, more_y = words[4], words[5], words[6]
    for k in range(steps.size):
        words[4] = np.float64(np.float32(further + steps[k] * tick))
        words[5] = np.float64(np.float32(more_x + steps[k] * tick))
        words[6] = np.float64(np.float32(more_y + steps[k] * tick))
        found = count_exact(law, tick, words, points, table, ticks, steps[k], best + 1)
        if found > best:
            best, chosen = found, steps[k]
    return chosen


@kernel
def _try_turns(law, tick, words, points, azimuth, ticks, turns, table, hits):
    """Fill hits (W,): with `turns` (W,) 0.01 degrees more in azimuths and what the laser looks aside.

    `words` are those of true azimuths; a driver's table has them rounded, on which its own offset depends.
    """
    turn = words[1]
    for k in range(turns.size):
        off = 0.0
        for i in range(azimuth.size):
            index = np.float64(azimuth[i] + turns[k])
            index -= np.floor(index / 36000.0) * 36000.0
            off += np.float64(single_hundredths(index)) - index * UNIT
        words[1] = np.float64(np.float32(turn - turns[k] * UNIT - off / azimuth.size))
        fill_table(law, azimuth, turns[k], table)
        hits[k] = count_exact(law, tick, words, points, table, ticks, 0, 0)


@kernel
def _polish(law, tick, words, tried, points, table, ticks, moves, reach, passes):
    """Move words (2 + PLACES,) by that one of `moves` (M, 2 + PLACES), up to `reach` (M,) times either way, under which
    most coordinates come out exactly, and again; `tried` is memory of their size."""
    best = count_exact(law, tick, words, points, table, ticks, 0, 0)
    for _ in range(passes):
        before = best
        move, times = 0, 0
        for m in range(moves.shape[0]):
            for k in range(-reach[m], reach[m] + 1):
                for p in range(words.size):
                    tried[p] = np.float64(np.float32(words[p] + k * moves[m, p]))
                found = count_exact(law, tick, tried, points, table, ticks, 0, best + 1)
                if found > best:
                    best = found
                    move, times = m, k
        for p in range(words.size):
            words[p] = np.float64(np.float32(words[p] + times * moves[move, p]))
        if best == before or best == 3 * points.shape[0]:
            break
    return best


@kernel
def _search_further(law, tick, words, tried, best_words, points, table, ticks, follow, steps, reach, aside):
    """Move what is added to the range by up to `reach` steps; what is added near by follows (2 + PLACES,), and is moved
    by up to `aside` steps more: to where most coordinates come out exactly."""
    best = np.int64(-1)
    for k in range(-reach, reach + 1):
        for p in range(words.size):
            tried[p] = np.float64(np.float32(words[p] + k * follow[p]))
        found = np.int64(-1)
        for p in range(words.size - 2, words.size):
            start = tried[p]
            kept = start
            for j in range(-aside, aside + 1):
                tried[p] = np.float64(np.float32(start + j * steps[p]))
                now = count_exact(law, tick, tried, points, table, ticks, 0, max(found, best) + 1)
                if now > found:
                    found = now
                    kept = tried[p]
            tried[p] = kept
        if found > best:
            best = found
            for p in range(words.size):
                best_words[p] = tried[p]
    for p in range(words.size):
        words[p] = best_words[p]
    return best


@kernel
def _lattice(tick, distance, ticks, azimuth, table, reach, angle):
    for i in range(ticks.size):
        reach[i] = laser_distance(np.float64(ticks[i]), tick, distance)
        index = np.float64(azimuth[i])
        index -= np.floor(index / 36000.0) * 36000.0
        angle[i] = np.float64(single_hundredths(index)) if table else index * UNIT


def _table(law: DriverLaw, azimuth: np.ndarray) -> np.ndarray:
    table = np.empty((len(azimuth), 2))
    fill_table(law, azimuth, 0, table)
    return table


def words_of(numbers: np.ndarray) -> np.ndarray:
    """Words (2 + PLACES,) of the numbers (LASER,) of a fit."""
    words = np.empty(2 + PLACES)
    words[:2] = numbers[ELEVATION], -numbers[TURN]
    words[2:5] = numbers[UP : FURTHER + 1]
    words[5:] = numbers[FURTHER] + numbers[[MORE_X, MORE_Y]]
    return words.astype(np.float32).astype(np.float64)


def refit(
    scratch: Scratch, law: DriverLaw, fitted: Fitted, points: np.ndarray, aside: float | None, table: bool = True
) -> tuple[Fitted, float]:
    """Fit again, with the ranges and (`table`) azimuths that the driver itself computes; and what is left.

    `aside` is how far the laser sits to one side or the other, where that is known.
    """
    reach, angle = np.empty((2, len(points)))
    _lattice(fitted.tick, law.distance, fitted.ticks, fitted.azimuth, table, reach, angle)
    numbers = fitted.numbers.copy()
    held = _held(fitted, aside)
    if aside is not None:
        numbers[ASIDE] = np.sign(numbers[ASIDE]) * aside
    left = fit_lattice(scratch, numbers, points.astype(np.float64), reach, angle, held, 2)
    return fitted._replace(numbers=numbers), float(left)


def _held(fitted: Fitted, aside: float | None) -> np.ndarray:
    held = np.zeros(LASER, bool)
    held[ASIDE] = aside is not None
    held[[MORE_X, MORE_Y]] = not fitted.numbers[[MORE_X, MORE_Y]].any()
    return held


def turned(fitted: Fitted, whole: int) -> Fitted:
    """The same with so many 0.01 degrees more in the azimuths."""
    numbers = fitted.numbers.copy()
    numbers[TURN] += whole * UNIT
    numbers[TURN] -= np.rint(numbers[TURN] / CIRCLE) * CIRCLE
    return fitted._replace(numbers=numbers, azimuth=(fitted.azimuth + whole) % TURN_UNITS)


def try_turns(law: DriverLaw, fitted: Fitted, points: np.ndarray, turns: np.ndarray, sample: int) -> np.ndarray:
    """Share (W,) of coordinates of points (K, 3) that are exact with `turns` (W,) 0.01 degrees more in azimuths."""
    few = np.arange(0, len(points), 1 + len(points) // sample)
    hits = np.zeros(len(turns), np.int64)
    arguments = law, fitted.tick, words_of(fitted.numbers), points[few], fitted.azimuth[few], fitted.ticks[few]
    _try_turns(*arguments, turns, np.empty((len(few), 2)), hits)
    return hits / (3 * len(few))


def polish(
    scratch: Scratch, law: DriverLaw, fitted: Fitted, points: np.ndarray, aside: float | None, sample: int
) -> tuple[Words, float]:
    """The words under which most coordinates come out exactly, and their share."""
    fitted, left = refit(scratch, law, fitted, points, aside)
    words = words_of(fitted.numbers)
    steps = np.spacing(np.abs(words).astype(np.float32)).astype(np.float64)
    stay = _held(fitted, aside)
    together = moves_together(scratch, stay, left, steps)
    shifted = np.zeros((1, len(steps)))
    shifted[0, 4:] = steps[4]
    moves = np.concatenate([together, shifted, np.diag(steps)])
    reach = np.repeat([_FOLLOWED, _WORDS], [len(together), len(steps) + 1])
    further = np.flatnonzero(~stay).tolist().index(FURTHER)
    follow = together[further] * steps[4] / together[further, 4]
    few = np.arange(0, len(points), 1 + len(points) // sample)
    lattice = points[few], _table(law, fitted.azimuth[few]), fitted.ticks[few]
    hits = _polish(law, fitted.tick, words, words.copy(), *lattice, moves, reach, _POLISHED)
    if hits < _ALL * 3 * len(few):
        tried = words.copy(), words.copy()
        _search_further(law, fitted.tick, words, *tried, *lattice, follow, steps, _FURTHER, _ASIDE)
        hits = _polish(law, fitted.tick, words, words.copy(), *lattice, moves, reach, _POLISHED)
    return Words(words, fitted.ticks, fitted.azimuth), float(hits / (3 * len(few)))


def share_of(law: DriverLaw, tick: float, words: Words, points: np.ndarray) -> float:
    """Share of coordinates of points (K, 3) float32 that come out exactly."""
    return float(
        count_exact(law, tick, words.words, points, _table(law, words.azimuth), words.ticks, 0, 0) / points.size
    )


def find_words(
    scratch: Scratch, law: DriverLaw, fitted: Fitted, points: np.ndarray, aside: float | None, near: tuple[float, float]
) -> tuple[Words, float]:
    """The words of a laser under which most coordinates of points (K, 3) float32 come out exactly, and their share.

    `aside` is how far it sits to one side or the other, where that is known; what is added to ranges is looked for in
    `near`, m.
    """
    fitted = refit(scratch, law, fitted, points, aside)[0]
    few = np.arange(0, len(points), 1 + len(points) // _FEW)
    base, lattice = fitted.numbers[FURTHER], (points[few], _table(law, fitted.azimuth[few]), fitted.ticks[few])
    steps = np.arange(int((near[0] - base) / fitted.tick), int((near[1] - base) / fitted.tick) + 1)
    steps = steps[steps < fitted.ticks.min()]
    words = words_of(fitted.numbers)
    best, highest = fitted, -1.0
    for _ in range(_TRIES):
        step = int(_best_ticks(law, fitted.tick, words, *lattice, steps))
        numbers = fitted.numbers.copy()
        numbers[FURTHER] += step * fitted.tick
        shifted = fitted._replace(numbers=numbers, ticks=fitted.ticks - step)
        found, share = polish(scratch, law, shifted, points, aside, _FEW)
        if share > highest:
            best, highest = shifted, share
        if share > _ALL:
            break
        words = found.words.copy()
        words[4:] -= step * fitted.tick
        steps = steps[steps != step]
    return polish(scratch, law, best, points, aside, _SAMPLE)
