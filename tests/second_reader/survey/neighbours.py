"""Grids of earlier points in a plane (docs/format/survey.md, Neighbours)."""

from __future__ import annotations

import numpy as np

NOWHERE = 1 << 62
_ONE, _OTHER = 0x2C1B3C6D, 0x297A2D39
_LOW = (1 << 31) - 1


def good_shift(xs: np.ndarray, ys: np.ndarray) -> int:
    """Size of a cell, as a power of two."""
    count, area = len(xs), 1
    low = count // 100
    for axis in (np.sort(xs), np.sort(ys)):
        area *= int(axis[count - 1 - low]) - int(axis[low]) + 1
    return ((area // count).bit_length() + 1) // 2


def find_neighbours(xs: np.ndarray, ys: np.ndarray, zs: np.ndarray, kinds: np.ndarray):
    """The two nearest in the plane, the nearest in space, the last of the kind; and how near the first is."""
    shift = good_shift(xs, ys)
    half = 1 << max(shift - 1, 0)
    lines: dict[int, list[tuple[int, int, int, int]]] = {}
    last, nearest, gaps = [0] * 16, [], []

    def line(left: int, top: int) -> int:
        key = ((left & 0xFFFFFFF) * _ONE ^ (top & 0xFFFFFFF) * _OTHER) & _LOW
        return ((key >> 13) ^ key) & 8191

    points = zip(xs.tolist(), ys.tolist(), zs.tolist(), kinds.tolist(), strict=True)
    for i, (x, y, z, kind) in enumerate(points):
        left, top = (x - half) >> shift, (y - half) >> shift
        low = x & _LOW, y & _LOW, z & _LOW
        first, second, best = [(NOWHERE, max(i - 1, 0))] * 3
        for cell in range(4):
            for a, b, c, j in lines.get(line(left + (cell & 1), top + (cell >> 1)), ()):
                dx, dy, dz = a - low[0], b - low[1], c - low[2]
                distance = (dx * dx >> 2) + (dy * dy >> 2)
                if distance < first[0]:
                    first, second = (distance, j), first
                elif distance < second[0]:
                    second = distance, j
                distance += dz * dz >> 2
                if distance < best[0]:
                    best = distance, j
        nearest.append((first[1], second[1], best[1], last[kind]))
        gaps.append(first[0])
        last[kind] = i
        at = line(x >> shift, y >> shift)
        lines[at] = [(*low, i), *lines.get(at, ())][:4]
    return np.array(nearest, np.int64), np.array(gaps, np.int64)


class Grid:
    """Earlier points by place, six in a cell."""

    def __init__(self, shift: int):
        self.shift = shift
        self.cells: dict[int, list[int]] = {}
        self.newest: dict[int, int] = {}

    @staticmethod
    def _cell(across: int, down: int) -> int:
        key = ((across & _LOW) * _ONE ^ (down & _LOW) * _OTHER) & 0x3FFFFFFFFFFFFFFF
        return ((key >> 13) ^ (key >> 29)) & 16383

    def insert(self, x: int, y: int, i: int) -> None:
        """Remember a point."""
        at = self._cell(x >> self.shift, y >> self.shift)
        place = (self.newest.get(at, 0) + 1) % 6
        self.newest[at] = place
        self.cells.setdefault(at, [-1] * 6)[place] = i

    def search(self, xs: list[int], ys: list[int], x: int, y: int, before: int) -> list[tuple[int, int]]:
        """Squared distance and index of the four nearest points below an index; (NOWHERE, -1) where there is none."""
        half = 1 << max(self.shift - 1, 0)
        left, top = (x - half) >> self.shift, (y - half) >> self.shift
        found = [(NOWHERE, -1)] * 4
        for down in range(2):
            for across in range(2):
                for j in self.cells.get(self._cell(left + across, top + down), ()):
                    if not 0 <= j < before:
                        continue
                    dx, dy = min(abs(xs[j] - x), 1 << 30), min(abs(ys[j] - y), 1 << 30)
                    distance = dx * dx + dy * dy
                    if distance < found[3][0]:
                        q = 3
                        while q > 0 and found[q - 1][0] > distance:
                            q -= 1
                        found = [*found[:q], (distance, j), *found[q:3]]
        return found
