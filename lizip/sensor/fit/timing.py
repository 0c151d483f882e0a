"""Which way a sensor turns, and which of its beams fire together: from the order of the points in a file."""

from __future__ import annotations

import numpy as np

from lizip.jit import kernel
from lizip.sensor.fit.calibration import Calibration
from lizip.sensor.fit.columns import align_rings, match_rings
from lizip.sensor.fit.layout import Layout
from lizip.sensor.fit.measure import measure_points
from lizip.sensor.stages.order import RINGS

_SPARSE = 0.25
"""Share of the columns in which a sensor fires, below which its uneven steps are marks to align rings by."""
_ALIGNED = 0.9
"""Rings are taken to fire together when that needs so much fewer firings."""


def set_in_time(
    calibration: Calibration, points: np.ndarray, bounds: np.ndarray, order: np.ndarray, layout: Layout
) -> Calibration:
    """Give a calibration its sense of rotation and its shifts, from the order in the file.

    Parameters
    ----------
    calibration : Calibration
    points : (N, 3) float32 or float64
        In the sensor's frame, ring after ring.
    bounds : (R + 1,) int64
        First point of each ring.
    order : (N,) int64
        Places of the points in the file.
    layout : Layout
    """
    c = calibration
    ring = np.repeat(np.arange(len(bounds) - 1, dtype=np.int32), np.diff(bounds))
    column, ticks = np.empty(len(ring), np.int32), np.empty(len(ring), np.int32)
    measure_points(c.beams.table, c.beams.step, c.beams.tick, c.beams.hypotenuse, ring, points, column, ticks)
    moves: np.ndarray = np.diff(column.astype(np.int64))
    moves = (moves + c.beams.columns // 2) % c.beams.columns - c.beams.columns // 2
    moves = moves[np.diff(ring) == 0]
    if np.count_nonzero(moves < 0) > np.count_nonzero(moves > 0):
        numbers = c.beams.numbers.copy()
        numbers[:, 0] *= -1
        c = c.with_beams(clockwise=True, numbers=numbers)
        column = -column
    if layout.kind == RINGS:
        sparse = int(np.diff(bounds).max()) < _SPARSE * c.beams.columns
        shifts = (match_rings if sparse else align_rings)(column, bounds, c.beams.columns)
        together = (column + np.repeat(shifts, np.diff(bounds))) % c.beams.columns
        fewer = len(np.unique(together)) < _ALIGNED * len(np.unique(column % c.beams.columns))
        return c.with_beams(shifts=shifts) if fewer else c
    assert layout.turn is not None
    shifts = np.zeros(layout.rings, np.int64)
    firing = np.full(int(layout.turn.max()) + 1, -1, np.int64)
    votes = np.zeros(c.beams.columns, np.int64)
    fullest = np.argsort(-np.diff(bounds), kind="stable")
    _vote_shifts(column.astype(np.int64) % c.beams.columns, layout.turn[order], bounds, fullest, firing, votes, shifts)
    return c.with_beams(shifts=(shifts + c.beams.columns // 2) % c.beams.columns - c.beams.columns // 2)


@kernel
def _vote_shifts(column, turn, bounds, rings, firing, votes, shifts):
    """Shift each ring so that most of its points agree on the firing with the rings before; the fullest begins.

    `firing` (T,) is the column of each firing as far as known, -1 else; `votes` (turn,) is scratch.
    """
    size = votes.size
    for k in range(rings.size):
        r = rings[k]
        for v in range(size):
            votes[v] = 0
        for i in range(bounds[r], bounds[r + 1]):
            if firing[turn[i]] >= 0:
                votes[(firing[turn[i]] - column[i] + size) % size] += 1
        best = np.int64(0)
        for v in range(size):
            if votes[v] > votes[best]:
                best = np.int64(v)
        shifts[r] = best
        for i in range(bounds[r], bounds[r + 1]):
            if firing[turn[i]] < 0:
                firing[turn[i]] = (column[i] + best) % size
