"""What is known of the points so far (docs/format/floats.md, The track)."""

from __future__ import annotations

from second_reader.floats.frame import Axis
from second_reader.floats.plan import Plan

HISTORY = 8192
LAST, SMOOTH, BESIDE = range(3)
"""The turns: the last one, a smoothed one, that of the line beside."""


class Track:
    """Rows of points; row `HISTORY` is the first point of the file, the row before it stands at the sensor."""

    def __init__(self, plan: Plan, count: int):
        rows = HISTORY + count
        self.sight = plan.sight
        self.axes = [Axis(plan.columns[i]) for i in plan.sight.columns]
        self.integers = [[0] * 3 for _ in range(rows)]
        self.values = [[0.0] * 3 for _ in range(rows)]
        self.radius, self.slope = [0.0] * rows, [0.0] * rows
        self.lag, self.beside = [1] * rows, [1] * rows
        self.length = [[12] * 3 for _ in range(rows)]
        self.solid, self.age = [0] * rows, [0] * rows
        self.turns = [(1.0, 0.0)] * 3
        self.older = [(0.0, 0.0)] * 3
        self.step = [0.0] * 3
        self.seen, self.last_choice = 0, 0
        self.origin = [0.0] * 3
        self.index = 0
        self.blanks = [1, 1]
        self.floor = self.low = 0

    def begin(self, start: int) -> None:
        """A segment begins at a point."""
        self.floor, self.low = start, max(HISTORY - 1, start)

    def move(self) -> None:
        """The sensor is where it stands at the next point."""
        index = float(self.index)
        self.origin = [at + way * index for at, way in zip(self.sight.origin, self.sight.drift, strict=True)]
        self.index += 1

    def solid_row(self, row: int) -> int:
        """The last point of a ring that is not blank."""
        return max(row - self.solid[row], self.low)

    def turned(self, row: int, axis: int, turn: int) -> float:
        """x or y of a row, turned."""
        cosine, sine = self.older[turn]
        x, y = self.values[row][0], self.values[row][1]
        return cosine * x - sine * y if axis == 0 else sine * x + cosine * y

    def turn_between(self, row: int, other: int, otherwise: tuple[float, float]) -> tuple[float, float]:
        """Horizontal turn from one row to another."""
        a, b = self.values[row], self.values[other]
        product = self.radius[row] * self.radius[other]
        if product > 0.0:
            cosine = (a[0] * b[0] + a[1] * b[1]) / product
            if cosine > 0.99:
                return cosine, (a[0] * b[1] - a[1] * b[0]) / product
        return otherwise
