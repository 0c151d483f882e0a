"""Several sweeps in one file, as users gather them: where one ends and the next begins.

Either a column says it, one that keeps its value for a sweep (a time lag, a number); or a turn begins anew. In a file
of firings the azimuth has then gone round once, in a file of rings the elevation falls back to where it began. What
stands about where it did in the sweep before is little evidence, so each place is made exact by how little the points
on both sides of it have in common. A wrong cut costs size, never truth.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from lizip.jit import kernel
from lizip.sensor.fit.shuffled import is_shuffled

if TYPE_CHECKING:
    from lizip.cloud import Cloud

MOST_SWEEPS = 64
_LEAST_POINTS = 2048
"""A sweep has at least so many points."""

_NEAR, _FAR, _FARTHEST = 4.0, 16.0, 1e6
"""Nearer than the first (m) a point says nothing of the azimuth, then more by every metre of the second; points beyond
the third are none."""

_RINGS = 8
"""A file that goes round so often goes ring by ring."""

_BLOCK = 64
"""So many points, taken together, show how far the sensor has turned."""
_FALL = 0.5
"""Share of all elevations by which they fall back from sweep to sweep."""

_THIN, _ONE, _DOUBT = 4, 1.15, 0.7
"""At first, every fourth point is looked at: turns that show one sweep, and what is left of the fall asked for."""

_WINDOW, _COARSE = 256, 8
_ENOUGH, _MOST_STEPS = 0.05, 2.0
"""A point this far (a share of its range) from those before has nothing in common with them; azimuths so many times as
far as usual from those before are as far as can be."""

_ASIDE = 0.04
"""A turn ends this near to where it seems to, as a share of a turn."""
_LEAP, _AROUND = 0.05, 16
"""Leaps of the azimuth (turns) from one middle of so many blocks to the next are those of a frame."""


def find_sweeps(cloud: Cloud) -> list[int]:
    """First points of the sweeps of a cloud, ascending, without the 0 of the first; empty where there is only one."""
    columns = list(cloud.led.columns.values())
    if cloud.count < 2 * _LEAST_POINTS or len(columns) < 3 or any(c.dtype.kind != "f" for c in columns[:3]):
        return []
    for column in columns[3:]:
        if starts := _runs(column):
            return starts
    if _is_plainly_one(_points([column[::_THIN] for column in columns[:3]])):
        return []
    xyz = _points(columns[:3])
    if is_shuffled(xyz):
        return []
    turned = _turned(xyz)
    if turned[-1] > _RINGS:
        starts = _by_elevation(xyz, float(turned[-1]))
    else:
        starts = [] if _of_one_vehicle(columns) else _by_azimuth(xyz, turned)
    sizes = np.diff([0, *starts, len(xyz)])
    return starts if sizes.min() >= _LEAST_POINTS else []


def _points(columns: list[np.ndarray]) -> np.ndarray:
    """Points (N, 3) float64; zeros for what is none."""
    with np.errstate(invalid="ignore"):  # NaN that signal
        xyz = np.stack(columns, axis=1).astype(np.float64)
    sane = np.abs(xyz) < _FARTHEST
    xyz[~(sane[:, 0] & sane[:, 1] & sane[:, 2])] = 0.0
    return xyz


def _is_plainly_one(xyz: np.ndarray) -> bool:
    """Whether a few of the points show clearly that there is one sweep: most files are settled by that."""
    turns = float(_turned(xyz, _BLOCK // _THIN)[-1])
    if turns <= _ONE:
        return True
    return turns > 2 * _RINGS and not len(_falls(_elevations(xyz), int(len(xyz) / turns), _DOUBT * _FALL)[0])


def _of_one_vehicle(columns: list[np.ndarray]) -> bool:
    """Whether these are no two sweeps, but two sensors that a solver knows to belong together."""
    from lizip.sensor.fit.chunked.parts import find_parts
    from lizip.sensor.stages.slots import VLP_32C

    parts = find_parts(columns, VLP_32C)
    return parts is not None and len(parts.bounds) > 2


def _runs(column: np.ndarray) -> list[int]:
    """Where a column takes another value, if it keeps each for a sweep."""
    change = np.flatnonzero(column[1:] != column[:-1]) + 1
    if not 0 < len(change) < MOST_SWEEPS:
        return []
    sizes = np.diff(np.concatenate([[0], change, [len(column)]]))
    return change.tolist() if sizes.min() >= _LEAST_POINTS else []


def _level(xyz: np.ndarray) -> np.ndarray:
    """Where points (N, 3) are seen, (N, 2): directions times the weight that they have; far points say most."""
    reach = np.sqrt(xyz[:, 0] ** 2 + xyz[:, 1] ** 2)
    return xyz[:, :2] * (np.clip(reach - _NEAR, 0.0, _FAR) / np.maximum(reach, 1e-3))[:, None]


def _between(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Turns from directions (K, 2) to others, -0.5 to 0.5."""
    step = (np.arctan2(second[:, 1], second[:, 0]) - np.arctan2(first[:, 1], first[:, 0])) / (2 * np.pi)
    return step - np.rint(step)


