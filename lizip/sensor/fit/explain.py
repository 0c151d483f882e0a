"""Points of a file <-> returns on a grid, by a calibration: which points it explains, what is left, where they go."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from lizip.exact.triples import rows_in_place, some
from lizip.jit import kernel
from lizip.sensor.fit.calibration import Calibration
from lizip.sensor.fit.columns import find_columns
from lizip.sensor.fit.inside import is_coarse, settle_ranges
from lizip.sensor.fit.measure import beam_measure, measure_points
from lizip.sensor.fit.turning import turned_back
from lizip.sensor.stages.arithmetic import beam_point
from lizip.sensor.stages.corrections import Corrections, find_corrections
from lizip.sensor.stages.firings import Columns
from lizip.sensor.stages.rounding import HALF, round_points

_PROBES = 24
_ALL = slice(None)
_PART = 1 << 12
"""Points that are worked on at a time: what they need is so small that the same memory is taken again."""
_HALF_STEP = 1.2 * 2.0**-10
"""Largest step of a float16 by its size, with some room."""


@dataclass(frozen=True)
class Explained:
    """What a calibration makes of points (N of them, in file order).

    Attributes
    ----------
    calibration : Calibration
    kept : (N,) bool
        Which points it explains but for small corrections, one for each ring and firing unless repeats are welcome.
    ring, firing, ticks : (N,) int32
        Beam, negative where there is none; firing column, 0 to the columns of a turn; range.
    fired : (N,) int32 or float64
        Column at which each beam was fired, as `Calibration.points` takes it.
    rounded : (N, 3) float32
    fraction : (N, 3) float64
    corrections : (N, 3) int32
        See `lizip.sensor.corrections`.
    """

    calibration: Calibration
    kept: np.ndarray
    ring: np.ndarray
    firing: np.ndarray
    ticks: np.ndarray
    fired: np.ndarray
    rounded: np.ndarray
    fraction: np.ndarray
    corrections: np.ndarray

    def points(self, which: slice | np.ndarray = _ALL) -> np.ndarray:
        """Unrounded model points (K, 3) float64 of some points."""
        ring = np.maximum(self.ring[which], 0)
        return self.calibration.points(ring, self.fired[which], self.ticks[which])

    def corrections_of(self, place: np.ndarray) -> tuple[Corrections, int]:
        """The stage that corrects the points at ascending places (M,), and how many it does; uses up what it codes."""
        # one after the other, and where they stand: all together are three times the file
        rounded, fraction, corrections = (
            rows_in_place(each, place) for each in (self.rounded, self.fraction, self.corrections)
        )
        corrected = int(np.count_nonzero(some(corrections)))
        return Corrections.of_points(rounded, fraction, corrections, self.calibration.decimal), corrected


@kernel
def _drop_repeats(ring, firing, kept, seen):
    """Keep one point for each ring and firing column; `seen` (rings, turn) uint8 starts at 0."""
    for i in range(ring.size):
        if kept[i]:
            if seen[ring[i], firing[i]]:
                kept[i] = False
            seen[ring[i], firing[i]] = 1


def explain(
    xyz: np.ndarray,
    ring: np.ndarray,
    calibration: Calibration,
    most: int,
    ahead: np.ndarray | None = None,
    repeats: bool = False,
    tell: Callable[[slice, np.ndarray], None] | None = None,
) -> Explained:
    """Explain points by a calibration.

    Parameters
    ----------
    xyz : (N, 3) float32
        Contiguous; NaN only where `ring` is negative.
    ring : (N,) int32
        Beam of each point, negative where there is none.
    most : int
        Largest correction of a point that counts as explained.
    ahead : (N,) float64, optional
        Columns by which each point is ahead of its column.
    repeats : bool
        Keep more than one point for a ring and column: a sweep may be longer than a turn.
    tell : callable, optional
        Is told the unrounded model points (K, 3) float64 of one part of the points after the other.
    """
    c, count = calibration, len(xyz)
    shifts, beams = c.beams.shifts.astype(np.int32), c.beams
    kept, firing, ticks = np.empty(count, np.bool_), np.empty(count, np.int32), np.empty(count, np.int32)
    fired = np.empty(count, np.int32 if ahead is None else np.float64)
    rounded, fraction = np.empty((count, 3), np.float32), np.empty((count, 3))
    corrections = np.zeros((count, 3), np.int32)
    coarse = is_coarse(c.decimal, beams.tick)
    # what is needed on the way is as large as what is left; where roundings are coarse, ranges tell those that follow
    for start in range(0, count, max(count, 1) if coarse else _PART):
        part = slice(start, count if coarse else start + _PART)
        here, of_ring = xyz[part], ring[part]
        seen = c.mount.to_sensor(here) if c.mount else here
        if ahead is not None:
            seen = turned_back(seen, ahead[part] * beams.step)
        column = np.empty(len(here), np.int32)
        measure_points(beams.table, beams.step, beams.tick, beams.hypotenuse, of_ring, seen, column, ticks[part])
        known = np.maximum(of_ring, 0)
        shift = shifts[known]
        firing[part] = (column + shift) % np.int32(beams.columns)
        fired[part] = firing[part] - shift if ahead is None else firing[part] - shift + ahead[part]
        points = c.points(known, fired[part], ticks[part])
        if coarse:
            settle_ranges(here, of_ring, c.decimal, points, c.points(known, fired[part], ticks[part] + 1), ticks[part])
            points = c.points(known, fired[part], ticks[part])
        if tell is not None:
            tell(part, points)
        round_points(points, c.decimal, (rounded[part], fraction[part]))
        find_corrections(rounded[part], here, c.decimal, most, (corrections[part], kept[part]))
    kept &= ticks > 0
    if not repeats:
        _drop_repeats(ring, firing, kept, np.zeros((len(beams.numbers), beams.columns), np.uint8))
    return Explained(c, kept, ring, firing, ticks, fired, rounded, fraction, corrections)


def residual_of(explained: Explained, xyz: np.ndarray) -> int:
    """RMS distance (um) a coordinate between model points and stored ones xyz (N, 3), their rounding included."""
    kept = np.flatnonzero(explained.kept)
    kept = kept[:: max(1, len(kept) // 4096)]
    away = xyz[kept] - explained.points(kept)
    return int(np.rint(1e6 * np.sqrt(np.mean(away * away)))) if away.size else 0


@dataclass(frozen=True)
class Grid:
    """Where returns go: firings, row of each return, number of rows, firing index of row 0 of a ring without lag."""

    columns: Columns
    row: np.ndarray
    rows: int
    base: int


def make_grid(firing: np.ndarray, ring: np.ndarray, calibration: Calibration, columns: Columns | None = None) -> Grid:
    """Lay out returns, firing and ring (M,), M > 0; `columns` where the firings are known."""
    columns = columns or find_columns(firing, calibration.beams.columns)
    row = columns.ranks(firing) - columns.lags(calibration.beams.leads)[ring]
    if columns.closed:
        rows = len(columns.fired)
        return Grid(columns, row % rows, rows, 0)
    base = int(row.min())
    return Grid(columns, row - base, int(row.max()) - base + 1, base)


def match_rings(xyz: np.ndarray, bounds: np.ndarray, calibration: Calibration) -> np.ndarray:
    """Find the beam of each ring (K,) int64, ascending; -1 where a ring is none of the calibration's beams.

    Rings may be missing, so each is tried on the beam after the last one found, then on those that follow.
    """
    beams = np.full(len(bounds) - 1, -1, np.int64)
    c = calibration
    grain = (0.0, _HALF_STEP) if c.decimal >= HALF else (1.2 / c.decimal, 0.0)
    _match_rings(c.beams.table, c.beams.step, c.beams.tick, c.beams.hypotenuse, grain, xyz, bounds, beams)
    return beams


@kernel
def _match_rings(table, step, tick, hypotenuse, grain, xyz, bounds, beams):
    """Carry out `match_rings`; points may be off by `grain` (m, and a metre of their largest coordinate)."""
    last = np.int64(-1)
    misses = np.int64(0)
    for k in range(bounds.size - 1):
        first = bounds[k]
        size = bounds[k + 1] - first
        tested = min(size, _PROBES)
        found = np.int64(-1)
        beam = last + 1
        while beam < table.shape[0] and found < 0:
            hits = np.int64(0)
            for probe in range(tested):
                i = first + (2 * probe + 1) * size // (2 * tested)
                x = np.float64(xyz[i, 0])
                y = np.float64(xyz[i, 1])
                z = np.float64(xyz[i, 2])
                column, ticks = beam_measure(table, beam, step, tick, hypotenuse, x, y, z)
                px, py, pz = beam_point(table, beam, step, tick, hypotenuse, np.float64(column), np.float64(ticks))
                away = max(abs(px - x), abs(py - y), abs(pz - z))
                allowed = grain[0] + grain[1] * max(abs(x), abs(y), abs(z))
                hits += np.int64(ticks > 0 and away < allowed)
                if probe >= 3 and 2 * hits < probe:
                    break
            if 5 * hits >= 3 * tested:
                found = beam
            beam += 1
        beams[k] = found
        if found >= 0:
            last = found
        else:
            misses += 1
            if misses > 8 and 4 * misses > k:
                return
