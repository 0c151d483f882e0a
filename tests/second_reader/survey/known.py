"""What the columns of a chunk say of the others (docs/format/survey.md, What is known)."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from second_reader.survey.neighbours import find_neighbours


class Known:
    """Columns of a chunk that are decoded."""

    def __init__(self, count: int):
        self.count = count
        self.columns: dict[str, np.ndarray] = {}

    def integers(self, name: str) -> np.ndarray:
        """A column; zeros where there is none."""
        column = self.columns.get(name)
        return np.zeros(self.count, np.int64) if column is None else column.astype(np.int64)

    @property
    def bit_fields(self) -> np.ndarray:
        """Return number, number of returns, as packed."""
        return self.integers("bit_fields")

    def _bits(self, shift: int) -> np.ndarray:
        bits = 4 if "classification_flags" in self.columns else 3
        return self.bit_fields >> bits * shift & ((1 << bits) - 1)

    @cached_property
    def follows(self) -> np.ndarray:
        """Whether a point looks like the next return of the pulse before."""
        number, returns = self._bits(0), self._bits(1)
        follows = np.zeros(self.count, np.int64)
        follows[1:] = (number[1:] == number[:-1] + 1) & (returns[1:] == returns[:-1])
        return follows

    @cached_property
    def same_pulse(self) -> np.ndarray:
        """Whether a point has the time of the one before."""
        times = self.columns.get("gps_time")
        bits = None if times is None else times.view(np.int64)
        if bits is None or (bits == bits[0]).all():
            return self.follows
        same = np.zeros(self.count, np.int64)
        same[1:] = bits[1:] == bits[:-1]
        return same

    @cached_property
    def kinds(self) -> np.ndarray:
        """0 only return, 1 first, 2 last, 3 between."""
        number, returns = self._bits(0), self._bits(1)
        return np.where(returns <= 1, 0, np.where(number == 1, 1, np.where(number >= returns, 2, 3)))

    @cached_property
    def previous_in_line(self) -> np.ndarray:
        """The point before of the same point source, -1 where there is none."""
        source = self.integers("point_source_id")
        last: dict[int, int] = {}
        previous = []
        for i, each in enumerate(source.tolist()):
            previous.append(last.get(each, -1))
            last[each] = i
        return np.array(previous, np.int64)

    @cached_property
    def clock(self) -> np.ndarray:
        """Time in median steps."""
        times = self.columns.get("gps_time")
        index = np.arange(self.count, dtype=np.float64)
        if times is None:
            return index
        with np.errstate(all="ignore"):
            elapsed = times - times[0]
            steps = np.diff(elapsed)
            steps = np.sort(steps[steps > 0])
            if not len(steps):
                return index
            clock = elapsed / steps[len(steps) // 2]
        return np.clip(np.where(np.isfinite(clock), clock, 0.0), -1e15, 1e15)

    @cached_property
    def coordinates(self) -> tuple[np.ndarray, ...]:
        """X, Y, Z from 0 up, in steps of their greatest common divisor."""
        shifted = [self.integers(axis) - self.integers(axis).min() for axis in "XYZ"]
        return tuple(values // max(int(np.gcd.reduce(values)), 1) for values in shifted)

    @cached_property
    def neighbours(self) -> tuple[np.ndarray, np.ndarray]:
        """Nearest earlier points (N, 4), and a quarter of the squared distance of the first."""
        x, y, z = self.coordinates
        return find_neighbours(x, y, z, self.kinds)

    @cached_property
    def pace(self) -> np.ndarray:
        """Class of the number of pulses since the point before."""
        steps = np.abs(np.diff(self.clock, prepend=self.clock[0]))
        return np.where(steps < 16, np.rint(steps), np.minimum(np.frexp(steps)[1] + 12, 63)).astype(np.int64)


def signed_size(differences: np.ndarray) -> np.ndarray:
    """Bit length and sign."""
    sizes = np.frexp(np.abs(differences).astype(np.float64))[1]
    return np.where(differences < 0, 64 + sizes, sizes).astype(np.int64)
