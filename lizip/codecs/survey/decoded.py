"""What a chunk's decoder knows at some stage: the columns decoded so far, and what follows from them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from lizip.codecs.survey.integers import common_step
from lizip.codecs.survey.neighbours import find_neighbours
from lizip.entropy.coder import EncoderBuffers

if TYPE_CHECKING:
    from lizip.codecs.survey.axis_order import AxisCoding


class Decoded:
    """Columns of a chunk that are coded already, the same for encoder and decoder.

    Parameters
    ----------
    count : int
        Points of the chunk.
    codings : mapping of str to AxisCoding
        How the encoder codes the axes at a level; found by trying when it is not given.
    """

    def __init__(self, count: int, codings: Mapping[str, AxisCoding] | None = None):
        self.count = count
        self.codings = dict(codings or {})
        self.buffers = EncoderBuffers()
        self.columns: dict[str, np.ndarray] = {}

    def add(self, name: str, column: np.ndarray) -> None:
        """Remember a column that has just been coded."""
        self.columns[name] = column

    @cached_property
    def bit_fields(self) -> np.ndarray:
        """Return number and number of returns as they are packed, (N,) int64; zeros where the cloud has none."""
        return self.integers("bit_fields")

    def integers(self, name: str) -> np.ndarray:
        """A column of small numbers as (N,) int64; zeros where the cloud has none."""
        column = self.columns.get(name)
        return np.zeros(self.count, np.int64) if column is None else column.astype(np.int64)

    @cached_property
    def return_bits(self) -> int:
        """Bits of a return number: 3 in the old point formats, 4 in those with classification flags."""
        return 4 if "classification_flags" in self.columns else 3

    @cached_property
    def return_number(self) -> np.ndarray:
        """Which return of its pulse a point is, (N,) int64."""
        return self.bit_fields & ((1 << self.return_bits) - 1)

    @cached_property
    def return_count(self) -> np.ndarray:
        """How many returns its pulse had, (N,) int64."""
        return (self.bit_fields >> self.return_bits) & ((1 << self.return_bits) - 1)

    @cached_property
    def follows(self) -> np.ndarray:
        """Whether a point looks like the next return of the pulse of the point before, (N,) int64."""
        follows = np.zeros(self.count, np.int64)
        follows[1:] = (self.return_number[1:] == self.return_number[:-1] + 1) & (
            self.return_count[1:] == self.return_count[:-1]
        )
        return follows

    @cached_property
    def same_pulse(self) -> np.ndarray:
        """Whether a point has the time of the point before, (N,) int64; without times, whether it seems to follow."""
        if "gps_time" not in self.columns:
            return self.follows
        bits = self.columns["gps_time"].view(np.int64)
        if (bits == bits[0]).all():
            return self.follows
        same = np.zeros(self.count, np.int64)
        same[1:] = bits[1:] == bits[:-1]
        return same

    @cached_property
    def kinds(self) -> np.ndarray:
        """0 only return of its pulse, 1 first, 2 last, 3 between; (N,) int64."""
        number, count = self.return_number, self.return_count
        return np.where(count <= 1, 0, np.where(number == 1, 1, np.where(number >= count, 2, 3)))

    @cached_property
    def previous_in_line(self) -> np.ndarray:
        """Index of the point before of the same flight line (point source), -1 where there is none; (N,) int64."""
        source = self.integers("point_source_id")
        if (source == source[0]).all():
            return np.arange(-1, self.count - 1)
        order = np.argsort(source, kind="stable")
        previous = np.full(self.count, -1, np.int64)
        previous[order[1:]] = np.where(source[order[1:]] == source[order[:-1]], order[:-1], -1)
        return previous

    @cached_property
    def clock(self) -> np.ndarray:
        """Time since the first point in pulse periods (the median step), (N,) float64; without times, the index."""
        times = self.columns.get("gps_time")
        if times is None:
            return np.arange(self.count, dtype=np.float64)
        with np.errstate(all="ignore"):
            elapsed = times - times[0]
            steps = np.diff(elapsed)
            steps = np.sort(steps[steps > 0])
            if not len(steps):
                return np.arange(self.count, dtype=np.float64)
            clock = elapsed / steps[len(steps) // 2]
        return np.clip(np.where(np.isfinite(clock), clock, 0.0), -1e15, 1e15)

    @cached_property
    def coordinates(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """X, Y, Z from zero up, in steps of their greatest common divisor; (N,) int64 each."""
        shifted: list[np.ndarray] = []
        for axis in "XYZ":
            values = self.integers(axis)
            values -= values.min()
            step = max(common_step(values), 1)
            shifted.append(values if step == 1 else values // step)
        x, y, z = shifted
        return x, y, z

    @cached_property
    def neighbours(self) -> tuple[np.ndarray, np.ndarray]:
        """Of `find_neighbours`: nearest earlier points (N, 3) and squared distances (N,)."""
        return find_neighbours(*self.coordinates, self.kinds)

    @cached_property
    def pace(self) -> np.ndarray:
        """Class of the number of pulses since the point before, 0 to 63; (N,) int64."""
        steps = np.abs(np.diff(self.clock, prepend=self.clock[0]))
        return np.where(steps < 16, np.rint(steps), np.minimum(np.frexp(steps)[1] + 12, 63)).astype(np.int64)