def _turned(xyz: np.ndarray, block: int = _BLOCK) -> np.ndarray:
    """Turns that blocks (B,) of points (N, 3) have gone round since the first."""
    blocks = _level(xyz[: len(xyz) // block * block]).reshape(-1, block, 2).sum(axis=1)
    turned = np.concatenate([[0.0], np.cumsum(_between(blocks[:-1], blocks[1:]))])
    return turned if turned[-1] > 0 else -turned


def _by_azimuth(xyz: np.ndarray, turned: np.ndarray) -> list[int]:
    """Where turns begin anew, of points (N, 3) whose blocks have turned so far."""
    if turned[-1] <= 1.25:
        return []
    breaks = _breaks(turned)
    bounds = [0, *breaks, len(turned) - 1]
    places = list(breaks)
    for first, last in pairwise(bounds):
        here = np.minimum.accumulate(turned[last - 1 : first : -1])[::-1] - turned[first + 1]
        turns = int(np.rint(here[-1]))
        places += [first + 1 + int(np.searchsorted(here, k * here[-1] / turns)) for k in range(1, turns)]
    if not len(places) < MOST_SWEEPS:
        return []
    aside = int(_ASIDE * len(turned) / turned[-1]) + 1
    starts = []
    for place in sorted(places):
        leaps = place in breaks
        first = max(_BLOCK * (place - (2 if leaps else aside)), _WINDOW)
        last = _BLOCK * (place + (3 if leaps else aside))
        starts.append(first + _seam(xyz[first - _WINDOW : last + _WINDOW], leaps))
    return starts


def _breaks(turned: np.ndarray) -> list[int]:
    """Blocks at which the azimuth leaps, of blocks (B,) that have turned so far: the sweeps' frames differ."""
    usual = (turned[_AROUND:] - turned[:-_AROUND]) / _AROUND
    usual = float(np.median(usual))
    away = turned - usual * np.arange(len(turned))
    leap = away[2:] - away[:-2]
    before = np.lib.stride_tricks.sliding_window_view(away, _AROUND)
    level = np.median(before, axis=1)
    breaks: list[int] = []
    for k in np.argsort(-np.abs(leap)):
        if np.abs(leap[k]) < _LEAP or len(breaks) == MOST_SWEEPS:
            break
        low, high = k - _AROUND + 1, k + 2
        far = all(abs(k + 1 - other) > _AROUND for other in breaks)
        if far and low >= 0 and high < len(level) and abs(level[high] - level[low]) > _LEAP:
            breaks.append(int(k) + 1)
    return sorted(breaks)


def _elevations(xyz: np.ndarray) -> np.ndarray:
    """Sines (N,) of the elevations of points (N, 3)."""
    return xyz[:, 2] / np.maximum(np.sqrt(xyz[:, 0] ** 2 + xyz[:, 1] ** 2 + xyz[:, 2] ** 2), 1e-3)


def _falls(elevation: np.ndarray, size: int, share: float) -> tuple[np.ndarray, np.ndarray]:
    """Where elevations (N,) change by such a share of all that they do, and all changes, from one turn to the next."""
    sums = np.concatenate([[0.0], np.cumsum(elevation)])
    # of whole turns, so that a tilt does not count
    means = (sums[size:] - sums[:-size]) / size
    change = means[size:] - means[:-size]
    low, high = np.percentile(means, [5, 95])
    return np.flatnonzero(np.abs(change) > share * (high - low)), change


def _by_elevation(xyz: np.ndarray, turns: float) -> list[int]:
    """Where elevations fall back, of points (N, 3) that go round so often, ring by ring."""
    elevation, size = _elevations(xyz), int(len(xyz) / turns)
    places, change = _falls(elevation, size, _FALL)
    starts: list[int] = []
    for group in np.split(places, np.flatnonzero(np.diff(places) > size) + 1) if len(places) else ():
        if len(group) > 2 * size or len(starts) == MOST_SWEEPS or change[group[0]] * change[places[0]] < 0:
            return []
        place = size + group[np.argmax(np.abs(change[group]))]
        first = max(place - size // 8, 1)
        starts.append(int(first + np.argmax(np.abs(np.diff(elevation[first - 1 : place + size // 8])))))
    return starts


def _seam(points: np.ndarray, leaps: bool) -> int:
    """Where points (M, 3) have least in common with those before them, counted from the first that has a window.

    Where the azimuth `leaps`, that counts most.
    """
    count = len(points) - 2 * _WINDOW
    if count < 1:
        return 0
    places = np.arange(count) + _WINDOW
    sums = np.concatenate([np.zeros((1, 2)), np.cumsum(_level(points), axis=0)])
    before, after = sums[places] - sums[places - _WINDOW], sums[places + _WINDOW] - sums[places]
    step = _between(before, after)
    usual = float(np.median(step))
    step[(np.abs(before) + np.abs(after)).sum(axis=1) < _WINDOW] = usual
    apart = np.abs(step) / _LEAP if leaps else np.minimum(np.abs(step / (usual or 1.0) - 1.0), _MOST_STEPS)
    _measure_seams(points, places[::_COARSE], _WINDOW, _COARSE, common := np.zeros(len(places[::_COARSE])))
    best = int(np.argmax(apart[::_COARSE] + common)) * _COARSE
    near = np.arange(max(best - 2 * _COARSE, 0), min(best + 2 * _COARSE, count))
    _measure_seams(points, places[near], _WINDOW, 1, common := np.zeros(len(near)))
    return int(near[np.argmax(apart[near] + common)])


@kernel
def _measure_seams(points, places, window, every, apart):
    """Fill apart (K,) with how far, as shares of range, points after places (K,) are from the nearest before these, on
    average: 0 to 1. One point of `every` counts."""
    for k in range(places.size):
        place = places[k]
        total = 0.0
        for i in range(place, place + window, every):
            least = np.inf
            for j in range(place - window, place):
                x = points[i, 0] - points[j, 0]
                y = points[i, 1] - points[j, 1]
                z = points[i, 2] - points[j, 2]
                least = min(least, x * x + y * y + z * z)
            square = points[i, 0] ** 2 + points[i, 1] ** 2 + points[i, 2] ** 2
            total += min(np.sqrt(least / (square + 1e-4)), _ENOUGH)
        apart[k] = total * every / (window * _ENOUGH)
