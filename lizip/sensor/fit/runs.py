"""Scans that were turned round, rolled, or put together from runs in another order: as the sensor listed them.

A sensor that lists firing after firing comes back to a ring after as many points as it has rings, a step further on.
Where nothing goes on like that there is a seam; what goes on at the one end of a run, and begins another, belongs
together. Sensors turn clockwise. For the encoder alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise, product
from typing import NamedTuple

import numpy as np

from lizip.exact.trig import DEGREE
from lizip.jit import kernel

_FEWEST, _MOST_RUNS = 4096, 16
_REACH = 160
"""A ring is hit again within so many points."""
_SAME_SINE, _SAME_RANGE, _NEAREST = 1.4e-3, 0.03, 3.0
"""How much sines of elevations and ranges (as a share) change from step to step; nearer points (m) do not count."""
_STEADY, _SLACK = 0.1, 0.05 * DEGREE
"""Steps differ by so much from the usual one: a share of it, and rad."""
_PAIRED, _ACROSS = 0.3, 3.0
"""Share of points that need a next one on their ring; and how many pairs usually lie across a place."""
_SURELY = 13.0
"""Where usually fewer pairs lie across a place, as in scans that were thinned, seams may be chance."""
_APART, _WINDOW, _EDGE = 100, 300, 150
_SEAM, _JOINT = 0.28, 0.4
"""Pairs across a seam, and across a joint, as shares of those nearby."""
_MOST_WAYS, _LEAST_RUN = 2, 1024
_AMID = 20.0
"""Points further off (m) than this on the whole are seen from where they are, not from the origin."""


class _Pairs(NamedTuple):
    """Points (K,) and the next ones on their rings, and by how much those are further in azimuth (rad)."""

    here: np.ndarray
    there: np.ndarray
    step: np.ndarray


class Whole(NamedTuple):
    """An order worth a trial: which point comes first, second, ... (N,) int64; whether it surely was the sensor's."""

    order: np.ndarray
    surely: bool


class _Listed(NamedTuple):
    """Points (N, 3) float64 about the sensor, the usual step (rad), pairs across each place (N - 1,), their median."""

    points: np.ndarray
    usual: float
    across: np.ndarray
    middle: float


def whole_orders(xyz: np.ndarray) -> Iterator[Whole]:
    """Orders worth a trial for points xyz (N, 3) of any float type."""
    listed = _listed(xyz)
    if listed is None:
        return
    points, usual, across, middle = listed
    surely = middle > _SURELY
    if usual > 0:
        backward = np.arange(len(points))[::-1]
        rolled = _rejoined(points[::-1], -usual, across[::-1])
        yield from (Whole(backward[order], surely) for order in rolled)
        yield Whole(backward, False)
    yield from (Whole(order, surely) for order in _rejoined(points, usual, across))


def run_bounds(xyz: np.ndarray) -> list[int]:
    """Where runs of points xyz (N, 3) of any float type begin, 0 first, and N; of no scan, [0, N]."""
    listed = _listed(xyz)
    seams = [] if listed is None else _seams(_shares(listed.across), _LEAST_RUN)
    bounds = [0, *(seam + 1 for seam in seams if _LEAST_RUN < seam < len(xyz) - _LEAST_RUN), len(xyz)]
    return bounds if len(bounds) <= _MOST_RUNS else [0, len(xyz)]


