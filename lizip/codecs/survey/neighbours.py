"""For every point, the earlier points of its chunk that are nearest in space: what its colour and class resemble."""

from __future__ import annotations

import numpy as np

from lizip.codecs.survey.grid import FOUND, NOWHERE, empty_grid, good_shift, insert, search
from lizip.jit import kernel

_FAR = 1 << 29


@kernel
def _find_all(grid, shift, xs, ys, zs, kinds, last, nearest, gaps):
    """Nearest two of the four found in the plane, by distance in space; then the last point of the same kind."""
    for i in range(xs.size):
        search(grid, shift, xs, ys, xs[i], ys[i], i)
        best = np.int64(NOWHERE)
        second = np.int64(NOWHERE)
        first_index = np.int64(max(i - 1, 0))
        second_index = np.int64(max(i - 2, 0))
        for q in range(FOUND):
            j = grid.found[q]
            if j < 0:
                break
            dz = min(abs(zs[j] - zs[i]), _FAR)
            distance = min(grid.distances[q], 1 << 60) + dz * dz
            if distance < best:
                second = best
                second_index = first_index
                best = distance
                first_index = j
            elif distance < second:
                second = distance
                second_index = j
        nearest[i, 0] = first_index
        nearest[i, 1] = second_index
        nearest[i, 2] = last[kinds[i]]
        gaps[i] = best
        last[kinds[i]] = i
        insert(grid, shift, xs[i], ys[i], i)


def find_neighbours(xs: np.ndarray, ys: np.ndarray, zs: np.ndarray, kinds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find earlier points for each point of (N,) int64 coordinates from 0 up.

    Returns
    -------
    nearest : (N, 3) int64
        Two neighbours and the last point of the same kind (0 to 15); each below its own index, 0 for the first point.
    gaps : (N,) int64
        Squared distance of the first neighbour, `grid.NOWHERE` where there is none.
    """
    nearest, gaps = np.zeros((len(xs), 3), np.int64), np.zeros(len(xs), np.int64)
    _find_all(empty_grid(), good_shift(xs, ys), xs, ys, zs, kinds, np.zeros(16, np.int64), nearest, gaps)
    return nearest, gaps
