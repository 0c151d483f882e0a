"""Where in its cell each point lies: predicted from the surface through points before it, then coded bit by bit.

The points before it in the cells around it have a mean and a covariance. The coordinate that follows best from the two
others (across the surface) comes last. Each bit halves an interval; its contexts are where the expected value lies in
it, how sure that is, and where the nearest point lies.
"""

from __future__ import annotations

import numpy as np

from lizip.codecs.octree.surface import CANDIDATES, Grid, Scratch, choose_order, expect, look, remember, search
from lizip.codecs.survey.decisions import decide, fresh_model, row
from lizip.entropy.coder import FAULT, Coder, code_raw
from lizip.jit import inlined_kernel, kernel

_ENOUGH = 6
"""Where fewer are found, larger cells are searched."""

_SLOTS, _SETS = 1 << 12, 32
_SHARP = 9
"""Class of an error so large that it says nothing of an interval."""
_FIRST_BITS = 3
"""These are modelled in any case."""


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
    k = min(k, np.int64(15))
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
def _code_place(coder, model, scratch, turn, few, least, size, place):
    """Code `place`, from `least` to below `size`, along the axis whose turn it is."""
    axis = scratch.order[turn]
    expected, error = expect(scratch, turn)
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
        prefix = min(2 * prefix + bit, np.int64(255))
    return low


@kernel
def _code_places(coder, model, fine, coarse, coarser, begins, scratch, places, points, references):
    """Code where points lie in their cells (N, 3) int64; also finds them, in cells, and two near ones before each."""
    cells, starts = fine.cells, fine.starts
    for c in range(cells.shape[0]):
        cell = cells[c]
        alone = starts[c + 1] - starts[c] == 1
        least = np.int64(0)
        for i in range(starts[c], starts[c + 1]):
            count = search(fine, 0, cell, i, scratch.near)
            if count < _ENOUGH:
                count = search(coarse, 1, cell, i, scratch.near)
            if count < _ENOUGH:
                count = search(coarser, 2, cell, i, scratch.near)
            look(points, cell, count, scratch)
            choose_order(scratch, alone)
            for turn in range(3):
                axis = scratch.order[turn]
                if not alone:
                    axis = np.int64(turn)
                    scratch.order[turn] = axis
                size = begins[axis, cell[axis] + 1] - begins[axis, cell[axis]]
                if size < 1:
                    coder.at[FAULT] = 1
                    return
                floor = np.int64(0) if axis != 0 else least
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
            remember(points, i, count, scratch, references)


def code_places(
    coder: Coder, cells: np.ndarray, counts: np.ndarray, begins: tuple[np.ndarray, ...], places: np.ndarray
) -> np.ndarray:
    """Code where points lie in their cells, (N, 3) int64, in place when decoding.

    `begins` tells of each axis where cells begin. Returns for each point two near ones before it, (N, 2) int64; those
    of the first point are itself.
    """
    grid = Grid.of(cells, np.append(0, np.cumsum(counts)))
    scratch = Scratch(
        np.zeros(CANDIDATES, np.int64), np.zeros(3, np.int64), np.zeros((3, 3)), np.zeros(3), np.zeros(3), np.zeros(3)
    )
    references = np.zeros((len(places), 2), np.int64)
    points = np.zeros((len(places), 3))
    model = fresh_model(6, _SLOTS, _SETS)
    grids = grid, grid.coarser(1), grid.coarser(2)
    _code_places(coder, model, *grids, np.stack(begins), scratch, places, points, references)
    return references
