"""Where in its cell each point lies: predicted from the surface through points before it, then coded bit by bit.

The points before it in the cells around it have a mean and a covariance. The coordinate that follows best from the two
others (across the surface) comes last. Each bit halves an interval; its contexts are where the expected value lies in
it, how sure that is, and where the nearest point lies.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lizip.codecs.octree.occupancy import find, table_of
from lizip.codecs.survey.decisions import decide, fresh_model, row
from lizip.entropy.adaptive import INTEGER_NODES, code_integer, fresh_counters
from lizip.entropy.coder import FAULT, Coder, code_raw
from lizip.jit import inlined_kernel, kernel

_CANDIDATES = 40
"""Points that a prediction looks at, at most."""
_OF_A_CELL = 6
"""Of one cell the last so many."""
_ENOUGH = 6
"""Where fewer are found, larger cells are searched."""

_SLOTS, _SETS = 1 << 12, 32
_SHARP = 9
"""Class of an error so large that it says nothing of an interval."""
_FIRST_BITS = 3
"""These are modelled in any case."""
_LIMIT = 250


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


class _Scratch(NamedTuple):
    """Of one point: candidates; the axes in the order of coding; covariance; mean, nearest point and the point itself,
    in cells from the corner of its own."""

    near: np.ndarray
    order: np.ndarray
    covariance: np.ndarray
    mean: np.ndarray
    nearest: np.ndarray
    point: np.ndarray


@kernel
def _code_counts(coder, counters, table, cells, counts, most):
    """Code how many points each cell holds (K,) int64; returns how many all do, more than `most` where it is damaged."""
    total = np.int64(0)
    before = np.int64(1)
    for i in range(cells.shape[0]):
        beside = np.int64(1)
        for axis in range(3):
            x = cells[i, 0] - (axis == 0)
            y = cells[i, 1] - (axis == 1)
            z = cells[i, 2] - (axis == 2)
            j = find(table, cells, x, y, z)
            if j >= 0:
                beside = max(beside, counts[j])
        context = min(before, 8) * 8 + min(beside, 8) - 9
        count = code_integer(coder, counters, context * INTEGER_NODES, _LIMIT, counts[i] - 1) + 1
        if count < 1 or count > most - total:
            return most + 1
        counts[i] = count
        total += count
        before = count
    return total


@inlined_kernel
def _place_of(t):
    """A signed ratio as 0 to 30: finer near zero."""
    size = abs(t)
    if size < 0.5:
        k = np.int64(size * 10.0)
    elif size < 1.5:
        k = 5 + np.int64((size - 0.5) * 5.0)
    else:
        k = 10 + np.int64((min(size, 10.0) - 1.5) * 1.5)
    k = min(k, 15)
    return 15 + k if t >= 0 else 15 - k


@inlined_kernel
def _sharpness(ratio):
    """Class of a squared error in squared intervals, 0 to `_SHARP`."""
    k = np.int64(0)
    limit = 0.003
    while k < _SHARP and ratio > limit:
        limit *= 3.0
        k += 1
    return k


@kernel
def _search(grid, shift, cell, i, near):
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
def _look(points, cell, count, scratch):
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
def _choose_order(scratch, alone):
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
def _expect(scratch, turn):
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
def _code_place(coder, model, scratch, turn, few, least, size, place):
    """Code `place`, from `least` to below `size`, along the axis whose turn it is."""
    axis = scratch.order[turn]
    expected, error = _expect(scratch, turn)
    nearest = scratch.nearest[axis]
    unit = 1.0 / np.float64(size)
    bits = np.int64(0)
    while (size - 1) >> bits:
        bits += 1
    low = np.int64(0)
    prefix = np.int64(1)
    for depth in range(bits):
        half = np.int64(1) << (bits - 1 - depth)
        bit = (place >> (bits - 1 - depth)) & 1
        if low + half >= size:
            bit = np.int64(0)
        elif low + half <= least:
            bit = np.int64(1)
        else:
            width = 2.0 * half * unit
            sharp = _sharpness(error / (width * width))
            if sharp == _SHARP and depth >= _FIRST_BITS:
                bit = code_raw(coder, bit, 1)
            else:
                middle = (low + half) * unit
                here = _place_of((expected - middle) / width)
                there = _place_of((nearest - middle) / width)
                sure = here * 10 + sharp
                rows = (
                    row(model, 0, sure * 3 + turn),
                    row(model, 1, (there * 10 + sharp) * 3 + turn),
                    row(model, 2, prefix * 3 + axis if depth < 6 else 6000 + depth),
                    row(model, 3, (there * 31 + here) * 10 + sharp),
                    row(model, 4, (sure * 3 + axis) * 4 + few),
                    row(model, 5, sure * 16 + min(depth, 15)),
                )
                bit = decide(coder, model, rows, turn * 10 + sharp, min(depth, 31), bit)
        low += bit << (bits - 1 - depth)
        prefix = min(2 * prefix + bit, 255)
    return low


@kernel
def _remember(points, i, count, scratch, references):
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


@kernel
def _code_places(coder, model, fine, coarse, coarser, begins, scratch, places, points, references):
    """Code where points lie in their cells (N, 3) int64; also finds them, in cells, and two near ones before each."""
    cells, starts = fine.cells, fine.starts
    for c in range(cells.shape[0]):
        cell = cells[c]
        alone = starts[c + 1] - starts[c] == 1
        least = np.int64(0)
        for i in range(starts[c], starts[c + 1]):
            count = _search(fine, 0, cell, i, scratch.near)
            if count < _ENOUGH:
                count = _search(coarse, 1, cell, i, scratch.near)
            if count < _ENOUGH:
                count = _search(coarser, 2, cell, i, scratch.near)
            _look(points, cell, count, scratch)
            _choose_order(scratch, alone)
            for turn in range(3):
                axis = scratch.order[turn]
                if not alone:
                    axis = np.int64(turn)
                    scratch.order[turn] = axis
                size = begins[axis, cell[axis] + 1] - begins[axis, cell[axis]]
                if size < 1:
                    coder.at[FAULT] = 1
                    return
                if axis != 0:
                    floor = np.int64(0)
                else:
                    floor = least
                place = np.int64(0)
                if size > 1:
                    place = _code_place(coder, model, scratch, turn, min(count, 3), floor, size, places[i, axis])
                if place >= size:
                    coder.at[FAULT] = 1
                    return
                if axis == 0:
                    least = place
                places[i, axis] = place
                scratch.point[axis] = (place + 0.5) / size
                points[i, axis] = cell[axis] + scratch.point[axis]
            _remember(points, i, count, scratch, references)


def code_counts(coder: Coder, cells: np.ndarray, counts: np.ndarray, most: int) -> int:
    """Code how many points each cell (K, 3) holds, (K,) int64 from 1 up; returns the sum, above `most` if damaged."""
    return _code_counts(coder, fresh_counters(64 * INTEGER_NODES), table_of(cells), cells, counts, most)


def code_places(
    coder: Coder, cells: np.ndarray, counts: np.ndarray, begins: tuple[np.ndarray, ...], places: np.ndarray
) -> np.ndarray:
    """Code where points lie in their cells, (N, 3) int64, in place when decoding.

    `begins` tells of each axis where cells begin. Returns for each point two near ones before it, (N, 2) int64; those
    of the first point are itself.
    """
    grid = Grid.of(cells, np.append(0, np.cumsum(counts)))
    scratch = _Scratch(
        np.zeros(_CANDIDATES, np.int64), np.zeros(3, np.int64), np.zeros((3, 3)), np.zeros(3), np.zeros(3), np.zeros(3)
    )
    references = np.zeros((len(places), 2), np.int64)
    points = np.zeros((len(places), 3))
    model = fresh_model(6, _SLOTS, _SETS)
    grids = grid, grid.coarser(1), grid.coarser(2)
    _code_places(coder, model, *grids, np.stack(begins), scratch, places, points, references)
    return references
