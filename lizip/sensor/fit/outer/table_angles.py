"""Which azimuths a driver was given, from how its angles were rounded: a heading, a sense of rotation and a table.

Drivers turn whole hundredths of a degree into float32 radians, or into sine and cosine of float32. What that rounds
away is up to 2e-7 of a turn's radius and the same for all points of an azimuth, so what a model leaves over beside its
points follows the table, as many steps on as the stored frame is turned.
"""

from __future__ import annotations

from itertools import pairwise, product
from typing import NamedTuple

import numpy as np

from lizip.exact.trig import DEGREE, sincos, sines_of
from lizip.jit import kernel
from lizip.sensor.fit.driver.offsets import FARTHEST, UNIT
from lizip.sensor.stages.driver import TURN_UNITS
from lizip.sensor.stages.driver_arithmetic import (
    HUNDREDTHS,
    SINGLE_DEGREES,
    SUM,
    azimuth_sincos,
)

_TAKEN = 3
"""Waves a turn from which on a transform of points does not take up what their azimuths are off."""
_QUARTER = TURN_UNITS // 4
_LEAST_OF_LASER = 32
_MOST = 1.0
"""Weighted square of what is left of one angle: few lie on ties of a rounding."""
_DEGREE = np.float32(DEGREE)
_ROUNDS = ((64, 8192), (256, 1024), (1024, 64), (1 << 13, 1))
"""Azimuths by which offsets are looked at, and how many of the best are looked at again, by more azimuths."""


class Turned(NamedTuple):
    """Azimuths in the sense of a driver.

    Attributes
    ----------
    angle : int
        Its form, see `lizip.sensor.stages.driver_arithmetic`.
    sign : int
        1: anticlockwise, -1: clockwise.
    azimuth : (K,) int64
        0.01 degrees.
    wholes : (L,) int64
        What lasers add to that, anticlockwise.
    share : float
        Of what a model leaves over that the table takes away: 0 to 1.
    """

    angle: int
    sign: int
    azimuth: np.ndarray
    wholes: np.ndarray
    share: float


class Aside(NamedTuple):
    """How far stored points are beside a model's, and how much that counts, (K,): radians, anticlockwise."""

    angle: np.ndarray
    weight: np.ndarray


class Way(NamedTuple):
    """Azimuths (K,) in the model's frame and what lasers (L,) add to them, 0.01 degrees, and forms of angles to try."""

    azimuth: np.ndarray
    wholes: np.ndarray
    angles: tuple[int, ...]


def find_turned(aside: Aside, ways: list[Way]) -> Turned:
    """The table that explains most, and how it was used."""
    tried = []
    for way in ways:
        for sign, angle in product((1, -1), way.angles):
            at = sign * way.azimuth % TURN_UNITS
            share, steps = _correlate(at, sign * aside.angle, aside.weight, _table(angle))
            tried.append(Turned(angle, sign, (at + steps) % TURN_UNITS, way.wholes, share))
    return max(tried, key=lambda each: each.share)


def find_fine(aside: Aside, index: np.ndarray, parts: int) -> tuple[int, float]:
    """By how many steps azimuths (K,), in so many parts of 0.01 degrees, are further on in a table of float32 sines
    and cosines, but for quarters, and the share of what is left over that this explains."""
    count = _QUARTER * parts
    sine, cosine = sines_of(np.arange(count) * (UNIT / parts))
    rounded = sine.astype(np.float32) * cosine - cosine.astype(np.float32) * sine
    share, steps = _correlate(index % count, aside.angle, aside.weight, rounded)
    return steps, share


def _correlate(at: np.ndarray, angle: np.ndarray, weight: np.ndarray, table: np.ndarray) -> tuple[float, int]:
    """Share of the squares of angles (K,) at places `at` that a table explains, and how many places further on."""
    count = len(table)
    weights = np.bincount(at, weight, count)
    rest = np.bincount(at, weight * angle, count)
    rest -= weights * (rest.sum() / weights.sum())
    agreed = np.fft.irfft(np.conj(np.fft.rfft(rest)) * np.fft.rfft(table), count)
    squares = np.fft.irfft(np.conj(np.fft.rfft(weights)) * np.fft.rfft(table * table), count)
    score = np.maximum(agreed, 0.0) / np.sqrt(np.maximum(squares, squares.mean() * 1e-3))
    best = int(np.argmax(score))
    return float(score[best] ** 2 / (weight * angle * angle).sum()), best


