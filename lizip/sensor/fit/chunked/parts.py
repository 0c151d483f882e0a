"""Where the points of one sensor end in a file and those of the next begin. Encoder only.

A sensor's part is about a turn. Near its end the elevations tell which points are of which sensor, and the azimuth,
which mostly jumps, where exactly the one ends.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from lizip.exact.linear import rotate
from lizip.exact.trig import DEGREE, TURN
from lizip.sensor.fit.chunked.elevations import (
    Rough,
    block_headings,
    elevations_of,
    find_sensor,
    fit_elevations,
    headings,
    points_about,
    turns_of,
)
from lizip.sensor.fit.chunked.firings import away_from_lasers
from lizip.sensor.fit.missing import find_missing
from lizip.sensor.stages.slots import Lasers

_BLOCK = 64
_LOOK, _LEAST = 3072, 8000
_PLACES = (0.1, 0.3, 0.6, 0.8)
_STEP = (0.1, 2.5)
"""Degrees by which blocks of points turn in a file of this kind."""

_FARTHEST = 1e4
_TWO = 1.25 * TURN
"""Two sensors turn further than this: each a whole turn, and up to half a turn back from one to the other."""

_END = (338 * DEGREE, 375 * DEGREE)
"""A sensor's part ends somewhere between these."""

_SURELY, _HIGHER = (0.3, 0.7), 0.05
"""Of a part of the surroundings, the first and the last points are surely of the one and of the other sensor; one of
them is higher (m), unless it is upside down."""

_LONGEST, _MARGIN = 120, 8
_CLEAR = 15 * DEGREE
"""A jump like this in the blocks' headings shows where."""

_CAP = 0.1 * DEGREE
_NEAR = 72
_JUMP = 2.0 * DEGREE


class _Parts(NamedTuple):
    """An answer of `find_parts`, and the columns and lasers that it was about."""

    columns: tuple[weakref.ref, ...]
    lasers: Lasers
    bounds: list[int] | None

    def about(self, columns: Sequence[np.ndarray], lasers: Lasers) -> bool:
        """Whether the question is the same."""
        return lasers is self.lasers and all(
            one() is other for one, other in zip(self.columns, columns[:3], strict=True)
        )


_last = threading.local()
"""First it is asked whether a file holds several sweeps, then, of the same columns, what their parts are."""


def find_parts(columns: Sequence[np.ndarray], lasers: Lasers) -> list[int] | None:
    """Bounds of the sensors' points, None when they are not firing after firing; missing ones are of either.

    `columns` are all of the file, coordinates first.
    """
    last: _Parts | None = getattr(_last, "parts", None)
    if last is None or not last.about(columns, lasers):
        missing, _ = find_missing(np.stack(columns[:3], axis=1))
        present = np.flatnonzero(~missing)
        bounds = _find_parts([column[present] for column in columns[:3]] if missing.any() else columns, lasers)
        bounds = bounds and [0, *present[bounds[1:-1]].tolist(), len(missing)]
        _last.parts = last = _Parts(tuple(map(weakref.ref, columns[:3])), lasers, bounds)
    return last.bounds


def _find_parts(columns: Sequence[np.ndarray], lasers: Lasers) -> list[int] | None:
    count = len(columns[0])
    if count < _LEAST:
        return None
    if not turns_steadily(columns):
        return None
    points = np.stack(columns[:3], axis=1)
    if not (np.abs(points) < _FARTHEST).all():
        return None
    found = find_sensor(points[: (2 * count) // 5])
    if found is None:
        return None
    about = points.astype(np.float64) - found[1]
    heading = block_headings(about, _BLOCK)
    turned = heading[0] - heading
    whole = turned[-1] >= _TWO
    first, last = (_BLOCK * block for block in _window(turned)) if whole else (int(part * count) for part in _SURELY)
    elevations = elevations_of(lasers, False)
    one, other = fit_elevations(points[:first], elevations), fit_elevations(points[last:], elevations)
    if one is None or other is None:
        return None if whole else [0, count]
    if not whole and not _are_two(one, other):
        return [0, count]
    costs = _misses(points, one, lasers, slice(0, first), slice(first, last))
    costs -= _misses(points, other, lasers, slice(last, count), slice(first, last))
    costs = np.append(0.0, np.cumsum(costs))
    return [0, first + _sharpen(about[first:last], int(np.argmin(costs))), count]


def _are_two(one: Rough, other: Rough) -> bool:
    """Whether two motions are of two sensors: a vehicle keeps its sensors' heights."""
    heights = [float(rotate(rough.motion[None, 4:7], rough.axes)[0, 2]) for rough in (one, other)]
    return one.upside_down != other.upside_down or abs(heights[0] - heights[1]) > _HIGHER


def _window(turned: np.ndarray) -> tuple[int, int]:
    """First and last block (exclusive) of those among which a sensor's part ends, from what was turned (M,), rad."""
    begin = int(np.argmax(turned > _END[0]))
    after = turned[begin : begin + _LONGEST]
    jump = np.abs(after[2:] - after[:-2])
    end = begin + int(np.argmax(turned[begin:] > _END[1]))
    if len(jump) and jump.max() > _CLEAR:
        end = begin + int(np.argmax(jump)) + _MARGIN
    return begin, min(max(end, begin + _MARGIN), len(turned))


def turns_steadily(columns: Sequence[np.ndarray] | np.ndarray) -> bool:
    """Whether blocks of points turn slowly and steadily, clockwise, in some place of a file."""
    count = len(columns[0])
    return any(_turns([column[int(share * count) :][:_LOOK] for column in columns[:3]]) for share in _PLACES)


def _turns(columns: Sequence[np.ndarray]) -> bool:
    """Whether blocks of all points do so."""
    points = np.stack(columns, axis=1).astype(np.float64)
    if not (np.abs(points) < _FARTHEST).all():
        return False
    step = -np.diff(block_headings(points, _BLOCK)) / DEGREE
    return bool(((step > _STEP[0]) & (step < _STEP[1])).mean() > 0.5)


def _misses(points: np.ndarray, rough: Rough, lasers: Lasers, own: slice, between: slice) -> np.ndarray:
    """How far (rad, capped) some of points (N, 3) are from the elevations of the lasers of a sensor with `own` ones."""
    upright = rotate(points.astype(np.float64), rough.axes.T)
    turn = turns_of(upright - rough.motion[4:7])
    turn -= 0.5 * (turn[own][0] + turn[own][-1])
    about = points_about(upright[between], turn[between], rough.motion)
    return np.minimum(np.abs(away_from_lasers(about, lasers, rough.upside_down)), _CAP)


def _sharpen(about: np.ndarray, guess: int) -> int:
    """The place near a guess where the azimuth of points (M, 3) about the sensor jumps."""
    low, high = max(1, guess - _NEAR), min(len(about) - 1, guess + _NEAR)
    heading = headings(about[low - 1 : high + 1])
    unit = np.stack([np.cos(heading), np.sin(heading)], axis=1)
    best = (_JUMP, guess)
    for k in range(low, high + 1):
        i = k - low + 1
        before, after = unit[max(0, i - 32) : i].sum(axis=0), unit[i : i + 32].sum(axis=0)
        spread = (
            2.0 - np.sqrt((before**2).sum()) / max(min(i, 32), 1) - np.sqrt((after**2).sum()) / len(unit[i : i + 32])
        )
        turn = headings(np.array([[*(before), 0.0], [*(after), 0.0]]))
        jump = abs(turn[0] - turn[1] - np.rint((turn[0] - turn[1]) / TURN) * TURN)
        best = max(best, (float(jump - 20.0 * spread), k))
    return best[1]
