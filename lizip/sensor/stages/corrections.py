"""From unrounded model points to the stored float32, exactly: corrections where the model misses.

A unit is 1 mm where a file's coordinates were rounded to millimetres first (`decimal` = 1000), a step of float16 where
they were rounded to that, else one ULP of float32. From 0.0 to -0.0 is one such unit where units are decimal.
Nearly all misses lie where the model point is next to a rounding tie, so the distance to it is a correction's context.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lizip.entropy.adaptive import INTEGER_NODES, code_bit, code_integer, fresh_counters
from lizip.entropy.coder import decode_stream, encode_stream, mark
from lizip.errors import CorruptError
from lizip.exact.ulp import from_steps, step32, to_steps, value32
from lizip.jit import kernel
from lizip.packed import Packed, rest
from lizip.sensor.stages.rounding import HALF

if TYPE_CHECKING:
    from lizip.sensor.returns import Returns

LARGEST = 1 << 20
"""Corrections are at most this many units; points further off are exceptions."""

_FINITE = 0x7F7FFFFF
"""Steps from zero to the largest float32."""

_CLASSES = 14
"""Classes of the distance to the tie: bit lengths of distance * 2**13, 0 to 13."""

_LIMIT = 250
_SCALES = 12
_NONZERO = _CLASSES * _CLASSES
_PLAIN = _NONZERO + 4 * _CLASSES * _SCALES
_LARGE = _PLAIN + 2 * _CLASSES * _SCALES
_COUNTERS = _LARGE + 3 * _SCALES * INTEGER_NODES


@dataclass(frozen=True)
class Corrections(Packed):
    """Units by which stored coordinates differ from rounded ones, coded given the rounding; empty: none differ."""

    body: bytes = rest(default=b"")

    @classmethod
    def of(cls, returns: Returns, corrections: np.ndarray) -> Corrections:
        """Code corrections (M, 3) int32, as from `find_corrections`; `returns` are rounded and in the file's order."""
        return cls.of_points(returns.rounded, returns.fraction, corrections, returns.decimal)

    @classmethod
    def of_points(cls, rounded: np.ndarray, fraction: np.ndarray, corrections: np.ndarray, decimal: int) -> Corrections:
        """Code corrections (M, 3) int32 of what `round_points` made of points in the file's order."""
        return cls(encode_corrections(rounded, fraction, corrections, decimal) if corrections.any() else b"")

    def apply(self, returns: Returns) -> None:
        """Correct the coordinates."""
        returns.need("rounded", "fraction")
        if self.body:
            units = decode_corrections(self.body, returns.rounded, returns.fraction, returns.decimal)
            returns.xyz = apply_corrections(returns.rounded, units, returns.decimal)


