"""Points of a file <-> returns on a grid, by a calibration: which points it explains, what is left, where they go."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lizip.jit import kernel
from lizip.sensor.fit.calibration import Calibration
from lizip.sensor.fit.columns import find_columns
from lizip.sensor.fit.inside import is_coarse, settle_ranges
from lizip.sensor.fit.measure import beam_measure, measure_points
from lizip.sensor.fit.turning import turned_back
from lizip.sensor.stages.arithmetic import beam_point
from lizip.sensor.stages.corrections import find_corrections
from lizip.sensor.stages.firings import Columns
from lizip.sensor.stages.rounding import HALF, round_points

_PROBES = 24
_HALF_STEP = 1.2 * 2.0**-10
"""Largest step of a float16 by its size, with some room."""


@dataclass(frozen=True)
class Explained:
    """What a calibration makes of points (N of them, in file order).

    Attributes
    ----------
    kept : (N,) bool
        Which points it explains but for small corrections, one for each ring and firing unless repeats are welcome.
    firing, ticks : (N,) int32
        Firing column, 0 to the columns of a turn; range.
    points : (N, 3) float64
        Unrounded model points.
    rounded : (N, 3) float32
    fraction : (N, 3) float64
    corrections : (N, 3) int32
        See `lizip.sensor.corrections`.
    """

    kept: np.ndarray
    firing: np.ndarray
    ticks: np.ndarray
    points: np.ndarray
    rounded: np.ndarray
    fraction: np.ndarray
    corrections: np.ndarray


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
    """
    c = calibration
    column, ticks = np.empty(len(xyz), np.int32), np.empty(len(xyz), np.int32)
    known = np.maximum(ring, 0)
    seen = c.mount.to_sensor(xyz) if c.mount else xyz
    if ahead is not None:
        seen = turned_back(seen, ahead * c.beams.step)
    measure_points(c.beams.table, c.beams.step, c.beams.tick, c.beams.hypotenuse, ring, seen, column, ticks)
    shift = c.beams.shifts.astype(np.int32)[known]
    firing = (column + shift) % np.int32(c.beams.columns)
    fired = firing - shift if ahead is None else firing - shift + ahead
    points = c.points(known, fired, ticks)
    if is_coarse(c.decimal, c.beams.tick):
        settle_ranges(xyz, ring, c.decimal, points, c.points(known, fired, ticks + 1), ticks)
        points = c.points(known, fired, ticks)
    rounded, fraction = round_points(points, c.decimal)
    corrections, kept = find_corrections(rounded, xyz, c.decimal, most)
    kept &= ticks > 0
    if not repeats:
        _drop_repeats(ring, firing, kept, np.zeros((len(c.beams.numbers), c.beams.columns), np.uint8))
    return Explained(kept, firing, ticks, points, rounded, fraction, corrections)


def residual_of(explained: Explained, xyz: np.ndarray) -> int:
    """RMS distance (um) a coordinate between model points and stored ones xyz (N, 3), their rounding included."""
    kept = np.flatnonzero(explained.kept)
    kept = kept[:: max(1, len(kept) // 4096)]
    away = xyz[kept] - explained.points[kept]
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
