"""Differences of returns that lie near each other, for the search for the lattice; and which points returned nothing.

Encoder only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lizip.jit import kernel

LONGEST, _MOST_LONG = 0.2, 0.8
"""Longest difference kept, m; and of sweeps so thin that few points are as near."""
_ENOUGH = 8000
"""Pairs of a sweep that is not thin."""
_SHORTEST = 1e-3
_BUCKETS = 2048
_NEAR_SENSOR = 0.3
"""So near to where the sensor was, a point is a no-return, m."""


@kernel
def _mark_no_returns(points, sensor, known, marked):
    """Mark points that stand in one place with others of their firing, and lone ones where those say the sensor was."""
    firings, rings, _ = points.shape
    for i in range(firings):
        known[i] = 0
        for j in range(rings):
            marked[i, j] = False
        for j in range(rings):
            for k in range(j):
                if points[i, j, 0] == points[i, k, 0] and (
                    points[i, j, 1] == points[i, k, 1] and points[i, j, 2] == points[i, k, 2]
                ):
                    marked[i, j] = True
                    marked[i, k] = True
                    known[i] = 1
                    for c in range(3):
                        sensor[i, c] = points[i, j, c]
                    break
    last = np.int64(-1)
    for i in range(firings):
        if known[i] == 0:
            continue
        for b in range(last + 1, i):
            part = np.float64(b - last) / np.float64(i - last) if last >= 0 else 1.0
            for c in range(3):
                before = sensor[last, c] if last >= 0 else sensor[i, c]
                sensor[b, c] = before + part * (sensor[i, c] - before)
        last = np.int64(i)
    if last < 0:
        return
    for i in range(firings):
        at = min(i, last)
        for j in range(rings):
            d0 = points[i, j, 0] - sensor[at, 0]
            d1 = points[i, j, 1] - sensor[at, 1]
            d2 = points[i, j, 2] - sensor[at, 2]
            if d0 * d0 + d1 * d1 + d2 * d2 < _NEAR_SENSOR * _NEAR_SENSOR:
                marked[i, j] = True


def sensor_places(points: np.ndarray) -> tuple[np.ndarray, bool]:
    """Where the sensor was in each firing, (F, 3), as far as points (F, R, 3) that returned nothing tell, and whether
    any did; in between evenly."""
    places, known = np.zeros((len(points), 3)), np.empty(len(points), np.int64)
    _mark_no_returns(points, places, known, np.empty(points.shape[:2], np.bool_))
    if known.any():
        last = int(np.flatnonzero(known)[-1])
        places[last:] = places[last]
    return places, bool(known.any())


def no_returns(points: np.ndarray) -> np.ndarray:
    """Mark no-returns (F, R) of points (F, R, 3): they lie at the sensor, so most firings have several in one place."""
    marked = np.empty(points.shape[:2], np.bool_)
    _mark_no_returns(points, np.empty((len(points), 3)), np.empty(len(points), np.int64), marked)
    return marked


@kernel
def _near_pairs(points, left_out, step, longest, begins, out):
    """Sort differences, at most `longest` (m), of each point and its ring's one, two and three steps of firings before
    into buckets by length.

    First with `out` empty: counts them, begins[k + 1] becomes the end of bucket k. Then fills `out` (M, 3); begins is
    one bucket ahead then.
    """
    for i in range(1, points.shape[0]):
        for lag in range(step, min(i, 3 * step) + 1, step):
            for j in range(points.shape[1]):
                if left_out[i, j] or left_out[i - lag, j]:
                    continue
                d0 = points[i, j, 0] - points[i - lag, j, 0]
                d1 = points[i, j, 1] - points[i - lag, j, 1]
                d2 = points[i, j, 2] - points[i - lag, j, 2]
                square = d0 * d0 + d1 * d1 + d2 * d2
                if not _SHORTEST * _SHORTEST < square < longest * longest:
                    continue
                bucket = np.int64(np.sqrt(square) * (_BUCKETS / longest))
                if out.shape[0] > 0:
                    at = begins[bucket]
                    out[at, 0] = d0
                    out[at, 1] = d1
                    out[at, 2] = d2
                    begins[bucket] += 1
                else:
                    begins[bucket + 1] += 1


@dataclass(frozen=True)
class Pairs:
    """Differences (M, 3) of neighbouring returns of one ring, by length in B equal buckets up to the `longest`, m;
    begins (B + 1,)."""

    differences: np.ndarray
    begins: np.ndarray
    longest: float

    def _first(self, length: float) -> int:
        return int(self.begins[min(int(length * (_BUCKETS / self.longest)), _BUCKETS)])

    def shortest(self, count: int, least: float) -> np.ndarray:
        """The `count` shortest that are longer than `least`, m."""
        begin = self._first(least)
        return self.differences[begin : begin + count]

    def within(self, reach: float, count: int) -> np.ndarray:
        """At most `count` with lengths from reach / 4 to reach, evenly chosen."""
        found = self.differences[self._first(reach / 4) : self._first(reach)]
        return np.ascontiguousarray(found[:: max(1, -(-len(found) // count))])


def _usual_step(points: np.ndarray) -> int:
    """Firings from a point of (F, R, 3) to the next of its ring, most often: above one where a sweep was thinned."""
    ring, firing = np.nonzero(~np.isnan(points[:, :, 0]).T)
    steps = np.diff(firing)[np.diff(ring) == 0]
    return int(np.bincount(steps).argmax()) if len(steps) else 1


def near_pairs(points: np.ndarray, left_out: np.ndarray) -> Pairs:
    """Find the pairs shorter than `LONGEST` among points (F, R, 3), some left out (F, R); longer ones where those are
    few."""
    step, longest = _usual_step(points), LONGEST
    while True:
        begins = np.zeros(_BUCKETS + 2, np.int64)
        _near_pairs(points, left_out, step, longest, begins, np.empty((0, 3)))
        begins = np.cumsum(begins)
        if begins[-1] >= _ENOUGH or longest >= _MOST_LONG:
            break
        longest *= 2
    differences = np.empty((begins[-1], 3))
    if len(differences):
        _near_pairs(points, left_out, step, longest, begins.copy(), differences)
    return Pairs(differences, begins[:-1], longest)


@kernel
def _far_pairs(points, reach, window, tries, out):
    """Fill `out` (K, 3) with differences shorter than `reach` of points (N, 3) drawn at random; returns how many."""
    count = np.int64(0)
    total = points.shape[0]
    state = np.int64(12345)
    for _ in range(tries):
        # a linear congruential generator, of which the upper bits are taken
        state = (state * 1103515245 + 12345) % (np.int64(1) << 31)
        i = (state * total) >> 31
        state = (state * 1103515245 + 12345) % (np.int64(1) << 31)
        j = (state * total) >> 31
        if window > 0:
            j = min(max(i + ((state * (2 * window + 1)) >> 31) - window, np.int64(0)), total - 1)
        d0 = points[i, 0] - points[j, 0]
        d1 = points[i, 1] - points[j, 1]
        d2 = points[i, 2] - points[j, 2]
        square = d0 * d0 + d1 * d1 + d2 * d2
        if 1e-8 < square < reach * reach:
            out[count, 0] = d0
            out[count, 1] = d1
            out[count, 2] = d2
            count += 1
            if count == out.shape[0]:
                break
    return count


def far_pairs(points: np.ndarray, reach: float, count: int) -> np.ndarray:
    """Draw up to `count` differences (M, 3) shorter than `reach` of points (N, 3); below 20 m, of near firings."""
    out = np.empty((count, 3))
    return out[: _far_pairs(points, float(reach), 200 if reach < 20 else 0, 12 * count, out)]
