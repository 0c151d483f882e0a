"""Points of a file <-> returns on a grid, by a calibration: which points it explains, what is left, where they go."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lizip.errors import CorruptError
from lizip.jit import kernel
from lizip.scan.columns import Columns, find_columns
from lizip.sensor.advance import turned_back
from lizip.sensor.arithmetic import DOUBLE, driver_points
from lizip.sensor.beams import MAX_TICKS, beam_measure, beam_point, beam_points, measure_points
from lizip.sensor.calibration import Calibration
from lizip.sensor.corrections import find_corrections, round_points

_PROBES = 24


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
        seen = turned_back(seen, ahead * c.step)
    measure_points(c.table, c.step, c.tick, c.hypotenuse, ring, seen, column, ticks)
    shift = c.shifts.astype(np.int32)[known]
    firing = (column + shift) % np.int32(c.columns)
    points = stored_points(c, known, firing - shift if ahead is None else firing - shift + ahead, ticks)
    rounded, fraction = round_points(points, c.decimal)
    corrections, kept = find_corrections(rounded, xyz, c.decimal, most)
    kept &= ticks > 0
    if not repeats:
        _drop_repeats(ring, firing, kept, np.zeros((len(c.beams), c.columns), np.uint8))
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
    columns = columns or find_columns(firing, calibration.columns)
    row = columns.ranks(firing) - columns.lags(calibration.leads)[ring]
    if columns.closed:
        rows = len(columns.fired)
        return Grid(columns, row % rows, rows, 0)
    base = int(row.min())
    return Grid(columns, row - base, int(row.max()) - base + 1, base)


def place_returns(
    ranges: np.ndarray, columns: Columns, base: int, calibration: Calibration
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Turn grid cells back into returns, ring after ring, each in the order of the rows.

    Parameters
    ----------
    ranges : (J, R) int32
        Ticks, 0 = no return.

    Returns
    -------
    ring, row, rank : (M,) int64
        Cell of each return and the index of its firing.
    """
    c = calibration
    if int(ranges.min(initial=0)) < 0 or int(ranges.max(initial=0)) >= MAX_TICKS:
        raise CorruptError("a range is out of bounds")
    if columns.closed and ranges.shape[0] != len(columns.fired):
        raise CorruptError("grid has not as many rows as there were firings")
    by_ring = np.ascontiguousarray(ranges.T).ravel()
    cell = np.flatnonzero(by_ring)
    ring, row = np.divmod(cell, max(ranges.shape[0], 1))
    rank = row + columns.lags(c.leads)[ring] + base
    if columns.closed:
        rank %= len(columns.fired)
    elif len(rank) and not 0 <= int(rank.min()) <= int(rank.max()) < len(columns.fired):
        raise CorruptError("a return lies outside of the firings")
    return ring, row, rank


def return_points(
    calibration: Calibration, ring: np.ndarray, firing: np.ndarray, ticks: np.ndarray, ahead: np.ndarray | None = None
) -> np.ndarray:
    """Points (M, 3) float64 of returns as `explain` computes them: ring, firing column, ticks, `ahead` as there."""
    c = calibration
    column = (firing % c.columns - c.shifts[ring]).astype(np.int32)
    ring, ticks = ring.astype(np.int32), ticks.astype(np.int32)
    return stored_points(c, ring, column if ahead is None else column + ahead, ticks)


def stored_points(calibration: Calibration, beam: np.ndarray, column: np.ndarray, ticks: np.ndarray) -> np.ndarray:
    """Points (M, 3) float64 as they are before the last rounding, from beam, column and ticks, each (M,)."""
    c = calibration
    points = np.empty((len(beam), 3))
    if c.arithmetic.form == DOUBLE:
        beam_points(c.table, c.step, c.tick, c.hypotenuse, beam, column, ticks, points)
    else:
        driver_points(c.table, c.step, float(c.columns), c.tick, *c.arithmetic, beam, column, ticks, points)
    return c.mount.to_vehicle(points) if c.mount else points


def match_rings(xyz: np.ndarray, bounds: np.ndarray, calibration: Calibration) -> np.ndarray:
    """Find the beam of each ring (K,) int64, ascending; -1 where a ring is none of the calibration's beams.

    Rings may be missing, so each is tried on the beam after the last one found, then on those that follow.
    """
    beams = np.full(len(bounds) - 1, -1, np.int64)
    c = calibration
    _match_rings(c.table, c.step, c.tick, c.hypotenuse, float(c.decimal), xyz, bounds, beams)
    return beams


@kernel
def _match_rings(table, step, tick, hypotenuse, decimal, xyz, bounds, beams):
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
                hits += np.int64(ticks > 0 and away * decimal < 1.2)
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