def _listed(xyz: np.ndarray) -> _Listed | None:
    """What is seen of points (N, 3) firing after firing; None of others."""
    if len(xyz) < _FEWEST:
        return None
    with np.errstate(invalid="ignore"):  # NaN that signal
        points = xyz.astype(np.float64, order="C")
    _clear(points)
    middle = np.median(points[:: len(points) // 1000], axis=0)
    if (np.abs(middle) > _AMID).any():
        points -= middle
    pairs = _pairs(points)
    if len(pairs.here) < _PAIRED * len(points) or len(pairs.here) * _REACH < len(points):
        return None
    usual = float(np.median(pairs.step))
    across = _across(pairs, usual, len(points))
    typical = _middle(across)
    return None if typical < _ACROSS else _Listed(points, usual, across, typical)


def _pairs(points: np.ndarray) -> _Pairs:
    """Find the next point on its ring for each point."""
    following, step = np.full(len(points), -1), np.zeros(len(points))
    _find_next(np.ascontiguousarray(points), following, step, np.empty_like(points))
    here = np.flatnonzero(following >= 0)
    return _Pairs(here, following[here], step[here])


def _across(pairs: _Pairs, usual: float, count: int) -> np.ndarray:
    """How many pairs a usual step apart lie across each place between two successive points, (N - 1,) int64."""
    steady = np.abs(pairs.step - usual) < _STEADY * abs(usual) + _SLACK
    across = np.zeros(count, np.int64)
    _count_across(pairs.here, pairs.there, steady, across)
    return across[:-1]


def _middle(across: np.ndarray) -> float:
    """Median of counts (M,), which are few and small."""
    below = np.cumsum(np.bincount(across))
    low, high = np.searchsorted(below, [(len(across) - 1) // 2, len(across) // 2], side="right")
    return float(low + high) / 2


def _shares(across: np.ndarray) -> np.ndarray:
    """How many pairs lie across each place (M,), as a share of those on either side of it."""
    count, at = len(across), np.arange(len(across))
    sums = np.concatenate([[0], np.cumsum(across)])
    shares = np.ones(count)
    sides = []
    for low, high in ((-_APART - _WINDOW, -_APART), (_APART, _APART + _WINDOW)):
        first, last = np.clip(at + low, 0, count), np.clip(at + high, 0, count)
        sides.append((sums[last] - sums[first]) / np.maximum(last - first, 1))
    usual = np.minimum(*sides)
    inside = (usual > _ACROSS) & (at >= _EDGE) & (at < count - _EDGE)
    shares[inside] = ((across + 1) / (usual + 1))[inside]
    return shares


def _rejoined(points: np.ndarray, usual: float, across: np.ndarray) -> list[np.ndarray]:
    """Orders (N,) of points (N, 3) whose runs are put together again; none where nothing was taken apart."""
    shares = _shares(across)
    seams = _seams(shares)
    if not seams or len(seams) >= _MOST_RUNS:
        return []
    bounds = [0, *(seam + 1 for seam in seams), len(points)]
    runs = [np.arange(first, last) for first, last in pairwise(bounds)]
    after = _joined(points, runs, usual)
    if not after:
        return []
    number = len(runs)
    for run in range(number):
        # what nobody knows better of goes on as in the file
        if run not in after and (run + 1) % number not in after.values():
            after[run] = (run + 1) % number
    starts = [run for run in range(number) if run not in after.values()]
    if starts:
        return [_in_a_row(runs, after, starts)]
    weakest = sorted(range(number - 1), key=lambda run: shares[seams[run]])
    return [_in_a_row(runs, after, [run + 1]) for run in weakest if after[run] == run + 1][:_MOST_WAYS]


def _in_a_row(runs: list[np.ndarray], after: dict[int, int], starts: list[int]) -> np.ndarray:
    """Runs one after the other, from each of some starts on, then the others."""
    way: list[int] = []
    for start in [*starts, *range(len(runs))]:
        run: int | None = start
        while run is not None and run not in way:
            way.append(run)
            run = after.get(run)
    return np.concatenate([runs[run] for run in way])


def _joined(points: np.ndarray, runs: list[np.ndarray], usual: float) -> dict[int, int]:
    """Which run (value) goes on where another (key) ends; without those that do so in the file."""
    side = _APART + _WINDOW
    found = []
    for one, other in product(range(len(runs)), repeat=2):
        if one == other or other == one + 1:
            continue
        end, begin = runs[one][-side:], runs[other][:side]
        both = points[np.concatenate([end, begin])]
        share = float(_shares(_across(_pairs(both), usual, len(both)))[len(end) - 1])
        if len(end) > _EDGE and len(begin) > _EDGE and share > _JOINT:
            found.append((share, one, other))
    after: dict[int, int] = {}
    for _, one, other in sorted(found, reverse=True):
        if one not in after and other not in after.values():
            after[one] = other
    return after


def _seams(shares: np.ndarray, near: int = _EDGE) -> list[int]:
    """Places across which few pairs lie: the least of each neighbourhood (`near` points), ascending."""
    found: list[int] = []
    low = np.flatnonzero(shares < _SEAM)
    for place in low[np.argsort(shares[low], kind="stable")].tolist():
        if all(abs(place - other) > near for other in found):
            found.append(place)
    return sorted(found)


@kernel
def _clear(points):
    """Put points (N, 3) that are no places at the origin, coordinate by coordinate."""
    for i in range(points.shape[0]):
        for k in range(3):
            if not abs(points[i, k]) < 1e6:
                points[i, k] = 0.0


@kernel
def _count_across(here, there, steady, across):
    """Add up (N,) of 0 how many pairs (K,) that are steady lie across the place behind each point."""
    for k in range(here.size):
        if steady[k]:
            across[here[k]] += 1
            across[there[k]] -= 1
    count = np.int64(0)
    for i in range(across.size):
        count += across[i]
        across[i] = count


@kernel
def _find_next(points, following, step, sights):
    """Fill in (N,) which point is the next on the ring of each of (N, 3), and by how much it is further in azimuth.

    `sights` (N, 3) is scratch: sines of elevations, ranges, level distances.
    """
    count = points.shape[0]
    for i in range(count):
        x, y, z = points[i, 0], points[i, 1], points[i, 2]
        sights[i, 1] = np.sqrt(x * x + y * y + z * z)
        sights[i, 0] = z / max(sights[i, 1], 1e-9)
        sights[i, 2] = np.sqrt(x * x + y * y)
    for i in range(count):
        sine, distance, level = sights[i, 0], sights[i, 1], sights[i, 2]
        if level < _NEAREST:
            continue
        for j in range(i + 1, min(i + _REACH, count)):
            if abs(sights[j, 0] - sine) > _SAME_SINE or abs(sights[j, 1] - distance) > _SAME_RANGE * distance:
                continue
            following[i] = j
            aside = points[i, 0] * points[j, 1] - points[i, 1] * points[j, 0]
            step[i] = aside / (level * max(sights[j, 2], 1e-9))
            break
