"""Points brought back onto the grid of a moving sensor's firings and rings. Encoder only.

The file may have all cells or lack some; rings are those of a column, else the place in a firing, else elevations.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from lizip.exact.triples import every
from lizip.sensor.fit.lattice.pairs import sensor_places
from lizip.sensor.fit.motion.firing import RINGS, as_rings, hdl32e
from lizip.sensor.fit.motion.frame import find_firings
from lizip.sensor.fit.motion.ring_after_ring import find_runs
from lizip.sensor.fit.motion.velocities import last_seen
from lizip.sensor.stages.axes import AS_THEY_ARE, OTHERS, Axes
from lizip.sensor.stages.cells import BY_RING
from lizip.sensor.stages.firing_azimuths import STEP, TURN

FARTHEST = 1000.0
"""Points further off are no places, m."""

_FIRINGS_A_TURN = 1085
_LEAST_FIRINGS, MOST_FIRINGS = 64, 5 * _FIRINGS_A_TURN // 2
"""Of a sweep, up to two turns and a half: points that someone has sorted make more, of a few points each."""

_NEAREST, _FASTEST = 1.0, 50.0
"""Points nearer than this (m) tell nothing of their ring; speeds are below this (m/s)."""
_TOLERANCE = 0.01
"""Sines of elevations may be off by this; rings are 0.023 apart."""
_LEAST_POINTS, _LEAST_SHARE = 72, 0.8
_MOST_SPACED = 1600
"""Firings of a turn and a half: no more are put in."""
_WELL_SEEN, _TAIL = 3.0, 40
"""Points further off than this (m) show azimuths; the end of a turn is so many firings."""


@dataclass(frozen=True)
class Laid:
    """A sweep as firings by rings.

    Attributes
    ----------
    place : (F, R) int64
        Place in the file of the point of each cell, -1 where there is none.
    missing : (N,) bool
        Points whose coordinates have the bits `nothing` (3,) uint32: no returns.
    kind : int
        Order of the file, see `lizip.sensor.stages.cells.BY_RING`.
    first : int
        Points of the file before those that stand behind all others.
    """

    place: np.ndarray
    missing: np.ndarray
    nothing: np.ndarray
    kind: int = 0
    first: int = 1 << 62

    @property
    def present(self) -> np.ndarray:
        """Which cells have points, (F, R) bool."""
        return self.place >= 0

    @property
    def left_out(self) -> int:
        """How many points that are somewhere have no cell."""
        return len(self.missing) - int(np.count_nonzero(self.missing | self._placed))

    @property
    def _placed(self) -> np.ndarray:
        placed = np.zeros(len(self.missing), bool)
        placed[self.place[self.present]] = True
        return placed

    def spread(self, xyz: np.ndarray) -> np.ndarray:
        """Points (N, 3) float32 as (F, R, 3) float64; NaN where there are none, or where they are no places."""
        with np.errstate(invalid="ignore"):  # NaN that signal
            points = xyz[np.maximum(self.place, 0)].astype(np.float64)
        known = self.present & (np.abs(points) < FARTHEST).all(axis=2) & ~self.missing[self.place]
        points[~known] = np.nan
        return points

    def without(self, points: np.ndarray) -> Laid:
        """The same when some points (N,) bool have no cells."""
        return replace(self, place=np.where(points[self.place], -1, self.place))

    def turned(self, axes: Axes) -> Laid:
        """The same when the axes of the file are undone."""
        nothing = axes.undone(self.nothing.view(np.float32)[None])[0].view(np.uint32)
        return replace(self, nothing=nothing)

    def spaced(self, block: np.ndarray, known: np.ndarray) -> Laid:
        """With rows for firings of which no point is left, by the azimuths (F,) of those that are `known` (F,)."""
        at = np.flatnonzero(known)
        turned = (block[at[:-1]] - block[at[1:]]) % TURN
        gaps = np.rint(turned / (TURN / 1085)).astype(np.int64) - np.diff(at)
        gaps[turned > TURN - 10 * STEP] = 0
        more = np.zeros(len(block), np.int64)
        more[at[1:]] = gaps
        return self.opened(more)

    def opened(self, more: np.ndarray) -> Laid:
        """With so many rows more (F,) before each row, or fewer, if those are without points."""
        filled = self.present.any(axis=1)
        at = np.arange(len(more))
        before = np.maximum.accumulate(np.where(filled, at, -1))
        more = np.maximum(more, np.concatenate([[-1], before[:-1]]) + 1 - at)
        row = at + np.cumsum(more)
        if not more.any() or row[-1] >= max(len(more), _MOST_SPACED):
            return self
        place = np.full((row[-1] + 1, self.place.shape[1]), -1)
        place[row[filled]] = self.place[filled]
        return replace(self, place=place)


def lay_out(xyz: np.ndarray, others: list[np.ndarray], missing: np.ndarray, nothing: np.ndarray) -> Laid | None:
    """Find firings and rings of points (N, 3) beside further columns; None when they do not look like it.

    `missing` (N,) and `nothing` (3,) as `find_missing` has them.
    """
    if len(xyz) < _LEAST_FIRINGS:
        return None
    whole = _of_whole_firings(xyz, missing, nothing)
    if whole is not None:
        return whole
    for way in (_of_ring_column, _of_elevations, _of_ring_after_ring):
        laid = way(xyz, others, missing, nothing)
        if laid is not None and _looks_like_rings(laid.spread(xyz)):
            return laid
    return None


def _of_whole_firings(xyz: np.ndarray, missing: np.ndarray, nothing: np.ndarray) -> Laid | None:
    """All cells, firing after firing or ring after ring, that look like rings."""
    count = len(xyz)
    while count and missing[count - 1] and count % RINGS:
        count -= 1
    for end in dict.fromkeys((count, len(xyz) - int(np.argmin(missing[::-1])))):
        if end % RINGS or not _LEAST_FIRINGS <= end // RINGS <= MOST_FIRINGS:
            continue
        cells = np.arange(end)
        by_firing = Laid(cells.reshape(-1, RINGS), missing, nothing)
        by_ring = Laid(cells.reshape(RINGS, -1).T, missing, nothing, BY_RING)
        for laid in (by_firing, by_ring):
            if _looks_like_rings(laid.spread(xyz)):
                return laid
    return None


def _of_ring_column(xyz: np.ndarray, others: list[np.ndarray], missing: np.ndarray, nothing: np.ndarray) -> Laid | None:
    """Rings from a column; a firing ends where they fall."""
    for column in others:
        ring = as_rings(column)
        if ring is None:
            continue
        kept = np.flatnonzero(~missing)
        laid = _returns_first(ring, kept, missing, nothing)
        return laid or _rows(ring, np.arange(len(ring)), missing, nothing) or _rows(ring, kept, missing, nothing)
    return None


def _of_elevations(xyz: np.ndarray, others: list[np.ndarray], missing: np.ndarray, nothing: np.ndarray) -> Laid | None:
    """Rings from elevations, as seen from a sensor that moved evenly."""
    kept = np.flatnonzero(~missing & every(np.abs(xyz) < FARTHEST))
    if len(kept) < _LEAST_FIRINGS:
        return None
    found = find_firings(xyz[kept].astype(np.float64))
    if found is None:
        return None
    ring, firing = found
    placed = firing >= 0
    return _at(ring[placed], firing[placed], kept[placed], missing, nothing)


def _of_ring_after_ring(
    xyz: np.ndarray, others: list[np.ndarray], missing: np.ndarray, nothing: np.ndarray
) -> Laid | None:
    """Rings one after the other, by a column or by elevations; firings by azimuths."""
    kept = np.flatnonzero(~missing & every(np.abs(xyz) < FARTHEST))
    if len(kept) < _LEAST_FIRINGS:
        return None
    column = next((ring for ring in map(as_rings, others) if ring is not None), None)
    points = xyz[kept].astype(np.float64)
    runs = None if column is None else find_runs(points, column[kept])
    if runs is None:  # a column may count from the highest ring down, or count something else
        runs = find_runs(points, None)
    if runs is None:
        return None
    placed = runs.firing >= 0
    laid = _at(runs.ring[placed], runs.firing[placed], kept[placed], missing, nothing)
    return laid and replace(laid, kind=runs.kind)


def _rows(ring: np.ndarray, which: np.ndarray, missing: np.ndarray, nothing: np.ndarray) -> Laid | None:
    """Lay out the points `which` (M,), firing after firing; rings (N,)."""
    ring = ring[which]
    return _at(ring, np.cumsum(np.diff(ring, prepend=-1) <= 0), which, missing, nothing)


def _at(
    ring: np.ndarray, firing: np.ndarray, which: np.ndarray, missing: np.ndarray, nothing: np.ndarray
) -> Laid | None:
    """Put the points `which` (M,) into cells."""
    firings = int(firing.max(initial=-1)) + 1
    if not _LEAST_FIRINGS <= firings <= MOST_FIRINGS or firings * RINGS > 64 * len(missing):
        return None
    place = np.full((firings, RINGS), -1)
    place[firing, ring] = which
    return Laid(place, missing, nothing)


def _returns_first(ring: np.ndarray, kept: np.ndarray, missing: np.ndarray, nothing: np.ndarray) -> Laid | None:
    """All returns, firing after firing, and then, firing after firing, all that are none: together every cell."""
    rings = ring[kept]
    firing = np.cumsum(np.diff(rings, prepend=-1) <= 0)
    firings = len(kept) // RINGS
    if len(kept) % RINGS or not _LEAST_FIRINGS <= firings <= firing[-1]:
        return None
    # the last firing ends somewhere before the rings fall again
    last = np.flatnonzero(firing == firings - 1)
    for end in range(last[-1] + 1, last[0], -1):
        laid = _at(rings[:end], firing[:end], kept[:end], missing, nothing)
        if laid is None:
            return None
        free = np.argwhere(~laid.present)
        if (free[:, 1] == rings[end:]).all():
            place = laid.place.copy()
            place[free[:, 0], free[:, 1]] = kept[end:]
            return replace(laid, place=place, first=int(kept[end]))
    return None


def _looks_like_rings(points: np.ndarray) -> bool:
    """Whether points lie at their rings' elevations, within half a degree.

    The stored frame is that of the last firing; a point counts when it is so far off that what the vehicle has moved
    since then cannot hide its elevation. Where points that returned nothing show the sensor's place, any is far enough.
    """
    # firings that show nothing but the sensor say nothing of time
    since = hdl32e().rhythm.period * 1e-6 * np.maximum(last_seen(points) - 1 - np.arange(len(points)), 0)
    if _are_cones(points, np.maximum(_NEAREST, _FASTEST / _TOLERANCE * since)):
        return True
    places, known = sensor_places(points)
    return known and _are_cones(points - places[:, None], np.full(len(points), _NEAREST))


def _are_cones(points: np.ndarray, nearest: np.ndarray) -> bool:
    """Whether points (F, R, 3), of those beyond `nearest` (F,) m enough to tell, lie at their rings' elevations."""
    distance, sine = np.sqrt((points**2).sum(axis=2)), hdl32e().sin_elevation
    far = distance > nearest[:, None]
    if np.count_nonzero(far) < _LEAST_POINTS:
        return False
    off = np.abs(points[..., 2] / np.maximum(distance, 1e-3) - sine)
    return bool((off[far] < _TOLERANCE).mean() > _LEAST_SHARE)


