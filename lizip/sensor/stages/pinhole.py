"""Depth cameras (RGB-D, time of flight): a pixel and its depth give a point, by the few lines that drivers have for it.

The grid is the depth image: rows are its rows, rings its columns, ticks count the depths that occur. What a pinhole
camera knows of a pixel are two numbers an axis, the centre c and the focal length f, both in pixels:

    sideways = (pixel - c) * depth / f
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lizip.errors import CorruptError
from lizip.exact.ulp import spacing
from lizip.packing import Unpacker, pack_varint
from lizip.sensor.stages.attributes import decode_attribute, encode_attribute
from lizip.sensor.stages.measured import nowhere

if TYPE_CHECKING:
    from lizip.sensor.returns import Returns

COUNTS_FIRST, DEPTH_FIRST, RAY_FIRST, QUOTIENT, DOUBLE = range(5)
"""In float32: ((pixel - c) * counts) * k, k being unit / f (depth_image_proc on 16 bits); ((pixel - c) * depth) * k, k
being 1 / f (PCL's grabbers, depth_image_proc on floats); ((pixel - c) * k) * depth; ((pixel - c) * depth) / f.
In double: (pixel - c) * (counts * unit) / f, then float32 (Open3D, numpy)."""

UNITS = (1000, 5000, 10000, 4000, 256, 100)
"""Counts a metre that cameras and data sets have (TUM: 5000)."""

MAX_LEVELS = 1 << 16
_NUMBERS = struct.Struct("<4d")


class Lens(NamedTuple):
    """How depths become coordinates sideways.

    Attributes
    ----------
    law : int
        See `COUNTS_FIRST` and following.
    unit : int
        Index into `UNITS`; len(UNITS): depths are no multiples of one.
    centre, focal : (float, float)
        Of columns and rows: c in pixels; f in pixels, or k where the law has it, negative where the axis runs back.
    """

    law: int
    unit: int
    centre: tuple[float, float]
    focal: tuple[float, float]

    def sideways(self, axis: int, pixel: np.ndarray, depth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Coordinates (M,) float32 of pixels (M,) int64 at depths (M,) float32, and the same in float64.

        Axis 0 runs along a row of the image, 1 down its columns.
        """
        centre, focal = self.centre[axis], self.focal[axis]
        counts, deep = counts_of(self.unit, depth)
        with np.errstate(all="ignore"):
            if self.law == DOUBLE:
                exact = (pixel - centre) * deep / focal
                return exact.astype(np.float32), exact
            away = pixel.astype(np.float32) - np.float32(centre)
            k = np.float32(focal)
            if self.law == COUNTS_FIRST:
                out = away * counts.astype(np.float32) * k
            elif self.law == DEPTH_FIRST:
                out = away * depth * k
            elif self.law == RAY_FIRST:
                out = away * k * depth
            else:
                out = away * depth / k
        return out, out.astype(np.float64)


def counts_of(unit: int, depth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Counts and metres, float64, behind depths of float32; `unit` as in `Lens`."""
    deep = depth.astype(np.float64)
    if unit == len(UNITS):
        return deep, deep
    counts = np.rint(deep * float(UNITS[unit]))
    return counts, counts / float(UNITS[unit])


@dataclass(frozen=True)
class Pinhole:
    """A camera, and how its pixels stand in the file: row by row, all of them or only those with a depth.

    Attributes
    ----------
    lens : Lens
    levels : (L,) float32
        Depths that occur, ascending; all positive.
    forward : int
        Axis of the file along which depth is measured, 0 to 2; the other two go with columns and rows in this order.
    backward : bool
        The coordinate is the negative depth.
    swapped : bool
        In the other order.
    nothing : (3,) uint32 or None
        Bits of the coordinates of a pixel without depth; None where these are no points.
    """

    lens: Lens
    levels: np.ndarray
    forward: int
    backward: bool
    swapped: bool
    nothing: np.ndarray | None

    def apply(self, returns: Returns) -> None:
        """Compute the points of all pixels that have a depth, in the order of the file."""
        ranges = returns.ranges
        if returns.halved:
            raise CorruptError("a depth is not in its table")
        returns.row, returns.ring = np.nonzero(ranges)
        returns.firing, returns.firings = returns.row, len(ranges)
        returns.ticks = ranges[returns.row, returns.ring]
        if int(returns.ticks.max(initial=0)) > len(self.levels):
            raise CorruptError("a depth is not in its table")
        depth = self.levels[returns.ticks - 1]
        returns.rounded = np.empty((len(depth), 3), np.float32)
        returns.fraction = np.zeros((len(depth), 3))
        returns.rounded[:, self.forward] = -depth if self.backward else depth
        for axis, (place, pixel) in enumerate(zip(self.sides, (returns.ring, returns.row), strict=True)):
            returns.rounded[:, place], exact = self.lens.sideways(axis, pixel, depth)
            with np.errstate(all="ignore"):
                missed = (exact - returns.rounded[:, place]) / spacing(returns.rounded[:, place])
            returns.fraction[:, place] = np.where(np.abs(missed) <= 0.5, missed, 0.0)
        returns.xyz = returns.rounded
        if self.nothing is not None:
            if ranges.size != returns.count:
                raise CorruptError("a depth image does not hold as many points as its file")
            returns.place = returns.row * ranges.shape[1] + returns.ring
            returns.nothing = self.nothing
            cell = np.arange(ranges.size)
            row, ring = cell // ranges.shape[1], cell % ranges.shape[1]
            returns.every = ring, row, row

    @property
    def sides(self) -> tuple[int, int]:
        """Axes of the file that go with columns and rows of the image."""
        first, second = (axis for axis in range(3) if axis != self.forward)
        return (second, first) if self.swapped else (first, second)

    def pack(self) -> bytes:
        """Write it."""
        form = self.forward + 4 * self.backward + 8 * self.swapped + 16 * (self.nothing is not None)
        head = pack_varint(form) + pack_varint(self.lens.law) + pack_varint(self.lens.unit)
        head += _NUMBERS.pack(*self.lens.centre, *self.lens.focal)
        head += b"" if self.nothing is None else self.nothing.astype("<u4").tobytes()
        return head + pack_varint(len(self.levels)) + encode_attribute(self.levels, nowhere(len(self.levels)))

    @classmethod
    def unpack(cls, data: bytes) -> Pinhole:
        """Read what `pack` wrote; raises CorruptError."""
        unpacker = Unpacker(data)
        form, law, unit = (unpacker.varint() for _ in range(3))
        numbers = _NUMBERS.unpack(unpacker.take(_NUMBERS.size))
        if form & 3 > 2 or form > 31 or law > DOUBLE or unit > len(UNITS) or not np.isfinite(numbers).all():
            raise CorruptError("impossible camera")
        nothing = unpacker.array("<u4", 3) if form & 16 else None
        count = unpacker.varint()
        if count > MAX_LEVELS:
            raise CorruptError("impossible depths")
        levels = decode_attribute(unpacker.take(unpacker.remaining), np.dtype("<f4"), nowhere(count))
        lens = Lens(law, unit, numbers[:2], numbers[2:])
        return cls(lens, levels, form & 3, bool(form & 4), bool(form & 8), nothing)
