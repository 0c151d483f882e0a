"""How far a cloud is from another: the guarantee of the near-lossless mode rests on this page."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from lizip.cloud import Cloud
    from lizip.near.fields import Field


def largest_error(before: Cloud, after: Cloud, fields: Sequence[Field]) -> float | None:
    """Largest error in the bound's unit; None where one is, or might be, above its field's bound.

    Numbers that are not finite have to keep their bits.
    """
    largest = 0.0
    for field in fields:
        error = column_error(before.columns[field.name], after.columns[field.name])
        if error is None or error > field.bound:
            return None
        largest = max(largest, float(error * field.unit))
    return largest


def same_otherwise(before: Cloud, after: Cloud, changed: Sequence[Field]) -> bool:
    """Whether two clouds have the same points but for some fields, bit for bit, and the same bytes around them."""
    free = {field.name for field in changed}
    if before.format != after.format or before.schema != after.schema or before.count != after.count:
        return False
    if list(map(bytes, before.regions)) != list(map(bytes, after.regions)):
        return False
    return all(same_bits(before.columns[name], after.columns[name]) for name in before.columns if name not in free)


def column_error(before: np.ndarray, after: np.ndarray) -> Fraction | None:
    """Largest difference of two columns (N,) of a type, never less than the true one; None where there is no such."""
    if before.dtype.kind != "f":
        return _integers_error(before, after)
    finite = np.isfinite(before)
    if not same_bits(before[~finite], after[~finite]):
        return None
    with np.errstate(over="ignore", invalid="ignore"):
        difference = np.abs(after[finite].astype(np.float64) - before[finite].astype(np.float64))
    if not len(difference):
        return Fraction(0)
    most = float(difference.max())
    if not np.isfinite(most):
        return None
    if not most:
        return Fraction(0)
    # the subtraction may have rounded down: of those near the largest the exact difference counts
    near = np.flatnonzero(difference >= most * (1 - 2.0**-50))[:64]
    low, high = before[finite][near].tolist(), after[finite][near].tolist()
    exact = max(abs(Fraction(b) - Fraction(a)) for a, b in zip(low, high, strict=True))
    return exact if len(near) < 64 else max(exact, Fraction(float(np.nextafter(most, np.inf))))


def _integers_error(before: np.ndarray, after: np.ndarray) -> Fraction:
    higher = np.maximum(before, after).astype(before.dtype)
    lower = np.minimum(before, after).astype(before.dtype)
    # differences of integers of n bits are right modulo 2**n
    unsigned = f"<u{before.dtype.itemsize}"
    difference = np.ascontiguousarray(higher).view(unsigned) - np.ascontiguousarray(lower).view(unsigned)
    return Fraction(int(difference.max(initial=0)))


def same_bits(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two columns have the same bits."""
    kind = f"<u{one.dtype.itemsize}"
    return np.array_equal(np.ascontiguousarray(one).view(kind), np.ascontiguousarray(other).view(kind))
