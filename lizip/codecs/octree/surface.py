"""The surface that the points before a point lie on: their mean and covariance, and what follows from those.

Lengths are in cells, from the corner of the cell that the point is in.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lizip.codecs.octree.occupancy import find, table_of
from lizip.jit import inlined_kernel, kernel

CANDIDATES = 40
"""Points that a prediction looks at, at most."""
_OF_A_CELL = 6
"""Of one cell the last so many."""


class Grid(NamedTuple):
    """Cells of one size: table (T,) int32, cells (K, 3) int64 in the order of the tree, the first point of each and of
    what is behind them (K + 1,) int64."""

    table: np.ndarray
    cells: np.ndarray
    starts: np.ndarray

    @classmethod
    def of(cls, cells: np.ndarray, starts: np.ndarray) -> Grid:
        """Make a grid, with its table."""
        return cls(table_of(cells), cells, starts)

    def coarser(self, shift: int) -> Grid:
        """Cells larger by so many powers of two."""
        cells = self.cells >> shift
        first = np.flatnonzero(np.append(True, (cells[1:] != cells[:-1]).any(axis=1)))
        return Grid.of(np.ascontiguousarray(cells[first]), np.append(self.starts[first], self.starts[-1]))


class Scratch(NamedTuple):
    """Of one point: candidates; the axes in the order of coding; covariance; mean, nearest point and the point itself,
    in cells from the corner of its own."""

    near: np.ndarray
    order: np.ndarray
    covariance: np.ndarray
    mean: np.ndarray
    nearest: np.ndarray
    point: np.ndarray


@kernel
def search(grid, shift, cell, i, near):
    """Collect points before point i in the cells around a cell; returns how many."""
    count = np.int64(0)
    x, y, z = cell[0] >> shift, cell[1] >> shift, cell[2] >> shift
    for k in range(27):
        j = find(grid.table, grid.cells, x + k // 9 - 1, y + k // 3 % 3 - 1, z + k % 3 - 1)
        if j >= 0:
            stop = min(grid.starts[j + 1], i)
            for p in range(max(grid.starts[j], stop - _OF_A_CELL), stop):
                if count < near.size:
                    near[count] = p
                    count += 1
    return count


@kernel
def look(points, cell, count, scratch):
    """Mean and covariance of the candidates, weighed by how near they are to the middle of a cell; the nearest one."""
    near, mean, covariance = scratch.near, scratch.mean, scratch.covariance
    total = 1e-3
    mean[:] = 0.5e-3
    covariance[:] = 0.0
    scratch.nearest[:] = 0.5
    least = 1e30
    for n in range(count):
        p = near[n]
        x, y, z = points[p, 0] - cell[0], points[p, 1] - cell[1], points[p, 2] - cell[2]
        distance = (x - 0.5) * (x - 0.5) + (y - 0.5) * (y - 0.5) + (z - 0.5) * (z - 0.5)
        if distance < least:
            least = distance
            scratch.nearest[0], scratch.nearest[1], scratch.nearest[2] = x, y, z
        weight = 1.0 / (distance + 0.2)
        weight *= weight
        total += weight
        mean[0] += weight * x
        mean[1] += weight * y
        mean[2] += weight * z
        covariance[0, 0] += weight * x * x
        covariance[0, 1] += weight * x * y
        covariance[0, 2] += weight * x * z
        covariance[1, 1] += weight * y * y
        covariance[1, 2] += weight * y * z
        covariance[2, 2] += weight * z * z
    for a in range(3):
        mean[a] /= total
    for a in range(3):
        for b in range(a, 3):
            covariance[a, b] = covariance[a, b] / total - mean[a] * mean[b]
            covariance[b, a] = covariance[a, b]
        covariance[a, a] = max(covariance[a, a], 0.0) + (2e-4 if count > 2 else 1.0)


@inlined_kernel
def _minor(covariance, a, b):
    return covariance[a, a] * covariance[b, b] - covariance[a, b] * covariance[a, b]


@kernel
def choose_order(scratch, alone):
    """Which axis comes first, second, last: last the one that follows best from the others; x first where several
    points share a cell."""
    covariance = scratch.covariance
    last = np.int64(2)
    if alone:
        across = _minor(covariance, 1, 2), _minor(covariance, 0, 2), _minor(covariance, 0, 1)
        if across[0] > across[2] and across[0] >= across[1]:
            last = np.int64(0)
        elif across[1] > across[2]:
            last = np.int64(1)
    first, second = (last + 1) % 3, (last + 2) % 3
    if alone and covariance[first, first] < covariance[second, second]:
        first, second = second, first
    scratch.order[0], scratch.order[1], scratch.order[2] = first, second, last


@inlined_kernel
def expect(scratch, turn):
    """Expected value and squared error of the axis whose turn it is, given those before it."""
    covariance, mean, point = scratch.covariance, scratch.mean, scratch.point
    a, b, c = scratch.order[0], scratch.order[1], scratch.order[2]
    if turn == 0:
        return mean[a], covariance[a, a]
    if turn == 1:
        slope = covariance[a, b] / covariance[a, a]
        return mean[b] + slope * (point[a] - mean[a]), max(covariance[b, b] - slope * covariance[a, b], 1e-5)
    area = max(_minor(covariance, a, b), 1e-12)
    along_a = (covariance[b, b] * covariance[a, c] - covariance[a, b] * covariance[b, c]) / area
    along_b = (covariance[a, a] * covariance[b, c] - covariance[a, b] * covariance[a, c]) / area
    expected = mean[c] + along_a * (point[a] - mean[a]) + along_b * (point[b] - mean[b])
    return expected, max(covariance[c, c] - along_a * covariance[a, c] - along_b * covariance[b, c], 1e-5)


@kernel
def remember(points, i, count, scratch, references):
    """The two candidates nearest to point i; the points before it in the order where there are none."""
    first = second = 1e30
    references[i, 0] = max(i - 1, 0)
    references[i, 1] = max(i - 2, 0)
    for n in range(count):
        p = scratch.near[n]
        x, y, z = points[p, 0] - points[i, 0], points[p, 1] - points[i, 1], points[p, 2] - points[i, 2]
        distance = x * x + y * y + z * z
        if distance < first:
            second = first
            references[i, 1] = references[i, 0] if n else p
            first = distance
            references[i, 0] = p
        elif distance < second:
            second = distance
            references[i, 1] = p
