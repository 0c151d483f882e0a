"""The points of a sweep in the sensor's own frame, where they were rounded to float32 before they were moved.

Of all headings and heights that the numbers of beams leave open (`gauge`), one gives points whose rounding takes away
what the model leaves over in the stored points.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from lizip.exact.linear import multiply
from lizip.exact.trig import sincos
from lizip.exact.ulp import spacing
from lizip.jit import kernel
from lizip.sensor.fit.outer.arithmetic import fitted_rows
from lizip.sensor.fit.outer.gauge import Gauge, find_gauge
from lizip.sensor.stages.arithmetic import (
    DEGREES,
    DIRECTIONS,
    PRODUCTS,
    RADIANS,
    TABLES,
    Arithmetic,
)
from lizip.sensor.stages.beams import Beams

_ROUNDS = ((256, 4096), (1024, 64), (1 << 15, 1))
"""Points by which headings or heights are looked at, and how many of the best are looked at again, by more points."""
_CERTAIN = 4.0
"""Standard deviations that the right number is away from the best of as many by chance."""
_FITTED = 1 << 15
_COMPARED = 4096
_SPREAD = 0.25
"""Squares of what a rounding takes away count at least so much as noise: no point says more than a few others."""
_TELLING = 0.25
"""Share of the points that tell most of a height, from which those few are taken."""
_CLEARLY = 0.8
"""How much less an arithmetic in float32 has to leave over than one in double."""
_OUTSIDE = 4.0
"""Units in the last place that a coordinate is off at most where it counts."""
_FINE = (1e-12, 1e-13, 1e-13, 1e-13, 1e-13)
_QUARTERS = 4
_WHOLE = 1e-6


class Measured(NamedTuple):
    """What a sensor measured: M returns, and the points that are stored of them.

    Attributes
    ----------
    beams : Beams
        As fitted in any frame that has the sensor's axis.
    ring, ticks : (M,) int32
    column : (M,) int32 or float64
        Of the turn, in which the beam itself fired.
    stored : (M, 3) float32
    """

    beams: Beams
    ring: np.ndarray
    ticks: np.ndarray
    column: np.ndarray
    stored: np.ndarray

    def take(self, which: np.ndarray | slice) -> Measured:
        """Some returns."""
        arrays = (self.ring, self.ticks, self.column, self.stored)
        return Measured(self.beams, *(np.ascontiguousarray(array[which]) for array in arrays))

    def points(self, beams: Beams, more: np.ndarray, arithmetic: Arithmetic) -> np.ndarray:
        """Points (M, 3) float64 by other beams, whose ranges are so many ticks (B,) longer."""
        ticks = (self.ticks + more[self.ring]).astype(np.int32)
        return arithmetic.points(beams, self.ring, self.column, ticks)


def find_own_points(measured: Measured) -> np.ndarray | None:
    """Points (M, 3) float32 in the sensor's own frame, most of them right to the bit; None when nothing tells it."""
    b = measured.beams
    values = b.numbers * np.array(b.quanta)
    counts = np.bincount(measured.ring, minlength=b.count)
    gauge = find_gauge(values, b.step, b.columns, b.tick, counts)
    if gauge is None:
        return None
    draw = np.random.default_rng(1)
    some = measured.take(draw.permutation(len(measured.ring))[:_FITTED])
    heading = _find_heading(some, gauge, draw)
    if heading is None:
        return None
    gauge = gauge._replace(phases=gauge.phases + heading)
    beams = _find_height(some, gauge, draw)
    if beams is None:
        return None
    found, more = beams
    arithmetic = _find_arithmetic(some.take(slice(_COMPARED)), found, more)
    return measured.points(found, more, arithmetic).astype(np.float32)


def _beams_of(fitted: Beams, gauge: Gauge, which: int, height: float) -> Beams:
    values = np.column_stack([gauge.phases / fitted.step, gauge.lateral, gauge.elevation, gauge.lengths[which]])
    values[:, 4] += height
    numbers = np.rint(values / np.array(_FINE)).astype(np.int64)
    return replace(fitted, quanta=_FINE, numbers=numbers, maker=None, trims=None)


class _Best(NamedTuple):
    """A number, and by how many standard deviations it is better than the best by chance."""

    number: float
    certain: float


class _Left(NamedTuple):
    """Model points (M, 3) and what they leave over (M, 3), both in the sensor's frame; how exact that is (M, 3)."""

    points: np.ndarray
    rests: np.ndarray
    noises: np.ndarray


def left_over(stored: np.ndarray, points: np.ndarray) -> _Left:
    """What the best transform of points (M, 3) float64 leaves over."""
    rows = fitted_rows(points, stored)
    rests = stored - multiply(points, rows[:, :3].T) - rows[:, 3]
    units = spacing(stored)
    return _Left(points, multiply(rests, rows[:, :3]), np.sqrt(multiply(units * units, rows[:, :3] ** 2)))


def _find_heading(measured: Measured, gauge: Gauge, draw: np.random.Generator) -> float | None:
    """The heading to add to the gauge's."""
    points = measured.points(_beams_of(measured.beams, gauge, 0, 0.0), gauge.ticks[0], Arithmetic())
    return find_heading(points, measured.stored, gauge.headings, draw)


