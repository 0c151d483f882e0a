"""Points that were moved after they had been rounded: x, y, z are a transform of simpler ones, in its own arithmetic.

A user rotates, shifts or scales a sweep that a driver had rounded (to float32, or to millimetres first). The points as
they were are coded in their place; the transform gives back the file's, all but a few, whose differences are listed.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from lizip.cloud import Columns
from lizip.entropy.adaptive import INTEGER_NODES, code_bit, code_integer, fresh_counters
from lizip.entropy.coder import decode_stream, encode_stream
from lizip.errors import CorruptError
from lizip.exact.fused import fused
from lizip.exact.ulp import bits_of, from_ordinals, to_ordinals
from lizip.jit import kernel
from lizip.packing import Unpacker

DOUBLE, FORWARD, BACKWARD, FUSED, FUSED_BACKWARD, FUSED_FROM_SHIFT, PAIRS, DOUBLE_TURN, FROM_SHIFT = range(9)
WIDE, WIDE_FUSED, WHOLE = 9, 10, 11
"""Arithmetics, of m0 x + m1 y + m2 z + m3: all in float64 and rounded at the end; in float32, from left to right
(pcl without SSE, Eigen); from right to left (pcl with SSE); left to right with fused multiply-adds (numpy's and torch's
matrix products); right to left; from the shift on; two and two; turned in float64, rounded, shifted in float32; in
float32 without fused ones from the shift on. Of float32 points float64 ones were made by `WIDE`, from left to right
(Eigen, Open3D), and `WIDE_FUSED`, the same with fused multiply-adds but for the shift (numpy's matrix products). By
`WHOLE` all in float64, and whole numbers at the end."""
ARITHMETICS = 12
IN_DOUBLES = (DOUBLE, DOUBLE_TURN, WIDE, WIDE_FUSED, WHOLE)
"""Arithmetics whose numbers are float64."""

MOST_POINTS = 1 << 22
_LIMIT = 250
_LARGEST, _LARGEST_WIDE = np.int64(1) << 33, np.int64(1) << 61
_DIFFERENCES = 16
"""Counters before those of differences."""
_LARGEST_ENTRY = 1e9


@kernel
def _single(x):
    """Round to float32. Of a product or a sum of two float32 numbers the result is that of float32 arithmetic."""
    return np.float64(np.float32(x))


@kernel
def _row(m0, m1, m2, m3, x, y, z, arithmetic):
    """One coordinate, before the last rounding."""
    a = m0 * x
    b = m1 * y
    c = m2 * z
    if arithmetic == DOUBLE:
        return ((a + b) + c) + m3
    if arithmetic == WHOLE:
        return np.rint(((a + b) + c) + m3)
    if arithmetic == DOUBLE_TURN:
        return _single((a + b) + c) + m3
    if arithmetic == FUSED:
        return _single(_single(_single(a) + b) + c) + m3
    if arithmetic == FUSED_BACKWARD:
        return _single(_single(c + m3) + b) + a
    if arithmetic == FUSED_FROM_SHIFT:
        return _single(_single(a + m3) + b) + c
    a = _single(a)
    b = _single(b)
    c = _single(c)
    if arithmetic == FORWARD:
        return _single(_single(a + b) + c) + m3
    if arithmetic == BACKWARD:
        return a + _single(b + _single(c + m3))
    if arithmetic == PAIRS:
        return _single(a + b) + _single(c + m3)
    return _single(_single(m3 + a) + b) + c


@kernel
def moved_coordinate(row, x, y, z, arithmetic):
    """One coordinate of a point, before the last rounding, by a row (4,) of the matrix."""
    return _row(row[0], row[1], row[2], row[3], x, y, z, arithmetic)


@kernel
def _move(points, matrix, arithmetic, out):
    for i in range(points.shape[0]):
        x = np.float64(points[i, 0])
        y = np.float64(points[i, 1])
        z = np.float64(points[i, 2])
        for k in range(3):
            value = _row(matrix[k, 0], matrix[k, 1], matrix[k, 2], matrix[k, 3], x, y, z, arithmetic)
            # bits of a NaN that was computed are not the same on every machine
            out[i, k] = np.float32(value) if value == value else points[i, k]


@kernel
def _move_wide(points, matrix, arithmetic, out):
    for i in range(points.shape[0]):
        x, y, z = points[i, 0], points[i, 1], points[i, 2]
        for k in range(3):
            value = matrix[k, 0] * x
            if arithmetic == WIDE_FUSED:
                value = fused(matrix[k, 2], z, fused(matrix[k, 1], y, value)) + matrix[k, 3]
            else:
                value = ((value + matrix[k, 1] * y) + matrix[k, 2] * z) + matrix[k, 3]
            out[i, k] = value if value == value else points[i, k]


def _widened(points: np.ndarray) -> np.ndarray:
    """Points (N, 3) float32 as float64; NaN are quiet and keep sign and payload, whatever the machine makes of them."""
    with np.errstate(invalid="ignore"):
        wide = points.astype(np.float64)
    odd = np.isnan(points)
    bits = points.view(np.uint32)[odd].astype(np.uint64)
    wide.view(np.uint64)[odd] = (bits >> 31 << 63) | (0x7FF8 << 48) | ((bits & 0x7FFFFF) << 29)
    return wide


def moved(points: np.ndarray, matrix: np.ndarray, arithmetic: int) -> np.ndarray:
    """Points (N, 3) float32 moved by a matrix (3, 4) float64, whose entries are float32 for the arithmetics in that;
    float64 of the wide arithmetics."""
    points = np.ascontiguousarray(points, np.float32)
    if arithmetic in (WIDE, WIDE_FUSED):
        wide = np.empty((len(points), 3))
        _move_wide(_widened(points), matrix, arithmetic, wide)
        return wide
    out = np.empty((len(points), 3), np.float32)
    _move(points, matrix, arithmetic, out)
    return out


@kernel
def _code_points(coder, counters, inner, expected, largest, stored):
    """Code places (N, 3) among all floats, given those of inner and of expected points; decoding fills `stored`.

    A point is as expected, or it was not moved, or it is some places off.
    """
    last = np.int64(0)
    before = np.int64(0)
    for i in range(stored.shape[0]):
        some = np.int64(0)
        kept = np.int64(1)
        for k in range(3):
            if stored[i, k] != expected[i, k]:
                some = np.int64(1)
            if stored[i, k] != inner[i, k]:
                kept = np.int64(0)
        some = code_bit(coder, counters, 2 * before + last, _LIMIT, some)
        before = last
        last = some
        if some == 1 and code_bit(coder, counters, 4, _LIMIT, kept) == 1:
            for k in range(3):
                stored[i, k] = inner[i, k]
            continue
        found = np.int64(0)
        for k in range(3):
            place = expected[i, k]
            if some == 0:
                stored[i, k] = place
                continue
            value = stored[i, k] - place
            differs = np.int64(1) if value != 0 else np.int64(0)
            if code_bit(coder, counters, 5 + 3 * k + min(found, np.int64(2)), _LIMIT, differs) == 1:
                value = code_integer(coder, counters, _DIFFERENCES + k * INTEGER_NODES, _LIMIT, value)
                value = min(max(value, -largest), largest)
                found += 1
            else:
                value = np.int64(0)
            stored[i, k] = place + value


def _places(inner: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Ordinals (N, 3) of inner points, float32, in the type of expected ones."""
    return to_ordinals(inner if expected.dtype == inner.dtype else _widened(inner))


def _largest(expected: np.ndarray) -> np.int64:
    return _LARGEST if expected.dtype.itemsize == 4 else _LARGEST_WIDE


def _counters() -> np.ndarray:
    return fresh_counters(_DIFFERENCES + 3 * INTEGER_NODES)


@dataclass(frozen=True)
class Motion:
    """How the first three columns follow from those that were coded.

    Attributes
    ----------
    matrix : (3, 4) float64
    arithmetic : int
        `DOUBLE` and following.
    body : bytes
        Coded differences; empty: there are none.
    """

    matrix: np.ndarray
    arithmetic: int
    body: bytes = field(default=b"", repr=False)

    @property
    def wide(self) -> bool:
        """Whether it makes float64."""
        return self.arithmetic in (WIDE, WIDE_FUSED)

    @classmethod
    def of(cls, inner: np.ndarray, stored: np.ndarray, matrix: np.ndarray, arithmetic: int) -> Motion:
        """Note how stored points (N, 3), float32 or what an arithmetic makes, follow from inner ones."""
        inner = np.ascontiguousarray(inner, np.float32)
        expected = moved(inner, matrix, arithmetic)
        if np.array_equal(bits_of(expected), bits_of(stored)):
            return cls(matrix, arithmetic)
        before, places = _places(inner, expected), to_ordinals(stored)
        largest = _largest(expected)
        body = encode_stream(_code_points, _counters(), before, to_ordinals(expected), largest, places)
        return cls(matrix, arithmetic, body)

    def apply(self, inner: np.ndarray) -> np.ndarray:
        """The stored points (N, 3), float32, or float64 by wide arithmetics; raises CorruptError."""
        if len(inner) > MOST_POINTS:
            raise CorruptError("more points than are moved")
        inner = np.ascontiguousarray(inner, np.float32)
        out = moved(inner, self.matrix, self.arithmetic)
        if self.body:
            places = np.zeros(out.shape, np.int64)
            before = _places(inner, out)
            decode_stream(self.body, _code_points, _counters(), before, to_ordinals(out), _largest(out), places)
            half = 1 << (8 * out.dtype.itemsize - 1)
            if places.size and (int(places.min()) < -half or int(places.max()) >= half):
                raise CorruptError("a moved coordinate is out of range")
            out = from_ordinals(places, out.dtype)
        return out

    def pack(self) -> bytes:
        """Write for `unpack`."""
        entries = self.matrix.astype("<f8" if self.arithmetic in IN_DOUBLES else "<f4")
        return bytes([self.arithmetic]) + entries.tobytes() + self.body

    @classmethod
    def unpack(cls, data: bytes) -> Motion:
        """Read what `pack` wrote; raises CorruptError."""
        unpacker = Unpacker(data)
        arithmetic = unpacker.take(1)[0]
        if arithmetic >= ARITHMETICS:
            raise CorruptError("points were moved in an unknown way")
        kind = np.dtype("<f8" if arithmetic in IN_DOUBLES else "<f4")
        with np.errstate(invalid="ignore"):  # of NaN that signal
            matrix = np.frombuffer(unpacker.take(12 * kind.itemsize), kind).astype(np.float64).reshape(3, 4)
        if not (np.abs(matrix) < _LARGEST_ENTRY).all():
            raise CorruptError("points were moved in an impossible way")
        return cls(matrix, arithmetic, unpacker.take(unpacker.remaining))


def points_of(columns: Columns) -> np.ndarray:
    """The first three columns as (N, 3)."""
    return np.stack(list(columns.values())[:3], axis=1)


def with_points(columns: Columns, points: np.ndarray) -> dict[str, np.ndarray]:
    """The columns, with points (N, 3) in the first three."""
    names = list(columns)[:3]
    return {**columns, **{name: np.ascontiguousarray(points[:, k]) for k, name in enumerate(names)}}
