"""The very numbers a driver was given for a laser: those under which points come out exactly.

In double whole ticks and whole 0.01 degrees can be shifted to and fro. In float32 they show, for roundings depend on
them; then each number is one of few float32 values.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lizip.exact.trig import TURN as CIRCLE
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
from lizip.sensor.fit.placed.trials import (
    best_ticks,
    climb,
    count_exact,
    count_turns,
    fill_lattice,
    fill_table,
    search_further,
)
from lizip.sensor.stages.driver import TURN_UNITS, DriverLaw
from lizip.sensor.stages.driver_places import PLACES

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
    fill_lattice(fitted.tick, law.distance, fitted.ticks, fitted.azimuth, table, reach, angle)
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
    count_turns(*arguments, turns, np.empty((len(few), 2)), hits)
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
    hits = climb(law, fitted.tick, words, words.copy(), *lattice, moves, reach, _POLISHED)
    if hits < _ALL * 3 * len(few):
        tried = words.copy(), words.copy()
        search_further(law, fitted.tick, words, *tried, *lattice, follow, steps, _FURTHER, _ASIDE)
        hits = climb(law, fitted.tick, words, words.copy(), *lattice, moves, reach, _POLISHED)
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
        step = int(best_ticks(law, fitted.tick, words, *lattice, steps))
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