def find_heading(
    points: np.ndarray, stored: np.ndarray, headings: tuple[float, int], draw: np.random.Generator
) -> float | None:
    """The heading of model points (M, 3) float64 that were rounded before a transform took them to stored ones (M, 3).

    `headings` are a step (rad) and how many of them are possible; of those a quarter of a turn apart, which round
    alike, it is the one that the transform turns least. None when nothing tells it.
    """
    left = left_over(stored, points)
    step, count = headings
    tried = step * np.arange(count // _QUARTERS if count % _QUARTERS == 0 else count)
    weights = 1.0 / (left.noises[:, 0] ** 2 + left.noises[:, 1] ** 2)

    def score(which: np.ndarray, tried: np.ndarray) -> np.ndarray:
        out = np.empty(len(tried))
        _score_headings(left.points[which], left.rests[which], weights[which], tried, out)
        return out

    best, score_of_best = _best(score, draw.permutation(len(points)), tried)
    if score_of_best < _CERTAIN:
        return None
    rows = fitted_rows(points, stored)
    quarters = [best + k * (count // _QUARTERS) * step for k in range(_QUARTERS if count % _QUARTERS == 0 else 1)]
    return max(quarters, key=lambda heading: _along(rows, heading))


def _along(rows: np.ndarray, heading: float) -> float:
    """How nearly a transform (3, 4) leaves x and y in place, of points that were turned by a heading before."""
    sine, cosine = sincos(heading)
    return float((rows[0, 0] + rows[1, 1]) * cosine + (rows[1, 0] - rows[0, 1]) * sine)


def _best(score: Callable[[np.ndarray, np.ndarray], np.ndarray], order: np.ndarray, tried: np.ndarray) -> _Best:
    """The best of many numbers (K,), by few points first."""
    chance = float(np.sqrt(2 * np.log(len(tried))))
    for points, left in _ROUNDS:
        scores = score(order[:points], tried)
        best = np.argsort(-scores, kind="stable")[:left]
        tried = tried[best]
    return _Best(float(tried[0]), float(scores[best[0]]) - chance)


def _find_height(measured: Measured, gauge: Gauge, draw: np.random.Generator) -> tuple[Beams, np.ndarray] | None:
    """Beams at the right height, and ticks to add to their ranges."""
    best, most = None, _CERTAIN
    for which, more in enumerate(gauge.ticks):
        points = measured.points(_beams_of(measured.beams, gauge, which, 0.0), more, Arithmetic())
        left = left_over(measured.stored, points)
        taken = spacing(points[:, 2].astype(np.float32))
        weights = 1.0 / (left.noises[:, 2] ** 2 + _SPREAD * taken**2)
        telling = np.argsort(-(taken**2) * weights, kind="stable")[: max(_ROUNDS[-1][0], int(_TELLING * len(points)))]

        def score(of: np.ndarray, tried: np.ndarray, left: _Left = left, weights: np.ndarray = weights) -> np.ndarray:
            out = np.empty(len(tried))
            _score_heights(left.points[of, 2], left.rests[of, 2], weights[of], tried, out)
            return out

        height, certain = _best(score, draw.permutation(telling), gauge.heights)
        if certain > most:
            best, most = (_beams_of(measured.beams, gauge, which, height), more), certain
    return best


@kernel
def _score_headings(points, rests, weights, headings, out):
    """Fill out (K,): standard deviations by which what rounding takes from points (M, 3) turned by each heading agrees
    with what the model leaves over (M, 3)."""
    for j in range(headings.size):
        sine, cosine = sincos(headings[j])
        total = 0.0
        squares = 1e-30
        for i in range(points.shape[0]):
            x = cosine * points[i, 0] - sine * points[i, 1]
            y = sine * points[i, 0] + cosine * points[i, 1]
            taken_x = np.float64(np.float32(x)) - x
            taken_y = np.float64(np.float32(y)) - y
            left_x = cosine * rests[i, 0] - sine * rests[i, 1]
            left_y = sine * rests[i, 0] + cosine * rests[i, 1]
            agreed = weights[i] * (taken_x * left_x + taken_y * left_y)
            total += agreed
            squares += agreed * agreed
        out[j] = total / np.sqrt(squares)


@kernel
def _score_heights(z, rests, weights, heights, out):
    """The same for z (M,) shifted by each height."""
    for j in range(heights.size):
        total = 0.0
        squares = 1e-30
        for i in range(z.size):
            height = z[i] + heights[j]
            agreed = weights[i] * (np.float64(np.float32(height)) - height) * rests[i]
            total += agreed
            squares += agreed * agreed
        out[j] = total / np.sqrt(squares)


def size_left(points: np.ndarray, stored: np.ndarray) -> float:
    """What the best transform of points (M, 3) float32 leaves over of stored ones, in the mean: units in the last
    place."""
    wide = points.astype(np.float64)
    rows = fitted_rows(wide, stored)
    away = multiply(wide, rows[:, :3].T) + rows[:, 3] - stored
    return float(np.minimum(np.abs(away) / spacing(stored), _OUTSIDE).mean())


def _find_arithmetic(measured: Measured, beams: Beams, more: np.ndarray) -> Arithmetic:
    """The arithmetic whose points leave least over."""

    def left(arithmetic: Arithmetic) -> float:
        return size_left(measured.points(beams, more, arithmetic).astype(np.float32), measured.stored)

    best, least = Arithmetic(), _CLEARLY * left(Arithmetic())
    for arithmetic in _forms(beams):
        size = left(arithmetic)
        if size < least:
            best, least = arithmetic, size
    return best


def _forms(beams: Beams) -> Iterator[Arithmetic]:
    """Arithmetics in float32."""
    for form in (DIRECTIONS, PRODUCTS, TABLES):
        yield Arithmetic(form)
    phases = beams.numbers[:, 0] * beams.quanta[0]
    if beams.columns % _QUARTERS or np.abs(phases - np.rint(phases)).max() > _WHOLE:
        return
    for form in (PRODUCTS, TABLES):
        for angles in (RADIANS, DEGREES):
            for quarters in range(_QUARTERS):
                yield Arithmetic(form, angles, quarters)
