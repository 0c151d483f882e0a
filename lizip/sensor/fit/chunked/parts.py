"""Where the points of one sensor end in a file and those of the next begin. Encoder only.

A sensor is fitted to a part of the file that is mostly of one, and followed as far as its lasers explain the points:
elevations tell which points are of which sensor, and the azimuth, which mostly jumps, where exactly the one ends.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from lizip.exact.linear import rotate
from lizip.exact.trig import DEGREE, TURN
from lizip.sensor.fit.chunked.elevations import Rough, elevations_of, fit_elevations, points_about
from lizip.sensor.fit.chunked.firings import away_from_lasers
from lizip.sensor.fit.chunked.headings import block_headings, headings, turns_of
from lizip.sensor.fit.chunked.pairs_on_rings import comes_back
from lizip.sensor.fit.missing import find_missing, find_seen
from lizip.sensor.stages.slots import Lasers

_BLOCK = 64
_LOOK, _LEAST = 3072, 8000
_PLACES = (0.1, 0.3, 0.6, 0.8)
_STEP = (0.1, 2.5)
"""Degrees by which blocks of points turn in a file of this kind."""

_FARTHEST = 1e4
_SEEDS = ((0.0, 0.48), (0.6, 1.0), (0.1, 0.4))
"""Parts of a file: wherever it goes over from one sensor to another, one of the first two is mostly of one.

The third is for files whose ranges are coarse, where a fit may fail on one part and do on the next."""

_ROUNDS, _SETTLED = 6, 0.05
"""Rounds at most in which a stretch grows, until its ends move by less than this share of it."""

_SCRAP, _SCRAPS = 2000, 128
"""Fewer points tell nothing of their sensor; and so few are no part of their own."""

_ASIDE = 512
"""Points by which a stretch may end too late or too early."""

_CAP = 0.1 * DEGREE
_MISSED = 0.04 * DEGREE
"""What points of other sensors miss a sensor's lasers by on average is more, its own less."""

_NEAR = 72
_JUMP = 2.0 * DEGREE
_BESIDE = 32
"""Points before and after a place that tell whether the azimuth jumps there."""


class Parts(NamedTuple):
    """Parts of a file.

    Attributes
    ----------
    bounds : list of int
        Of the sensors' points.
    fits : dict of (int, int) to Rough
        What was fitted to the points from one place to another; mostly to those of a part.
    """

    bounds: list[int]
    fits: dict[tuple[int, int], Rough]


class _Answer(NamedTuple):
    """An answer of `find_parts`, and the columns and lasers that it was about."""

    columns: tuple[weakref.ref[np.ndarray], ...]
    lasers: Lasers
    parts: Parts | None

    def about(self, columns: Sequence[np.ndarray], lasers: Lasers) -> bool:
        """Whether the question is the same."""
        return lasers is self.lasers and all(
            one() is other for one, other in zip(self.columns, columns[:3], strict=True)
        )


_last = threading.local()
"""First it is asked whether a file holds several sweeps, then, of the same columns, what their parts are."""


def find_parts(columns: Sequence[np.ndarray], lasers: Lasers) -> Parts | None:
    """Parts of one sensor each, None when points are not firing after firing; missing ones are of either.

    `columns` are all of the file, coordinates first.
    """
    last: _Answer | None = getattr(_last, "answer", None)
    if last is None or not last.about(columns, lasers):
        points = np.stack(columns[:3], axis=1)
        seen = find_seen(points, find_missing(points)[0])
        present = np.flatnonzero(seen)
        parts = _find_parts(columns if seen.all() else [column[present] for column in columns[:3]], lasers)
        if parts is not None:
            place = [0, *present[1:].tolist(), len(seen)]
            fits = {(place[first], place[end]): rough for (first, end), rough in parts.fits.items()}
            parts = Parts([place[bound] for bound in parts.bounds], fits)
        _last.answer = last = _Answer(tuple(map(weakref.ref, columns[:3])), lasers, parts)
    return last.parts


def _find_parts(columns: Sequence[np.ndarray], lasers: Lasers) -> Parts | None:
    count = len(columns[0])
    if count < _LEAST:
        return None
    if not turns_steadily(columns):
        return None
    points = np.stack(columns[:3], axis=1)
    if not (np.abs(points) < _FARTHEST).all() or not comes_back(points):
        return None
    elevations = elevations_of(lasers, False)
    for share in _SEEDS:
        seed = slice(int(share[0] * count), int(share[1] * count))
        grown = _grow(points, seed, elevations, lasers)
        if grown is not None:
            break
    else:
        return None
    stretches = [grown]
    for rest in (slice(0, grown.first), slice(grown.last, count)):
        other = _grow(points, rest, elevations, lasers) if rest.stop - rest.start >= _SCRAP else None
        if other is not None:
            stretches.append(other)
    stretches.sort(key=lambda stretch: stretch.first)
    bounds = [0, *(_between(points, *pair, lasers) for pair in pairwise(stretches)), count]
    # what a sensor explains badly, since its motion was rough there, is still its own where the azimuth goes on
    if stretches[0].first >= _SCRAPS and (edge := stretches[0].edge(points, stretches[0].first)):
        bounds.insert(1, edge)
    if count - stretches[-1].last >= _SCRAPS and (edge := stretches[-1].edge(points, stretches[-1].last)):
        bounds.insert(-1, edge)
    return Parts(bounds, {(each.own.start, each.own.stop): each.rough for each in stretches})


