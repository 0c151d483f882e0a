"""Grid cells <-> returns in file order, for scans whose rings follow one another in ascending azimuth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lizip.errors import CorruptError
from lizip.jit import kernel
from lizip.scan.columns import Columns, find_columns
from lizip.scan.order import keep_ascending
from lizip.sensor.beams import MAX_TICKS, azimuth_keys, beam_measure, beam_point, beam_points, measure_points
from lizip.sensor.calibration import Calibration
from lizip.sensor.corrections import find_corrections, round_points

_PROBES = 24


@dataclass(frozen=True)
class Returns:
    """The returns of a scan that a calibration explains, in file order.

    Attributes
    ----------
    kept : (N,) bool
        Which points of the file these are.
    ring, row, ticks : (M,) int32
        Grid cell and range.
    columns : Columns
        When the sensor fired.
    base : int
        Firing index of row 0 of a ring without lag, for scans that are not closed.
    rows : int
        Rows of the grid.
    fraction : (M, 3) float64
    corrections : (M, 3) int32
        See `lizip.sensor.corrections`.
    """

    kept: np.ndarray
    ring: np.ndarray
    row: np.ndarray
    ticks: np.ndarray
    columns: Columns
    base: int
    rows: int
    fraction: np.ndarray
    corrections: np.ndarray


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


@kernel
def _drop_repeats(ring, firing, kept, seen):
    """Keep one point for each ring and firing column; `seen` (turn,) int32 starts at -1."""
    for i in range(ring.size):
        if kept[i]:
            if seen[firing[i]] == ring[i]:
                kept[i] = False
            else:
                seen[firing[i]] = ring[i]


def find_returns(xyz: np.ndarray, bounds: np.ndarray, calibration: Calibration) -> Returns | None:
    """Explain the points xyz (N, 3) float32 of rings `bounds` (R + 1,) by beams 0 to R - 1 of a calibration.

    None when it explains no point.
    """
    c = calibration
    ring = np.repeat(np.arange(len(bounds) - 1, dtype=np.int32), np.diff(bounds))
    column, ticks = np.empty(len(xyz), np.int32), np.empty(len(xyz), np.int32)
    measure_points(c.table, c.step, c.tick, c.hypotenuse, ring, xyz, column, ticks)
    shift = c.shifts.astype(np.int32)[ring]
    firing = (column + shift) % np.int32(c.columns)
    points = np.empty((len(xyz), 3))
    beam_points(c.table, c.step, c.tick, c.hypotenuse, ring, firing - shift, ticks, points)
    rounded, fraction = round_points(points, c.decimal)
    corrections, kept = find_corrections(rounded, xyz, c.decimal)
    kept &= (ticks > 0) & (np.abs(corrections).max(axis=1) <= 1)
    _drop_repeats(ring, firing, kept, np.full(c.columns, -1, np.int32))
    keys = np.empty(len(xyz))
    azimuth_keys(points, ring, keys)
    places = np.flatnonzero(kept)
    kept[places[~keep_ascending(keys[places])]] = False
    if not kept.any():
        return None
    ring, firing = ring[kept], firing[kept]
    columns = find_columns(firing, c.columns)
    row = columns.ranks(firing) - columns.lags(c.shifts)[ring]
    base = 0 if columns.closed else int(row.min())
    row = row % len(columns.fired) if columns.closed else row - base
    rows = len(columns.fired) if columns.closed else int(row.max()) + 1
    return Returns(kept, ring, row, ticks[kept], columns, base, rows, fraction[kept], corrections[kept])


def place_returns(
    ranges: np.ndarray, columns: Columns, base: int, calibration: Calibration
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Turn grid cells back into returns in file order.

    Parameters
    ----------
    ranges : (J, R) int32
        Ticks, 0 = no return.

    Returns
    -------
    ring, row : (M,) int64
        Cell of each return.
    points : (M, 3) float64
        Unrounded.
    """
    c = calibration
    closed = columns.closed
    if int(ranges.min(initial=0)) < 0 or int(ranges.max(initial=0)) >= MAX_TICKS:
        raise CorruptError("a range is out of bounds")
    if closed and ranges.shape[0] != len(columns.fired):
        raise CorruptError("grid has not as many rows as there were firings")
    ring, row = np.nonzero(ranges.T)
    rank = row + columns.lags(c.shifts)[ring] + base
    if closed:
        rank %= len(columns.fired)
    elif len(rank) and not 0 <= int(rank.min()) <= int(rank.max()) < len(columns.fired):
        raise CorruptError("a return lies outside of the firings")
    column = columns.fired[rank] - c.shifts[ring]
    points = np.empty((len(ring), 3))
    ring32 = ring.astype(np.int32)
    beam_points(
        c.table,
        c.step,
        c.tick,
        c.hypotenuse,
        ring32,
        column.astype(np.int32),
        ranges[row, ring].astype(np.int32),
        points,
    )
    keys = np.empty(len(ring))
    azimuth_keys(points, ring32, keys)
    order = np.argsort(keys, kind="stable")
    return ring[order], row[order], points[order]
