"""Advances of lasers inside a firing, out of one scan: one laser has none, and its columns are those of the firings."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lizip.exact.trig import TURN, arctangent2
from lizip.jit import kernel
from lizip.sensor.fit.beam_points import BeamPoints, fit_beams
from lizip.sensor.fit.beams import COLUMN
from lizip.sensor.fit.turning import turned_back
from lizip.sensor.stages.timing import QUANTUM

_HUNDREDTHS = 36000
"""Encoders count hundredths of a degree."""

_ANCHORED = 0.75
_PASSES = 3
_NEAR = 8.0
_LONGEST = 1.5
"""Steps so many times as long as usual are those over packets that never came: lasers did not wait for them."""
_LEAST_POINTS = 40
_LEAST_SPREAD = 0.05


class Advances(NamedTuple):
    """What was found.

    Attributes
    ----------
    columns : int
        Of a turn.
    shares : (B,) float64
        Advance of each beam, in steps between firings; whole multiples of `QUANTUM`.
    steps : (T,) int64
        Step of each firing, columns.
    usual : int
        The step at which phases count.
    """

    columns: int
    shares: np.ndarray
    steps: np.ndarray
    usual: int

    def ahead(self, ring: np.ndarray, firing: np.ndarray) -> np.ndarray:
        """How far returns (N,) are ahead of the usual, columns."""
        return self.shares[ring] * (self.steps[firing] - self.usual)


def find_advances(
    points: np.ndarray, units: np.ndarray, bounds: np.ndarray, firing: np.ndarray, tick: float
) -> Advances | None:
    """Find advances; None when no beam's azimuths are whole hundredths of a degree.

    Points (N, 3) are in the sensor's frame, ring after ring, from bounds (R + 1,) on, rounded to units (N, 3); firing
    (N,) says which firing each is of, in the order of time.
    """
    step = TURN / _HUNDREDTHS
    beams, shares = fit_beams(BeamPoints(points, units, bounds, step, tick), 0)
    anchor = int(np.argmax(shares))
    if shares[anchor] < _ANCHORED:
        return None
    place = np.empty(len(points))
    _places(points, step, place)
    ring = np.repeat(np.arange(len(bounds) - 1), np.diff(bounds))
    count = int(firing.max()) + 1
    columns = np.full(count, -1, np.int64)
    inside = slice(bounds[anchor], bounds[anchor + 1])
    columns[firing[inside]] = np.rint(place[inside] - beams[anchor, COLUMN]).astype(np.int64) % _HUNDREDTHS
    steps = _steps_between(columns)
    known = np.flatnonzero(steps < _HUNDREDTHS)
    if len(known) < _LEAST_POINTS:
        return None
    usual = int(np.sort(steps[known])[len(known) // 2])
    phase, ahead = np.zeros(len(beams)), np.zeros(len(beams))
    for _ in range(_PASSES):
        _fit_rings(place, bounds, firing, columns, steps, usual, phase, ahead)
        for r in np.argsort(np.abs(ahead), kind="stable").tolist():
            of = slice(bounds[r], bounds[r + 1])
            found = np.rint(place[of] - phase[r]).astype(np.int64) % _HUNDREDTHS
            unknown = columns[firing[of]] < 0
            columns[firing[of][unknown]] = found[unknown]
        rest = _wrapped(place - columns[firing] - phase[ring])
        good = np.abs(rest) < _NEAR
        weight = np.where(good, ahead[ring] * ahead[ring], 0.0)
        pull = np.where(good, ahead[ring] * rest, 0.0)
        total = np.bincount(firing, weight, count)
        moved = np.rint(np.bincount(firing, pull, count) / np.maximum(total, 1e-9)).astype(np.int64)
        between = _steps_between(columns)
        between = np.where(between < _HUNDREDTHS, between, usual)
        steps = np.where(total > _LEAST_SPREAD, usual + moved, between)
    ahead = np.rint(ahead / QUANTUM) * QUANTUM
    return Advances(_HUNDREDTHS, ahead, steps, usual)


def advanced(advances: Advances, points: np.ndarray, ring: np.ndarray, firing: np.ndarray) -> np.ndarray:
    """Points (N, 3) as they would be if every firing had the usual step."""
    return turned_back(points, advances.ahead(ring, firing) * (TURN / advances.columns))


@kernel
def _places(points, step, place):
    """Fill place (N,) with azimuths in columns."""
    for i in range(points.shape[0]):
        place[i] = arctangent2(np.float64(points[i, 1]), np.float64(points[i, 0])) / step


def _wrapped(columns: np.ndarray) -> np.ndarray:
    """Columns (N,) float64 within half a turn of 0."""
    return columns - np.rint(columns / _HUNDREDTHS) * _HUNDREDTHS


def _steps_between(columns: np.ndarray) -> np.ndarray:
    """Steps (T,) from each firing to the next; `_HUNDREDTHS` where either is not known (-1) or some lack."""
    steps = (np.diff(columns) + _HUNDREDTHS // 2) % _HUNDREDTHS - _HUNDREDTHS // 2
    unknown = (columns[1:] < 0) | (columns[:-1] < 0)
    if not unknown.all():
        unknown |= np.abs(steps) > _LONGEST * np.median(np.abs(steps[~unknown]))
    steps[unknown] = _HUNDREDTHS
    return np.append(steps, _HUNDREDTHS)


def _fit_rings(
    place: np.ndarray,
    bounds: np.ndarray,
    firing: np.ndarray,
    columns: np.ndarray,
    steps: np.ndarray,
    usual: int,
    phase: np.ndarray,
    ahead: np.ndarray,
) -> None:
    """Fill phase and advance of each ring: the line of its azimuths over the steps."""
    for r, (first, last) in enumerate(zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True)):
        of = firing[first:last]
        seen = (columns[of] >= 0) & (steps[of] < _HUNDREDTHS)
        if np.count_nonzero(seen) < _LEAST_POINTS:
            continue
        rest = _wrapped(place[first:last][seen] - columns[of][seen])
        middle = float(np.median(rest))
        rest = _wrapped(rest - middle)
        excess = (steps[of][seen] - usual).astype(np.float64)
        near = np.abs(rest) < _NEAR
        for _ in range(3):
            slope, offset = _line(excess, rest, near)
            away = np.abs(rest - offset - slope * excess)
            near = away < 4.0 * float(np.median(away)) + 1e-3
        ahead[r] = slope
        phase[r] = middle + offset


@kernel
def _line(x, y, near):
    """Slope and offset of the line through those of points (N,) that are `near`."""
    n = 0.0
    sum_x = 0.0
    sum_y = 0.0
    for i in range(x.size):
        if near[i]:
            n += 1.0
            sum_x += x[i]
            sum_y += y[i]
    mean_x = sum_x / max(n, 1.0)
    mean_y = sum_y / max(n, 1.0)
    xx = 0.0
    xy = 0.0
    for i in range(x.size):
        if near[i]:
            xx += (x[i] - mean_x) * (x[i] - mean_x)
            xy += (x[i] - mean_x) * (y[i] - mean_y)
    slope = xy / max(xx, 1e-9)
    return slope, mean_y - slope * mean_x
