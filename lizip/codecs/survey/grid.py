"""Nearest earlier points in a plane: a hashed grid of cells, each remembering its last few points."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lizip.jit import kernel

PLACES = 6
"""Points that a cell remembers."""

FOUND = 4
"""Neighbours looked for."""

_CELLS = 1 << 14
_FAR = 1 << 30
NOWHERE = 1 << 62
"""Squared distance of a neighbour that is not there."""


class Grid(NamedTuple):
    """Earlier points by place.

    Attributes
    ----------
    cells : (C, PLACES) int32
        Indices of points, -1 for none.
    newest : (C,) int32
        Place written last.
    found : (FOUND,) int64
        Result of a search: indices, nearest first, -1 for none.
    distances : (FOUND,) int64
        Their squared distances.
    """

    cells: np.ndarray
    newest: np.ndarray
    found: np.ndarray
    distances: np.ndarray


def empty_grid() -> Grid:
    """Make a grid without points."""
    cells = np.full((_CELLS, PLACES), -1, np.int32)
    return Grid(cells, np.zeros(_CELLS, np.int32), np.full(FOUND, -1, np.int64), np.full(FOUND, NOWHERE, np.int64))


@kernel
def _cell(grid, across, down):
    key = ((across & 0x7FFFFFFF) * 0x2C1B3C6D ^ (down & 0x7FFFFFFF) * 0x297A2D39) & 0x3FFFFFFFFFFFFFFF
    return np.uint64(((key >> 13) ^ (key >> 29)) & (grid.newest.size - 1))


@kernel
def insert(grid, shift, x, y, i):
    """Remember point i at (x, y)."""
    at = _cell(grid, x >> shift, y >> shift)
    place = (np.int64(grid.newest[at]) + 1) % PLACES
    grid.newest[at] = np.int32(place)
    grid.cells[at, place] = np.int32(i)


@kernel
def search(grid, shift, xs, ys, x, y, before):
    """Find the points nearest to (x, y), of index below `before`, in the four cells around the place."""
    found, distances = grid.found, grid.distances
    for q in range(FOUND):
        found[q] = -1
        distances[q] = NOWHERE
    half = np.int64(1) << max(shift - 1, 0)
    left = (x - half) >> shift
    top = (y - half) >> shift
    for down in range(2):
        for across in range(2):
            at = _cell(grid, left + across, top + down)
            for t in range(PLACES):
                j = np.int64(grid.cells[at, np.uint64(t)])
                if j < 0 or j >= before:
                    continue
                dx = min(abs(xs[np.uint64(j)] - x), _FAR)
                dy = min(abs(ys[np.uint64(j)] - y), _FAR)
                distance = dx * dx + dy * dy
                if distance >= distances[FOUND - 1]:
                    continue
                q = FOUND - 1
                while q > 0 and distances[q - 1] > distance:
                    distances[q] = distances[q - 1]
                    found[q] = found[q - 1]
                    q -= 1
                distances[q] = distance
                found[q] = j


def good_shift(xs: np.ndarray, ys: np.ndarray) -> int:
    """Size of a cell, as a power of two, such that most cells get a few points; in integers: the decoder asks too."""
    low, high = len(xs) // 100, len(xs) - 1 - len(xs) // 100
    sizes = [np.partition(axis, (low, high))[[low, high]] for axis in (xs, ys)]
    area = 1
    for least, most in sizes:
        area *= int(most) - int(least) + 1
    return ((area // len(xs)).bit_length() + 1) // 2
