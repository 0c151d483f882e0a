"""Which arithmetic a sweep was computed in: the one that gives most of its points without any correction."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from lizip.exact.trig import DEGREE, sincos
from lizip.sensor.fit.calibration import Calibration
from lizip.sensor.fit.explain import explain
from lizip.sensor.stages.arithmetic import DEGREES, DIRECTIONS, PLAIN, PRODUCTS, RADIANS, TABLES, Arithmetic
from lizip.sensor.stages.maker import FINEST

_WHOLE, _ZERO = 0.02, 4e-6
"""Phases (columns) and lengths (m) this near to whole ones are meant to be."""

_PRINTED, _TENTH = DEGREE / 1000, 0.1
_DECIMAL, _ACROSS, _TURNED = 1e-4, 4e-6, 5e-8
"""Vertical offsets are multiples of the first (m), elevations of 0.001 degrees, where they are so near (m, rad)."""

_LEAST_EXACT, _HINT, _GAIN = 0.2, 1.05, 1.3
"""Share of points that must be exact; by how much an arithmetic must beat double to be looked at, and to be taken."""

_PASSES = 3
_TRIED = 1500
_MOST_TRIMMED = 4

Refine = Callable[[Calibration, np.ndarray], Calibration]


def exact_points(
    points: np.ndarray, ring: np.ndarray, calibration: Calibration, ahead: np.ndarray | None = None
) -> int:
    """Number of stored points (N, 3) float32 that a calibration gives without any correction; see `explain`."""
    explained = explain(points, ring, calibration, 1, ahead)
    return int(np.count_nonzero(explained.kept & ~explained.corrections.any(axis=1)))


def find_arithmetic(fitted: Calibration, points: np.ndarray, ring: np.ndarray, refine: Refine) -> Calibration:
    """Find what stored points (N, 3) float32 were computed in, given a calibration in double, right to some ULPs.

    `refine` gives the calibration fitted again when each point is moved by so much, (N, 3) float64. Returns `fitted`
    where nothing is better.
    """
    sample = slice(None, None, 1 + len(points) // _TRIED)
    few, of_ring = np.ascontiguousarray(points[sample]), np.ascontiguousarray(ring[sample])
    plain = exact_points(few, of_ring, fitted)
    best, most = fitted, max(_LEAST_EXACT * len(few), _HINT * plain)
    for tried in _forms(fitted):
        count = exact_points(few, of_ring, tried)
        if count > most:
            best, most = tried, count
    if best is fitted:
        return fitted
    for _ in range(_PASSES):
        if most == len(few):
            break
        explained = explain(points, ring, best, 1 << 10)
        inexact = explain(points, ring, replace(best.with_beams(trims=None), arithmetic=PLAIN), 1 << 10)
        same = explained.kept & inexact.kept
        moved = np.where(same[:, None], inexact.points() - explained.points(), 0.0)
        again = replace(refine(best, moved), arithmetic=best.arithmetic)
        decimal = snapped(again)
        ways: tuple[Calibration | None, ...] = (again, decimal, again.as_made(), _trimmed(decimal, few, of_ring))
        for way in ways:
            if way is None:
                continue
            count = exact_points(few, of_ring, way)
            if count > most:
                best, most = way, count
    return best if most > _GAIN * plain else fitted


def _forms(fitted: Calibration) -> Iterator[Calibration]:
    """Calibrations to try."""
    yield replace(fitted, arithmetic=Arithmetic(DIRECTIONS))
    if (made := fitted.as_made()) is not None:
        yield replace(made, arithmetic=Arithmetic(DIRECTIONS))
    decimal = snapped(fitted)
    whole = not np.any(decimal.beams.numbers[:, 0] * decimal.beams.quanta[0] % 1.0)
    for form in (PRODUCTS, TABLES):
        yield replace(decimal, arithmetic=Arithmetic(form))
        if whole and fitted.beams.columns % 4 == 0:
            for angles in (RADIANS, DEGREES):
                for quarters in range(4):
                    yield replace(decimal, arithmetic=Arithmetic(form, angles, quarters))


def snapped(calibration: Calibration) -> Calibration:
    """Make phases whole, lengths zero and angles decimal where they nearly are, as somebody wrote them down."""
    c = calibration
    values = c.beams.numbers * np.array(c.beams.quanta)
    whole = np.abs(values[:, 0] - np.rint(values[:, 0])) < _WHOLE
    values[whole, 0] = np.rint(values[whole, 0])
    values[np.abs(values[:, 1]) < _ZERO, 1] = 0.0
    for value in values:
        angle = np.rint(value[2] / _PRINTED) * _PRINTED
        if abs(angle - value[2]) < _TURNED:
            value[2] = angle
        sine, cosine = sincos(float(value[2]))
        along, across = value[3] * cosine + value[4] * sine, value[4] * cosine - value[3] * sine
        if abs(along) < _ZERO:
            printed = np.rint(across / _DECIMAL) * _DECIMAL
            across = printed if abs(printed - across) < _ACROSS else across
            value[3], value[4] = -across * sine, across * cosine
    quanta = list(c.beams.quanta)
    for k, quantum, near in ((0, _TENTH, 1e-5), (2, _PRINTED, 1e-12)):
        if np.abs(values[:, k] - np.rint(values[:, k] / quantum) * quantum).max() < near:
            quanta[k] = quantum
    quanta[3] = quanta[4] = FINEST
    numbers = np.rint(values / np.array(quanta)).astype(np.int64)
    return c.with_beams(quanta=tuple(quanta), numbers=numbers, maker=None)


def _trimmed(calibration: Calibration, points: np.ndarray, ring: np.ndarray) -> Calibration | None:
    """Move the float32 cosine and sine of each beam's elevation by the ULPs that fit best."""
    c = calibration
    if c.arithmetic.form not in (PRODUCTS, TABLES):
        return None
    trims = np.zeros((len(c.beams.numbers), 2), np.int64)
    for which, axes in ((1, [2]), (0, [0, 1])):
        best = np.full(len(c.beams.numbers), -1)
        found = trims[:, which].copy()
        # 0, 1, -1, 2, ... so that the smallest wins among equals
        for number in range(2 * _MOST_TRIMMED + 1):
            trim = (number + 1) // 2 if number & 1 else -(number // 2)
            trims[:, which] = trim
            explained = explain(points, ring, c.with_beams(trims=trims.copy()), 1 << 10)
            right = explained.kept & ~explained.corrections[:, axes].any(axis=1)
            count = np.bincount(ring[right], minlength=len(c.beams.numbers))
            found = np.where(count > best, trim, found)
            best = np.maximum(best, count)
        trims[:, which] = found
    return c.with_beams(trims=trims)