def find_corrections(
    rounded: np.ndarray,
    actual: np.ndarray,
    decimal: int,
    most: int = LARGEST,
    out: tuple[np.ndarray, np.ndarray] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Find what turns rounded model points into the stored ones.

    Parameters
    ----------
    rounded, actual : (N, 3) float32
        Contiguous; `actual` may hold anything.
    decimal : int
        As for `round_points`.
    most : int
        Largest correction.
    out : tuple of arrays, optional
        Contiguous and 0, for what is returned.

    Returns
    -------
    corrections : (N, 3) int32
    fits : (N,) bool
        Where the corrections lead to `actual` exactly; elsewhere they mean nothing.
    """
    corrections, fits = out or (np.zeros(rounded.shape, np.int32), np.zeros(len(rounded), np.bool_))
    if decimal >= HALF:
        corrections[:], fits[:] = _find_in_halves(rounded, actual, most)
        return corrections, fits
    _find(rounded, rounded.view(np.int32), actual, actual.view(np.int32), decimal, most, corrections, fits)
    return corrections, fits


def _find_in_halves(rounded: np.ndarray, actual: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    """As `find_corrections`, in steps of float16."""
    same = rounded.view(np.int32) == actual.view(np.int32)
    with np.errstate(all="ignore"):
        narrow = actual.astype(np.float16)
        units = to_steps(narrow) - to_steps(rounded.astype(np.float16))
    reached = from_steps(to_steps(narrow), narrow.dtype).astype(np.float32).view(np.int32) == actual.view(np.int32)
    reached &= (units != 0) & (np.abs(units) <= most)
    return np.where(same | ~reached, 0, units).astype(np.int32), (same | reached).all(axis=1)


_MOST = 1e9
"""Numbers that are no smaller have no place on a decimal line, nor has NaN: as integers they differ by machine."""


@kernel
def _line(value, bits, scale):
    """Place of a decimal number below `_MOST`, with these bits of float32, on a line where -0.0 comes before 0.0."""
    return np.int64(np.rint(value * scale)) - np.int64(1 if bits < 0 else 0)


@kernel
def _find(rounded, rounded_bits, actual, actual_bits, decimal, most, corrections, fits):
    """Fill corrections and fits; the bits are views of the floats."""
    scale = np.float64(decimal)
    for i in range(rounded.shape[0]):
        good = True
        for axis in range(3):
            here = np.int64(actual_bits[i, axis])
            if here == np.int64(rounded_bits[i, axis]):
                continue
            if decimal:
                value, model = np.float64(actual[i, axis]), np.float64(rounded[i, axis])
                if not abs(value) < _MOST or not abs(model) < _MOST:
                    good = False
                    break
                units = _line(value, here, scale) - _line(model, rounded_bits[i, axis], scale)
                exact = np.float32(np.rint(value * scale) / scale) == actual[i, axis]
            else:
                before = np.int64(rounded_bits[i, axis])
                units = step32(here) - step32(before)
                # no correction leads to -0.0, infinity or NaN
                exact = here != -(1 << 31) and (here & 0x7FFFFFFF) < 0x7F800000
            if not exact or units == 0 or abs(units) > most:
                good = False
                break
            corrections[i, axis] = np.int32(units)
        fits[i] = good


def apply_corrections(rounded: np.ndarray, corrections: np.ndarray, decimal: int) -> np.ndarray:
    """Return the stored coordinates: `rounded` (N, 3) float32 moved by `corrections` (N, 3) int32 units."""
    if decimal >= HALF:
        out, where = rounded.copy(), np.nonzero(corrections)
        narrow = rounded[where].astype(np.float16)
        out[where] = from_steps(to_steps(narrow) + corrections[where].astype(np.int64), narrow.dtype)
        return out
    out = np.empty(rounded.shape, np.float32)
    _apply(np.ascontiguousarray(rounded).ravel(), corrections.ravel(), float(decimal), out.ravel())
    return out


@kernel
def _apply(rounded, corrections, decimal, out):
    for i in range(rounded.size):
        units = np.int64(corrections[i])
        out[i] = rounded[i]
        if units and decimal and abs(rounded[i]) < _MOST:
            place = _line(np.float64(rounded[i]), np.float32(rounded[i]).view(np.int32), decimal) + units
            size = np.float32(np.float64(place if place >= 0 else -1 - place) / decimal)
            out[i] = size if place >= 0 else -size
        elif units and not decimal:
            steps = min(max(step32(np.float32(rounded[i]).view(np.int32)) + units, -_FINITE), _FINITE)
            out[i] = np.float32(value32(steps if steps >= 0 else steps - 1))


def encode_corrections(rounded: np.ndarray, fraction: np.ndarray, corrections: np.ndarray, decimal: int) -> bytes:
    """Code corrections (N, 3) int32 given what `round_points` made of the points."""
    bits = np.ascontiguousarray(rounded).view(np.int32)
    values = np.ascontiguousarray(corrections, np.int32)
    return encode_stream(_code_all, fresh_counters(_COUNTERS), bits, fraction, not 0 < decimal < HALF, values)


def decode_corrections(stream: bytes, rounded: np.ndarray, fraction: np.ndarray, decimal: int) -> np.ndarray:
    """Decode corrections (N, 3) int32; raises CorruptError when the stream is not theirs."""
    corrections = np.zeros(fraction.shape, np.int32)
    bits = np.ascontiguousarray(rounded).view(np.int32)
    decode_stream(stream, _code_all, fresh_counters(_COUNTERS), bits, fraction, not 0 < decimal < HALF, corrections)
    if corrections.size and max(-int(corrections.min()), int(corrections.max())) > LARGEST:
        raise CorruptError("a coordinate correction is out of range")
    return corrections


@kernel
def _tie_class(fraction):
    """Class 0 to 13 of the distance of a fraction (-0.5 to 0.5) to the rounding tie: bit length of distance * 2**13."""
    distance = (0.5 - min(abs(fraction), 0.5)) * 8192.0
    return max((np.float64(distance).view(np.int64) >> 52) - 1022, 0)


@kernel
def _scale(bits, axis, i):
    """Class 0 to 11 of how much smaller a coordinate's exponent is than the point's largest, and finer its ULP."""
    largest = max(bits[i, 0] & 0x7F800000, bits[i, 1] & 0x7F800000, bits[i, 2] & 0x7F800000)
    return min(np.int64(largest - (bits[i, axis] & 0x7F800000)) >> 23, _SCALES - 1)


@kernel
def _code_all(coder, counters, bits, fraction, scaled, corrections):
    """Code three corrections a point: whether there is any, then where, then which way; `scaled` if units differ."""
    for i in range(fraction.shape[0]):
        mark(coder, i)
        a = _tie_class(fraction[i, 0])
        b = _tie_class(fraction[i, 1])
        c = _tie_class(fraction[i, 2])
        low = min(a, b, c)
        middle = max(min(a, b), min(max(a, b), c))
        some = np.int64(corrections[i, 0] != 0 or corrections[i, 1] != 0 or corrections[i, 2] != 0)
        if not code_bit(coder, counters, low * _CLASSES + middle, _LIMIT, some):
            continue
        before = np.int64(0)
        for axis in range(3):
            value = np.int64(corrections[i, axis])
            scale = _scale(bits, axis, i)
            near = _tie_class(fraction[i, axis]) + (_CLASSES * scale if scaled else 0)
            context = min(before, np.int64(1)) + 2 * np.int64(axis == 2)
            if not code_bit(coder, counters, _NONZERO + 4 * near + context, _LIMIT, np.int64(value != 0)):
                continue
            before += 1
            large = _LARGE + (axis * _SCALES + scale) * INTEGER_NODES
            corrections[i, axis] = np.int32(_code_one(coder, counters, fraction[i, axis] > 0.0, near, large, value))


@kernel
def _code_one(coder, counters, upward, near, large, value):
    """Code a nonzero correction: one unit over the tie nearly always, one unit the other way or more otherwise."""
    over = np.int64(1) if upward else np.int64(-1)
    if code_bit(coder, counters, _PLAIN + 2 * near, _LIMIT, np.int64(value == over)):
        return over
    if code_bit(coder, counters, _PLAIN + 2 * near + 1, _LIMIT, np.int64(value == -over)):
        return -over
    value = code_integer(coder, counters, large, _LIMIT, value)
    return min(max(value, -2 * LARGEST), 2 * LARGEST)
