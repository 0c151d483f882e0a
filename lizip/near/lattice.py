"""A column moved to a lattice as coarse as its bound allows, such as codecs find again: multiples of a step.

Float32 values k * step of a decimal step are themselves rounded: it is a little below twice the bound, so that they
stay inside. Multiples of a power of two are floats, which leaves room for one where decimals have none: at 10 um beyond
80 m.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from lizip.codecs.floats.numbers import BINARY

if TYPE_CHECKING:
    from lizip.near.fields import Field

_PLACES = {4: 7, 8: 9}
"""Most decimal places of a lattice in floats of so many bytes, as in `lizip.codecs.floats.numbers`."""
_MOST_BINARY = 40
_EXACT = {4: 1 << 24, 8: 1 << 53}
_DIGITS = 100
"""Decimal units that a step has where there is room for so many: it comes within a hundredth of what is allowed."""


def rounded(column: np.ndarray, field: Field) -> np.ndarray:
    """A column (N,) with fewer different values within the bound of the field; the column itself where none are."""
    if column.dtype.kind != "f":
        return _rounded_integers(column, math.floor(field.bound))
    if column.dtype.itemsize not in _EXACT:
        return column
    finite = np.isfinite(column)
    size = float(np.abs(column[finite]).max(initial=0))
    lattice = _lattice(column[finite], size, field.bound)
    return column if lattice is None else _on_lattice(column, lattice, field.bound)


def _rounded_integers(column: np.ndarray, bound: int) -> np.ndarray:
    """Multiples of 2 * bound + 1, but where they leave the type."""
    if not bound or column.dtype.itemsize > 4:
        return column
    step = 2 * bound + 1
    limits = np.iinfo(column.dtype)
    wide = column.astype(np.int64)
    if step >= limits.max:
        return column
    out = (wide + bound) // step * step
    out = np.where((out < limits.min) | (out > limits.max), wide, out)
    return out.astype(column.dtype)


def _lattice(column: np.ndarray, size: float, bound: Fraction) -> tuple[int, int] | None:
    """Lattice (m, e), multiples of m / `_divisor(e)`, for finite values up to `size`; None unless it is coarser."""
    kind = column.dtype.itemsize
    if not size < np.finfo(column.dtype).max / 2:
        return None
    slack = Fraction(float(np.spacing(column.dtype.type(size)))) * Fraction(51, 100)
    room = 2 * (bound - slack)
    binary = _binary_lattice(kind, size, bound)
    if room <= 0:
        return binary
    own = _own_lattice(column, kind, size)
    if own is not None:  # its own multiples, so that printed numbers keep their digits
        multiple = math.floor(room * 10 ** own[1] / own[0])
        return None if multiple < 2 else (multiple * own[0], own[1])
    fitting = [e for e in range(_PLACES[kind] + 1) if size * 10**e < _EXACT[kind] / 2 and room * 10**e >= 1]
    if not fitting:
        return binary
    places = next((e for e in fitting if room * 10**e >= _DIGITS), fitting[-1])
    decimal = math.floor(room * 10**places), places
    return binary if binary and Fraction(1, int(_divisor(binary[1]))) > Fraction(decimal[0], 10**places) else decimal


def _binary_lattice(kind: int, size: float, bound: Fraction) -> tuple[int, int] | None:
    """The coarsest power of two below twice the bound, but 1 at most; None where values up to `size` are coarser."""
    places = next((e for e in range(_MOST_BINARY + 1) if Fraction(1, 1 << e) < 2 * bound), None)
    return (1, BINARY + places) if places is not None and (size + 1) * 2.0**places < _EXACT[kind] else None


def _divisor(exponent: int) -> float:
    """What multiples are divided by: a power of ten, or, from `BINARY` on, of two."""
    return float(10**exponent) if exponent < BINARY else 2.0 ** (exponent - BINARY)


def _own_lattice(column: np.ndarray, kind: int, size: float) -> tuple[int, int] | None:
    """The lattice that a column is on already, if there is one."""
    for places in range(_PLACES[kind] + 1):
        if size * 10**places >= _EXACT[kind]:
            break
        integers = np.rint(column.astype(np.float64) * float(10**places))
        if np.array_equal(_values(integers, 1, places, column.dtype), column):
            return max(int(np.gcd.reduce(integers.astype(np.int64))), 1), places
    return None


def _values(multiples: np.ndarray, step: int, places: int, dtype: np.dtype) -> np.ndarray:
    """Lattice points as the codecs compute them; none of them is -0.0."""
    with np.errstate(all="ignore"):
        return ((multiples * float(step) + 0.0) / _divisor(places)).astype(dtype)


def _on_lattice(column: np.ndarray, lattice: tuple[int, int], bound: Fraction) -> np.ndarray:
    """Nearest lattice points, where those are within the bound."""
    step, places = lattice
    wide = column.astype(np.float64)
    with np.errstate(all="ignore"):
        multiples = np.rint(wide * (_divisor(places) / float(step)))
        moved = _values(multiples, step, places, column.dtype)
        # a float below the bound: whatever the subtraction rounds off cannot hide an error above it
        limit = np.nextafter(float(bound), 0.0)
        limit = limit if Fraction(float(limit)) < bound else np.nextafter(limit, 0.0)
        good = np.abs(moved.astype(np.float64) - wide) <= limit
    good &= moved != column
    return np.where(good, moved, column) if good.any() else column