class _Stretch(NamedTuple):
    """Points, `first` to `last`, that one sensor's lasers explain, by a motion that was fitted to `own`."""

    first: int
    last: int
    rough: Rough
    own: slice

    def misses(self, points: np.ndarray, lasers: Lasers, among: slice) -> np.ndarray:
        """How far (rad, capped) some of points (N, 3) are from the elevations of the sensor's lasers."""
        low, high = min(self.own.start, among.start), max(self.own.stop, among.stop)
        upright = rotate(points[low:high].astype(np.float64), self.rough.axes.T)
        turn = turns_of(upright - self.rough.motion[4:7])
        turn -= np.median(turn[self.own.start - low : self.own.stop - low] - self.rough.turn)
        which = slice(among.start - low, among.stop - low)
        about = points_about(upright[which], turn[which], self.rough.motion)
        return np.minimum(np.abs(away_from_lasers(about, lasers, self.rough.upside_down)), _CAP)

    def edge(self, points: np.ndarray, guess: int) -> int | None:
        """Where it ends or begins, near a guess, by the azimuths of points (N, 3); None where these go on."""
        low, high = max(1, guess - _NEAR), min(len(points) - 1, guess + _NEAR)
        # with all that tell it: a place with few points on one side would jump as one of these does
        first = max(0, low - _BESIDE)
        jumps = self.jumps(points, slice(first, high + _BESIDE))[low - first : high - first + 1]
        k = int(np.argmax(jumps))
        return low + k if jumps[k] > _JUMP else None

    def jumps(self, points: np.ndarray, among: slice) -> np.ndarray:
        """How far (rad) the azimuth jumps before each of some of points (N, 3), less what it spreads around it."""
        return _jumps(points[among].astype(np.float64) - self.place)

    @property
    def place(self) -> np.ndarray:
        """Where the sensor was, (3,)."""
        return rotate(self.rough.motion[None, 4:7], self.rough.axes)[0]


def _grow(points: np.ndarray, seed: slice, elevations: np.ndarray, lasers: Lasers) -> _Stretch | None:
    """The points about those of a seed that are of the sensor that most of the seed's are of."""
    stretch, own = None, seed
    for _ in range(_ROUNDS):
        rough = fit_elevations(points[own], elevations)
        if rough is None:
            return stretch
        size = own.stop - own.start
        around = slice(max(0, own.start - size // 2), min(len(points), own.stop + size // 2))
        trial = _Stretch(own.start, own.stop, rough, own)
        begin, end = (around.start + k for k in _heaviest(_MISSED - trial.misses(points, lasers, around)))
        if end - begin < _SCRAP:
            return stretch
        moved = abs(begin - own.start) + abs(end - own.stop)
        stretch, own = trial._replace(first=begin, last=end), slice(begin, end)
        if moved < _SETTLED * (end - begin):
            break
    return stretch


def _heaviest(weight: np.ndarray) -> tuple[int, int]:
    """First and last (exclusive) of those of weights (N,) in a row whose sum is largest."""
    total = np.append(0.0, np.cumsum(weight))
    lowest = np.minimum.accumulate(total)
    end = int(np.argmax(total - lowest))
    return int(np.argmin(total[: end + 1])), end


def _between(points: np.ndarray, one: _Stretch, other: _Stretch, lasers: Lasers) -> int:
    """Where among points (N, 3) the one stretch ends and the other, behind it, begins."""
    low = max(min(one.last, other.first) - _ASIDE, one.first)
    high = min(max(one.last, other.first) + _ASIDE, other.last)
    costs = [each.misses(points, lasers, slice(low, high)) for each in (one, other)]
    total = np.append(0.0, np.cumsum(costs[0] - costs[1]))
    jumping = 1 + np.flatnonzero(one.jumps(points, slice(low, high))[1:] > _JUMP)
    guess = low + int(np.argmin(total) if len(jumping) == 0 else jumping[np.argmin(total[jumping])])
    return one.edge(points, guess) or guess


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


def _jumps(about: np.ndarray) -> np.ndarray:
    """How far (rad) the azimuth jumps before each of points (M, 3) about the sensor, less what it spreads around it."""
    heading = headings(about)
    gone = np.concatenate([np.zeros((1, 2)), np.cumsum(np.stack([np.cos(heading), np.sin(heading)], axis=1), axis=0)])
    at = np.arange(len(about))
    first, last = np.maximum(at - _BESIDE, 0), np.minimum(at + _BESIDE, len(about))
    before, after = gone[at] - gone[first], gone[last] - gone[at]
    spread = 2.0 - _lengths(before) / np.maximum(at - first, 1) - _lengths(after) / (last - at)
    turn = headings(np.pad(before, ((0, 0), (0, 1)))) - headings(np.pad(after, ((0, 0), (0, 1))))
    return np.abs(turn - np.rint(turn / TURN) * TURN) - 20.0 * spread


def _lengths(vectors: np.ndarray) -> np.ndarray:
    return np.sqrt((vectors**2).sum(axis=1))