def radians_of(angle: int) -> np.ndarray:
    """The float32 angles (36000,) that a driver has for whole hundredths of a degree."""
    whole = np.arange(TURN_UNITS)
    single = np.float32(0.01) * whole.astype(np.float32)
    if angle == HUNDREDTHS:
        return (0.01 * whole * DEGREE).astype(np.float32)
    if angle == SUM:
        return (whole / 100.0 * DEGREE).astype(np.float32)
    if angle == SINGLE_DEGREES:
        return single * np.float32(np.pi) / np.float32(180.0)
    return (single.astype(np.float64) * DEGREE).astype(np.float32)


def _table(angle: int) -> np.ndarray:
    """What each whole hundredth of a degree of a turn is off, rad, beyond what a transform takes up."""
    waves = np.fft.rfft(radians_of(angle) - np.arange(TURN_UNITS) * UNIT)
    waves[:_TAKEN] = 0.0
    return np.fft.irfft(waves, TURN_UNITS)


def in_one_block(turned: Turned, bounds: np.ndarray, aside: Aside, step: int) -> Turned:
    """The same with lasers (L,), whose points begin at `bounds` (L + 1,), each in that of two blocks `step` apart whose
    azimuths explain more: where steps are all the same, nothing else tells which one it is."""
    table, azimuth, wholes = _table(turned.angle), turned.azimuth.copy(), turned.wholes.copy()
    for which, (first, last) in enumerate(pairwise(bounds.tolist())):
        if last - first < _LEAST_OF_LASER:
            continue
        angle, weight = turned.sign * aside.angle[first:last], aside.weight[first:last]
        tried = [turned.azimuth[first:last] + more for more in (0, -step, step)]
        agreed = [_agreement(angle, table[at % TURN_UNITS], weight) for at in tried]
        best = int(np.argmax(agreed))
        azimuth[first:last] = tried[best] % TURN_UNITS
        wholes[which] -= turned.sign * (0, -step, step)[best]
    return turned._replace(azimuth=azimuth, wholes=wholes)


def _agreement(one: np.ndarray, other: np.ndarray, weight: np.ndarray) -> float:
    """Correlation of angles (K,)."""
    total = weight.sum()
    one, other = (each - (weight * each).sum() / total for each in (one, other))
    sizes = (weight * one * one).sum() * (weight * other * other).sum()
    return float((weight * one * other).sum() / np.sqrt(max(sizes, 1e-300)))


def find_common(turned: Turned, offsets: np.ndarray, laser: np.ndarray, aside: Aside, parts: int) -> float:
    """What all offsets (L,), in 0.01 degrees in the driver's sense, have in common beyond what is known of them.

    It shows in how sums of float32 angles were rounded, and counts in parts of 0.01 degrees.
    """
    low, high = np.ceil((-FARTHEST - offsets.min()) * parts), np.floor((FARTHEST - offsets.max()) * parts)
    tried = np.arange(low, high + 1) / parts
    order = np.random.default_rng(1).permutation(len(laser))
    for count, left in _ROUNDS:
        some, scores = order[:count], np.empty(len(tried))
        angle, weight = turned.sign * aside.angle[some], aside.weight[some]
        score_offsets(turned.angle, turned.azimuth[some], laser[some], angle, weight, offsets, tried, scores)
        tried = tried[np.argsort(scores, kind="stable")[:left]]
    return float(tried[0]) if len(tried) else 0.0


@kernel
def score_offsets(form, azimuth, laser, angle, weight, offsets, tried, scores):
    """Fill scores (T,): squares of what is left of angles (K,) where offsets (L,) are as much further on, 1 at most."""
    for j in range(tried.size):
        total = 0.0
        for i in range(azimuth.size):
            offset = (offsets[laser[i]] + tried[j]) * UNIT
            # degrees of few decimals, as they are read, matter: a few offsets lie on ties
            single = np.float64(np.float32(np.float32(offset / DEGREE) * _DEGREE))
            sine, cosine = azimuth_sincos(np.float64(azimuth[i]), single, form, 0)
            true_sine, true_cosine = sincos(azimuth[i] * UNIT + offset)
            left = sine * true_cosine - cosine * true_sine - angle[i]
            total += min(weight[i] * left * left, _MOST)
        scores[j] = total
