"""For every point, the earlier points of its chunk that are nearest in space: what its colour and class resemble.

A hashed grid in the plane; each cell is one cache line that remembers the coordinates of its last few points, so that
a search touches four lines and nothing else.
"""

from __future__ import annotations

import numpy as np

from lizip.codecs.survey.grid import NOWHERE, good_shift
from lizip.jit import inlined_kernel, kernel

PLACES = 4
"""Points that a cell remembers: x, y, z and index of each, in the low bits that int32 has room for."""

_LINE = 4 * PLACES
_CELLS = 1 << 13
_LOW = (1 << 31) - 1


@inlined_kernel
def _line(left, top):
    """Where the line of a cell begins."""
    key = ((left & 0xFFFFFFF) * 0x2C1B3C6D ^ (top & 0xFFFFFFF) * 0x297A2D39) & _LOW
    return (((key >> 13) ^ key) & (_CELLS - 1)) * _LINE


@inlined_kernel
def _remember(lines, at, x, y, z, i):
    """Put a point first in its cell; the oldest one falls out."""
    for k in range(_LINE - 1, 3, -1):
        lines[np.uint64(at + k)] = lines[np.uint64(at + k - 4)]
    lines[np.uint64(at)] = x
    lines[np.uint64(at + 1)] = y
    lines[np.uint64(at + 2)] = z
    lines[np.uint64(at + 3)] = i


@kernel
def _find_all(lines, shift, xs, ys, zs, kinds, last, nearest, gaps):
    """Of the points in the four cells around each point, those that `find_neighbours` tells of."""
    half = np.int64(1) << max(shift - 1, 0)
    for i in range(xs.size):
        x, y, z = xs[i], ys[i], zs[i]
        left, top = (x - half) >> shift, (y - half) >> shift
        low_x, low_y, low_z = x & _LOW, y & _LOW, z & _LOW
        first, second, best = np.int64(NOWHERE), np.int64(NOWHERE), np.int64(NOWHERE)
        first_index = second_index = best_index = np.int64(max(i - 1, 0))
        for cell in range(4):
            at = _line(left + (cell & 1), top + (cell >> 1))
            for place in range(PLACES):
                j = np.int64(lines[np.uint64(at + 4 * place + 3)])
                if j < 0:
                    break
                dx = np.int64(lines[np.uint64(at + 4 * place)]) - low_x
                dy = np.int64(lines[np.uint64(at + 4 * place + 1)]) - low_y
                dz = np.int64(lines[np.uint64(at + 4 * place + 2)]) - low_z
                distance = (dx * dx >> 2) + (dy * dy >> 2)
                if distance < first:
                    second, second_index = first, first_index
                    first, first_index = distance, j
                elif distance < second:
                    second, second_index = distance, j
                distance += dz * dz >> 2
                if distance < best:
                    best, best_index = distance, j
        nearest[i, 0] = first_index
        nearest[i, 1] = second_index
        nearest[i, 2] = best_index
        nearest[i, 3] = last[kinds[i]]
        gaps[i] = first
        last[kinds[i]] = i
        at = _line(x >> shift, y >> shift)
        _remember(lines, at, np.int32(low_x), np.int32(low_y), np.int32(low_z), np.int32(i))


def find_neighbours(xs: np.ndarray, ys: np.ndarray, zs: np.ndarray, kinds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find earlier points for each point of (N,) int64 coordinates from 0 up.

    Returns nearest (N, 4) int64: the two nearest in the plane, the nearest in space, the last point of the same kind (0
    to 15), each below its own index, 0 for the first point; and a quarter of the squared distance of the nearest in the
    plane, (N,) int64, `grid.NOWHERE` where there is none.
    """
    nearest, gaps = np.zeros((len(xs), 4), np.int64), np.zeros(len(xs), np.int64)
    lines = np.full(_CELLS * _LINE, -1, np.int32)
    _find_all(lines, good_shift(xs, ys), xs, ys, zs, kinds, np.zeros(16, np.int64), nearest, gaps)
    return nearest, gaps
