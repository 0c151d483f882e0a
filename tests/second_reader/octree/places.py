"""Where in its cell each point lies (docs/format/octree.md, Places)."""

from __future__ import annotations

from second_reader.ans import Stream
from second_reader.octree.occupancy import Cell
from second_reader.survey.decisions import Model

_AROUND = [(k // 9 - 1, k // 3 % 3 - 1, k % 3 - 1) for k in range(27)]


class _Grid:
    """Cells of one size, and the points in each: from, to."""

    def __init__(self, cells: list[Cell], starts: list[int], shift: int):
        self.shift = shift
        self.spans: dict[Cell, tuple[int, int]] = {}
        for k, cell in enumerate(cells):
            x, y, z = (each >> shift for each in cell)
            first, _ = self.spans.get((x, y, z), (starts[k], 0))
            self.spans[x, y, z] = first, starts[k + 1]

    def before(self, cell: Cell, i: int) -> list[int]:
        """Points before point i around a cell: the last six of each of 27, at most 40."""
        x, y, z = (each >> self.shift for each in cell)
        found: list[int] = []
        for dx, dy, dz in _AROUND:
            start, stop = self.spans.get((x + dx, y + dy, z + dz), (0, 0))
            stop = min(stop, i)
            found += range(max(start, stop - 6), stop)
        return found[:40]


def _minor(m: list[list[float]], a: int, b: int) -> float:
    return m[a][a] * m[b][b] - m[a][b] * m[a][b]


class _Surface:
    """What the points before say of one in a cell; lengths are in cells, from the cell's corner."""

    def __init__(self, points: list[list[float]], cell: Cell, near: list[int], alone: bool):
        total, mean = 1e-3, [0.5e-3] * 3
        m = [[0.0] * 3 for _ in range(3)]
        self.nearest, least = [0.5] * 3, 1e30
        for p in near:
            at = [points[p][axis] - cell[axis] for axis in range(3)]
            x, y, z = at
            distance = (x - 0.5) * (x - 0.5) + (y - 0.5) * (y - 0.5) + (z - 0.5) * (z - 0.5)
            if distance < least:
                least, self.nearest = distance, at
            weight = 1.0 / (distance + 0.2)
            weight *= weight
            total += weight
            for a in range(3):
                mean[a] += weight * at[a]
                for b in range(a, 3):
                    m[a][b] += weight * at[a] * at[b]
        self.mean = mean = [each / total for each in mean]
        for a in range(3):
            for b in range(a, 3):
                m[a][b] = m[b][a] = m[a][b] / total - mean[a] * mean[b]
            m[a][a] = max(m[a][a], 0.0) + (2e-4 if len(near) > 2 else 1.0)
        self.m, self.point, self.order = m, [0.0] * 3, [0, 1, 2]
        if alone:
            across, last = (_minor(m, 1, 2), _minor(m, 0, 2), _minor(m, 0, 1)), 2
            if across[0] > across[2] and across[0] >= across[1]:
                last = 0
            elif across[1] > across[2]:
                last = 1
            first, second = (last + 1) % 3, (last + 2) % 3
            if m[first][first] < m[second][second]:
                first, second = second, first
            self.order = [first, second, last]

    def expect(self, turn: int) -> tuple[float, float]:
        """Expected value and squared error of an axis, given those before it."""
        m, mean, (a, b, c) = self.m, self.mean, self.order
        if turn == 0:
            return mean[a], m[a][a]
        if turn == 1:
            slope = m[a][b] / m[a][a]
            return mean[b] + slope * (self.point[a] - mean[a]), max(m[b][b] - slope * m[a][b], 1e-5)
        area = max(_minor(m, a, b), 1e-12)
        along_a = (m[b][b] * m[a][c] - m[a][b] * m[b][c]) / area
        along_b = (m[a][a] * m[b][c] - m[a][b] * m[a][c]) / area
        expected = mean[c] + along_a * (self.point[a] - mean[a]) + along_b * (self.point[b] - mean[b])
        return expected, max(m[c][c] - along_a * m[a][c] - along_b * m[b][c], 1e-5)


def _place_of(t: float) -> int:
    size = abs(t)
    if size < 0.5:
        k = int(size * 10.0)
    elif size < 1.5:
        k = 5 + int((size - 0.5) * 5.0)
    else:
        k = 10 + int((min(size, 10.0) - 1.5) * 1.5)
    return 15 + min(k, 15) if t >= 0 else 15 - min(k, 15)


def _sharpness(ratio: float) -> int:
    k, limit = 0, 0.003
    while k < 9 and ratio > limit:
        k, limit = k + 1, limit * 3.0
    return k


def _place(model: Model, surface: _Surface, turn: int, few: int, least: int, size: int) -> int:
    axis = surface.order[turn]
    expected, error = surface.expect(turn)
    nearest, unit = surface.nearest[axis], 1.0 / float(size)
    bits, low, prefix = (size - 1).bit_length(), 0, 1
    for depth in range(bits):
        half = 1 << (bits - 1 - depth)
        if low + half >= size:
            found = 0
        elif low + half <= least:
            found = 1
        else:
            width = 2.0 * half * unit
            sharp = _sharpness(error / (width * width))
            if sharp == 9 and depth >= 3:
                found = model.stream.raw(1)
            else:
                middle = (low + half) * unit
                here, there = _place_of((expected - middle) / width), _place_of((nearest - middle) / width)
                sure = here * 10 + sharp
                rows = model.rows(
                    sure * 3 + turn,
                    (there * 10 + sharp) * 3 + turn,
                    prefix * 3 + axis if depth < 6 else 6000 + depth,
                    (there * 31 + here) * 10 + sharp,
                    (sure * 3 + axis) * 4 + few,
                    sure * 16 + min(depth, 15),
                )
                found = model.decide(rows, turn * 10 + sharp, min(depth, 31))
        low += found * half
        prefix = min(2 * prefix + found, 255)
    return low


def places_of(stream: Stream, cells: list[Cell], counts: list[int], begins: list[list[int]]):
    """Places of all points in their cells, and two near ones before each."""
    starts = [0]
    for count in counts:
        starts.append(starts[-1] + count)
    grids = [_Grid(cells, starts, shift) for shift in range(3)]
    model, places, points, references = Model(stream, 6, 4096), [], [], []
    for c, cell in enumerate(cells):
        alone, least = counts[c] == 1, 0
        for i in range(starts[c], starts[c + 1]):
            near = grids[0].before(cell, i)
            for grid in grids[1:]:
                near = grid.before(cell, i) if len(near) < 6 else near
            surface = _Surface(points, cell, near, alone)
            place, point = [0] * 3, [0.0] * 3
            for turn, axis in enumerate(surface.order):
                size = begins[axis][cell[axis] + 1] - begins[axis][cell[axis]]
                if size > 1:
                    floor = least if axis == 0 else 0
                    place[axis] = _place(model, surface, turn, min(len(near), 3), floor, size)
                surface.point[axis] = (place[axis] + 0.5) / size
                point[axis] = cell[axis] + surface.point[axis]
            least = place[0]
            places.append(place)
            points.append(point)
            references.append(_nearest(points, i, near))
    return places, references


def _nearest(points: list[list[float]], i: int, near: list[int]) -> tuple[int, int]:
    first, second, one, other = 1e30, 1e30, max(i - 1, 0), max(i - 2, 0)
    for n, p in enumerate(near):
        x, y, z = (a - b for a, b in zip(points[p], points[i], strict=True))
        distance = x * x + y * y + z * z
        if distance < first:
            second, other = first, one if n else p
            first, one = distance, p
        elif distance < second:
            second, other = distance, p
    return one, other