def find_axes(points: np.ndarray) -> Axes:
    """Which way the file's axes lie, from points (F, R, 3): a turn falls in azimuth, and ends where x is negative."""
    far = np.sqrt((points[:, :, :2] ** 2).sum(axis=2)) > _WELL_SEEN
    seen = np.flatnonzero(far.any(axis=1))
    if len(seen) < _LEAST_FIRINGS:
        return AS_THEY_ARE
    # the farthest point of each firing shows its azimuth best
    column = np.where(far, (np.nan_to_num(points[:, :, :2]) ** 2).sum(axis=2), -1.0)[seen].argmax(axis=1)
    x, y = points[seen, column, 0], points[seen, column, 1]
    turned = np.sign(x[:-1] * y[1:] - y[:-1] * x[1:]).sum()
    whole = len(seen) > 0.8 * _FIRINGS_A_TURN
    end = np.array([np.median(x[-_TAIL:]), np.median(y[-_TAIL:])])

    def fit(axes: Axes) -> float:
        back = axes.undone(np.array([[*end, 0.0]], np.float32))[0]
        mirrored = axes.swapped ^ axes.negative_x ^ axes.negative_y
        sense = -turned if mirrored else turned
        return -back[0] if sense < 0 else -np.inf

    ways = (AS_THEY_ARE, *OTHERS)
    if not whole:
        # of a part of a turn nobody knows where it ends: only mirrors show
        ways = (AS_THEY_ARE, Axes(negative_y=True))
    return max(ways, key=fit)
